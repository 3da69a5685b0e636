"""Log reading: which logs to read and in what order, and the batches that come of it."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rules.decoding.event_columns import Decoded, Names, Refusal, concat
from rules.decoding.identity import Hashes, hashes_of
from simulator.log.ahead import ahead
from simulator.log.logs import read_log
from simulator.log.mapping_file import Mapping

Part = tuple[Decoded, Hashes | None]
"""A batch and the hashes of its valid events, None where it has none."""


@dataclass(frozen=True, slots=True)
class LogReading:
    """What to read: logs one after another, in the order they have or by time."""

    paths: tuple[str, ...]
    mapping: Mapping | None
    names: Names
    by_time: bool = False

    def __call__(self) -> Iterable[Decoded]:
        """Decode the logs, from the start."""
        batches = read_log(self.paths, self.mapping, self.names)
        return [in_time_order(batches)] if self.by_time else batches


def first_place(decoded: Decoded) -> int:
    """Tell the place of a batch's first row in its log, 0 where it has none."""
    places = [int(decoded.place[0])] if len(decoded.place) else []
    places += [refusal.place for refusal in decoded.refused[:1]]
    return min(places, default=0)


def event_ids(decoded: Decoded) -> pa.Array:
    """List the event id of every row received, "" where it could not be read."""
    if not decoded.refused:
        return decoded.columns.column("event_id")
    first = first_place(decoded)
    ids = np.full(decoded.received, "", dtype=object)
    ids[decoded.place - first] = decoded.columns.column("event_id").to_numpy(zero_copy_only=False)
    for refusal in decoded.refused:
        ids[refusal.place - first] = refusal.event_id
    return pa.array(ids, pa.string())


def hashed(batches: Iterable[Decoded]) -> Iterator[Part]:
    """Yield batches with the hashes of their valid events."""
    for decoded in batches:
        yield decoded, hashes_of(decoded.columns) if decoded.columns.num_rows else None


def hashed_ahead(batches: Iterable[Decoded]) -> Generator[Part, None, None]:
    """Yield batches with their hashes, the next ones read and hashed while one is applied."""
    yield from ahead(hashed(batches))


def in_time_order(batches: Iterable[Decoded]) -> Decoded:
    """Join a whole log and order it by `at`, ties as they came; unreadable rows go last.

    Memory: the whole log.
    """
    parts = list(batches)
    columns = concat([part.columns for part in parts])
    refused = [refusal for part in parts for refusal in part.refused]
    order = np.argsort(columns.column("at_us").to_numpy(), kind="stable")
    valid = len(order)
    moved = [
        Refusal(valid + place, refusal.event_id, refusal.reason, refusal.sentence)
        for place, refusal in enumerate(refused)
    ]
    return Decoded(
        columns=columns.take(pa.array(order)),
        place=np.arange(valid, dtype=np.int64),
        refused=moved,
        received=valid + len(moved),
    )
