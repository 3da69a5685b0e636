"""Log reading: which logs to read and in what order, and the batches that come of it."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa

from rules.decoding.event_columns import Decoded, Names, concat
from rules.decoding.identity import Hashes, hashes_of
from simulator.log.ahead import ahead
from simulator.log.logs import read_log
from simulator.log.mapping_file import Mapping

Part = tuple[Decoded, Hashes | None]
"""A batch and the hashes of its valid events, None where it has none."""


NEVER_US: Final = 2**63 - 1
"""Behind every instant: where a row without a readable time stands."""


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
    """Join a whole log and order it by `at`, ties as they came.

    Rows that were refused stand at their time as well; those without a readable one go last.
    Memory: the whole log.
    """
    parts = list(batches)
    columns = concat([part.columns for part in parts])
    refused = [refusal for part in parts for refusal in part.refused]
    valid_us = columns.column("at_us").to_numpy()
    refused_us = [NEVER_US if one.at_us is None else one.at_us for one in refused]
    came = np.concatenate([*(part.place for part in parts), [one.place for one in refused]])
    order = np.lexsort((came, np.concatenate([valid_us, np.array(refused_us, dtype=np.int64)])))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    valid = order[order < len(valid_us)]
    moved = [replace(one, place=int(place[len(valid_us) + row])) for row, one in enumerate(refused)]
    return Decoded(
        columns=columns.take(pa.array(valid)),
        place=place[valid],
        refused=sorted(moved, key=lambda one: one.place),
        received=len(order),
    )
