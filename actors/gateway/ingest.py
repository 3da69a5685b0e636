"""Ingest: decodes requests, stamps them under the events' clock, and deals them to the lanes."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from actors.gateway.admission import BODIES_BYTES_MAX, SMOOTHING, Admission, Pace
from actors.gateway.batch_size import BATCH_EVENTS_MAX
from actors.gateway.dealing import deal, deal_singles
from actors.gateway.desk import Desk
from actors.gateway.gathering import Gathering
from actors.gateway.lane import Lane
from actors.gateway.patience import awaited
from actors.gateway.problems import Problem
from actors.gateway.sealing import Sealer, acts_in
from actors.gateway.shard_line import Order
from actors.gateway.shared_parcel import Waiters, part_of, tell_all
from actors.gateway.single_submission import SingleSubmission
from actors.gateway.submission import Held, Submission
from actors.gateway.tally import TALLY
from actors.messages import LaneCalls, ShardStatus
from actors.stages import STAGES
from rules.decoding.events import (
    Decoded,
    Names,
    UnreadableBody,
    decode_arrow,
    decode_json,
    decode_ndjson,
    running_stamps,
    stamp,
)

BODY_BYTES_MAX: Final = 32 * 1024 * 1024
QUEUED_EVENTS_MAX: Final = 400_000
QUEUED_EVENTS_LEAST: Final = 40_000
"""What may wait however slow the shards are: two of the largest batches."""
UNDECLARED_BODY_BYTES: Final = 4 * 1024 * 1024
"""What a body counts for that does not say how long it is."""
EVENT_BYTES: Final = 160.0
"""What an event takes of a body, until one of its media type was read."""
SMALL_BODY_BYTES: Final = 4 * 1024
"""A body of a few events, which a key that has none waiting may always send."""
ANSWER_WITHIN_S: Final = 10.0
_LINE: Final = re.compile(r"\Aline [0-9]+")

NDJSON: Final = ("application/x-ndjson", "application/ndjson", "application/jsonl")
ARROW: Final = "application/vnd.apache.arrow.stream"
JSON: Final = "application/json"

log = logging.getLogger(__name__)


class Ingest:
    """Takes bodies, keys in turn, and answers each when it is durable."""

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
        self._names = names
        self._sealer = sealer
        self._sealing: set[asyncio.Task[None]] = set()
        self._singles = Gathering(
            lambda lines: decode_ndjson(lines, self._names),
            self._sort_singles,
            lambda: any(lane.idle for lane in self.lanes),
        )
        self._desk = Desk()
        self._event_bytes: dict[str, float] = {}  # by media type
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
        kind = content_type.partition(";")[0].strip().lower()
        if kind in ("", JSON) and body[:1] == b"{":
            # From here until it is decoded.
            with self.queue.hold(key, 1, len(body) <= SMALL_BODY_BYTES):
                put = partial(self._singles.put, body, key)
                # Behind what its own key has at the desk, else at once.
                waiting = key in self._desk
                found = await self._desk.do(key, len(body), put) if waiting else put()
                submission = await found
            self._hold(key, submission)
            return submission
        with self.queue.hold(key, self._expected(body, kind), len(body) <= SMALL_BODY_BYTES):
            opened = await self._desk.do(key, len(body), partial(self._opened, body, kind, key))
        if isinstance(opened, Submission):
            return opened
        submission = await self._sealed(*opened)
        self._hold(key, submission)
        return submission

    def _opened(
        self, body: bytes, kind: str, key: str
    ) -> Submission | tuple[Decoded, npt.NDArray[np.int64], str]:
        """Decode a body and submit it, unless personal values have to go to the vault first."""
        self._check_going()
        self._singles.send_on()
        with STAGES.timed("decode"):
            decoded = self._decode(body, kind)
        if decoded.received:
            each = self._event_bytes.get(kind, EVENT_BYTES)
            self._event_bytes[kind] = each + SMOOTHING * (len(body) / decoded.received - each)
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
        amount = submission.received
        if submission.done.done():
            return
        self.queue.take(key, amount)

        def done(_: object) -> None:
            self.queue.give_back(key, amount)
            self._pace.drained(amount, self.queue.held, time.monotonic())
            self.queue.lower(self._pace.limit, amount)

        submission.done.add_done_callback(done)

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
            await awaited(submission.done, ANSWER_WITHIN_S)
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
        loop = asyncio.get_running_loop()
        if kind == "advance":
            self.clock_us = max(self.clock_us, at_us)
        done: list[asyncio.Future[ShardStatus]] = []
        for lane in self.lanes:
            done.append(loop.create_future())
            lane.put(Order(kind, at_us, done[-1]))
        return list(await asyncio.gather(*done))

    async def adopt_rules(self, number: int, text: str, names: Names) -> list[ShardStatus]:
        """Judge what comes from here on by a version of the season file, at every shard.

        Raises what a shard refuses it with; the events go on under the names of before then.
        """
        self._singles.send_on()
        before, self._names = self._names, names
        at_us = self.clock_us if self.clock == "events" else time.time_ns() // 1000
        loop = asyncio.get_running_loop()
        done: list[asyncio.Future[ShardStatus]] = []
        for lane in self.lanes:
            done.append(loop.create_future())
            lane.put(Order("rules", at_us, done[-1], (number, text)))
        try:
            return list(await asyncio.gather(*done))
        except Exception:
            self._names = before
            raise

    def admit(self, key: str, size: int) -> None:
        """Refuse a body of some bytes of a key that may send no more for now; raises Problem."""
        self._check_going()
        refusal = self.queue.refusal(key, size <= SMALL_BODY_BYTES)
        if refusal is not None:
            raise refusal

    def _expected(self, body: bytes, kind: str) -> int:
        """Tell how many events a body holds, going by those before it."""
        return max(1, int(len(body) / self._event_bytes.get(kind, EVENT_BYTES)))

    def _check_going(self) -> None:
        if self.stopping:
            raise Problem(503, "The system is stopping; send again in a moment.", retry_after_s=5)

    def _decode(self, body: bytes, kind: str) -> Decoded:
        try:
            if kind in NDJSON:
                decoded = decode_ndjson(body, self._names)
            elif kind == ARROW:
                decoded = decode_arrow(body, self._names)
            elif kind in ("", JSON):
                decoded = decode_json(body, self._names)
            else:
                raise Problem(
                    415, f"Content-Type {kind!r}: send {JSON}, application/x-ndjson or {ARROW}."
                )
        except UnreadableBody as error:
            raise Problem(400, f"The body can't be read: {error}") from None
        if decoded.received > BATCH_EVENTS_MAX:
            raise Problem(
                413,
                f"The body holds {decoded.received:,} events; send at most "
                f"{BATCH_EVENTS_MAX:,} a request.",
            )
        return decoded

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

    def _sort_singles(self, decoded: Decoded, found: Waiters) -> None:
        """Submit events at once, but for those with personal values, which the vault has first."""
        rows = self._sealer.rows(decoded.columns) if self._sealer is not None else ()
        if not len(rows):
            self._submit_singles(decoded, found)
            return
        personal = np.zeros(decoded.columns.num_rows, dtype=np.bool_)
        personal[rows] = True
        aside = part_of(decoded, personal)
        task = asyncio.create_task(
            self._seal_singles(aside, {place: found.pop(place) for place in aside.place.tolist()})
        )
        self._sealing.add(task)
        task.add_done_callback(self._sealing.discard)
        self._submit_singles(part_of(decoded, ~personal, decoded.refused), found)

    async def _seal_singles(self, decoded: Decoded, found: Waiters) -> None:
        assert self._sealer is not None
        try:
            every = np.arange(decoded.columns.num_rows)
            columns, held = await self._sealer.sealed(decoded.columns, every)
            self._check_going()
            self._submit_singles(replace(decoded, columns=columns), found, held)
        except Exception as error:  # every waiter must hear of it, whatever it is
            tell_all(found.values(), error)

    def _submit_singles(self, decoded: Decoded, found: Waiters, held: Sequence[Held] = ()) -> None:
        places, valid = decoded.place.tolist(), decoded.columns
        ids = valid.column("event_id").to_pylist()
        submissions = {
            place: SingleSubmission(event_id, 1)
            for place, event_id in zip(places, ids, strict=True)
        }
        for refusal in decoded.refused:
            # Each of them is the only event of its request: a line number would be its neighbours'.
            alone = replace(refusal, sentence=_LINE.sub("the event", refusal.sentence))
            submissions[refusal.place] = SingleSubmission("", 0)
            submissions[refusal.place].refuse([alone])
        if places:
            rows = [submissions[place] for place in places]
            for row, word, member in acts_in(valid):
                rows[row].acts = [(0, word, member)]
            for one in held:
                rows[one.row].held.append(replace(one, row=0))
            keys = [found[place].key for place in places]
            deal_singles(self.lanes, self._stamped(valid), rows, keys)
        for place, waiter in found.items():
            if not waiter.found.done():
                waiter.found.set_result(submissions[place])

    def _stamped(self, columns: pa.RecordBatch) -> pa.RecordBatch:
        """Stamp events under the events' clock."""
        if self.clock != "events":
            return columns
        stamps_us = running_stamps(np.asarray(columns.column("at_us")), self.clock_us)
        self.clock_us = int(stamps_us[-1])
        return stamp(columns, stamps_us)
