"""Lanes: order kept, whatever fails, and the same batches again until they are answered."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import numpy as np
import pytest

from actors.gateway import batch_size, desk, gathering
from actors.gateway import ingest as ingest_module
from actors.gateway.batch_size import BATCH_EVENTS_MAX
from actors.gateway.desk import Desk
from actors.gateway.ingest import Ingest
from actors.gateway.lane import FLIGHTS_MAX
from actors.gateway.problems import Problem
from actors.gateway.submission import Submission
from actors.messages import BatchAnswer, OutOfTurn, ShardDown, ShardStatus, Turn
from actors.turns import Turns
from rules.decoding.event_columns import Names, from_ipc

NAMES = Names(products=None, kinds=frozenset({"private"}), earliest_us=0, latest_us=2**60)


class Shard:
    """A member shard that counts what it is sent, and fails when told to."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.stamps: list[int] = []
        self.failures = 0
        self.in_flight = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def apply(self, batch: bytes, stamp: str, turn: Turn) -> BatchAnswer:
        assert stamp == "given"
        assert turn.number == turn.oldest, "few events wait for the batch before them"
        self.in_flight += 1
        assert self.in_flight == 1, "one batch at a time"
        await self.gate.wait()
        self.in_flight -= 1
        events = from_ipc(batch)
        self.batches.append(events.column("event_id").to_pylist())
        if self.failures:
            self.failures -= 1
            raise ShardDown("told to")
        self.stamps += events.column("stamp_us").to_pylist()
        count = events.num_rows
        points = np.arange(count, dtype=np.int64)
        none = np.zeros(count, dtype=np.uint8)
        return BatchAnswer(none, none, points, len(self.batches), self.stamps[-1])

    async def push(self) -> None:
        raise AssertionError("nothing waits to be pushed")

    async def advance(self, to_us: int) -> ShardStatus:
        return ShardStatus(0, 1, 1, to_us, 0, 0, 1, False)

    async def close(self, ends_us: int) -> ShardStatus:
        return ShardStatus(0, 1, 1, 0, ends_us, 0, 1, False)

    async def adopt_rules(self, number: int, text: str, at_us: int) -> ShardStatus:
        assert number
        assert text
        return ShardStatus(0, 1, 1, at_us, 0, 0, 1, False)


def event(number: int, minute: int) -> bytes:
    return json.dumps(
        {
            "event_id": f"e-{number}",
            "type": "check_in",
            "member": "m-1",
            "at": f"2026-06-01T10:{minute:02d}:00Z",
        }
    ).encode()


async def send(ingest: Ingest, body: bytes) -> dict[str, Any]:
    submission = await ingest.take(body, "application/json")
    await ingest.settle(submission)
    answer: dict[str, Any] = json.loads(submission.answer(False, ""))
    return answer


def test_what_comes_meanwhile_becomes_the_next_batch() -> None:
    async def scenario() -> None:
        shard = Shard()
        ingest = Ingest([shard], NAMES, "events", 0)
        ingest.start()
        shard.gate.clear()
        sent = [asyncio.create_task(send(ingest, event(0, 0)))]
        while not shard.in_flight:
            await asyncio.sleep(0)
        sent += [asyncio.create_task(send(ingest, event(n, 10 - n))) for n in range(1, 6)]
        while ingest.queued_events < 6:
            await asyncio.sleep(0)
        shard.gate.set()
        answers = await asyncio.gather(*sent)
        assert shard.batches == [["e-0"], [f"e-{n}" for n in range(1, 6)]]
        assert shard.stamps == sorted(shard.stamps), "the events' clock never runs backwards"
        ids = [answer["results"][0]["event_id"] for answer in answers]
        assert ids == [f"e-{n}" for n in range(6)]
        assert [answer["results"][0]["points"] for answer in answers] == [0, 0, 1, 2, 3, 4]
        assert await ingest.stop(1.0)

    asyncio.run(scenario())


def test_tills_that_were_answered_together_travel_together_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gathering, "GATHER_S", 60.0)

    async def scenario() -> None:
        shard = Shard()
        ingest = Ingest([shard], NAMES, "events", 0)
        ingest.start()
        shard.gate.clear()
        sent = [asyncio.create_task(send(ingest, event(0, 0)))]
        while not shard.in_flight:
            await asyncio.sleep(0)
        sent += [asyncio.create_task(send(ingest, event(n, 0))) for n in range(1, 9)]
        while ingest.queued_events < 9:
            await asyncio.sleep(0)
        shard.gate.set()
        await asyncio.gather(*sent)
        for n in range(9, 16):  # one after another, as answers reach them
            sent.append(asyncio.create_task(send(ingest, event(n, 0))))
            for _ in range(5):
                await asyncio.sleep(0)
        await asyncio.gather(*sent)
        monkeypatch.setattr(gathering, "GATHER_S", 0.001)
        await send(ingest, event(16, 0))  # fewer than before go too, after a moment
        await send(ingest, event(17, 0))
        sizes = [len(batch) for batch in shard.batches]
        assert sizes == [1, 8, 7, 1, 1]
        assert await ingest.stop(1.0)

    asyncio.run(scenario())


