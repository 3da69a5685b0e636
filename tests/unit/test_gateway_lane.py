"""Lanes: one batch in flight, order kept, and the same batch again until it is answered."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import numpy as np
import pytest

from actors.gateway.ingest import Ingest
from actors.gateway.problems import Problem
from actors.messages import BatchAnswer, ShardDown, ShardStatus
from rules.event_columns import Names, from_ipc

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

    async def apply(self, batch: bytes, stamp: str) -> BatchAnswer:
        assert stamp == "given"
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
        ingest.lanes[0].queued_events = 10**9
        with pytest.raises(Problem) as full:
            await ingest.take(event(1, 0), "application/json")
        assert (full.value.status, full.value.retry_after_s) == (429, 1)
        ingest.stopping = True
        with pytest.raises(Problem) as stopping:
            await ingest.take(event(1, 0), "application/json")
        assert stopping.value.status == 503

    asyncio.run(scenario())


def test_a_body_that_is_no_json_is_refused_alone() -> None:
    async def scenario() -> None:
        ingest = Ingest([Shard()], NAMES, "events", 0)
        ingest.start()
        good = asyncio.create_task(send(ingest, event(1, 0)))
        with pytest.raises(Problem) as broken:
            await ingest.take(b'{"event_id": ', "application/json")
        assert broken.value.status == 400
        assert (await good)["results"][0]["status"] == "applied"
        assert await ingest.stop(1.0)

    asyncio.run(scenario())
