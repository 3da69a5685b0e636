"""Handing over: a batch from one process to another, in memory that both have mapped.

Nothing of it is copied or goes through a pipe but its place.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle, send_handle
from typing import Any, Final

import numpy as np
import pyarrow as pa

from rules.decoding.event_columns import Decoded, Refusal, batch_of
from rules.decoding.identity import Hashes
from simulator.offline.log_reading import Part

_LANE: Final = "hash "
"""Begins the names of the columns that carry hashes between two processes."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of a batch beside its columns."""

    nbytes: int
    first: int
    """The place of the first valid event, where all follow one another."""
    refused: list[Refusal]
    received: int
    hashed: bool


def hand_over(parts: Connection, decoded: Decoded, hashes: Hashes | None) -> None:
    """Put a batch and its hashes into memory without a name, and pass that on."""
    named = zip(decoded.columns.schema.names, decoded.columns, strict=True)
    arrays = {name: column for name, column in named if column.null_count < len(column)}
    if hashes is not None:
        arrays[f"{_LANE}fingerprint"] = pa.array(hashes.fingerprint)
        for name, lanes in hashes.lanes.items():
            for letter, lane in zip("ab", lanes, strict=True):
                arrays[f"{_LANE}{letter} {name}"] = pa.array(lane)
    if decoded.refused:
        arrays["place"] = pa.array(decoded.place)
    if decoded.stamp_us is not None:
        arrays["stamp_us"] = pa.array(decoded.stamp_us)
    batch = pa.RecordBatch.from_pydict(arrays)
    counted = pa.MockOutputStream()
    _write(counted, batch)
    nbytes = counted.size()
    first = int(decoded.place[0]) if len(decoded.place) else 0
    descriptor = _unnamed()
    try:
        os.ftruncate(descriptor, nbytes)
        with mmap.mmap(descriptor, nbytes) as memory:
            sink = pa.FixedSizeBufferWriter(pa.py_buffer(memory))
            _write(sink, batch)
            sink.close()
            del sink
        parts.send(Told(nbytes, first, decoded.refused, decoded.received, hashes is not None))
        send_handle(parts, descriptor, os.getppid())
    finally:
        os.close(descriptor)


def _write(sink: Any, batch: pa.RecordBatch) -> None:
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)


def _unnamed() -> int:
    """Open memory without a name as a file, or a file where the system has none."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("forecourt-part")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def taken(parts: Connection, told: Told) -> Part:
    """Map a batch that was handed over; it stays mapped as long as anything of it is held."""
    descriptor = recv_handle(parts)
    try:
        memory = mmap.mmap(descriptor, told.nbytes, access=mmap.ACCESS_READ)
    finally:
        os.close(descriptor)
    with pa.ipc.open_stream(pa.py_buffer(memory)) as reader:
        batch = reader.read_next_batch()
    arrays = dict(zip(batch.schema.names, batch.columns, strict=True))

    def numbers(name: str) -> Any:
        return arrays.pop(name).to_numpy()

    hashes = None
    if told.hashed:
        fingerprint = numbers(f"{_LANE}fingerprint")
        before = f"{_LANE}a "
        texts = [name.removeprefix(before) for name in arrays if name.startswith(before)]
        lanes = {name: (numbers(f"{before}{name}"), numbers(f"{_LANE}b {name}")) for name in texts}
        hashes = Hashes(lanes, fingerprint)
    rows = batch.num_rows if arrays else 0
    place = numbers("place") if "place" in arrays else told.first + np.arange(rows)
    stamp_us = numbers("stamp_us") if "stamp_us" in arrays else None
    return Decoded(batch_of(arrays), place, told.refused, told.received, stamp_us), hashes
