"""Read a parsed season file into the plain figures that the rules name."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import holidays

from tests.oracle.instants import Zone, parse_duration
from tests.oracle.offers import Offers, duration_or_none

Where = dict[str, Any]
Table = dict[str, Any]


def fen(value: str | int) -> int:
    """Read yuan, written as a decimal text or integer, as fen."""
    return int(Decimal(str(value)) * 100)


def ml(value: str | int) -> int:
    """Read litres, written as a decimal text or integer, as millilitres."""
    return int(Decimal(str(value)) * 1000)


@dataclass(frozen=True)
class EarningRule:
    """Give points for each of a quantity."""

    on: str
    where: Where
    per_ml: Fraction
    per_fen: Fraction


@dataclass(frozen=True)
class Multiplier:
    """Raise or lower what earning rules give."""

    group: str
    where: Where
    factor: Fraction


@dataclass(frozen=True)
class Task:
    """Pay for an act, or for reaching a goal."""

    id: str
    on: str | None
    goal: dict[str, int] | None
    points: int
    times: int | None
    per: str | None


@dataclass(frozen=True)
class Threshold:
    """Compare a window's litres, amount and visits with thresholds."""

    every: bool
    least: dict[str, int]

    def holds(self, metrics: dict[str, int]) -> bool:
        """Say whether the thresholds are reached: any of them, or every one."""
        reached = [metrics[name] >= least for name, least in self.least.items()]
        return all(reached) if self.every else any(reached)


@dataclass(frozen=True)
class Level:
    """Describe one tier level; no entry means everyone."""

    id: str
    entry: Threshold | None
    keep: Threshold | None


def figures(table: Table) -> dict[str, int]:
    """Read thresholds: litres in millilitres, amount in fen, visits as they are."""
    read: dict[str, Callable[[Any], int]] = {"litres": ml, "amount": fen, "visits": int}
    return {name: read[name](value) for name, value in table.items() if name in read}


def threshold(table: Table | None) -> Threshold | None:
    """Read an entry or keep rule."""
    if table is None:
        return None
    every = "all" in table
    return Threshold(every, figures(table["all" if every else "any"]))


def earning_rule(rule: Table) -> EarningRule:
    """Read an earning rule as points per millilitre and per fen."""
    points = Fraction(str(rule["points"]))
    per = rule["per"]
    return EarningRule(
        rule["on"],
        rule.get("where", {}),
        points / ml(per["litres"]) if "litres" in per else Fraction(0),
        points / fen(per["amount"]) if "amount" in per else Fraction(0),
    )


def task(table: Table) -> Task:
    """Read a task with its limit."""
    limit = table.get("limit", {})
    goal = figures(table["goal"]) if "goal" in table else None
    return Task(
        table["id"], table.get("on"), goal, table["points"], limit.get("times"), limit.get("per")
    )


class Plan:
    """Hold the figures of one season file, defaults filled in."""

    def __init__(self, season_file: Table) -> None:
        programme = season_file["programme"]
        self.zone = Zone(programme["timezone"])
        self.accept_late = parse_duration(programme.get("accept_late", "7d"))
        self.refund_within = parse_duration(programme.get("refund_within", "180d"))
        members = season_file.get("members", {})
        self.kinds: list[str] = members.get("kinds", ["private"])
        self.default_kind: str = members.get("default_kind", self.kinds[0])
        self.knows_products = "products" in season_file
        self.products: dict[str, Table] = season_file.get("products", {})
        self.stations: dict[str, Table] = season_file.get("stations", {})
        # Whatever a station has can be asked for; region and brand are a station's in any case.
        self.station_keys = {"region", "brand"}.union(*self.stations.values())
        self.earning = [earning_rule(rule) for rule in season_file["earning"]]
        self.multipliers = [
            Multiplier(rule["group"], rule.get("where", {}), Fraction(str(rule["factor"])))
            for rule in season_file.get("multiplier", [])
        ]
        multiplying = season_file.get("multiplying", {})
        self.within_group: str = multiplying.get("within_group", "max")
        ceiling = multiplying.get("ceiling")
        self.ceiling = None if ceiling is None else Fraction(str(ceiling))
        points = season_file.get("points", {})
        self.member_day_cap: int | None = points.get("member_day_cap")
        self.expire_after = duration_or_none(points.get("expire_after"))
        self.absorb = points.get("clawback", "debt") == "absorb"
        self.card_earns: bool = season_file.get("card", {}).get("earn_on_spend", True)
        tasks = [task(table) for table in season_file.get("tasks", [])]
        self.task_on = {each.on: each for each in tasks if each.goal is None}
        self.goals = [each for each in tasks if each.goal is not None]
        self._read_tiers(season_file.get("tiers"))
        self._read_season(season_file["season"])
        self.boards: list[Table] = season_file.get("boards") or [{"id": "overall"}]
        self.rewards: dict[str, Table] = season_file.get("rewards", {})
        self.coupons = {coupon["id"]: coupon for coupon in season_file.get("coupons", [])}
        self.offers = Offers(season_file)
        self.prizes: list[Table] = season_file.get("prizes", [])
        self.prize_rules: Table = season_file.get("prize_rules", {})
        country = season_file.get("holidays", {}).get("calendar")
        self.public_holidays = holidays.country_holidays(country) if country else {}

    def _read_tiers(self, tiers: Table | None) -> None:
        tiers = tiers or {"levels": [{"id": "member"}]}
        self.levels = [
            Level(level["id"], threshold(level.get("entry")), threshold(level.get("keep")))
            for level in tiers["levels"]
        ]
        self.window_months: int = tiers.get("window_months", 3)
        self.steps_down: int = tiers.get("steps_down", 1)
        self.grace = parse_duration(tiers.get("grace", "0d"))
        trial = tiers.get("trial")
        ids = [level.id for level in self.levels]
        self.trial_level = ids.index(trial["level"]) if trial else None
        self.trial_months: int = trial.get("months", 1) if trial else 0

    def _read_season(self, season: Table) -> None:
        starts: datetime = season["starts"]
        ends: datetime = season["ends"]
        self.starts_us = self.zone.instant(starts)
        self.ends_us = self.zone.instant(ends)
        late = parse_duration(season.get("late_events", "0d"))
        hold = parse_duration(season.get("refund_hold", "0d"))
        self.score_end_us = self.zone.later(self.ends_us, late, keep_wall=True)
        self.final_us = self.zone.later(self.score_end_us, hold, keep_wall=True)
        self.score_kinds: list[str] = season.get("score", ["base", "bonus", "task"])
        self.tie_break: list[str] = season.get("tie_break", ["tasks_completed_at", "active_days"])
        self.exclude: Where | None = season.get("exclude")

    def in_season(self, at_us: int) -> bool:
        """Say whether an instant lies in the season's half-open window."""
        return self.starts_us <= at_us < self.ends_us

    def is_holiday(self, day: date) -> bool:
        """Say whether a local date is a public holiday of the file's calendar."""
        return day in self.public_holidays
