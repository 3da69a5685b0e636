"""Who is asked how often, what a restart looks like, and who doesn't answer."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from actors.figures import Figures, figures_of_process
from actors.gateway import vitals
from actors.gateway.lately import Lags, LatelySeen
from actors.gateway.tally import Tally
from actors.gateway.vitals import Part, Pulse, Vitals
from actors.messages import ShardDown

FIRST = Figures(pid=7, cpu_s=1.0, memory_bytes=10, uptime_s=5.0)


def test_a_pulse_counts_restarts_and_the_share_of_a_core() -> None:
    pulse = Pulse()
    pulse.hear(FIRST, 100.0)
    assert (pulse.up, pulse.restarts, pulse.cpu_share) == (True, 0, None)
    pulse.hear(replace(FIRST, cpu_s=2.0, uptime_s=7.0), 102.0)
    assert (pulse.restarts, pulse.cpu_share) == (0, 0.5)
    pulse.hear(replace(FIRST, pid=8, cpu_s=0.1, uptime_s=0.2), 104.0)
    assert (pulse.restarts, pulse.cpu_share) == (1, None)
    # The same process id again, but younger than before: another process.
    pulse.hear(replace(FIRST, pid=8, cpu_s=0.1, uptime_s=0.1), 106.0)
    assert pulse.restarts == 2


def test_everybody_is_asked_once_for_all_who_want_to_know(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vitals, "ANSWER_WITHIN_S", 0.05)
    asked = 0

    async def answers() -> Figures:
        nonlocal asked
        asked += 1
        return FIRST

    async def is_down() -> Figures:
        raise ShardDown("its process ended")

    async def is_broken() -> Figures:
        raise ValueError("odd")

    async def never_answers() -> Figures:
        await asyncio.Event().wait()
        raise AssertionError

    parts = {
        Part("gateway", 0): answers,
        Part("member", 0): is_down,
        Part("member", 1): never_answers,
        Part("keeper", 0): is_broken,
    }

    async def main() -> None:
        store = {"used_memory": 5, "connected_clients": 2, "redis_version": "7.2.4"}
        looked = Vitals(parts, lambda: store)
        told = await asyncio.gather(looked.now(), looked.now(), looked.now())
        assert asked == 1
        assert {part for part, pulse in told[0].parts.items() if pulse.up} == {Part("gateway", 0)}
        assert told[0].store == {"used_memory": 5.0, "connected_clients": 2.0}

    asyncio.run(main())


def test_a_process_tells_figures_of_itself() -> None:
    told = figures_of_process({"members": 3})
    assert told.memory_bytes > 5_000_000
    assert told.cpu_s > 0
    assert told.values == {"members": 3}


def test_samples_are_what_happened_since_the_one_before() -> None:
    tally = Tally()

    async def lags() -> Lags:
        return Lags(4, 0.5, 1.5)

    async def main() -> None:
        past = LatelySeen(tally, lags)
        await past.sample()
        tally.took("/v1/events", 0.003)
        tally.request("POST", "/v1/events", 200)
        await past.sample()
        first, second = past.samples
        assert (first.requests_per_s, first.p99_ms) == (0.0, None)
        assert second.requests_per_s > 0
        assert second.p99_ms is not None
        assert 2.0 < second.p99_ms <= 4.0
        assert second.lags == Lags(4, 0.5, 1.5)

    asyncio.run(main())
