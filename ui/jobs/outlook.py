"""Outlook: the running season forecast from a copy of its log, and its forecasts judged."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ui.forking import fork_of

if TYPE_CHECKING:
    from actors.running_season import RunningSeason
    from actors.simulation_work import Told
    from actors.simulations import Simulation
    from simulator.outlook.fork import Forked
    from simulator.people.population import Population


def forecast(
    asked: Simulation, population: Population, live: RunningSeason, out: Path, told: Told
) -> None:
    """Forecast the season, have the forecast kept, and write its files with masked names.

    Raises:
        ValueError: there is nothing to forecast.
    """
    from simulator.outlook import forecast as outlook
    from simulator.outlook.forecast_files import write_forecast

    forked = _forked(asked, population, live)
    made = outlook.make_forecast(
        forked, population, seeds=asked.seeds, seed=asked.seed, progress=told
    )
    laid = outlook.told(made) | {"simulation": asked.id}
    kept = live.keep(json.dumps(laid).encode(), asked.season, time.time_ns() // 1000)
    shown = laid | {"chances": _masked(laid["chances"]), "made_us": kept.made_us}
    write_forecast(out, shown, forked.table.rules.season)


def judge(asked: Simulation, population: Population, live: RunningSeason, out: Path) -> None:
    """Hold every forecast that was kept against the season's end; write summary.json."""
    from simulator.outlook import forecast_judge
    from simulator.outlook.season_costs import end_of

    end = end_of(_forked(asked, population, live), population)
    verdicts = [
        (kept.made_us, forecast_judge.judge(msgspec.to_builtins(kept), end))
        for kept in live.forecasts(asked.season)
    ]
    summary: dict[str, Any] = {
        "season": asked.season,
        "forecasts": [{"made_us": made_us} | one.told() for made_us, one in verdicts],
        "coverage": forecast_judge.coverage([one for _, one in verdicts]),
    }
    text = json.dumps(summary, ensure_ascii=False, indent=2)
    (out / "summary.json").write_text(text + "\n", encoding="utf-8")


def _forked(asked: Simulation, population: Population, live: RunningSeason) -> Forked:
    from rules.compiling.compiled import compile_rules
    from rules.season.season_file import load_season

    assert asked.as_of_us is not None, "the gateway says from when on"
    rules = compile_rules(load_season(live.text, "the season file"))
    return fork_of(live.history(), rules, population, asked.as_of_us)


def _masked(chances: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Mask members as for the public: whoever may read simulations may read these files."""
    from actors.gateway.masks import masked

    return [
        one if one["team"] else one | {"holder": masked(one["holder"])} for one in chances
    ]  # fmt: skip
