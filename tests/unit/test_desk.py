"""The desk: work in turn, the loop in between, a key's own in order, and nobody left waiting."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from actors.gateway import desk
from actors.gateway.desk import Desk


def test_what_comes_together_is_done_a_turn_at_a_time_and_a_quiet_key_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(desk, "TURN_S", 1e-12)  # any work takes longer: one piece a turn

    async def scenario() -> None:
        table = Desk()
        done: list[str] = []

        async def do(key: str, number: int, amount: int) -> None:
            name = f"{key} {number}"
            await table.do(key, amount, partial(done.append, name))

        flood = [asyncio.create_task(do("flood", number, 500)) for number in range(50)]
        while len(done) < 5:
            await asyncio.sleep(0)
        turns = len(done)
        assert "flood" in table
        quiet = asyncio.create_task(do("quiet", 0, 1))
        await quiet
        assert done.index("quiet 0") <= turns + 2
        await asyncio.gather(*flood)
        assert [name for name in done if name != "quiet 0"] == [f"flood {n}" for n in range(50)]
        assert "flood" not in table

    asyncio.run(scenario())


def test_work_is_done_at_once_while_there_is_time() -> None:
    async def scenario() -> None:
        table = Desk()
        done: list[int] = []
        doing = [table.do("a", 1, partial(done.append, n)) for n in range(3)]
        for one in doing:
            with pytest.raises(StopIteration):
                one.send(None)
        assert done == [0, 1, 2]

    asyncio.run(scenario())


def test_an_error_reaches_whose_work_it_is_and_nobody_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(desk, "TURN_S", 1e-12)

    async def scenario() -> None:
        table = Desk()
        doing = [table.do("a", 1, partial(divmod, 1, n)) for n in (1, 0, 1, 0)]
        told = await asyncio.gather(*doing, return_exceptions=True)
        assert [type(one) for one in told] == [tuple, ZeroDivisionError] * 2

    asyncio.run(scenario())


def test_who_went_away_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "TURN_S", 1e-12)

    async def scenario() -> None:
        table = Desk()
        done: list[int] = []
        tasks = [asyncio.create_task(table.do("a", 1, partial(done.append, n))) for n in range(4)]
        await asyncio.sleep(0)
        tasks[2].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert done == [0, 1, 2, 3], "what was taken is done, heard of or not"
        assert tasks[2].cancelled()

    asyncio.run(scenario())
