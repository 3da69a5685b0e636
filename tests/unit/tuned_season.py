"""A small search: a season file, a space, and runs worked out by a formula in place of played."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from rules.season.season_models import Season
from simulator.people.keyed import Keyed, Purpose
from simulator.people.population import Population
from simulator.play.play import Progress
from simulator.play.run_result import FIGURES
from simulator.play.seeds import Job
from simulator.search.played import KeptRuns, Played
from simulator.search.search_space import read_space
from simulator.search.season_text import SeasonText
from simulator.search.tuning import Plan
from simulator.search.variants import Variant, Variants

SEASON = """\
# Points for a small season
format = 1
[programme]
id = "club"
timezone = "Asia/Shanghai"
[products.92]
category = "fuel"                   # the only grade
[[earning]]
id = "fuel"
on = "purchase"
points = 2                          # a litre
per = { litres = "1" }
[[multiplier]]
id = "member-day"
group = "day"
where = { weekday = ["tue"] }
factor = "1.50"    # on Tuesdays
[season]
id = "spring"
starts = 2026-06-01T00:00:00
ends = 2026-06-03T00:00:00
[rewards.phone]
kind = "goods"
unit_cost = "5999.00"
[rewards.watch]
kind = "goods"
unit_cost = "1999.00"
[rewards.pen]
kind = "goods"
unit_cost = "9.00"
[[prizes]]
board = "overall"
ranks = "1"
reward = "phone"
"""
SPACE = """\
format = 1
[[vary]]
path = "earning.fuel.points"
low = 0
high = 20
step = 1
[[vary]]
path = "multiplier.member-day.factor"
low = "1.00"
high = "3.00"
step = "0.25"
[[vary]]
path = "prizes.overall.1.reward"
choices = ["phone", "watch", "pen"]
"""
Formula = Callable[[Season, float], Mapping[str, float]]


def variants_of(season: str = SEASON, space: str = SPACE) -> Variants:
    text = SeasonText(season)
    return Variants(read_space(space, "space.toml", text, "season.toml"), text, "season.toml")


def played_by(
    formula: Formula, kept: KeptRuns | None = None, seen: list[int] | None = None
) -> Played:
    """Play by a formula of (season, luck): luck is the same for all files on a seed, −1 to 1."""

    def job(variant: Variant, seed: int) -> Job:
        assert variant.season is not None
        return Job(variant.season, Population.__new__(Population), 1, seed)

    def run(jobs: Sequence[Job], told: Progress | None) -> list[Mapping[str, float]]:
        del told
        if seen is not None:
            seen.append(len(jobs))
        return [
            dict.fromkeys(FIGURES, 0.0) | dict(formula(one.season, luck(one.seed))) for one in jobs
        ]

    return Played(job, kept=kept, run=run)


def luck(seed: int) -> float:
    return float(Keyed(seed).uniforms(Purpose.VISIT_TIME, np.zeros(1, dtype=np.int64))[0]) * 2 - 1


PLAN = Plan(trials=40, rungs=(2, 4, 8), seed=1)


def folder_space(folder: Path) -> tuple[Path, Path]:
    """Write both files."""
    season, space = folder / "spring.toml", folder / "spring.space.toml"
    season.write_text(SEASON, encoding="utf-8")
    space.write_text(SPACE, encoding="utf-8")
    return season, space
