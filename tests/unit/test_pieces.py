"""A shard's history in pieces: joined as far as it may be, nothing lost and nothing moved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.store import pieces as pieces_module
from actors.store.log import Entry, Kind
from actors.store.pieces import Piece, ahead, pieces
from rules.decoding.event_columns import STAMPED, batch_of, from_ipc, to_ipc

ROWS_MAX = 10


def entry(seq: int, rows: int, kind: Kind = "events") -> Entry:
    if kind != "events":
        return Entry(seq, kind, seq, b"")
    names = [f"e-{seq}-{row}" for row in range(rows)]
    return Entry(seq, kind, seq, to_ipc(batch_of({"event_id": names}, STAMPED)))


def ids(found: Sequence[Piece]) -> list[str]:
    return [
        name
        for piece in found
        if piece.batch is not None
        for name in piece.batch.column("event_id").to_pylist()
    ]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces_module, "ROWS_MAX", ROWS_MAX)


KINDS = st.sampled_from(["events", "events", "events", "events", "order", "advance", "rules"])


@given(
    st.lists(st.tuples(KINDS, st.integers(1, 7)), max_size=20),
    st.integers(0, 22),
    st.integers(0, 20),
)
def test_pieces_hold_every_event_in_order_and_end_where_they_have_to(
    drawn: list[tuple[Kind, int]], alone_from: int, end: int
) -> None:
    entries = [entry(seq, rows, kind) for seq, (kind, rows) in enumerate(drawn, 1)]
    found = list(pieces(entries, alone_from, [end]))
    each = [Piece(one, from_ipc(one.payload)) for one in entries
            if one.kind == "events"]  # fmt: skip
    assert ids(found) == ids(each)
    ends = [piece.entry.seq for piece in found]
    assert ends == sorted(ends)
    versions = [one.seq for one in entries if one.kind == "rules"]
    alone = min([alone_from, *versions])
    for one in entries:
        if one.kind != "events" or one.seq >= alone or one.seq == end:
            assert one.seq in ends, one.seq
    assert all(piece.batch is None or piece.batch.num_rows <= ROWS_MAX for piece in found)


def test_small_batches_are_joined_until_one_more_would_be_too_much() -> None:
    found = list(pieces([entry(seq, 4) for seq in range(1, 6)], 2**63))
    assert [piece.entry.seq for piece in found] == [2, 4, 5]


def test_what_reading_raises_is_raised_in_its_place() -> None:
    def torn() -> Iterator[int]:
        yield 1
        raise OSError("torn")

    parts = ahead(torn())
    assert next(parts) == 1
    with pytest.raises(OSError, match="torn"):
        next(parts)
