"""Forecast: forecasts from half-run seasons held against how those seasons end.

A season is simulated whole, with members that the forecast doesn't know. The first half of its log
is replayed into a member table as that of a live system is, and forecast; the whole log says how
it ended. So it goes for each of many seeds. Told are the share of costs that lie within the 90 %
interval, by kind, of winning scores within the band of their place, and of winners that the
forecast named. The seasons are drawn from the very population the forecast uses: this is the best
that a calibrated one can do.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from loadtests.served import shipped_season

if TYPE_CHECKING:
    import pyarrow as pa

    from rules.compiling.compiled import Rules
    from simulator.outlook.forecast_judge import Verdict
    from simulator.outlook.fork import Forked
    from simulator.people.population import Population

SEED_OF_TRUTH: Final = 1_000


def main(args: Sequence[str]) -> int:
    """Run the benchmark; prints one JSON object on the last line."""
    parser = argparse.ArgumentParser(prog="forecourt bench forecast", description=__doc__)
    parser.add_argument("--members", type=int, default=250)
    parser.add_argument("--days", type=int, default=32, help="days of the season")
    parser.add_argument("--truths", type=int, default=20, help="seasons that are forecast")
    parser.add_argument("--runs", type=int, default=20, help="runs of each forecast")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(args)
    if min(options.members, options.truths, options.runs) < 1 or options.days < 4:
        parser.error("--members, --truths and --runs must be at least 1, --days 4")
    result = measure(
        members=options.members, days=options.days, truths=options.truths, runs=options.runs,
        seed=options.seed, say=print,
    )  # fmt: skip
    print(json.dumps({"bench": "forecast"} | vars(options) | result))
    return 0


def measure(
    *, members: int, days: int, truths: int, runs: int, seed: int = 1, say: Any = None
) -> dict[str, Any]:
    """Forecast seasons from their half and tell how the forecasts did."""
    from rules.compiling.compiled import compile_rules
    from rules.season.season_file import load_season
    from simulator.outlook.forecast_judge import coverage
    from simulator.people.population_file import shipped_population

    text = cut(Path(shipped_season()).read_text(encoding="utf-8"), days)
    rules = compile_rules(load_season(text, "the example season"))
    population = shipped_population()
    verdicts: list[Verdict] = []
    began_s = time.perf_counter()
    for nth in range(truths):
        verdict = _trial(rules, population, members, days, runs, seed + nth)
        verdicts.append(verdict)
        if say is not None:
            band, hit = verdict.cost_band, verdict.cost_inside["cost_total_fen"]
            say(
                f"{nth + 1:>3}: cost {verdict.cost_fen / 100:>10,.0f} "
                f"{'inside ' if hit else 'outside'} {band['p5'] / 100:,.0f} to "
                f"{band['p95'] / 100:,.0f}; {verdict.in_band} of {verdict.winners} winners in "
                f"their band, {verdict.named} named"
            )
    found = coverage(verdicts)
    if say is not None:
        for name, one in found["cost_inside"].items():
            say(f"{name}: {one['share']:.0%} inside ({one['low']:.0%} to {one['high']:.0%})")
        say(
            f"winners in their band {found['winners_in_band_share']:.0%}, "
            f"named {found['winners_named_share']:.0%}"
        )
    return found | {"seconds": time.perf_counter() - began_s}


def cut(text: str, days: int) -> str:
    """Let a season file end so many days after it starts."""
    starts = re.search(r"(?m)^starts = (\d{4}-\d{2}-\d{2})", text)
    assert starts is not None
    ends = date.fromisoformat(starts[1]) + timedelta(days=days)
    return re.sub(r"(?m)^ends = .*$", f"ends = {ends}T00:00:00", text, count=1)


def _trial(
    rules: Rules, population: Population, members: int, days: int, runs: int, seed: int
) -> Verdict:
    """Play one season, forecast it from its half, and hold the forecast against its end."""
    from simulator.outlook.forecast import make_forecast, told
    from simulator.outlook.forecast_judge import judge
    from simulator.outlook.season_costs import end_of
    from simulator.play.run import simulate_run

    log: list[pa.RecordBatch] = []
    simulate_run(rules, population, members, SEED_OF_TRUTH + seed, write=log.append)
    first = rules.calendar.day(rules.starts_us)
    half = _fork(rules, population, log, rules.calendar.midnight(first + days // 2))
    end = end_of(_fork(rules, population, log, rules.final_us), population)
    return judge(told(make_forecast(half, population, seeds=runs, seed=seed)), end)


def _fork(
    rules: Rules, population: Population, log: Sequence[pa.RecordBatch], upto_us: int
) -> Forked:
    from rules.decoding.event_columns import stamp
    from simulator.outlook.fork import Fork

    fork = Fork(rules, population, upto_us)
    for batch in log:
        if batch.num_rows:
            fork.take(stamp(batch, batch.column("at_us").to_numpy()))
    return fork.end()
