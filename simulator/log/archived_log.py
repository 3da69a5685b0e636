"""The archive of a live system as a log: checked columns with the stamps they were judged at.

Beside events an archive holds what the system did between them: the clock moved, the season
closed, a new version of the season file came into force, a shard leased from a budget, a campaign
ran. Each has its place among its own shard's events.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from rules.decoding.event_columns import COLUMNS, STAMPED, Decoded, concat
from simulator.log.log_files import LogProblem

INDEX: Final = b"forecourt"
FORMAT_MAX: Final = 1


@dataclass(frozen=True, slots=True)
class Step:
    """Something a shard's log holds between events: after how many of the shard's own."""

    after_events: int
    kind: str
    stamp_us: int
    payload: bytes


@dataclass(slots=True)
class ArchivedLog:
    """The events of all shards in the order of their stamps, and what lay between them.

    shard int32[n] is each event's shard; steps are those of each shard, in order.
    """

    events: Decoded
    shard: npt.NDArray[np.int32]
    steps: dict[int, list[Step]] = field(default_factory=dict)

    def has(self, kinds: Sequence[str]) -> bool:
        """Tell whether any shard's log holds a step of some kinds."""
        return any(step.kind in kinds for steps in self.steps.values() for step in steps)

    def begins_under(self) -> str | None:
        """Give the hash of the rules in force before the first new version, None without one."""
        for steps in self.steps.values():
            for step in steps:
                if step.kind == "rules":
                    return str(json.loads(step.payload)["before"])
        return None


def is_archived(path: str) -> bool:
    """Tell whether a file is part of an archive: Parquet with the columns that only it has."""
    if not Path(path).is_file() or Path(path).suffix != ".parquet":
        return False
    try:
        names = pq.read_schema(path).names
    except (OSError, pa.ArrowInvalid):
        return False
    return "stamp_us" in names and ("at_us" in names or "seq" in names)


def read_archived(paths: Sequence[str]) -> ArchivedLog:
    """Read the archive files of all shards, in the order of their stamps.

    A shard's stamps never fall and a member lives on one shard, so ordering by stamp keeps
    every member's order. Memory: the whole log.

    Raises:
        LogProblem: a file is no archive file, or of a later format; archives and other logs
            don't mix.
    """
    others = [path for path in paths if not is_archived(path)]
    if others:
        raise LogProblem(f"{others[0]}: is no archive file; replay archives by themselves")
    batches: list[pa.RecordBatch] = []
    shards: list[npt.NDArray[np.int32]] = []
    steps: dict[int, list[Step]] = {}
    events: dict[int, int] = {}
    for path in sorted(paths, key=lambda path: Path(path).name):
        with pq.ParquetFile(path) as file:
            found = (file.metadata.metadata or {}).get(INDEX)
            rows = file.metadata.num_rows
            table = file.read(columns=STAMPED.names).cast(STAMPED) if rows else None
        shard = 0
        if found is not None:
            index = json.loads(found)
            if index["format"] > FORMAT_MAX:
                raise LogProblem(
                    f"{path}: archive format {index['format']} is later than {FORMAT_MAX}; "
                    "replay it with the release that wrote it"
                )
            shard = int(index["shard"])
            steps.setdefault(shard, []).extend(_steps(index["entries"], events.get(shard, 0)))
        events[shard] = events.get(shard, 0) + rows
        shards.append(np.full(rows, shard, dtype=np.int32))
        if table is not None:
            batches += table.combine_chunks().to_batches()
    joined = concat(batches, STAMPED)
    order = np.argsort(joined.column("stamp_us").to_numpy(), kind="stable")
    ordered = joined.take(pa.array(order))
    decoded = Decoded(
        columns=ordered.select(COLUMNS.names),
        place=np.arange(len(order), dtype=np.int64),
        received=len(order),
        stamp_us=ordered.column("stamp_us").to_numpy(),
    )
    return ArchivedLog(decoded, np.concatenate([*shards, np.zeros(0, np.int32)])[order], steps)


def _steps(entries: list[list[Any]], events: int) -> list[Step]:
    """List a file's entries without events; `events` of the shard's came before the file."""
    found = []
    for _, kind, stamp_us, rows, payload in entries:
        if kind == "events":
            events += rows
        else:
            found.append(Step(events, kind, stamp_us, base64.b64decode(payload)))
    return found
