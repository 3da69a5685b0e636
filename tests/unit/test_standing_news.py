"""Standing news: the first change goes at once, others wait a little, a name travels once."""

from __future__ import annotations

import time

import numpy as np
import pyarrow as pa
import pytest

from actors.messages import BoardLayout, StandingChange
from actors.standing_news import ROWS_MAX, StandingNews
from rules.compiling.compiled import compile_rules
from rules.decoding.identity import hash_strings
from rules.ranks.standings import Standing
from rules.season.season_file import load_season
from rules.table.member_table import MemberTable

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
id = "summer"
starts = 2026-06-01T00:00:00
ends = 2026-07-01T00:00:00
[[boards]]
id = "overall"
"""
RULES = compile_rules(load_season(SEASON))


class Ranking:
    """A ranking shard that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[int, int, StandingChange]] = []
        self.everyone: Standing | None = None
        self.behind = False

    def update(self, after: int, version: int, clock_us: int, change: StandingChange) -> None:
        assert isinstance(clock_us, int)
        self.told.append((after, version, change))

    def replace(self, version: int, clock_us: int, standing: Standing, layout: BoardLayout) -> None:
        assert version >= 0
        assert isinstance(clock_us, int)
        assert layout.season == "summer"
        self.everyone = standing

    def is_behind(self) -> bool:
        return self.behind

    def needs_all(self) -> bool:
        return False


@pytest.fixture
def table() -> MemberTable:
    return MemberTable(RULES)


def add(table: MemberTable, *names: str) -> np.ndarray:
    return table.add_members(*hash_strings(pa.array(names)), list(names))


def test_a_name_travels_once_and_versions_follow_one_another(table: MemberTable) -> None:
    ranking = Ranking()
    news = StandingNews(ranking, 0.0)
    news.tell_all(table, 0, BoardLayout.of(RULES))
    add(table, "a", "b", "c")
    table.members.score[1] = 7
    news.note(np.array([1]), 4)
    assert not news.tell_when_due(table)
    add(table, "d")
    news.note(np.array([0, 3]), 9)
    assert not news.tell_when_due(table)
    (after, version, first), (then, later, second) = ranking.told
    assert (after, version, then, later) == (0, 4, 4, 9)
    assert (first.first_name, first.names) == (0, ["a", "b", "c"])
    assert (second.first_name, second.names) == (3, ["d"])
    assert first.rows.tolist() == [1]
    assert first.score.tolist() == [7]
    assert first.companies == [""]
    assert second.companies == []


def test_changes_after_the_first_wait_and_go_together(table: MemberTable) -> None:
    ranking = Ranking()
    news = StandingNews(ranking, 3600.0)
    add(table, "a", "b", "c")
    news.note(np.array([0]), 1)
    # As after a quiet time, however short the machine has been up.
    news._told_s = time.monotonic() - 7200.0
    assert not news.tell_when_due(table), "the first goes at once"
    for version, row in ((2, 2), (3, 1), (4, 2)):
        news.note(np.array([row]), version)
        assert news.tell_when_due(table)
    table.members.score[2] = 5
    news.tell(table)
    after, version, change = ranking.told[1]
    assert (after, version) == (1, 4)
    assert change.rows.tolist() == [1, 2], "each member once"
    assert change.score.tolist() == [0, 5], "as it stands by then"
    news.tell(table)
    assert len(ranking.told) == 2, "nothing is told twice"


def test_many_changes_do_not_wait_unless_the_rankings_are_behind(table: MemberTable) -> None:
    ranking = Ranking()
    news = StandingNews(ranking, 3600.0)
    add(table, *(f"m-{number}" for number in range(ROWS_MAX)))
    news.tell(table)
    news._told_s = time.monotonic()
    news.note(np.arange(ROWS_MAX), 1)
    ranking.behind = True
    assert news.tell_when_due(table)
    assert not ranking.told
    ranking.behind = False
    assert not news.tell_when_due(table)
    assert len(ranking.told) == 1


def test_everyone_takes_the_place_of_what_waits(table: MemberTable) -> None:
    ranking = Ranking()
    news = StandingNews(ranking, 3600.0)
    news._told_s = time.monotonic()
    add(table, "a")
    news.note(np.array([0]), 1)
    assert news.tell_when_due(table)
    news.tell_all(table, 1, BoardLayout.of(RULES))
    news.tell(table)
    assert not ranking.told
    assert ranking.everyone is not None
    assert ranking.everyone.member == ["a"]
