"""Reading a log for who judges it: decoded and hashed ahead, by a thread or a process of its own.

Either way the batches are the same, in the same order, and each is answered: the results of every
event are written where it was read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from rules.decoding.event_columns import Decoded
from rules.judging.results import Outcome
from simulator.offline.aside import Aside
from simulator.offline.handing_over import taken
from simulator.offline.log_reading import LogReading, Part, event_ids, hashed_ahead
from simulator.offline.output_files import ResultFiles


class ReadingEndedError(RuntimeError):
    """The process that read the log ended before the log did."""

    def __init__(self) -> None:
        super().__init__(
            "the process that read the log ended before the log did: replay again, with --workers 1"
        )


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
            yield taken(self._aside.parts, told)

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