def test_an_unknown_outcome_sends_the_same_batch_again() -> None:
    async def scenario() -> None:
        shard = Shard()
        shard.failures = 2
        ingest = Ingest([shard], NAMES, "events", 0)
        ingest.start()
        await send(ingest, event(1, 0))
        assert shard.batches == [["e-1"]] * 3
        assert await ingest.stop(1.0)

    asyncio.run(scenario())


def test_a_full_queue_and_a_stopping_system_refuse() -> None:
    async def scenario() -> None:
        shard = Shard()
        ingest = Ingest([shard], NAMES, "events", 0)
        ingest.queue.take("another key", ingest.queue.limit)
        with pytest.raises(Problem) as full:
            await ingest.take(lines(0, 50), "application/x-ndjson")
        assert (full.value.status, full.value.retry_after_s) == (429, 1)
        with pytest.raises(Problem) as more:
            await ingest.take(event(1, 0), "application/json", "another key")
        assert more.value.status == 429
        ingest.stopping = True
        with pytest.raises(Problem) as stopping:
            await ingest.take(event(1, 0), "application/json")
        assert stopping.value.status == 503

    asyncio.run(scenario())


def test_who_waits_too_long_is_told_and_their_event_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ingest_module, "ANSWER_WITHIN_S", 0.01)

    async def scenario() -> None:
        shard = Shard()
        ingest = Ingest([shard], NAMES, "events", 0)
        ingest.start()
        shard.gate.clear()
        with pytest.raises(Problem) as late:
            await send(ingest, event(1, 0))
        assert (late.value.status, late.value.retry_after_s) == (503, 2)
        assert ingest.queue.held == 1, "it still waits, and counts"
        shard.gate.set()
        assert await ingest.stop(5.0)
        assert shard.batches == [["e-1"]]
        assert ingest.queue.held == 0

    asyncio.run(scenario())


def test_a_body_that_is_no_json_is_refused_alone() -> None:
    async def scenario() -> None:
        ingest = Ingest([Shard()], NAMES, "events", 0)
        ingest.start()
        good = asyncio.create_task(send(ingest, event(1, 0)))
        with pytest.raises(Problem) as broken:
            await ingest.take(b'{"event_id": ', "application/json")
        assert broken.value.status == 400
        assert ingest.queue.held <= 1, "only the good one counts"
        assert (await good)["results"][0]["status"] == "applied"
        assert await ingest.stop(1.0)

    asyncio.run(scenario())


class Process:
    """A member shard's process as Ray calls it: one call after another, in order.

    It fails or ends at the calls it is told to, by their count; what is applied stays, as it
    does in a log.
    """

    def __init__(self) -> None:
        self.applied: list[str] = []
        self.calls = 0
        self.in_flight = 0
        self.together = 0
        self.fails: dict[int, str] = {}
        self.pushes = 0
        self.waiting = False
        self.crowded = False
        self.turns = Turns()
        self.queue: asyncio.Queue[tuple[bytes, Turn, asyncio.Future[BatchAnswer]]] = asyncio.Queue()

    async def apply(self, batch: bytes, _stamp: str, turn: Turn) -> BatchAnswer:
        answer: asyncio.Future[BatchAnswer] = asyncio.get_running_loop().create_future()
        self.in_flight += 1
        self.together = max(self.together, self.in_flight)
        self.crowded |= turn.crowded
        await self.queue.put((batch, turn, answer))
        try:
            return await answer
        finally:
            self.in_flight -= 1

    async def run(self) -> None:
        while True:
            batch, turn, answer = await self.queue.get()
            await asyncio.sleep(0)
            self.calls += 1
            how = self.fails.pop(self.calls, "")
            try:
                self.turns.check(turn)
                if how == "before":
                    raise ShardDown("the store is away")
                if how == "ends":
                    self.turns = Turns()
                    raise ShardDown("its process ended")
                self.take(batch)
                self.turns.done(turn)
                if how == "after":
                    self.turns = Turns()
                    raise ShardDown("its process ended before it could answer")
            except (ShardDown, OutOfTurn) as error:
                answer.set_exception(error)
                continue
            count = from_ipc(batch).num_rows
            none = np.zeros(count, dtype=np.uint8)
            points = np.zeros(count, dtype=np.int64)
            answer.set_result(BatchAnswer(none, none, points, 1, 0, waiting=self.waiting))

    def take(self, batch: bytes) -> None:
        known = set(self.applied)
        ids = from_ipc(batch).column("event_id").to_pylist()
        self.applied += [event_id for event_id in ids if event_id not in known]

    async def push(self) -> None:
        self.pushes += 1

    async def advance(self, to_us: int) -> ShardStatus:
        return ShardStatus(0, 1, 1, to_us, 0, 0, 1, False)

    async def close(self, ends_us: int) -> ShardStatus:
        assert not self.in_flight, "an order waits for all batches before it"
        return ShardStatus(0, 1, 1, 0, ends_us, 0, 1, False)

    async def adopt_rules(self, _number: int, _text: str, at_us: int) -> ShardStatus:
        return ShardStatus(0, 1, 1, at_us, 0, 0, 1, False)


