"""A snapshot with its deltas applied is the page, for every reader, however boards move."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from actors.gateway.board_feed import BoardFeed, Frame, applied
from actors.gateway.board_streams import first_rows
from actors.gateway.masks import masked

Json = dict[str, Any]
MEMBERS = ["anna-01", "anna-91", "b", "cc", "dora-5", "emil-55"]
"""The first two look alike behind their masks."""

boards = st.lists(
    st.fixed_dictionaries(
        {
            "order": st.lists(st.sampled_from(MEMBERS), unique=True),
            "scores": st.lists(st.integers(0, 3), min_size=6, max_size=6),
            "known": st.booleans(),
            "phase": st.sampled_from(["open", "grace"]),
            "cut_lines": st.sampled_from([[], [1], [1, 3]]),
            "quiet": st.booleans(),
        }
    ),
    min_size=1,
    max_size=8,
)


def page(version: int, drawn: Json, hide: bool, own: str | None = None) -> Json:
    rows: list[Json] = []
    for place, member in enumerate(drawn["order"]):
        row: Json = {
            "rank": place + 1,
            "member": masked(member) if hide and member != own else member,
            "name": masked(member),
            "score": drawn["scores"][place],
            "gap_to_prize": None if place < 1 else drawn["scores"][0],
        }
        if drawn["known"]:
            row["change"] = place - 1
        rows.append(row)
    return {
        "board": "overall",
        "as_of": f"t{version}",
        "version": version,
        "phase": drawn["phase"],
        "total": len(rows),
        "rows": rows,
        "next_cursor": None,
        "cut_lines": drawn["cut_lines"],
    }


def body(data: bytes) -> Json:
    found: Json = msgspec.json.decode(data.split(b"data: ", 1)[1])
    return found


@given(boards, st.booleans(), st.sampled_from([None, *MEMBERS]), st.integers(1, 7))
def test_snapshot_and_deltas_are_the_page(
    drawn: list[Json], hide: bool, own: str | None, limit: int
) -> None:
    feed = BoardFeed(first_rows(page(0, drawn[0], hide), limit), drawn[0]["order"][:limit])
    seen = body(feed.snapshot("snapshot").for_reader(own if hide else None))
    frames: list[Frame] = []
    states = [seen]
    for version, step in enumerate(drawn[1:], 1):
        answer = first_rows(page(version, step, hide), limit)
        frame = feed.advance(answer, step["order"][:limit], quiet=step["quiet"])
        wanted = first_rows(page(version, step, hide, own), limit)
        if frame is None:
            same = {name: wanted[name] for name in wanted if name not in ("version", "as_of")}
            assert same == {name: seen[name] for name in same}
            assert not step["quiet"]
            continue
        frames.append(frame)
        seen = applied(seen, body(frame.for_reader(own if hide else None)))
        assert seen == wanted
        states.append(seen)
    # Whoever comes back with an id goes on from there to the same page.
    for place, frame in enumerate(frames):
        missed = feed.since(frame.id)
        assert missed is not None
        again = states[place + 1]
        for late in missed:
            again = applied(again, body(late.for_reader(own if hide else None)))
        assert again == seen
