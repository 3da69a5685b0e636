"""Ingest: takes what keys send, stamps it under the events' clock, and deals it to the lanes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from actors.gateway.admission import BODIES_BYTES_MAX, Admission, Pace
from actors.gateway.bodies import JSON, SMALL_BODY_BYTES, Bodies, media_type
from actors.gateway.dealing import deal, deal_singles
from actors.gateway.desk import Desk
from actors.gateway.lane import Lane
from actors.gateway.patience import awaited
from actors.gateway.problems import Problem
from actors.gateway.sealing import Sealer, acts_in
from actors.gateway.shard_line import Order
from actors.gateway.single_submission import SingleSubmission
from actors.gateway.singles import Singles
from actors.gateway.submission import Submission
from actors.gateway.tally import TALLY
from actors.messages import LaneCalls, ShardStatus
from rules.decoding.events import Decoded, Names, running_stamps, stamp

QUEUED_EVENTS_MAX: Final = 400_000
QUEUED_EVENTS_LEAST: Final = 40_000
"""What may wait however slow the shards are: two of the largest batches."""
ANSWER_WITHIN_S: Final = 10.0


class Ingest:
    """Takes bodies, keys in turn, and answers each when it is durable.

    It knows how much waits and of whom, and the events' clock. How a body is read, its bodies
    know; what becomes of events that come alone, its singles; how a shard is reached, its lanes.
    """

    def __init__(
        self,
        shards: Sequence[LaneCalls],
        names: Names,
        clock: str,
        clock_us: int,
        sealer: Sealer | None = None,
    ) -> None:
        self.clock = clock
        self.clock_us = clock_us
        self.stopping = False
        self.bodies = Admission("bytes of bodies", BODIES_BYTES_MAX)
        self.queue = Admission("events", QUEUED_EVENTS_MAX)
        self._pace = Pace(QUEUED_EVENTS_LEAST, QUEUED_EVENTS_MAX)
        self._read = Bodies(names)
        self._sealer = sealer
        self._singles = Singles(
            self._read.lines,
            sealer,
            self._deal_singles,
            lambda: any(lane.idle for lane in self.lanes),
            self._check_going,
        )
        self._desk = Desk()
        mode = "given" if clock == "events" else "wall"
        singles, more_comes = self._singles, lambda: bool(self._desk)
        self.lanes = [
            Lane(number, calls, mode, singles.hurry, singles.send_on, more_comes)
            for number, calls in enumerate(shards)
        ]
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start one sender a shard on the running loop."""
        self._tasks = [asyncio.create_task(lane.run()) for lane in self.lanes]

    async def stop(self, within_s: float) -> bool:
        """Take nothing more, wait until the lanes are empty, stop them; False when some aren't."""
        self.stopping = True
        ends_s = time.monotonic() + within_s
        self._singles.send_on()
        while not all(lane.idle for lane in self.lanes) and time.monotonic() < ends_s:
            await asyncio.sleep(0.02)
        empty = all(lane.idle for lane in self.lanes)
        for task in self._tasks:
            task.cancel()
        return empty

    @property
    def queued_events(self) -> int:
        """Count the events that wait for a shard."""
        return sum(lane.queued_events for lane in self.lanes) + len(self._singles)

    def versions(self) -> list[int]:
        """Tell, by shard, the version that shows everything acknowledged so far."""
        return [lane.version for lane in self.lanes]

    async def take(self, body: bytes, content_type: str, key: str = "") -> Submission:
        """Take a body a key sent and wait for its answer; raises Problem 400, 413, 415, 429, 503.

        The events count as the key's until every one of them is durable.
        """
        self._check_going()
        kind = media_type(content_type)
        if kind in ("", JSON) and body[:1] == b"{":
            return await self._take_one(body, key)
        with self.queue.hold(key, self._read.expected(body, kind), len(body) <= SMALL_BODY_BYTES):
            opened = await self._desk.do(key, len(body), partial(self._opened, body, kind, key))
        if isinstance(opened, Submission):
            return opened
        submission = await self._sealed(*opened)
        self._hold(key, submission)
        return submission

    async def _take_one(self, body: bytes, key: str) -> SingleSubmission:
        """Take one event, which counts as waiting from here on."""
        refusal = self.queue.refusal(key, len(body) <= SMALL_BODY_BYTES)
        if refusal is not None:
            raise refusal
        self.queue.take(key, 1)
        submission = SingleSubmission(ended=partial(self._give_back, key))

        def put() -> None:
            try:
                self._singles.put(body, key, submission)
            except Exception:
                self.queue.give_back(key, 1)
                raise

        # Behind what its own key has at the desk, else at once.
        if key in self._desk:
            await self._desk.do(key, len(body), put)
        else:
            put()
        return submission

    def _give_back(self, key: str, submission: Submission) -> None:
        """Count a submission's events as gone, and as taken by the shards that had them."""
        amount = submission.received
        self.queue.give_back(key, amount)
        if submission.shards:
            self._pace.drained(amount, self.queue.held, time.monotonic())
            self.queue.lower(self._pace.limit, amount)

    def _opened(
        self, body: bytes, kind: str, key: str
    ) -> Submission | tuple[Decoded, npt.NDArray[np.int64], str]:
        """Decode a body and submit it, unless personal values have to go to the vault first."""
        self._check_going()
        self._singles.send_on()
        decoded = self._read.decode(body, kind)
        if self._sealer is not None and len(rows := self._sealer.rows(decoded.columns)):
            return decoded, rows, key
        submission = self._submit(decoded, key)
        self._hold(key, submission)
        return submission

    async def _sealed(self, decoded: Decoded, rows: npt.NDArray[np.int64], key: str) -> Submission:
        """Submit a body, whole, once the vault has the personal values of some of its rows."""
        assert self._sealer is not None
        columns, held = await self._sealer.sealed(decoded.columns, rows)
        self._check_going()
        decoded = replace(decoded, columns=columns)
        submission = self._submit(decoded, key)
        place = decoded.place
        submission.held = [replace(one, row=int(place[one.row])) for one in held]
        return submission

    def _hold(self, key: str, submission: Submission) -> None:
        """Count a submission's events as waiting until it is done."""
        if submission.done.done():
            return
        self.queue.take(key, submission.received)
        submission.done.add_done_callback(lambda _: self._give_back(key, submission))

    async def settle(self, submission: Submission) -> Submission:
        """Wait until every event of a submission is durable; raises Problem 503 or 500."""
        await self._await_shards(submission)
        if self._sealer is not None and (submission.held or submission.acts):
            await self._sealer.finish(submission)
        TALLY.events(submission.status, submission.reason)
        return submission

    @staticmethod
    async def _await_shards(submission: Submission) -> None:
        try:
            if isinstance(submission, SingleSubmission):
                loop = asyncio.get_running_loop()
                timer = loop.call_later(ANSWER_WITHIN_S, submission.give_up)
                try:
                    await submission.done
                finally:
                    timer.cancel()
            else:
                await awaited(submission.done, ANSWER_WITHIN_S)
        except Problem:
            raise
        except TimeoutError:
            raise Problem(
                503,
                f"A shard or the store did not answer within {ANSWER_WITHIN_S:.0f} s; the events "
                "stay queued: send the same body again to learn their results.",
                retry_after_s=2,
            ) from None
        except Exception as error:
            raise Problem(
                500, f"The shard failed on these events ({type(error).__name__}); see its log."
            ) from error

    async def order(self, kind: str, at_us: int) -> list[ShardStatus]:
        """Send an order down every lane, behind all events so far, and wait for all."""
        self._singles.send_on()
        if kind == "advance":
            self.clock_us = max(self.clock_us, at_us)
        return await self._everywhere(kind, at_us)

    async def adopt_rules(self, number: int, text: str, names: Names) -> list[ShardStatus]:
        """Judge what comes from here on by a version of the season file, at every shard.

        Raises what a shard refuses it with; the events go on under the names of before then.
        """
        self._singles.send_on()
        before, self._read.names = self._read.names, names
        at_us = self.clock_us if self.clock == "events" else time.time_ns() // 1000
        try:
            return await self._everywhere("rules", at_us, (number, text))
        except Exception:
            self._read.names = before
            raise

    async def _everywhere(
        self, kind: str, at_us: int, rules: tuple[int, str] = (0, "")
    ) -> list[ShardStatus]:
        """Put an order into every lane at once, and wait for all to be carried out."""
        loop = asyncio.get_running_loop()
        orders = [Order(kind, at_us, loop.create_future(), rules) for _ in self.lanes]
        for lane, order in zip(self.lanes, orders, strict=True):
            lane.put(order)
        return list(await asyncio.gather(*(order.done for order in orders)))

    def admit(self, key: str, size: int) -> None:
        """Refuse a body of some bytes of a key that may send no more for now; raises Problem."""
        self._check_going()
        refusal = self.queue.refusal(key, size <= SMALL_BODY_BYTES)
        if refusal is not None:
            raise refusal

    def _check_going(self) -> None:
        if self.stopping:
            raise Problem(503, "The system is stopping; send again in a moment.", retry_after_s=5)

    def _submit(self, decoded: Decoded, key: str) -> Submission:
        submission = Submission(decoded.received, decoded.columns.num_rows)
        submission.refuse(decoded.refused)
        if decoded.columns.num_rows:
            submission.name(decoded.place, decoded.columns.column("event_id"))
            submission.acts = [
                (int(decoded.place[row]), word, member)
                for row, word, member in acts_in(decoded.columns)
            ]
            deal(self.lanes, self._stamped(decoded.columns), decoded.place, submission, key)
        return submission

    def _deal_singles(
        self, columns: pa.RecordBatch, owners: list[SingleSubmission], keys: list[str]
    ) -> None:
        deal_singles(self.lanes, self._stamped(columns), owners, keys)

    def _stamped(self, columns: pa.RecordBatch) -> pa.RecordBatch:
        """Stamp events under the events' clock."""
        if self.clock != "events":
            return columns
        stamps_us = running_stamps(np.asarray(columns.column("at_us")), self.clock_us)
        self.clock_us = int(stamps_us[-1])
        return stamp(columns, stamps_us)
