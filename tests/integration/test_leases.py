"""Leases of shared pools against real servers: never more than the limit, never less either."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
import redis

from actors.leases import Leases
from actors.store.pool_leases import PoolLeases
from rules.compiling.compiled import compile_rules
from rules.season.season_file import load_season
from rules.table.pools import Pools

SEASON = """
format = 1
[programme]
id = "club"
timezone = "Asia/Shanghai"
[[earning]]
id = "any"
on = "purchase"
points = 1
per = { amount = "1.00" }
[[catalogue]]
id = "mug"
points = 10
goods = { unit_cost = "5.00", stock = LIMIT }
[season]
id = "leased"
starts = 2026-06-01T00:00:00
ends = 2026-06-20T00:00:00
"""


class Shard:
    """One shard's pools, its leases, and the log entries they made."""

    def __init__(self, client: redis.Redis, shard: int, shards: int, limit: int) -> None:
        season = load_season(SEASON.replace("LIMIT", str(limit)), "season.toml")
        self.pools = Pools(compile_rules(season).pool_rules)
        self.pools.lease[:] = 0
        self.logged: list[int] = []
        self.won = 0
        self.leases = Leases(PoolLeases(client, "leased", shard, shards), self._log)
        self.leases.start(self.pools)

    def _log(self, change: np.ndarray) -> None:
        self.logged.append(int(change[0]))
        self.pools.lease += change

    def draw(self, bound: int = 1) -> bool:
        """Try to take one piece, as a batch with one redemption would."""
        self.leases.cover(self.pools, np.array([bound]))
        taken = self.pools.short([(0, 1)]) is None
        if taken:
            self.pools.take([(0, 1)])
            self.won += 1
        self.leases.after_batch(self.pools)
        return taken


@pytest.mark.parametrize("bound", [1, 4])
def test_shards_together_hand_out_exactly_what_there_is(client: redis.Redis, bound: int) -> None:
    limit, tries = 25, 20
    shards = [Shard(client, number, 3, limit) for number in range(3)]
    busy = [threading.Event() for _ in shards]

    def work(number: int) -> None:
        for _ in range(tries):
            shards[number].draw(bound)
        busy[number].set()
        # What a keeper does: an idle shard gives back what another one waits for.
        while not all(each.is_set() for each in busy):
            shards[number].leases.poke(shards[number].pools)
            time.sleep(0.01)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(shard.won for shard in shards) == limit
    for shard in shards:
        assert sum(shard.logged) == shard.pools.lease[0] >= shard.won


def test_one_last_piece_goes_to_exactly_one_of_two(client: redis.Redis) -> None:
    first, second = Shard(client, 0, 2, 1), Shard(client, 1, 2, 1)

    assert first.draw()
    assert not second.draw()


def test_an_idle_shard_gives_back_the_chunk_another_waits_for(client: redis.Redis) -> None:
    idle, busy = Shard(client, 0, 2, 100), Shard(client, 1, 2, 100)
    assert idle.draw()
    assert idle.pools.left(0) > 0
    done = threading.Event()

    def keep_poking() -> None:
        while not done.wait(0.01):
            idle.leases.poke(idle.pools)

    keeper = threading.Thread(target=keep_poking)
    keeper.start()
    wins = [busy.draw() for _ in range(100)]
    done.set()
    keeper.join()

    assert sum(wins) == 99
    assert idle.pools.left(0) == 0


def test_a_lease_that_never_reached_the_log_is_free_again_after_a_start(
    client: redis.Redis,
) -> None:
    lost = Shard(client, 0, 2, 1)
    store = PoolLeases(client, "leased", 0, 2)
    assert store.ask([("stock:mug", 1, 1)]) == ("whole", [1])
    other = Shard(client, 1, 2, 1)

    lost.leases.start(lost.pools)
    lost.leases.give_back(lost.pools)

    assert other.draw()


def test_a_shard_that_used_all_it_had_is_not_waited_for(client: redis.Redis) -> None:
    spent, other = Shard(client, 0, 2, 3), Shard(client, 1, 2, 3)
    # More is granted than is missing, so the shard doesn't count itself short.
    spent.leases.cover(spent.pools, np.array([1]))
    spent.pools.lease[:] = spent.pools.used[:] = 1
    done = threading.Event()

    def keep_poking() -> None:
        while not done.wait(0.01):
            spent.leases.poke(spent.pools)

    keeper = threading.Thread(target=keep_poking)
    keeper.start()
    began_s = time.monotonic()
    wins = [other.draw(bound=4) for _ in range(3)]
    done.set()
    keeper.join()

    assert wins == [True, True, False]
    assert time.monotonic() - began_s < 2.0


def test_a_shard_sees_what_it_could_still_have(client: redis.Redis) -> None:
    """Before it ever asked, while another may give back, and when nobody can any more."""
    one, two = Shard(client, 0, 2, 10), Shard(client, 1, 2, 10)

    assert [int(each.leases.left(each.pools)[0]) for each in (one, two)] == [10, 10]
    for _ in range(7):
        assert one.draw()
    assert int(one.leases.left(one.pools)[0]) >= 3
    one.leases.give_back(one.pools)
    assert int(two.leases.left(two.pools)[0]) == 3
    two.leases.give_back(two.pools)
    assert int(one.leases.left(one.pools)[0]) == 3
    for _ in range(3):
        assert two.draw()
    two.leases.give_back(two.pools)
    assert [int(each.leases.left(each.pools)[0]) for each in (one, two)] == [0, 0]
