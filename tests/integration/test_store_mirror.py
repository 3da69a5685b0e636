import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import redis

from actors.store import keys
from actors.store.client import connect
from actors.store.errors import StoreUnavailable
from actors.store.mirror import CHUNK_MEMBERS, Mirror, Scores
from actors.store.server import EmbeddedServer


def scores(*values: int) -> Scores:
    return np.array(values, np.int64)


def board(client: redis.Redis, board_id: str = "overall", shard: int = 0) -> dict[str, int]:
    key = keys.board("summer", board_id, shard)
    found: Any = client.zrange(key, 0, -1, withscores=True)
    return {member.decode(): int(score) for member, score in found}


def test_newest_scores_are_written_and_those_below_one_taken_off(client: redis.Redis) -> None:
    mirror = Mirror(client, "summer", 0)
    mirror.note("overall", ["a", "b", "王"], scores(5, 7, 9))
    mirror.note("overall", ["a"], scores(6))
    mirror.note("drivers", ["a"], scores(6))
    assert board(client) == {}
    assert mirror.pending() == 4
    assert mirror.flush() == 4
    assert board(client) == {"a": 6, "b": 7, "王": 9}
    assert board(client, "drivers") == {"a": 6}
    mirror.note("overall", ["a", "b", "c"], scores(0, -3, 1))
    mirror.flush()
    assert board(client) == {"王": 9, "c": 1}
    assert client.zrevrange("forecourt:summer:board:overall:{0}", 0, 0) == ["王".encode()]


def test_scores_are_exact_up_to_the_largest(client: redis.Redis) -> None:
    mirror = Mirror(client, "summer", 0)
    largest = [2**39 - 1, 2**31, 2**32 + 1, 10**11 + 7, 1, 2**53]
    mirror.note("overall", [str(score) for score in largest], np.array(largest, np.int64))
    mirror.flush()
    assert board(client) == {str(score): score for score in largest}


def test_a_limit_bounds_a_flush_and_the_rest_follows(client: redis.Redis) -> None:
    mirror = Mirror(client, "summer", 0)
    members = [f"m{number}" for number in range(5 * CHUNK_MEMBERS)]
    mirror.note("overall", members, np.arange(1, len(members) + 1))
    assert mirror.flush(limit=2 * CHUNK_MEMBERS) == 2 * CHUNK_MEMBERS
    assert len(board(client)) == 2 * CHUNK_MEMBERS
    mirror.note("overall", members[-1:] + members[:1], scores(77, 88))
    while mirror.flush(limit=CHUNK_MEMBERS):
        pass
    expected = dict(zip(members, range(1, len(members) + 1), strict=True))
    assert board(client) == {**expected, members[-1]: 77, members[0]: 88}


def test_the_lag_grows_while_scores_wait_and_is_zero_when_none_do(client: redis.Redis) -> None:
    mirror = Mirror(client, "summer", 0)
    assert mirror.lag_s() == 0
    mirror.note("overall", ["a"], scores(1))
    first = mirror.lag_s()
    deadline_s = time.monotonic() + 5
    while mirror.lag_s() <= first:
        assert time.monotonic() < deadline_s
    mirror.flush()
    assert (mirror.lag_s(), mirror.pending()) == (0, 0)


def test_a_rebuild_replaces_the_board_and_only_it(client: redis.Redis) -> None:
    mirror = Mirror(client, "summer", 0)
    mirror.note("overall", ["old", "a"], scores(1, 2))
    mirror.note("drivers", ["d"], scores(4))
    mirror.flush()
    members = [f"m{number}" for number in range(1200)]
    assert mirror.rebuild("overall", members, np.arange(1200)) == 1199
    assert board(client) == {f"m{number}": number for number in range(1, 1200)}
    assert board(client, "drivers") == {"d": 4}
    assert mirror.rebuild("overall", [], scores()) == 0
    assert board(client) == {}
    assert client.exists(keys.board_rebuild("summer", "overall", 0)) == 0


def test_a_rebuild_that_was_cut_off_leaves_nothing_in_the_next(client: redis.Redis) -> None:
    client.zadd(keys.board_rebuild("summer", "overall", 0), {"half": 3})
    mirror = Mirror(client, "summer", 0)
    mirror.rebuild("overall", ["a"], scores(5))
    assert board(client) == {"a": 5}


