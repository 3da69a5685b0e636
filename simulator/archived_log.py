"""The archive of a live system as a log: checked columns with the stamps they were judged at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from rules.event_columns import COLUMNS, STAMPED, Decoded, concat
from simulator.log_files import LogProblem

MARKS: Final = ("at_us", "stamp_us")


def is_archived(path: str) -> bool:
    """Tell whether a file is part of an archive: Parquet with the columns that only it has."""
    if not Path(path).is_file() or Path(path).suffix != ".parquet":
        return False
    try:
        names = pq.read_schema(path).names
    except (OSError, pa.ArrowInvalid):
        return False
    return all(mark in names for mark in MARKS)


def read_archived(paths: Sequence[str]) -> Decoded:
    """Read the archive files of all shards, in the order of their stamps.

    A shard's stamps never fall and a member lives on one shard, so ordering by stamp keeps
    every member's order. Memory: the whole log.

    Raises:
        LogProblem: a file is no archive file; archives and other logs don't mix.
    """
    others = [path for path in paths if not is_archived(path)]
    if others:
        raise LogProblem(f"{others[0]}: is no archive file; replay archives by themselves")
    batches = []
    for path in sorted(paths, key=lambda path: Path(path).name):
        table = pq.read_table(path, columns=STAMPED.names).cast(STAMPED)
        batches += table.combine_chunks().to_batches()
    joined = concat(batches, STAMPED)
    order = np.argsort(joined.column("stamp_us").to_numpy(), kind="stable")
    ordered = joined.take(pa.array(order))
    return Decoded(
        columns=ordered.select(COLUMNS.names),
        place=np.arange(len(order), dtype=np.int64),
        received=len(order),
        stamp_us=ordered.column("stamp_us").to_numpy(),
    )
