"""Waiting for so long at most, without ending what is waited for."""

from __future__ import annotations

import asyncio

import pytest

from actors.gateway.patience import awaited


def test_a_result_and_a_failure_come_through() -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        good: asyncio.Future[int] = loop.create_future()
        bad: asyncio.Future[int] = loop.create_future()
        waiting = [asyncio.create_task(awaited(future, 60)) for future in (good, good, bad)]
        await asyncio.sleep(0)
        good.set_result(7)
        bad.set_exception(ValueError("as told"))
        assert await waiting[0] == await waiting[1] == await awaited(good, 60) == 7
        with pytest.raises(ValueError, match="as told"):
            await waiting[2]

    asyncio.run(run())


def test_who_waits_too_long_or_goes_away_leaves_the_future_as_it_is() -> None:
    async def run() -> None:
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        with pytest.raises(TimeoutError):
            await awaited(future, 0.001)
        gone = asyncio.create_task(awaited(future, 60))
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        assert not future.done()
        future.set_result(7)
        assert await awaited(future, 60) == 7

    asyncio.run(run())
