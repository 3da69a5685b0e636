"""Lines of texts, cut at their quotes: the same as events read one by one, or left to them."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.decoding.decode_few import FEW
from rules.decoding.events import Decoded, Names, decode_json, decode_ndjson
from rules.decoding.plain_lines import FIELDS, plain_fields

NAMES = Names(
    products=frozenset({"92", "95"}),
    kinds=frozenset({"private"}),
    earliest_us=1_750_000_000_000_000,
    latest_us=1_800_000_000_000_000,
)
PLAIN = {"event_id": "e", "type": "check_in", "member": "m", "at": "2026-06-19T12:00:00Z"}
WORDS = st.sampled_from(
    ["", "m1", "95", "98", "purchase", "refund", "check_in", "survey", "2026-06-19T12:00:00+08:00",
     "2026-06-19T12:00:00.25Z", "2020-01-01T00:00:00Z", "35.2", "274.910", "-1", "7", "x" * 130,
     "油卡", "a,b", "}", "{", ":", "attributes", "a\x7fb"]
)  # fmt: skip
NAMED = st.sampled_from([*FIELDS, "event_id2", "till", "", "油"])
EVENTS = st.dictionaries(NAMED, WORDS, max_size=7).map(
    lambda one: PLAIN | one if len(one) % 2 else one
)
NOT_TEXT: st.SearchStrategy[Any] = st.sampled_from(
    [35.2, 7, None, True, [], {"a": "b"}, 'a"b', "a\\b", "a\nb", "é\t"]
)


def said(decoded: Decoded) -> tuple[Any, ...]:
    refused = [
        (one.place, one.event_id, one.reason, one.sentence.replace("line", "event", 1))
        for one in decoded.refused
    ]
    return decoded.columns.to_pydict(), decoded.place.tolist(), refused, decoded.received


@settings(max_examples=30, deadline=None)
@given(
    some=st.lists(EVENTS.filter(bool), min_size=1, max_size=6),
    odd=st.none() | st.tuples(NAMED, NOT_TEXT),
    spaced=st.booleans(),
    closed=st.booleans(),
)
def test_lines_cut_at_their_quotes_are_the_events_read_one_by_one(
    some: list[dict[str, Any]], odd: tuple[str, Any] | None, spaced: bool, closed: bool
) -> None:
    events = (some * (FEW + 1))[: FEW + 3]
    separators = (", ", ": ") if spaced else (",", ":")
    if odd is not None:
        events[5] = {**PLAIN, odd[0]: odd[1]}
    lines = [json.dumps(one, separators=separators, ensure_ascii=False) for one in events]
    body = ("\n".join(lines) + "\n" * closed).encode()
    plain = plain_fields(body, len(events))
    if odd is None:
        assert plain is not None
    elif not isinstance(odd[1], str) or not odd[1].isprintable() or '"' in odd[1] or "\\" in odd[1]:
        assert plain is None
    read = decode_json(f"[{','.join(lines)}]".encode(), NAMES)
    assert said(decode_ndjson(body, NAMES, first_line=0)) == said(read)


def test_what_is_not_a_line_of_texts_is_left_to_the_decoder() -> None:
    line = b'{"event_id":"e","member":"m"}'
    for other in (
        b'{"event_id":"e","event_id":"f"}',
        b'{"event_id":"e" ,"member":"m"}',
        b'{"event_id":"e","member":"m",}',
        b'{"event_id":"e";"member":"m"}',
        b'{"event_id","e":"member","m"}',
        b'{"event_id":"e","lines":"m"}',
        b'{"event_id":"e","attributes":"m"}',
        b'{ "event_id":"e"}',
        b'{"event_id":"e"} ',
        b'{"event_id":"e"}x',
        b'{"event_id":"e"}{"event_id":"e"}',
        b'{"event_id":"e",\t"member":"m"}',
        b'{"event_id":"e",x"member":"m"}',
        b'{"event_id":"e"',
        b'{"event_id":"\te"}',
        b"{}",
    ):
        assert plain_fields(b"\n".join([line, other, line]), 3) is None, other
        assert plain_fields(b"\n".join([line, line, other]), 3) is None, other
        assert plain_fields(other, 1) is None, other
    assert plain_fields(line, 1) is not None
