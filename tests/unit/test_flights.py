"""Flights keep their order and their turns, however often they are sent."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from actors.gateway.flights import Flights
from actors.messages import BatchAnswer, ShardDown, ShardStatus, Turn


class Shard:
    """A member shard that hears batches, and answers those it is told to."""

    def __init__(self) -> None:
        self.heard: list[tuple[bytes, Turn]] = []
        self.down = True

    async def apply(self, batch: bytes, stamp: str, turn: Turn) -> BatchAnswer:
        assert stamp == "wall"
        self.heard.append((batch, turn))
        if self.down and batch != b"two":
            raise ShardDown("told to")
        none = np.zeros(0, dtype=np.uint8)
        return BatchAnswer(none, none, np.zeros(0, dtype=np.int64), 1, 1)

    async def push(self) -> None:
        raise AssertionError("nothing waits to be pushed")

    async def advance(self, to_us: int) -> ShardStatus:
        raise AssertionError(to_us)

    async def close(self, ends_us: int) -> ShardStatus:
        raise AssertionError(ends_us)

    async def adopt_rules(self, number: int, text: str, at_us: int) -> ShardStatus:
        raise AssertionError(number, text, at_us)


def test_only_what_failed_goes_again_with_the_turn_it_had() -> None:
    async def scenario() -> None:
        shard = Shard()
        flights = Flights(shard, "wall", lambda: True)
        for body in (b"one", b"two", b"three"):
            flights.launch([], body)
        sent_us = flights.first.sent_us
        await flights.send_again(0.0)
        shard.down = False
        await flights.send_again(0.0)
        assert flights.steady
        bodies = [body for body, _ in shard.heard]
        assert bodies == [b"one", b"two", b"three", b"one", b"three"]
        for body, turn in shard.heard:
            assert turn.number == 1 + [b"one", b"two", b"three"].index(body)
            assert (turn.oldest, turn.lane, turn.crowded) == (1, shard.heard[0][1].lane, True)
        assert flights.first.sent_us == sent_us, "it has waited since it went first"
        landed = [flights.land().number for _ in range(3)]
        assert landed == [1, 2, 3]
        assert flights.last_number == 3
        assert not flights

    asyncio.run(scenario())


def test_nothing_is_waited_for_once_they_are_cancelled() -> None:
    async def scenario() -> None:
        flights = Flights(Shard(), "wall", lambda: False)
        flights.launch([], b"one")
        call = flights.first.call
        assert call is not None
        flights.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

    asyncio.run(scenario())