def lines(first: int, count: int) -> bytes:
    return b"\n".join(event(number, 0) for number in range(first, first + count))


@pytest.mark.parametrize(
    "fails",
    [
        {},
        {1: "before"},
        {1: "ends"},
        {1: "after"},
        {2: "after"},
        {2: "before", 3: "ends", 5: "after"},
        {1: "ends", 2: "before", 4: "after", 6: "ends"},
    ],
)
def test_large_batches_follow_one_another_and_never_overtake(
    fails: dict[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "TURN_S", 60.0)  # bodies are decoded as they come

    async def scenario() -> None:
        shard = Process()
        shard.fails = dict(fails)
        ingest = Ingest([shard], NAMES, "events", 0)
        ingest.start()
        running = asyncio.create_task(shard.run())
        size = 1_500
        taken = []
        for n in range(8):
            taken.append(await ingest.take(lines(n * size, size), "application/x-ndjson"))
            await asyncio.sleep(0)  # the lane runs
        closing = asyncio.create_task(ingest.order("close", 5))
        taken.append(await ingest.take(event(10**6, 0), "application/json"))
        for submission in taken:
            await ingest.settle(submission)
        await closing
        assert shard.applied == [f"e-{n}" for n in [*range(8 * size), 10**6]]
        assert shard.together == 2, "the next batch is at the shard while it works on one"
        assert ingest.queued_events == 0
        assert await ingest.stop(1.0)
        running.cancel()

    asyncio.run(scenario())


@pytest.mark.parametrize(("bodies", "crowded"), [(4, False), (8, True)])
def test_a_shard_is_told_where_more_than_another_batch_waits(
    bodies: int, crowded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "TURN_S", 60.0)  # bodies are decoded as they come
    monkeypatch.setattr(batch_size, "BATCH_EVENTS_MAX", 2_000)

    async def scenario() -> None:
        shard = Process()
        ingest = Ingest([shard], NAMES, "events", 0)
        ingest.start()
        taken = []
        for n in range(bodies):
            taken.append(await ingest.take(lines(n * 1_500, 1_500), "application/x-ndjson"))
            await asyncio.sleep(0)  # the lane runs
        running = asyncio.create_task(shard.run())
        for submission in taken:
            await ingest.settle(submission)
        assert shard.crowded == crowded
        assert await ingest.stop(1.0)
        running.cancel()

    asyncio.run(scenario())


def ids(first: int, count: int) -> list[str]:
    return [f"e-{number}" for number in range(first, first + count)]


def test_keys_take_turns_and_an_order_keeps_its_place() -> None:
    async def scenario() -> None:
        shard = Shard()
        ingest = Ingest([shard], NAMES, "events", 0)
        ingest.start()
        shard.gate.clear()

        async def take(body: bytes, key: str) -> Submission:
            kind = "application/x-ndjson" if b"\n" in body else "application/json"
            return await ingest.take(body, kind, key)

        taken = [await take(lines(0, 2), "flood")]
        while not shard.in_flight:
            await asyncio.sleep(0)
        taken += [await take(lines(300 * n, 300), "flood") for n in range(1, 4)]
        taken.append(await take(lines(1_300, 20), "other"))
        late = [asyncio.create_task(take(event(1_400, 0), "quiet"))]
        late.append(asyncio.create_task(take(event(1_401, 0), "flood")))
        while len(ingest._singles) < 2:
            await asyncio.sleep(0)
        closing = asyncio.create_task(ingest.order("close", 5))
        await asyncio.sleep(0)
        taken.append(await take(lines(1_500, 2), "newcomer"))
        shard.gate.set()
        for submission in [*taken, *await asyncio.gather(*late)]:
            await ingest.settle(submission)
        await closing
        assert shard.batches == [
            ids(0, 2),
            ["e-1400", *ids(1_300, 20), *ids(300, 900), "e-1401"],
            ids(1_500, 2),
        ]
        assert shard.stamps == sorted(shard.stamps), "stamps follow the order in which events go"
        assert await ingest.stop(1.0)

    asyncio.run(scenario())


def test_who_overtakes_later_events_lifts_their_stamps() -> None:
    async def scenario() -> None:
        shard = Shard()
        ingest = Ingest([shard], NAMES, "events", 0)
        ingest.start()
        shard.gate.clear()
        taken = [await ingest.take(event(0, 0), "application/x-ndjson", "flood")]
        while not shard.in_flight:
            await asyncio.sleep(0)
        old = b"\n".join(event(number, 1) for number in range(1, 100))
        taken.append(await ingest.take(old, "application/x-ndjson", "flood"))
        taken.append(await ingest.take(event(100, 9), "application/x-ndjson", "quiet"))
        shard.gate.set()
        for submission in taken:
            await ingest.settle(submission)
        assert shard.batches[1] == ["e-100", *ids(1, 99)]
        assert len(set(shard.stamps[1:])) == 1, "the log's clock is the greatest time so far"
        assert shard.stamps[1] == ingest.clock_us
        assert await ingest.stop(1.0)

    asyncio.run(scenario())


@pytest.mark.parametrize("keys", [1, 64])
def test_a_till_that_sends_little_is_in_the_next_batch_however_many_push(keys: int) -> None:
    async def scenario() -> None:
        shard = Process()
        ingest = Ingest([shard], NAMES, "wall", 0)
        ingest.start()
        ingest.queue.limit = 120_000
        pushing: list[Submission] = []
        size = 3_000
        while ingest.queue.refusal(f"flood-{len(pushing) % keys}") is None:
            body = lines(len(pushing) * size, size)
            key = f"flood-{len(pushing) % keys}"
            pushing.append(await ingest.take(body, "application/x-ndjson", key))
        assert ingest.queued_events >= ingest.queue.limit // 2
        quiet = asyncio.create_task(send(ingest, event(10**8, 0)))
        while not len(ingest._singles):
            await asyncio.sleep(0)
        running = asyncio.create_task(shard.run())
        await quiet
        # What is on its way goes first, and then the batch that it is in.
        assert shard.applied.index(f"e-{10**8}") < (FLIGHTS_MAX + 1) * BATCH_EVENTS_MAX
        for submission in pushing:
            await ingest.settle(submission)
        assert len(shard.applied) == len(set(shard.applied)) == len(pushing) * size + 1
        assert await ingest.stop(1.0)
        running.cancel()

    asyncio.run(scenario())


def test_a_small_batch_waits_for_bodies_that_are_being_decoded_but_not_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scenario() -> None:
        shard = Shard()
        ingest = Ingest([shard], NAMES, "events", 0)
        monkeypatch.setattr(desk, "TURN_S", 1e-12)
        ingest.start()
        bodies = [lines(n * 100, 100) for n in range(8)]
        taken = await asyncio.gather(
            *(ingest.take(body, "application/x-ndjson", "till") for body in bodies)
        )
        for submission in taken:
            await ingest.settle(submission)
        assert shard.batches == [ids(0, 800)], "all that came together goes in one batch"

        stuck = asyncio.get_running_loop().create_future()
        monkeypatch.setattr(Desk, "__len__", lambda _: not stuck.done())
        await send(ingest, event(10**6, 0))
        assert shard.batches[1] == [f"e-{10**6}"], "whatever goes on at the desk"
        stuck.set_result(None)
        assert await ingest.stop(1.0)

    asyncio.run(scenario())


def test_bodies_that_wait_to_be_decoded_count_as_events(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "TURN_S", 1e-12)

    async def scenario() -> None:
        shard = Process()
        ingest = Ingest([shard], NAMES, "wall", 0)
        ingest.start()
        ingest.queue.limit = 1_000
        bodies = [lines(n * 100, 100) for n in range(20)]
        told = await asyncio.gather(
            *(ingest.take(body, "application/x-ndjson", "flood") for body in bodies),
            return_exceptions=True,
        )
        refused = [one for one in told if isinstance(one, Problem)]
        assert {problem.status for problem in refused} == {429}
        assert 8 <= len(refused) <= 16
        running = asyncio.create_task(shard.run())
        for submission in told:
            if isinstance(submission, Submission):
                await ingest.settle(submission)
        assert len(shard.applied) == 100 * (20 - len(refused))
        assert ingest.queue.held == 0
        assert await ingest.stop(1.0)
        running.cancel()

    asyncio.run(scenario())


def test_rankings_hear_of_the_last_batch_when_nothing_follows() -> None:
    async def scenario() -> None:
        shard = Process()
        shard.waiting = True
        ingest = Ingest([shard], NAMES, "events", 0)
        ingest.start()
        running = asyncio.create_task(shard.run())
        await send(ingest, event(1, 0))
        await send(ingest, event(2, 0))
        while not shard.pushes:
            await asyncio.sleep(0.001)
        assert await ingest.stop(1.0)
        running.cancel()

    asyncio.run(scenario())
