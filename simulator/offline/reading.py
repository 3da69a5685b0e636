"""Reading a log for who judges it: decoded and hashed ahead, by a thread or a process of its own.

Either way the batches are the same, in the same order, and each is answered: the results of every
event are written where it was read. A process hands a batch over in memory that both have mapped,
so that nothing of it is copied or goes through a pipe but its place.
"""

from __future__ import annotations

import mmap
import os
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle, send_handle
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol, Self

import numpy as np
import pyarrow as pa

from rules.decoding.event_columns import Decoded, Names, Refusal, batch_of, concat
from rules.decoding.identity import Hashes, hashes_of
from rules.judging.results import Outcome
from simulator.log.ahead import ahead
from simulator.log.logs import read_log
from simulator.log.mapping_file import Mapping
from simulator.offline.aside import Aside
from simulator.offline.output_files import ResultFiles

Part = tuple[Decoded, Hashes | None]

AHEAD: Final = 4
"""Batches that a process reads ahead of those whose results are written."""
_LANE: Final = "hash "
"""Begins the names of the columns that carry hashes between two processes."""


class ReadingEndedError(RuntimeError):
    """The process that read the log ended before the log did."""

    def __init__(self) -> None:
        super().__init__(
            "the process that read the log ended before the log did: replay again, with --workers 1"
        )


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


class Reading(Protocol):
    """A log's batches in their order, each of which is to be answered; a context."""

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write what is left to write, and stop."""

    def __iter__(self) -> Iterator[Part]:
        """Give the batches and the hashes of their valid events."""

    def answer(self, decoded: Decoded, outcome: Outcome) -> None:
        """Write what became of a batch, in the order of the batches."""


class ReadHere:
    """Reads in a thread of this process."""

    def __init__(self, read: Callable[[], Iterable[Decoded]], out: Path) -> None:
        self._read, self._out = read, out

    def __enter__(self) -> Self:
        with ExitStack() as held:
            self._results = held.enter_context(ResultFiles(self._out))
            self._parts = held.enter_context(closing(hashed_ahead(self._read())))
            self._held = held.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._held.__exit__(kind, error, trace)

    def __iter__(self) -> Iterator[Part]:
        return self._parts

    def answer(self, decoded: Decoded, outcome: Outcome) -> None:
        """Write what became of a batch."""
        self._results.write(event_ids(decoded), outcome)


class ReadAside:
    """Has a process of its own read."""

    def __init__(self, reading: LogReading, out: Path, aside: Aside | None = None) -> None:
        self._asked = reading, out
        self._aside = aside or Aside()

    def __enter__(self) -> Self:
        self._aside.answers.send(self._asked)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let the process end; where nothing went wrong, once it has written everything."""
        with self._aside:
            if kind is None:
                self._tell(None)
                self._hear()

    def __iter__(self) -> Iterator[Part]:
        while (told := self._hear()) is not None:
            yield _taken(told, recv_handle(self._aside.parts))

    def answer(self, decoded: Decoded, outcome: Outcome) -> None:  # noqa: ARG002  it is held there
        """Have what became of a batch written."""
        self._tell((outcome.status, outcome.reason, outcome.points))

    def kill(self) -> None:
        """End the process where it is."""
        self._aside.kill()

    def _tell(self, said: object) -> None:
        try:
            self._aside.answers.send(said)
        except ConnectionError:
            self._hear()  # what it says instead of going on
            raise ReadingEndedError from None

    def _hear(self) -> Any:
        """Take what the process says next; raises what went wrong there."""
        try:
            told = self._aside.parts.recv()
        except (EOFError, ConnectionError) as error:
            raise ReadingEndedError from error
        if isinstance(told, Exception):
            raise told
        return told


def serve(parts: Connection, answers: Connection) -> None:
    """Read as asked and write what is answered; ends early when the other side does."""
    try:
        reading, out = answers.recv()
    except EOFError:
        return
    try:
        try:
            _read_and_write(reading, out, parts, answers)
        except (EOFError, ConnectionError):
            return
        except Exception as problem:
            parts.send(problem)
        else:
            parts.send(None)
    except ConnectionError:
        return


def _read_and_write(reading: LogReading, out: Path, parts: Connection, answers: Connection) -> None:
    room = threading.Semaphore(AHEAD)
    asked: deque[pa.Array] = deque()
    with ResultFiles(out) as results, ThreadPoolExecutor(1) as thread:

        def write() -> None:
            try:
                while (answer := answers.recv()) is not None:
                    results.write(asked.popleft(), _outcome(*answer))
                    room.release()
            finally:
                room.release()

        writing = thread.submit(write)
        try:
            for decoded, hashes in hashed(reading()):
                room.acquire()
                if writing.done():
                    break
                asked.append(event_ids(decoded))
                _hand_over(parts, decoded, hashes)
            else:
                parts.send(None)
        except Exception as problem:
            # Told at once: the thread waits for answers until the other side ends.
            parts.send(problem)
            raise
        writing.result()


def _outcome(status: Any, reason: Any, points: Any) -> Outcome:
    return Outcome(status, reason, points, np.zeros(0, dtype=np.int64))


@dataclass(frozen=True, slots=True)
class _Told:
    """What is said of a batch beside its columns."""

    nbytes: int
    first: int
    """The place of the first valid event, where all follow one another."""
    refused: list[Refusal]
    received: int
    hashed: bool


def _hand_over(parts: Connection, decoded: Decoded, hashes: Hashes | None) -> None:
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
        parts.send(_Told(nbytes, first, decoded.refused, decoded.received, hashes is not None))
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


def _taken(told: _Told, descriptor: int) -> Part:
    """Map a batch that was handed over; it stays mapped as long as anything of it is held."""
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
