"""A season in SimPy: one process a member, the example file's rules in plain Python.

What a simulation would look like without the kernel. It does per event what the example season
asks for: earning by product, the multipliers of day, night, holiday and tier with their ceiling,
the day's cap, tier windows by month with rise and review, the goal, tasks with their limits,
refunds, top-ups, coupons by trigger and their use, points at the till and for items, expiry lots.
It keeps no identities, no exact fractions, no journal, and reacts to nothing: all to its favour.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Generator
from typing import Any

import simpy

DAYS = 92
MONTHS = (0, 30, 61, 92)
SEASON = range(DAYS)
HOLIDAYS = frozenset((18, 19, 20))
TRIPLE = HOLIDAYS
GRADES = (
    ("92", 0.6, 1.0, 760),
    ("95", 0.3, 1.0, 810),
    ("98", 0.04, 1.0, 845),
    ("0", 0.06, 0.5, 725),
)
FACTORS = (1.0, 1.5, 2.0)
ENTRY = ((0.0, 0.0, 0), (300.0, 240_000.0, 12), (900.0, 700_000.0, 10**9))
KEEP = ((0.0, 0.0, 0), (200.0, 160_000.0, 8), (700.0, 550_000.0, 10**9))
DISCOUNT_FEN = (0, 10, 20)
CAP = 3000
CEILING = 5.0


class Member:
    """One member's account."""

    __slots__ = (
        "active", "coupons", "day_points", "fen", "goal", "level", "litres", "lots", "months",
        "redeemed", "score", "since", "task_days", "tasks", "visits",
    )  # fmt: skip

    def __init__(self) -> None:
        self.active = self.score = self.level = self.redeemed = self.visits = self.tasks = 0
        self.since = 0.0
        self.litres = self.fen = 0.0
        self.goal = False
        self.coupons: list[tuple[str, float]] = []
        self.months = [[0.0, 0.0, 0] for _ in MONTHS]
        self.day_points: dict[int, int] = defaultdict(int)
        self.task_days: dict[tuple[str, int], int] = defaultdict(int)
        self.lots: dict[int, int] = defaultdict(int)


