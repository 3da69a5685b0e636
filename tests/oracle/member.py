"""Hold one member's points, purchases, tasks and level as plain numbers."""

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

from tests.oracle.lots import Lots

Month = tuple[int, int]
METRICS = ("litres", "amount", "visits")


def no_metrics() -> dict[str, int]:
    """Give zero litres (ml), amount (fen) and visits."""
    return dict.fromkeys(METRICS, 0)


@dataclass
class Purchase:
    """Keep what a refund of a purchase or top-up needs."""

    at_us: int
    day: date
    in_season: bool
    scored: bool
    counts: bool  # a purchase: it has metrics; a top-up has none
    fuel: bool
    ml: int
    fen: int
    left_ml: int
    left_fen: int
    per_ml: Fraction
    per_fen: Fraction
    factor: Fraction
    base: int = 0
    total: int = 0

    @property
    def month(self) -> Month:
        """Give the local month whose metrics the purchase moved."""
        return self.day.year, self.day.month

    @property
    def gone(self) -> bool:
        """Say whether refunds have left nothing."""
        return self.left_ml == 0 and self.left_fen == 0

    def raw(self) -> Fraction:
        """Give the base before rounding, of the quantities now left."""
        return self.per_ml * self.left_ml + self.per_fen * self.left_fen

    def worth(self) -> tuple[int, int]:
        """Give base and total in points of the quantities now left, before caps."""
        total = int(self.raw() * self.factor)
        return (int(self.raw()) if self.factor >= 1 else total), total


@dataclass
class HeldGoal:
    """Remember what a reached goal paid, on which day, and whether it scored."""

    points: int
    day: date
    scored: bool


@dataclass
class Member:
    """Hold everything the rules know about one member."""

    id: str
    attributes: dict[str, Any]
    lots: Lots
    level: int = 0
    level_since_us: int | None = None
    enrolled: bool = False
    trial_ends_us: int | None = None
    bought_level: int | None = None
    disqualified: bool = False
    active: int = 0
    debt: int = 0
    earned: dict[str, int] = field(default_factory=lambda: {"base": 0, "bonus": 0, "task": 0})
    score: dict[str, int] = field(default_factory=lambda: {"base": 0, "bonus": 0, "task": 0})
    adjusted: int = 0
    reversed: int = 0
    redeemed: int = 0
    expired: int = 0
    earned_on: dict[date, int] = field(default_factory=dict)
    month_metrics: dict[Month, dict[str, int]] = field(default_factory=dict)
    day_metrics: dict[date, dict[str, int]] = field(default_factory=dict)
    last_purchase_us: int | None = None
    first_order: Purchase | None = None
    season_metrics: dict[str, int] = field(default_factory=no_metrics)
    metrics: dict[str, int] = field(default_factory=no_metrics)
    task_counts: dict[tuple[str, object], int] = field(default_factory=dict)
    claims: dict[tuple[str, object], int] = field(default_factory=dict)
    goals: dict[str, HeldGoal] = field(default_factory=dict)
    tasks_completed_at_us: int | None = None
    active_on: set[date] = field(default_factory=set)

    def put(self, points: int, day: date) -> None:
        """Add points of a day to the balance: debt is repaid first."""
        repaid = min(self.debt, points)
        self.debt -= repaid
        self.active += points - repaid
        self.lots.add(day, points, repaid)

    def draw(self, points: int) -> None:
        """Take points from the balance: what it lacks becomes debt."""
        taken = min(self.active, points)
        self.active -= taken
        self.debt += points - taken
        self.lots.spend(points)

    def redeem(self, points: int) -> None:
        """Spend points that the member has."""
        self.redeemed += points
        self.draw(points)

    def expire(self, day: date) -> None:
        """Lose the points of the lots that are gone on a day."""
        gone = self.lots.expire(day)
        self.active -= gone
        self.expired += gone

    def room(self, day: date, cap: int | None, wanted: int) -> int:
        """Give how many of the wanted points the day still has room for."""
        if cap is None:
            return wanted
        return min(wanted, max(0, cap - self.earned_on.get(day, 0)))

    def earn(self, kind: str, points: int, day: date, *, scored: bool) -> None:
        """Credit points of a kind on a day, and to the score where the event counts."""
        self.earned[kind] += points
        self.earned_on[day] = self.earned_on.get(day, 0) + points
        if scored:
            self.score[kind] += points
        self.put(points, day)

    def complete(self, at_us: int) -> None:
        """Record a completed task or goal for the tie-break."""
        if self.tasks_completed_at_us is None or at_us > self.tasks_completed_at_us:
            self.tasks_completed_at_us = at_us

    def take_back(self, points: int, day: date, *, absorb: bool) -> int:
        """Take reversed points of a day from the balance and give how many count as reversed."""
        counted = min(points, self.active) if absorb else points
        taken = min(self.active, counted)
        self.active -= taken
        self.debt += counted - taken
        self.lots.take_back(day, counted)
        self.reversed += counted
        return counted

    def add_metrics(self, purchase: Purchase, ml: int, fen: int, visits: int) -> None:
        """Move litres of fuel, amount and visits of the purchase's month, season and all time."""
        month = self.month_metrics.setdefault(purchase.month, no_metrics())
        sums = [month, self.metrics, self.day_metrics.setdefault(purchase.day, no_metrics())]
        if purchase.in_season:
            sums.append(self.season_metrics)
        for metrics in sums:
            metrics["litres"] += ml if purchase.fuel else 0
            metrics["amount"] += fen
            metrics["visits"] += visits

    def window(self, last: Month, months: int) -> dict[str, int]:
        """Sum the metrics of some calendar months that end with the given one."""
        total = no_metrics()
        end = last[0] * 12 + last[1] - 1
        for index in range(end - months + 1, end + 1):
            month = self.month_metrics.get((index // 12, index % 12 + 1), no_metrics())
            for name in METRICS:
                total[name] += month[name]
        return total
