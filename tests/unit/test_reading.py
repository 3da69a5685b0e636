import asyncio
import time

import pytest

from actors.gateway.changes import Changes
from actors.gateway.problems import Problem
from actors.gateway.reading import BEHIND_FOR_S, Readings
from actors.messages import Ask, Reading, Warming
from rules.compiling.compiled import compile_rules
from rules.season.season_file import load_season
from tests.unit.test_ranking_shard import SEASON

SIZE: Ask = ("size", "overall")


class Shards:
    """A ranking shard that shows what its member shard last told it."""

    def __init__(self, *, answers_push: bool = True) -> None:
        self.shown, self.acknowledged = 3, 7
        self.reads, self.pushes = 0, 0
        self._answers_push = answers_push

    async def read(self, asks: list[Ask], at_least: int) -> Reading:
        self.reads += 1
        await asyncio.sleep(0)
        if self.shown < at_least:
            raise Warming(f"at {self.shown}, not {at_least}")
        return Reading(self.shown, dict.fromkeys(asks, self.shown))

    async def push(self) -> None:
        self.pushes += 1
        await asyncio.sleep(0)
        if self._answers_push:
            self.shown = self.acknowledged

    def readings(self) -> Readings:
        return Readings([self], lambda: [self.acknowledged], [self.push])


def test_a_reader_has_what_waits_told_at_once() -> None:
    shards = Shards()

    async def read() -> list[Reading]:
        readings = shards.readings()
        each = [readings.everywhere([SIZE]) for _ in range(32)]
        return [reading for [reading] in await asyncio.gather(*each)]

    found = asyncio.run(read())
    assert {reading.version for reading in found} == {7}
    assert (shards.reads, shards.pushes) == (2, 1)


def test_nothing_is_asked_for_where_all_is_shown() -> None:
    shards = Shards()
    shards.shown = 7

    async def read() -> None:
        await shards.readings().everywhere([SIZE])

    asyncio.run(read())
    assert (shards.reads, shards.pushes) == (1, 0)


def test_a_shard_that_stays_behind_is_a_503() -> None:
    shards = Shards(answers_push=False)
    began_s = time.monotonic()

    async def read() -> None:
        await shards.readings().everywhere([SIZE])

    with pytest.raises(Problem) as refused:
        asyncio.run(read())
    assert refused.value.status == 503
    assert time.monotonic() - began_s >= BEHIND_FOR_S
    assert shards.pushes < shards.reads


def test_what_is_known_to_wait_is_told_before_it_is_asked_for() -> None:
    shards = Shards()

    async def read() -> list[int]:
        readings = Readings([shards], lambda: [shards.acknowledged], [shards.push], lambda: [True])
        return [(await readings.everywhere([SIZE]))[0].version for _ in range(2)]

    assert asyncio.run(read()) == [7, 7]
    assert (shards.reads, shards.pushes) == (2, 1)


def test_a_midnight_that_no_shard_knows_is_not_asked_for_with_every_page() -> None:
    class Fresh(Shards):
        async def read(self, asks: list[Ask], at_least: int) -> Reading:
            self.reads += 1
            return Reading(at_least, dict.fromkeys(asks))

    shards = Fresh()
    rules = compile_rules(load_season(SEASON))

    async def read() -> list[dict[str, int | None]]:
        changes = Changes(rules, shards.readings())
        return [await changes.ranks_at("overall", ["a", "b"], 20_000) for _ in range(3)]

    assert asyncio.run(read()) == [{}, {}, {}]
    assert shards.reads == 1
