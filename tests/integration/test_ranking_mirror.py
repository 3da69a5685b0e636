"""What a ranking shard writes to real sorted sets: changes, teams, boards left, servers away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import redis

from actors.messages import BoardLayout, StandingChange
from actors.ranking_shard import RankingShard
from actors.store import keys
from actors.store.client import connect
from actors.store.errors import StoreUnavailable
from actors.store.mirror import Mirror
from actors.store.server import EmbeddedServer
from rules.compiling.compiled import Rules, compile_rules
from rules.ranks.official_order import NO_TIME_US
from rules.ranks.standings import Standing
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
id = "summer"
starts = 2026-06-01T00:00:00
ends = 2026-07-01T00:00:00
[[boards]]
id = "overall"
[[boards]]
id = "drivers"
where = { kind = ["private"] }
[[boards]]
id = "companies"
team = "company"
"""
NOON_US = 1_780_300_800_000_000
EVERY, OVERALL_AND_TEAMS = 0b111, 0b101


@pytest.fixture(scope="module")
def rules() -> Rules:
    return compile_rules(load_season(SEASON))


def change(
    scores: dict[int, int], company: int, first_name: int, names: list[str], on_board: int = EVERY
) -> StandingChange:
    """Say in numbers what changed: scores by row, all of one company."""
    count = len(scores)
    return StandingChange(
        rows=np.array(list(scores)),
        score=np.array(list(scores.values())),
        tasks_completed_at_us=np.full(count, NO_TIME_US),
        active_days=np.zeros(count, np.int32),
        tier=np.zeros(count, np.int16),
        on_board=np.full(count, on_board, np.uint32),
        company=np.full(count, company, np.int32),
        disqualified=np.zeros(count, np.bool_),
        first_name=first_name,
        names=names,
        first_company=0,
        companies=["", "acme", "beta"],
    )


def board(client: redis.Redis, board_id: str) -> dict[str, int]:
    found: Any = client.zrange(keys.board("summer", board_id, 0), 0, -1, withscores=True)
    return {member.decode(): int(score) for member, score in found}


def written(shard: RankingShard) -> int:
    """Write until nothing is left, as the mirror's thread does; tells how many members."""
    total = 0
    while count := shard.write_marked(2):
        total += count
    return total


def test_sorted_sets_follow_members_and_teams(client: redis.Redis, rules: Rules) -> None:
    mirror = Mirror(client, "summer", 0)
    shard = RankingShard(0, BoardLayout.of(rules), mirror)
    shard.replace(0, NOON_US, Standing.empty())
    names = ["a", "b", "c", "王"]
    shard.update(0, 1, NOON_US, change({0: 5, 1: 7, 2: 0, 3: 9}, 1, 0, names))
    assert shard.mirror_lag_s() > 0
    assert written(shard) == 4
    assert not mirror.lost, "the sorted sets of a season that just began are not lost"
    assert board(client, "overall") == {"a": 5, "b": 7, "王": 9}
    assert board(client, "drivers") == {"a": 5, "b": 7, "王": 9}
    assert board(client, "companies") == {"acme": 21}
    assert shard.mirror_lag_s() == 0

    shard.update(1, 2, NOON_US, change({0: 6, 2: 1}, 1, 4, []))
    shard.update(2, 3, NOON_US, change({0: 8}, 2, 4, []))
    shard.update(3, 4, NOON_US, change({1: -4}, 1, 4, []))
    shard.update(4, 5, NOON_US, change({3: 9}, 1, 4, [], OVERALL_AND_TEAMS))
    assert written(shard) == 4, "each member once, however often it changed"
    assert board(client, "overall") == {"a": 8, "c": 1, "王": 9}
    assert board(client, "drivers") == {"a": 8, "c": 1}
    assert board(client, "companies") == {"acme": 10, "beta": 8}


def test_a_server_that_is_away_forgets_nothing(tmp_path: Path, rules: Rules) -> None:
    with EmbeddedServer(tmp_path) as server, connect(server.url) as client:
        shard = RankingShard(0, BoardLayout.of(rules), Mirror(client, "summer", 0))
        shard.replace(0, NOON_US, Standing.empty())
        shard.update(0, 1, NOON_US, change({0: 5, 1: 7, 2: 9}, 1, 0, ["a", "b", "c"]))
        server.kill()
        for _ in range(2):
            with pytest.raises(StoreUnavailable):
                shard.write_marked(2)
        shard.update(1, 2, NOON_US, change({1: 8}, 1, 3, []))
        assert shard.mirror_lag_s() > 0
        server.start()
        written(shard)
        assert board(client, "overall") == {"a": 5, "b": 8, "c": 9}
        assert board(client, "companies") == {"acme": 22}
        assert shard.mirror_lag_s() == 0
