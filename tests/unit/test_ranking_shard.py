"""Ranking shards and the pages merged from them, held to a full sort."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import numpy as np
import pytest

from actors.gateway.board_pages import BoardPages, owner_of
from actors.gateway.reading import Readings
from actors.messages import Ask, BoardLayout, Reading, StandingChange, Warming
from actors.ranking_shard import RankingShard
from rules.compiling.compiled import Rules, compile_rules
from rules.ranks.official_order import NO_TIME_US
from rules.ranks.standings import BoardRows, Standing, board_rows
from rules.season.season_file import load_season

SEASON = """
format = 1
[programme]
id = "test-club"
timezone = "Asia/Shanghai"
[[earning]]
id = "all"
on = "purchase"
points = 1
per = { amount = "1.00" }
[season]
id = "test-season"
starts = 2026-06-01T00:00:00
ends = 2026-07-01T00:00:00
[[boards]]
id = "overall"
[[boards]]
id = "companies"
team = "company"
"""
NOON_US = 1_780_300_800_000_000  # 2026-06-01T08:00:00Z
DAY_US = 86_400_000_000

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


@pytest.fixture(scope="module")
def rules() -> Rules:
    return compile_rules(load_season(SEASON))


def standing(members: list[str], score: list[int], random: np.random.Generator) -> Standing:
    count = len(members)
    times = random.integers(NOON_US, NOON_US + 5, count)
    return Standing(
        member=members,
        score=np.array(score, dtype=np.int64),
        tasks_completed_at_us=np.where(times % 5 == 0, NO_TIME_US, times),
        active_days=random.integers(0, 3, count).astype(np.int32),
        tier=np.zeros(count, dtype=np.int16),
        on_board=np.ones(count, dtype=np.uint32),
        team_key=[f"c-{number % 5}" if number % 3 else "" for number in range(count)],
        disqualified=np.zeros(count, dtype=np.bool_),
    )


def change(rows: list[int], part: Standing, first_name: int, names: list[str]) -> StandingChange:
    """Say in numbers what changed; every company is told anew."""
    companies = ["", *sorted({team for team in part.team_key if team})]
    return StandingChange(
        rows=np.array(rows),
        score=part.score,
        tasks_completed_at_us=part.tasks_completed_at_us,
        active_days=part.active_days,
        tier=part.tier,
        on_board=part.on_board,
        company=np.array([companies.index(team) for team in part.team_key], dtype=np.int32),
        disqualified=part.disqualified,
        first_name=first_name,
        names=names,
        first_company=0,
        companies=companies,
    )


class Calls:
    """Calls a ranking shard of this process."""

    def __init__(self, shard: RankingShard) -> None:
        self.shard = shard

    async def read(self, asks: list[Ask], at_least: int) -> Reading:
        return self.shard.read(asks, at_least)


async def nothing() -> None:
    """Have nothing told: all is."""


def filled(rules: Rules, shards: int, count: int, seed: int) -> tuple[BoardPages, BoardRows]:
    random = np.random.default_rng(seed)
    everyone = standing(
        [f"m-{number:06d}" for number in range(count)],
        random.integers(0, max(2, count // 4), count).tolist(),
        random,
    )
    owner = np.array([owner_of(member, shards) for member in everyone.member])
    calls = []
    for number in range(shards):
        shard = RankingShard(number, BoardLayout.of(rules), None)
        shard.replace(1, NOON_US, everyone.take(np.flatnonzero(owner == number)))
        calls.append(Calls(shard))
    pages = BoardPages(rules, Readings(calls, lambda: [1] * shards, [nothing] * shards))
    levels = rules.levels
    rows = board_rows(everyone, rules.boards, "overall", levels, rules.tie_break)
    return pages, rows


@pytest.mark.parametrize("shards", [1, 2, 5])
def test_pages_anywhere_are_those_of_a_full_sort(rules: Rules, shards: int) -> None:
    pages, rows = filled(rules, shards, 9_000, seed=shards)
    for after, limit in ((0, 10), (1_990, 20), (4_321, 100), (len(rows) - 5, 50), (7_000, 1)):
        page = run(pages.page("overall", after, limit, []))
        assert [row.key.member for row in page.rows] == rows.member[after : after + limit]
        assert page.total == len(rows)
        assert page.first_rank == after + 1
    assert run(pages.page("overall", len(rows) + 7, 5, [])).rows == []


@pytest.mark.parametrize("shards", [1, 3])
def test_around_shows_the_neighbours_of_a_full_sort(rules: Rules, shards: int) -> None:
    pages, rows = filled(rules, shards, 1_000, seed=7)
    for place in (0, 1, 400, len(rows) - 1):
        found = run(pages.around("overall", rows.member[place], 3, []))
        assert found is not None
        page, rank = found
        assert rank == place + 1
        first = max(0, place - 3)
        assert page.first_rank == first + 1
        assert [row.key.member for row in page.rows] == rows.member[first : place + 4]
    assert run(pages.around("overall", "nobody", 3, [])) is None


def test_figures_count_a_board_without_bringing_it_up_to_date(rules: Rules) -> None:
    random = np.random.default_rng(1)
    shard = RankingShard(0, BoardLayout.of(rules), None)
    shard.replace(4, NOON_US, standing(["a", "b", "c"], [5, 0, 9], random))
    told = shard.figures().values
    assert (told["rows"], told["delta_rows"]) == (2, 0)
    size: Ask = ("size", "overall")
    assert shard.read([size], 4).answers[size] == 2
    read = shard.figures().values["delta_rows"]
    shard.update(4, 6, NOON_US, change([1], standing(["b"], [7], random), 3, []))
    told = shard.figures().values
    assert (told["rows"], told["delta_rows"]) == (3, read), "nobody has read it since"
    assert shard.read([size], 6).answers[size] == 3
    assert shard.figures().values["delta_rows"] == read + 1


def test_a_gap_is_answered_by_warming_until_everything_came(rules: Rules) -> None:
    random = np.random.default_rng(1)
    shard = RankingShard(0, BoardLayout.of(rules), None)
    with pytest.raises(Warming):
        shard.read([], 0)
    both = standing(["a", "b"], [5, 9], random)
    assert not shard.update(3, 4, NOON_US, change([0, 1], both, 0, ["a", "b"]))
    assert shard.replace(4, NOON_US, both)
    assert shard.update(4, 6, NOON_US, change([0], standing(["a"], [20], random), 2, []))
    head: Ask = ("head", "overall", 1)
    assert shard.read([head], 6).answers[head][0].key.score == 20
    with pytest.raises(Warming, match="at 6, not 7"):
        shard.read([], 7)
    assert not shard.update(7, 8, NOON_US, change([0], standing(["a"], [30], random), 2, []))
    with pytest.raises(Warming):
        shard.read([], 0)


def test_yesterday_is_how_the_boards_stood_at_midnight(rules: Rules) -> None:
    random = np.random.default_rng(2)
    shard = RankingShard(0, BoardLayout.of(rules), None)
    shard.replace(1, NOON_US, standing(["a", "b"], [5, 9], random))
    today = rules.calendar.day(NOON_US)
    past: Ask = ("past", "overall", ("a", "b", "c"), today)
    assert shard.read([past], 1).answers[past] is None, "it can't know the midnight before it came"
    later = change([0, 2], standing(["a", "c"], [50, 1], random), 2, ["c"])
    shard.update(1, 2, NOON_US + DAY_US, later)
    past = ("past", "overall", ("a", "b", "c"), today + 1)
    then = shard.read([past], 2).answers[past]
    assert [key.score if key else None for key in then] == [5, 9, None]
    tomorrow: Ask = ("past", "overall", ("a",), today + 2)
    assert shard.read([tomorrow], 2).answers[tomorrow][0].score == 50


def test_a_member_whose_first_events_were_refused_is_known_once_one_applies(rules: Rules) -> None:
    random = np.random.default_rng(8)
    shard = RankingShard(0, BoardLayout.of(rules), None)
    shard.replace(1, NOON_US, Standing.empty())
    # Row 0 was numbered by an event that was refused; row 1 came behind it.
    late, first = standing(["late"], [5], random), standing(["first"], [9], random)
    shard.update(1, 2, NOON_US, change([1], late, 0, ["first", "late"]))
    places: Ask = ("places", "overall", ("first", "late"))
    before = shard.read([places], 2).answers[places]
    assert before[0] is None
    assert (before[1].key.member, before[1].ahead) == ("late", 0)
    shard.update(2, 3, NOON_US, change([0], first, 2, []))

    places = ("places", "overall", ("late", "first"))
    reading = shard.read([("row", "overall", "first"), places], 3)

    row = reading.answers["row", "overall", "first"]
    assert row is not None
    assert row.key.member == "first"
    assert [(place.key.member, place.ahead) for place in reading.answers[places]] == [
        ("late", 1),
        ("first", 0),
    ]
    # Everyone again, as after a restart of the member shard: no row has changed hands.
    both = standing(["first", "late"], [9, 5], random)
    shard.replace(4, NOON_US, both)
    assert shard.read([("size", "overall")], 4).answers["size", "overall"] == 2


def test_names_that_went_missing_ask_for_everything(rules: Rules) -> None:
    random = np.random.default_rng(4)
    shard = RankingShard(0, BoardLayout.of(rules), None)
    shard.replace(1, NOON_US, standing(["a", "b"], [5, 9], random))
    assert not shard.update(1, 2, NOON_US, change([3], standing(["d"], [9], random), 3, ["d"]))
    with pytest.raises(Warming):
        shard.read([], 0)


def test_many_changes_between_reads_end_as_a_full_sort(rules: Rules) -> None:
    random = np.random.default_rng(5)
    names = [f"m-{number:04d}" for number in range(3_000)]
    everyone = standing(names, random.integers(0, 400, 3_000).tolist(), random)
    everyone.on_board[:] = 3
    shard = RankingShard(0, BoardLayout.of(rules), None)
    shard.replace(0, NOON_US, everyone.take(np.arange(1_000)))
    known, version = 1_000, 0
    standing_rows = set(range(1_000))
    for _ in range(60):
        count = min(3_000, known + int(random.integers(0, 60)))
        rows = np.unique(random.integers(0, count, 200))
        fresh = everyone.take(rows)
        fresh.score[:] = random.integers(-3, 400, len(rows))
        everyone.score[rows] = fresh.score
        standing_rows |= set(rows.tolist())
        told = change(rows.tolist(), fresh, known, names[known:count])
        assert shard.update(version, version + 1, NOON_US, told)
        known, version = count, version + 1
        if version % 7 == 0:
            shard.read([("teams", "companies"), ("size", "overall")], version)
    size: Ask = ("size", "overall")
    head: Ask = ("head", "overall", 3_000)
    teams: Ask = ("teams", "companies")
    reading = shard.read([size, head, teams], version)
    listed = [row.key.member for row in reading.answers[head]]
    assert reading.answers[size] == len(listed)
    rows_of = board_rows(
        everyone.take(np.array(sorted(standing_rows))),
        rules.boards,
        "overall",
        rules.levels,
        rules.tie_break,
    )
    assert listed == rows_of.member
    held = reading.answers[teams]
    assert held.member == [f"c-{number}" for number in range(5)]
    for team, score in zip(held.member, held.score.tolist(), strict=True):
        mine = [row for row in sorted(standing_rows) if team_of(row) == team]
        assert score == sum(max(0, int(everyone.score[row])) for row in mine)


def team_of(row: int) -> str:
    return f"c-{row % 5}" if row % 3 else ""
