"""What a feed keeps for readers who come back, and what its frames say."""

from __future__ import annotations

from typing import Any

import pytest

from actors.gateway.board_feed import RING_FRAMES_MAX, BoardFeed, changed_rows

Json = dict[str, Any]


def page(version: int, *scores: int) -> Json:
    rows = [{"rank": at + 1, "member": f"m{at}", "score": it} for at, it in enumerate(scores)]
    return {
        "board": "overall",
        "as_of": "now",
        "version": version,
        "phase": "open",
        "total": len(rows),
        "rows": rows,
        "next_cursor": None,
        "cut_lines": [],
    }


def test_a_frame_is_one_event_with_its_id() -> None:
    feed = BoardFeed(page(1, 9, 5), ["m0", "m1"])
    frame = feed.advance(page(2, 9, 7), ["m0", "m1"])
    assert frame is not None
    head, data, end, nothing = frame.data.split(b"\n", 2)[0], *frame.data.rsplit(b"\n", 3)[-3:]
    assert head == f"id: {feed.word}.1".encode()
    assert (end, nothing) == (b"", b"")
    assert data.startswith(b"data: {")
    assert b'"rows":[{"rank":2,"score":7}]' in data
    assert frame.data.count(b"\n") == 4


def test_nothing_to_see_is_sent_only_after_quiet() -> None:
    feed = BoardFeed(page(1, 9), ["m0"])
    assert feed.advance(page(2, 9), ["m0"]) is None
    assert feed.advance(page(1, 9), ["m0"], quiet=True) is None
    told = feed.advance(page(2, 9), ["m0"], quiet=True)
    assert told is not None
    assert (told.body["version"], told.body["rows"]) == (2, [])


def test_the_ring_forgets_the_oldest() -> None:
    feed = BoardFeed(page(0, 0), ["m0"])
    for version in range(1, RING_FRAMES_MAX + 11):
        feed.advance(page(version, version), ["m0"])
    oldest = feed.number - RING_FRAMES_MAX
    found = feed.since(f"{feed.word}.{oldest}")
    assert found is not None
    assert len(found) == RING_FRAMES_MAX
    assert feed.since(f"{feed.word}.{oldest - 1}") is None
    assert feed.since(f"{feed.word}.{feed.number}") == []


def test_the_ring_is_bounded_in_bytes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.gateway.board_feed.RING_BYTES_MAX", 1000)
    feed = BoardFeed(page(0, 0), ["m0"])
    for version in range(1, 100):
        feed.advance(page(version, version), ["m0"])
    assert feed.since(f"{feed.word}.1") is None
    assert feed.since(f"{feed.word}.{feed.number - 1}") is not None


@pytest.mark.parametrize(
    "last_id",
    ["", "1", "x.1", ".", "{word}.", "{word}.2", "{word}.-1", "{word}.²", "{word}." + "9" * 40],
)
def test_ids_of_elsewhere_are_not_resumed(last_id: str) -> None:
    feed = BoardFeed(page(0, 0), ["m0"])
    feed.advance(page(1, 1), ["m0"])
    assert feed.since(last_id.replace("{word}", feed.word)) is None


def test_a_row_that_gains_or_loses_a_field_is_sent_whole() -> None:
    before = [{"rank": 1, "member": "a", "score": 1}]
    assert changed_rows(before, [{"rank": 1, "member": "a", "score": 1, "change": None}]) == [
        {"rank": 1, "member": "a", "score": 1, "change": None}
    ]
    assert changed_rows(before, []) == []
