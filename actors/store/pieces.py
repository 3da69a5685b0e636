"""Pieces: a shard's history in the pieces it is applied in, read ahead of whoever applies it.

The kernel takes a large batch in a fraction of the time of many small ones, and any cut of the
stream gives the same. So batches that follow one another in the log are joined, as long as nobody
has to know where an entry ended.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple, TypeVar

import pyarrow as pa

from actors.store.log import Entry
from rules.decoding.event_columns import concat, from_ipc

ROWS_MAX: Final = 131_072

Part = TypeVar("Part")


class Piece(NamedTuple):
    """What is applied at once: one entry, or several of events as if they had been one.

    entry says where the piece ends; batch are the events of all of it, None for other kinds.
    """

    entry: Entry
    batch: pa.RecordBatch | None


def pieces(
    entries: Iterable[Entry], alone_from: int, ends: Collection[int] = ()
) -> Iterator[Piece]:
    """Join batches of events that follow one another, up to ROWS_MAX rows.

    Entries from seq `alone_from` on stay alone, and so does everything behind a new version of
    the rules. A piece also ends with each entry in `ends`.
    """
    waiting: list[tuple[Entry, pa.RecordBatch]] = []
    rows, joins = 0, True
    for entry in entries:
        joins = joins and entry.kind != "rules" and entry.seq < alone_from
        batch = from_ipc(entry.payload) if entry.kind == "events" else None
        if waiting and not (
            joins
            and batch is not None
            and rows + batch.num_rows <= ROWS_MAX
            and batch.schema.equals(waiting[-1][1].schema)
        ):
            yield _joined(waiting)
            waiting, rows = [], 0
        if batch is None:
            yield Piece(entry, None)
            continue
        waiting.append((entry, batch))
        rows += batch.num_rows
        if not joins or entry.seq in ends:
            yield _joined(waiting)
            waiting, rows = [], 0
    if waiting:
        yield _joined(waiting)


def _joined(waiting: list[tuple[Entry, pa.RecordBatch]]) -> Piece:
    last = waiting[-1][0]
    return Piece(last, concat([batch for _, batch in waiting]))


def ahead(parts: Iterator[Part]) -> Generator[Part, None, None]:
    """Yield the parts, in order, while a thread makes the next one.

    >>> list(ahead(iter("abc")))
    ['a', 'b', 'c']
    """
    with ThreadPoolExecutor(1, "ahead") as thread:
        coming = thread.submit(next, parts, None)
        while (part := coming.result()) is not None:
            coming = thread.submit(next, parts, None)
            yield part
