"""Forecast: a running season played to its end, many times, from where it stands.

Each run draws the members as they may be, given what they have shown (see `posterior`), and goes
on from a copy of the table. What comes out is told as intervals a new run would fall into: P5 to
P95 so that nine in ten do, by Weibull's quantiles, for which there have to be 19 runs.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from rules.reporting.intervals import wilson
from rules.table.member_table import NO_CLOCK_US, MemberTable
from rules.wording.both_languages import SaidInBoth
from simulator.outlook.fork import Forked
from simulator.outlook.posterior import Posterior
from simulator.outlook.season_costs import SPENT, TOTAL, spent_so_far
from simulator.people.population import Population
from simulator.play.run import simulate_run
from simulator.play.run_result import RunResult
from simulator.play.stage import Start, first_date_of, setting_from
from simulator.report.cost_answers import COSTS, budget_uses

FORMAT: Final = 1
SEEDS: Final = 20
SEEDS_APART: Final = 1 << 40
"""Added to seeds, so that no draw or id is one of a log that was simulated itself."""
KEPT_CHANCES: Final = 1_000
LISTED: Final = 100

Progress = Callable[[int, int, str], None]


class NothingToForecast(SaidInBoth):
    """The season hasn't begun, is over, or nobody has come yet; the text says which."""


Band = dict[str, float]
"""What a figure may be, as p5, p50 and p95: nine runs in ten lie from p5 to p95."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """A forecast: what was known, the runs made from it, and what was spent so far."""

    forked: Forked
    runs: tuple[RunResult, ...]
    so_far: Mapping[str, int]
    score_now: Mapping[str, int]


def band_of(values: Sequence[float]) -> Band:
    """Give the band of a figure's values over the runs.

    >>> band_of([float(one) for one in range(1, 20)])
    {'p5': 1.0, 'p50': 10.0, 'p95': 19.0}
    """
    low, middle, high = np.quantile(values, (0.05, 0.5, 0.95), method="weibull")
    return {"p5": float(low), "p50": float(middle), "p95": float(high)}


def make_forecast(
    forked: Forked, population: Population, *, seeds: int = SEEDS, seed: int = 1,
    progress: Progress | None = None,
) -> Forecast:  # fmt: skip
    """Play a forked season to its end, once a seed; the fork is left as it is.

    Raises:
        NothingToForecast: see there.
    """
    table, rules = forked.table, forked.table.rules
    check_running(forked)
    state = table.state()
    older = None if table.older is None else table.older.rules
    setting = setting_from(rules, population, first_date_of(rules, table))
    posterior = Posterior(forked, population, setting)
    runs = []
    for nth in range(seeds):
        number = SEEDS_APART + seed + nth

        def within(done: int, total: int, what: str, nth: int = nth) -> None:
            if progress is not None:
                progress(nth * total + done, seeds * total, what)

        members, elapsed = posterior.draw(number)
        begun = Start(MemberTable.from_state(rules, state, older), members, elapsed)
        run = simulate_run(rules, population, 0, number, start=begun, progress=within)
        runs.append(replace(run, members={"score": run.members["score"][: len(table)].copy()}))
    scores = table.members.score[: len(table)].tolist()
    now = dict(zip(table.member_ids, scores, strict=True))
    return Forecast(forked, tuple(runs), spent_so_far(forked), now)


def check_running(forked: Forked) -> None:
    """Raise NothingToForecast unless the season has begun and goes on."""
    table, rules = forked.table, forked.table.rules
    if table.clock_us == NO_CLOCK_US or not len(table):
        raise NothingToForecast(
            "nobody has come yet: there is nothing to go on from; simulate the season file instead",
            "还没有会员到站，没有可以推演的起点：请改用“模拟”，预演赛季文件",
        )
    if forked.at_us < rules.starts_us:
        raise NothingToForecast(
            f"season {rules.season_id} hasn't begun: simulate its file instead",
            f"赛季 {rules.season_id} 尚未开始：请改用“模拟”，预演它的文件",
        )
    if forked.at_us >= rules.ends_us:
        raise NothingToForecast(
            f"season {rules.season_id} is over: forecast --judge tells how its forecasts did",
            f"赛季 {rules.season_id} 已经结束：可以检验它的预测有多准",
        )


def told(forecast: Forecast) -> dict[str, Any]:
    """Lay a forecast out as it is kept: plain values, members by their ids."""
    forked, runs = forecast.forked, forecast.runs
    rules = forked.table.rules
    return {
        "format": FORMAT,
        "season": rules.season_id,
        "rules_hash": rules.rules_hash,
        "as_of_us": forked.at_us,
        "ends_us": rules.ends_us,
        "members": len(forked.table),
        "events": forked.events,
        "runs": len(runs),
        "seeds": [run.seed - SEEDS_APART for run in runs],
        "costs": costs_told(forecast),
        "budgets": [
            {
                "id": one.id, "measure": one.measure, "limit": one.limit,
                "used": one.used["mean"], "used_p95": one.used["p95"],
                "covers_prizes": one.covers_prizes, "runs_out": one.runs_out.told(),
            }
            for one in budget_uses(rules.season, runs)
        ],
        "prizes": _spans(runs),
        "places": _places(runs),
        "chances": _chances(forecast),
    }  # fmt: skip


def costs_told(forecast: Forecast) -> dict[str, dict[str, float]]:
    """Tell by kind what was spent so far, and the whole season's band, fen."""
    found: dict[str, dict[str, float]] = {}
    wholes = np.zeros(len(forecast.runs))
    for name in COSTS:
        so_far = float(forecast.so_far.get(name, 0))
        # What is owed, and the prizes, are of the whole season already.
        values = np.array([run.figures[name] for run in forecast.runs])
        values += so_far if name in SPENT else 0.0
        wholes += values
        found[name] = {"so_far": so_far, **band_of(values.tolist())}
    so_far = float(sum(forecast.so_far.values()))
    found[TOTAL] = {"so_far": so_far, **band_of(wholes.tolist())}
    return found


