"""Gathering: single events that wait a moment, so that they are decoded and travel together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

import msgspec

from actors.gateway.problems import Problem
from actors.gateway.shared_parcel import Waiter, Waiters, tell_all
from actors.gateway.single_submission import SingleSubmission
from actors.stages import STAGES
from rules.decoding.events import Decoded

SINGLES_MAX: Final = 2_000
GATHER_S: Final = 0.005
GATHERED: Final = 7 / 8
"""How long single events wait at most until this share of the last batch's number is there."""


class Gathering:
    """Lines single events up.

    Tills that were answered together come again one after another; without a wait the first of
    them would travel alone, at the cost of all.

    Args:
        decode: decodes events, one a line.
        submit: takes what was decoded, and who waits for which of it.
        may_go: tells whether a lane has nothing to do.
    """

    def __init__(
        self,
        decode: Callable[[bytes], Decoded],
        submit: Callable[[Decoded, Waiters], None],
        may_go: Callable[[], bool],
    ) -> None:
        self._decode = decode
        self._submit = submit
        self._may_go = may_go
        self._waiting: deque[tuple[bytes, Waiter]] = deque()
        self._enough = 1
        self._going = False
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, body: bytes, key: str, submission: SingleSubmission) -> None:
        """Line one event of a key up, to be answered to a submission; raises Problem 400."""
        try:
            # Checks the syntax without building anything, so that a body that isn't JSON is
            # refused as a whole, here, and not as one bad line among its neighbours.
            msgspec.json.decode(body, type=msgspec.Raw)
        except (msgspec.DecodeError, RecursionError) as error:
            deep = isinstance(error, RecursionError)
            said = "nested too deeply" if deep else str(error)
            raise Problem(400, f"The body is not JSON: {said}.") from None
        if b"\n" in body or b"\r" in body:
            # Inside JSON a line break can only stand between tokens.
            body = body.replace(b"\n", b" ").replace(b"\r", b" ")
        self._waiting.append((body, Waiter(key, submission)))
        if len(self._waiting) >= SINGLES_MAX or self._may_go():
            self.hurry()

    def hurry(self) -> None:
        """Have what waits sent on soon: at once if it is enough, else a little later."""
        if not self._waiting:
            return
        loop = asyncio.get_running_loop()
        if len(self._waiting) >= self._enough:
            if not self._going:
                self._going = True
                loop.call_soon(self.send_on)
        elif self._timer is None:
            self._timer = loop.call_later(GATHER_S, self.send_on)

    def send_on(self) -> None:
        """Decode all that wait in one go and submit them."""
        self._going = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiting:
            self._enough = max(1, int(len(self._waiting) * GATHERED))
        while self._waiting:
            count = min(len(self._waiting), SINGLES_MAX)
            taken = [self._waiting.popleft() for _ in range(count)]
            try:
                with STAGES.timed("decode"):
                    decoded = self._decode(b"\n".join(body for body, _ in taken))
                self._submit(decoded, Waiters(enumerate(waiter for _, waiter in taken)))
            except Exception as error:  # every waiter must hear of it, whatever it is
                tell_all((waiter for _, waiter in taken), error)