class Season:
    """The rules and the totals of one run."""

    def __init__(self, env: simpy.Environment, seed: int) -> None:
        self.env = env
        self.random = random.Random(seed)
        self.members: list[Member] = []
        self.events = 0

    def credit(self, member: Member, day: int, points: int) -> int:
        """Credit points under the day's cap."""
        points = min(points, CAP - member.day_points[day])
        member.day_points[day] += points
        member.active += points
        member.score += points
        member.lots[day + 365] += points
        return points

    def purchase(self, member: Member, grade: int, litres: float, by_card: bool) -> int:
        """Judge a fill; returns its points."""
        self.events += 1
        now = self.env.now
        day, hour = int(now), (now % 1.0) * 24.0
        _, _, rate, price = GRADES[grade]
        fen = litres * (price - DISCOUNT_FEN[member.level])
        factor = 2.0 if day % 7 == 1 else 1.0
        if hour >= 22.0 or hour < 6.0:
            factor = max(factor, 1.2)
        if day in TRIPLE:
            factor = max(factor, 3.0)
        elif day in HOLIDAYS:
            factor = max(factor, 1.5)
        factor = min(factor * FACTORS[member.level], CEILING)
        base = 0.0 if by_card else litres * rate
        points = self.credit(member, day, int(base * factor))
        month = self.month(day)
        held = member.months[month]
        held[0] += litres
        held[1] += fen
        held[2] += 1
        member.visits += 1
        member.litres += litres
        member.fen += fen
        if not member.goal and member.fen >= 200_000.0:
            member.goal = True
            self.credit(member, day, 200)
        self.rise(member, month)
        return points

    def month(self, day: int) -> int:
        """Number the month of a day."""
        return 0 if day < MONTHS[1] else 1 if day < MONTHS[2] else 2

    def window(self, member: Member, month: int) -> tuple[float, float, int]:
        """Sum the last three months."""
        parts = member.months[max(0, month - 2) : month + 1]
        visits = int(sum(part[2] for part in parts))
        return (sum(part[0] for part in parts), sum(part[1] for part in parts), visits)

    def highest(self, member: Member, month: int, table: Any) -> int:
        """Find the highest level whose thresholds hold."""
        litres, fen, visits = self.window(member, month)
        for level in (2, 1):
            need = table[level]
            if litres >= need[0] or fen >= need[1] or visits >= need[2]:
                return level
        return 0

    def rise(self, member: Member, month: int) -> None:
        """Raise a member, with the coupon that comes with it."""
        level = self.highest(member, month, ENTRY)
        if level > member.level:
            member.level = level
            member.since = self.env.now
            member.coupons.append(("wash", self.env.now + 180))

    def task(self, member: Member, name: str, points: int) -> None:
        """Pay a task once a day."""
        self.events += 1
        day = int(self.env.now)
        if member.task_days[name, day]:
            return
        member.task_days[name, day] += 1
        member.tasks += 1
        self.credit(member, day, points)

    def refund(self, member: Member, litres: float, points: int) -> None:
        """Take a fill back."""
        self.events += 1
        month = self.month(int(self.env.now)) if self.env.now < DAYS else 2
        member.months[month][0] -= litres
        member.active = max(0, member.active - points)
        member.score -= points

    def spend(self, member: Member, fen: float) -> None:
        """Use a coupon, or points, on a bill."""
        now = self.env.now
        member.coupons = [one for one in member.coupons if one[1] > now]
        if member.coupons and self.random.random() < 0.05 and fen >= 10_000:
            self.events += 1
            member.coupons.pop(0)
        elif member.active >= 100 and self.random.random() < 0.03:
            self.events += 1
            points = min(member.active, int(fen * 0.3)) // 100 * 100
            member.active -= points
            member.redeemed += points
        elif member.active >= 1000 and self.random.random() < 0.05:
            self.events += 1
            member.active -= 1000
            member.redeemed += 1000
            member.coupons.append(("any-10", now + 365))

    def life(self, member: Member, rate: float, task_rate: float) -> Generator[Any, Any, None]:
        """Live one member's season."""
        draw = self.random
        env = self.env
        grade = draw.choices(range(4), [one[1] for one in GRADES])[0]
        fill = 20.0 + 30.0 * draw.random()
        card = draw.random() < 0.2
        self.events += 1
        if task_rate:
            env.process(self.tasks(member, task_rate))
        while True:
            yield env.timeout(draw.gammavariate(1.4, 1 / 1.4) / rate)
            if env.now >= DAYS:
                return
            litres = fill * draw.weibullvariate(1.11, 3.4)
            if card and draw.random() < 0.35:
                self.events += 1
                self.credit(member, int(env.now), 25)
            self.spend(member, litres * GRADES[grade][3])
            points = self.purchase(member, grade, litres, card and draw.random() < 0.8)
            if draw.random() < 0.15:
                self.events += 1
                self.credit(member, int(env.now), int(26 * draw.expovariate(1)))
            if draw.random() < 0.004:
                yield env.timeout(draw.expovariate(1.2))
                self.refund(member, litres, points)

    def tasks(self, member: Member, rate: float) -> Generator[Any, Any, None]:
        """Do an app user's tasks."""
        while True:
            yield self.env.timeout(self.random.expovariate(rate))
            if self.env.now >= DAYS:
                return
            if self.random.random() < 0.8:
                self.task(member, "check-in", 2)
            else:
                self.task(member, "share", 5)

    def midnights(self) -> Generator[Any, Any, None]:
        """Run each midnight's ticks: reviews as a month begins, expiry, dormancy."""
        for day in range(1, DAYS + 1):
            yield self.env.timeout(1.0)
            for member in self.members:
                lot = member.lots.pop(day, 0)
                if lot:
                    member.active = max(0, member.active - lot)
            if day in MONTHS:
                self.review(self.month(day - 1))

    def review(self, month: int) -> None:
        """Lower those whose level's keep fails."""
        for member in self.members:
            if member.level and self.env.now - member.since >= 7:
                kept = self.highest(member, month, KEEP)
                if kept < member.level:
                    member.level = max(member.level - 1, self.highest(member, month, ENTRY))


def play(members: int, seed: int, rates: list[float], task_rates: list[float]) -> int:
    """Play a season of so many members, rates a day; returns the events judged."""
    env = simpy.Environment()
    season = Season(env, seed)
    for number in range(members):
        member = Member()
        season.members.append(member)
        env.process(season.life(member, max(rates[number], 1e-6), task_rates[number]))
    env.process(season.midnights())
    env.run(until=DAYS + 0.5)
    sorted(season.members, key=lambda one: (-one.score, one.visits))
    return season.events
