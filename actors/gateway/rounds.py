"""Rounds: questions that come while others are being answered wait, and share the next answer.

A question is never answered by a round that began before it came, so whoever asks sees every event
that was acknowledged before. Readers that were answered together come again one after another:
a round waits a moment for about as many as the last one answered, so that not every other round is
for one of them. Whoever reads alone never waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, Generic, TypeVar

GATHER_S: Final = 0.005
GATHERED: Final = 7 / 8
"""How long a round waits at most until this share of the last one's questions is there."""
LINES_MAX: Final = 256

Subject = TypeVar("Subject")
Question = TypeVar("Question")
Answer = TypeVar("Answer")


class _Line(Generic[Question, Answer]):
    """The questions on one subject that wait."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Question, asyncio.Future[Answer]]] = []
        self.enough = 1
        self.are_enough = asyncio.Event()
        self.task: asyncio.Task[None] | None = None


class Rounds(Generic[Subject, Question, Answer]):
    """Puts questions on the same subject together, one round under way a subject.

    Args:
        answer: answers a round's questions, in their order.
    """

    def __init__(
        self, answer: Callable[[Subject, list[Question]], Awaitable[list[Answer]]]
    ) -> None:
        self._answer = answer
        self._lines: dict[Subject, _Line[Question, Answer]] = {}

    async def ask(self, subject: Subject, question: Question) -> Answer:
        """Answer a question together with those around it; raises what its round ran into."""
        line = self._lines.get(subject)
        if line is None:
            line = self._begun(subject)
        found: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        line.waiting.append((question, found))
        if len(line.waiting) >= line.enough:
            line.are_enough.set()
        if line.task is None:
            line.task = asyncio.create_task(self._serve(subject, line))
        return await found

    def _begun(self, subject: Subject) -> _Line[Question, Answer]:
        if len(self._lines) >= LINES_MAX:
            self._lines = {of: line for of, line in self._lines.items() if line.task is not None}
        line = self._lines[subject] = _Line()
        return line

    async def _serve(self, subject: Subject, line: _Line[Question, Answer]) -> None:
        while line.waiting:
            await self._gather(line)
            asked, line.waiting = line.waiting, []
            line.enough = max(1, int(len(asked) * GATHERED))
            try:
                answers = await self._answer(subject, [question for question, _ in asked])
            except Exception as error:  # everyone who asked must hear of it, whatever it is
                for _, found in asked:
                    if not found.done():
                        found.set_exception(error)
            else:
                for (_, found), answer in zip(asked, answers, strict=True):
                    if not found.done():
                        found.set_result(answer)
        line.task = None

    @staticmethod
    async def _gather(line: _Line[Question, Answer]) -> None:
        if len(line.waiting) >= line.enough:
            return
        line.are_enough.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(GATHER_S):
                await line.are_enough.wait()
