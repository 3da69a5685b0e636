"""Board reader: one listener to a board, what waits for them, and what all of them cost."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

QUEUE_FRAMES_MAX: Final = 32


class View(NamedTuple):
    """What readers share: a board, how many rows of it, and whether ids are masked."""

    board: str
    limit: int
    masked: bool


@dataclass(slots=True, eq=False)
class Reader:
    """One listener, and what waits to be written to them."""

    view: View
    own: str | None
    headers: Mapping[str, str]
    left: bool = False
    late: bool = False
    writing_since_s: float | None = None
    told_s: float = field(default_factory=time.monotonic)
    task: asyncio.Task[Any] | None = None
    _waiting: deque[bytes] = field(default_factory=deque)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, data: bytes) -> bool:
        """Line bytes up; False when the reader is too far behind and is let go."""
        if self.left:
            return True
        if len(self._waiting) >= QUEUE_FRAMES_MAX:
            self.late = True
            self._waiting.clear()
            self.leave()
            return False
        self._waiting.append(data)
        self._wake.set()
        return True

    def leave(self) -> None:
        """End the stream after what waits."""
        self.left = True
        self._wake.set()

    async def next(self) -> bytes | None:
        """Give what waits, all at once; None at the end of the stream."""
        self.writing_since_s = None
        while not self._waiting:
            if self.left:
                return None
            self._wake.clear()
            await self._wake.wait()
        data = self._waiting[0] if len(self._waiting) == 1 else b"".join(self._waiting)
        self._waiting.clear()
        self.writing_since_s = self.told_s = time.monotonic()
        return data


@dataclass(slots=True)
class StreamFigures:
    """What the streams did since the gateway started."""

    joined: int = 0
    resumed: int = 0
    reset: int = 0
    refused: int = 0
    late: int = 0
    frames: int = 0
    sent: int = 0
    sent_bytes: int = 0
    ticks: int = 0
    tick_s: float = 0.0
