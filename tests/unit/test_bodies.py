"""Bodies: read by their media type, refused in words, and counted before they are read."""

from __future__ import annotations

import json

import pytest

from actors.gateway.batch_size import BATCH_EVENTS_MAX
from actors.gateway.bodies import ARROW, EVENT_BYTES, JSON, NDJSON, Bodies
from actors.gateway.problems import Problem
from tests.unit.test_gateway_lane import NAMES, event


def test_json_and_lines_hold_the_same_events() -> None:
    bodies = Bodies(NAMES)
    lines = b"\n".join(event(number, 0) for number in range(3))
    whole = b"[" + lines.replace(b"\n", b",") + b"]"
    for kind, body in ((JSON, whole), ("", whole), *((kind, lines) for kind in NDJSON)):
        decoded = bodies.decode(body, kind)
        assert decoded.columns.column("event_id").to_pylist() == ["e-0", "e-1", "e-2"], kind


@pytest.mark.parametrize(
    ("body", "kind", "status", "said"),
    [
        (b"[", JSON, 400, "can't be read"),
        (b"no stream", ARROW, 400, "can't be read"),
        (b"<events/>", "text/xml", 415, "text/xml"),
        (b"{}\n" * (BATCH_EVENTS_MAX + 1), NDJSON[0], 413, f"{BATCH_EVENTS_MAX + 1:,} events"),
    ],
)
def test_what_cannot_be_taken_is_refused_in_words(
    body: bytes, kind: str, status: int, said: str
) -> None:
    with pytest.raises(Problem, match=said) as caught:
        Bodies(NAMES).decode(body, kind)
    assert caught.value.status == status


def test_a_body_is_counted_by_those_of_its_media_type_before_it() -> None:
    bodies = Bodies(NAMES)
    body = json.dumps([json.loads(event(number, 0)) for number in range(40)]).encode()
    each = len(body) / 40
    assert each < EVENT_BYTES, "or there is nothing to learn"
    first = bodies.expected(body, JSON)
    assert first == int(len(body) / EVENT_BYTES)
    for _ in range(20):
        bodies.decode(body, JSON)
    assert first < bodies.expected(body, JSON) in (39, 40)
    assert bodies.expected(body, NDJSON[0]) == first
    assert bodies.expected(b"", JSON) == 1
