"""Small seasons with a hole each, whose leak can be worked out by hand, and few agents in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from rules.compiling.compiled import Rules, compile_rules
from rules.season.season_file import load_season
from simulator.adversaries.agent_figures import (
    KINDS,
    AgentFigures,
    RaceFigures,
    RefundFigures,
    RingFigures,
    SharedFigures,
    SplitFigures,
    load_agent_figures,
)
from simulator.adversaries.leak import Leaks, study_leaks
from simulator.adversaries.mixed_run import AgentJob, MixedRun, play_mixed
from simulator.adversaries.study import Study
from simulator.people.keyed import Keyed, Purpose
from simulator.people.members import DAYS_PER_MONTH
from simulator.play.seeds import made_by_jobs
from tests.unit.simulated import population

DAYS = 9
SEED = 5
MEMBERS = 12
PLAIN = """\
format = 1
[programme]
id = "club"                         # small
timezone = "Asia/Shanghai"
[products.92]
category = "fuel"
[products.shop]
category = "shop"
[[earning]]
id = "fuel"
on = "purchase"
where = { category = ["fuel"] }
points = 1
per = { litres = "1" }
[checkout]
points = 1
amount = "0.01"
[season]
id = "small"
starts = 2026-06-01T00:00:00
ends = 2026-06-10T00:00:00
refund_hold = "2d"
"""
REFERRAL = """
[referral]
advocate_points = 500               # each
"""
TIERS = """
[tiers]
window_months = 3
[[tiers.levels]]
id = "silver"
[[tiers.levels]]
id = "gold"
entry = { any = { %s } }
discount = { category = "fuel", per_litre = "1.00" }
"""
PRIZE = """
[rewards.bike]
kind = "goods"
unit_cost = "300.00"
[[prizes]]
board = "overall"
ranks = "1"
reward = "bike"
"""
SHOP_EARNS = """
[[earning]]
id = "goods"
on = "purchase"
where = { category = ["shop"] }
points = 1
per = { amount = "1.00" }
"""
TOP_UP = """
[[earning]]
id = "load"
on = "top_up"
points = 1
per = { amount = "1.00" }
"""
WELCOME = """
[[coupons]]
id = "welcome"
kind = "amount_off"
off = "10.00"
min_spend = "30.00"
[[triggers]]
on = "enrol"
issue = "welcome"
"""
CLAIM = """
[[coupons]]
id = "free"
kind = "amount_off"
off = "5.00"
claim = { times = 3, per = "season" }
[[budgets]]
id = "only-one"
covers = ["free"]
count = 1
"""


def figures() -> AgentFigures:
    """Give agents that come nearly every day, so that a short season shows all they do."""
    return replace(
        load_agent_figures(),
        ring=RingFigures(5, 1, 1.0, 25, 40),
        refund_cycling=RefundFigures(8000, 0.0, 25, 25, 40),
        order_splitting=SplitFigures(6, 25, 40),
        shared_cards=SharedFigures(2, 25, 40),
        coupon_races=RaceFigures(3, 25, 40),
    )


def rules_of(*parts: str) -> Rules:
    """Compile the plain season with more sections."""
    return compile_rules(load_season(PLAIN + "".join(parts), "small.toml"))


def job_of(rules: Rules, arm: Any, seed: int = SEED, **counts: int) -> AgentJob:
    """Make a job with so many agents by kind."""
    return AgentJob(rules.season, population(), figures(), MEMBERS, seed, arm, counts)


def play_all(jobs: Sequence[AgentJob]) -> list[MixedRun]:
    """Make runs here."""
    return made_by_jobs(jobs, play_mixed, 1, None)


@lru_cache(maxsize=16)
def leaks_of_one(
    kind: str, *parts: str, closing: bool = True, seeds: int = 1, visits: float = 25
) -> Leaks:
    """Study one agent of a kind in the plain season with more sections."""
    every = figures()
    every = replace(every, **{kind: replace(getattr(every, kind), visits_per_month=visits)})
    text = PLAIN + "".join(parts)
    rules = rules_of(*parts)
    jobs = tuple(
        replace(job_of(rules, "cheats", SEED + nth, **{kind: 1}), figures=every)
        for nth in range(seeds)
    )
    study = Study(
        text, "small.toml", rules.season, population(), every, MEMBERS, {kind: 1}, jobs,
        rules.rules_hash,
    )  # fmt: skip
    return study_leaks(study, play_all, closing=closing)


def fills(kind: str, person: int = 0) -> list[tuple[int, int]]:
    """Draw by hand what a person of the first agent fills: day and ml."""
    visits, litres = getattr(figures(), kind).visits_per_month, getattr(figures(), kind).litres_mean
    number = KINDS.index(kind) * 10_000_000
    keyed = Keyed(SEED)

    def draw(purpose: Purpose, day: int) -> float:
        key = np.array([number * 100 + person], dtype=np.int64)
        return float(keyed.uniforms(purpose, key, day)[0])

    return [
        (day, round(litres * (0.7 + 0.6 * draw(Purpose.AGENT_LITRES, day)) * 100) * 10)
        for day in range(DAYS)
        if draw(Purpose.AGENT_VISIT, day) < visits / DAYS_PER_MONTH
    ]


def fen_of(leaks: Leaks, rule: str) -> float:
    """Give the leak through a rule, 0 where there is none."""
    return next((one.fen["mean"] for one in leaks.leaks if one.rule == rule), 0.0)


def after(leaks: Leaks, change: str) -> float:
    """Give the leak that a change by itself leaves."""
    return next(one.after["mean"] for one in leaks.tried if one.changes[0].id == change)