def _spans(runs: Sequence[RunResult]) -> list[dict[str, Any]]:
    """Tell of every span of prizes the score of the last who takes one."""
    cuts = [run.tables["cutoffs"].to_pylist() for run in runs]
    found = []
    for place, row in enumerate(cuts[0]):
        scores = [float(one[place]["cutoff_score"]) for one in cuts if one[place]["given"]]
        found.append(
            {name: row[name] for name in ("board", "first_place", "last_place", "reward")}
            | {"given": float(np.mean([one[place]["given"] for one in cuts]))}
            | {"cutoff": band_of(scores or [0.0])}
        )
    return found


def _places(runs: Sequence[RunResult]) -> list[dict[str, Any]]:
    """Tell of every place a prize is given for the score of who takes it."""
    scores: dict[tuple[str, int, str], list[float]] = defaultdict(list)
    for run in runs:
        for one in run.tables["prizes"].to_pylist():
            scores[one["board"], one["place"], one["reward"]].append(float(one["score"]))
    return [
        {"board": board, "place": place, "reward": reward, "given_share": len(one) / len(runs)}
        | {"score": band_of(one)}
        for (board, place, reward), one in sorted(scores.items())
    ]


def _chances(forecast: Forecast) -> list[dict[str, Any]]:
    """Tell who may take a prize: the chance at any and on each board, best chances first."""
    runs, now = forecast.runs, forecast.score_now
    whole: Counter[str] = Counter()
    boards: dict[str, Counter[str]] = defaultdict(Counter)
    for run in runs:
        taken = {(one["holder"], one["board"]) for one in run.tables["prizes"].to_pylist()}
        whole.update({holder for holder, _ in taken})
        for holder, board in taken:
            boards[holder][board] += 1
    row_of = {member: row for row, member in enumerate(forecast.forked.table.member_ids)}
    found: list[dict[str, Any]] = []
    for holder, count in whole.items():
        # Who hasn't joined yet can win too, but isn't anybody.
        if holder not in row_of and holder.startswith("newcomer-"):
            continue
        chance = wilson(count, len(runs))
        score = None
        if holder in row_of:
            row = row_of[holder]
            score = band_of([float(run.members["score"][row]) for run in runs])
        found.append({
            "holder": holder, "team": holder not in row_of, "chance": chance.value,
            "low": chance.low, "high": chance.high, "score_now": now.get(holder), "score": score,
            "boards": {one: times / len(runs) for one, times in sorted(boards[holder].items())},
        })  # fmt: skip
    found.sort(key=lambda one: (-one["chance"], -(one["score_now"] or 0), one["holder"]))
    return found[:KEPT_CHANCES]