def test_readers_never_see_half_a_board(client: redis.Redis, any_server: EmbeddedServer) -> None:
    mirror = Mirror(client, "summer", 0)
    members = [f"m{number}" for number in range(5000)]
    mirror.rebuild("overall", members, np.full(5000, 1))
    done = threading.Event()
    seen: set[tuple[int, float]] = set()

    def read() -> None:
        with connect(any_server.url) as reader:
            while not done.is_set():
                found: Any = reader.zrange(
                    keys.board("summer", "overall", 0), 0, -1, withscores=True
                )
                seen.add((len(found), sum(score for _, score in found)))

    reading = threading.Thread(target=read)
    reading.start()
    for score in (2, 3, 4, 5):
        mirror.rebuild("overall", members, np.full(5000, score))
    done.set()
    reading.join()
    assert seen <= {(5000, 5000.0 * score) for score in range(1, 6)}
    assert seen


def test_noting_during_flushes_and_rebuilds_loses_no_score(client: redis.Redis) -> None:
    """One thread notes ever newer scores, another flushes; at the end all are the newest."""
    mirror = Mirror(client, "summer", 0)
    members = [f"m{number}" for number in range(3000)]
    done = threading.Event()
    failed: list[BaseException] = []

    def flush() -> None:
        try:
            while not done.is_set():
                mirror.flush(limit=700)
        except BaseException as error:
            failed.append(error)
            raise

    flushing = threading.Thread(target=flush)
    flushing.start()
    random = np.random.default_rng(20260601)
    newest = np.zeros(3000, np.int64)
    for round_ in range(120):
        some = random.choice(3000, 400, replace=False)
        newest[some] = random.integers(-3, 100, 400)
        mirror.note("overall", [members[place] for place in some], newest[some])
        if round_ % 40 == 20:
            mirror.rebuild("overall", members, newest)
    done.set()
    flushing.join()
    assert not failed
    while mirror.flush():
        pass
    expected = {members[place]: int(newest[place]) for place in np.flatnonzero(newest >= 1)}
    assert board(client) == expected


def test_failures_keep_what_was_noted_and_a_lost_mirror_shows(tmp_path: Path) -> None:
    """The mirror's own server keeps nothing on disk; here it dies and comes back empty."""
    with EmbeddedServer(tmp_path, durable=False) as server, connect(server.url) as client:
        mirror = Mirror(client, "summer", 0)
        mirror.rebuild("overall", ["a"], scores(5))
        mirror.mark_whole()
        mirror.note("overall", ["b"], scores(6))
        mirror.flush()
        assert not mirror.lost
        server.kill()
        mirror.note("overall", ["a", "c"], scores(8, 9))
        with pytest.raises(StoreUnavailable, match="mirror the boards of shard 0"):
            mirror.flush()
        assert mirror.pending() == 2
        assert mirror.lag_s() > 0
        mirror.note("overall", ["c"], scores(10))
        with pytest.raises(StoreUnavailable):
            mirror.rebuild("overall", ["a"], scores(1))
        server.start()
        assert mirror.flush() == 3
        assert board(client) == {"a": 8, "c": 10}
        assert mirror.lost
        mirror.rebuild("overall", ["a", "b", "c"], scores(8, 6, 10))
        mirror.mark_whole()
        mirror.note("overall", ["b"], scores(7))
        mirror.flush()
        assert not mirror.lost
        assert board(client) == {"a": 8, "b": 7, "c": 10}


def test_members_and_scores_must_be_as_many(client: redis.Redis) -> None:
    mirror = Mirror(client, "summer", 0)
    with pytest.raises(ValueError, match="2 members, 1 scores"):
        mirror.note("overall", ["a", "b"], scores(1))
    mirror.note("overall", [], scores())
    assert mirror.lag_s() == 0


def test_the_season_is_described_to_other_readers(client: redis.Redis) -> None:
    mirror = Mirror(client, "summer", 0)
    mirror.write_info({"shards": 4, "phase": "open", "as_of": "2026-06-01T00:00:00.000000Z"})
    mirror.write_info({"phase": "grace"})
    assert client.hgetall("forecourt:summer:info") == {
        b"shards": b"4",
        b"phase": b"grace",
        b"as_of": b"2026-06-01T00:00:00.000000Z",
    }
