"""A season file compiled for the kernel: instants, codes, clauses and lookup arrays.

Nothing here depends on events; compiling the same season gives the same rules.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import numpy as np

from rules.compiling.calendar import DAY_US, HOUR_US, Calendar, wall_us
from rules.compiling.clauses import EventClauses, MemberClauses, attribute_holds
from rules.compiling.coupon_clauses import CouponClauses
from rules.compiling.lot_rules import LotRules
from rules.compiling.patterns import EarningRates, Factors
from rules.compiling.pool_rules import Draw, PoolRules
from rules.compiling.public_holidays import public_holidays
from rules.compiling.referral_rules import ReferralRules
from rules.compiling.segment_rules import SegmentRules, attribute_tests
from rules.compiling.trigger_rules import TriggerRules
from rules.decoding.event_columns import TYPES, Names
from rules.ranks.board import Board
from rules.season.duration import Duration
from rules.season.price_list import PriceList
from rules.season.season_models import CatalogueItem, Condition, Season, Where

OUTSIDE_DAYS: Final = 400
NO_TIERS: Final = "member"
TYPE_CODES: Final = {word: code for code, word in enumerate(TYPES)}
PERIODS: Final = ("day", "week", "month", "season")
ATTRIBUTE_TESTS_MAX: Final = 64
LATE_DAYS_OF: Final = {"m": 1 / 1440, "h": 1 / 24, "d": 1.0, "mo": 31.0, "y": 366.0}


@dataclass(frozen=True, slots=True)
class Goal:
    """Points once the net purchases of the season reach an amount."""

    id: str
    points: int
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Task:
    """Points for a task event; times is None without a limit, slot its first ring slot."""

    id: str
    points: int
    times: int | None
    period: int
    slot: int
    slots: int


@dataclass(frozen=True, slots=True)
class Need:
    """Thresholds over the window: any one suffices, or every one must hold.

    never marks a level that no purchase reaches; no thresholds always hold.
    """

    litres_ml: int | None = None
    amount_fen: int | None = None
    visits: int | None = None
    every: bool = False
    never: bool = False


@dataclass(frozen=True, slots=True)
class Level:
    """One tier level: what lets a member in, and what keeps them."""

    id: str
    entry: Need
    keep: Need


@dataclass(frozen=True, slots=True)
class Rings:
    """Widths of the member table's rings: the periods that events may still fall into."""

    cap_days: int
    months: int
    task_slots: int


class Rules:
    """A compiled season. Attributes ending in _us are instants in µs UTC."""

    def __init__(
        self, season: Season, ends: datetime | None = None, rules_hash: str | None = None
    ) -> None:
        self.season = season
        self.season_id = season.season.id
        self.timezone = season.programme.timezone
        self.rules_hash = rules_hash or hashlib.sha256(repr(season).encode()).hexdigest()
        self.closed = ends is not None  # the season was ended at another instant than the file's
        self._compile_times(ends or season.season.ends)
        self._compile_people()
        self._compile_earning()
        self._compile_tasks()
        self._compile_tiers()
        self.tie_break = tuple(season.season.tie_break)
        self.scores_base = "base" in season.season.score
        self.scores_bonus = "bonus" in season.season.score
        self.scores_task = "task" in season.season.score
        self.member_day_cap = season.points.member_day_cap
        self.absorb = season.points.clawback == "absorb"
        self.accept_late = season.programme.accept_late
        self.refund_within = season.programme.refund_within
        self.lot_rules = LotRules(season.points.expire_after, self.calendar)
        self.pool_rules = PoolRules(season)
        self.coupons = {coupon.id: coupon for coupon in season.coupons}
        self.price_list = PriceList.of(season)
        self.coupon_places = {name: place for place, name in enumerate(self.coupons)}
        self.catalogue = {item.id: item for item in season.catalogue}
        self.referral = ReferralRules.of(season.referral)
        self.item_draws = {item.id: self._draws(item) for item in season.catalogue}
        self.trigger_rules = TriggerRules(
            season, self.pool_rules, self._days(), self.member_clauses
        )
        self.reinstates = season.coupon_rules.on_refund == "reinstate"
        self.rings = self._ring_widths()
        self.names = Names(
            products=None if season.any_product else frozenset(season.products),
            kinds=frozenset(self.kinds),
            earliest_us=self.earliest_us,
            latest_us=self.latest_us,
        )

    @property
    def crosses_members(self) -> tuple[str, ...]:
        """Name what of this season members share, so that one table has to hold them all.

        Merge events cross members too, whatever the file.
        """
        shared = {
            "referral": self.referral is not None,
            "pools": bool(self.pool_rules.pools),
            "coupons": bool(self.coupons),  # a code may be another member's
        }
        return tuple(name for name, there in shared.items() if there)

    def _draws(self, item: CatalogueItem) -> list[Draw]:
        """List what handing out a catalogue item takes from the pools."""
        draws = self.pool_rules.of_stock(item.id)
        if item.coupon is not None:
            draws += self.pool_rules.to_issue(self.coupons[item.coupon])
        return draws

    def with_ends(self, ends_us: int) -> Rules:
        """Compile the same season with another end, µs UTC (the `close` of a running one)."""
        wall = self.calendar.wall(np.array([ends_us], dtype=np.int64))[0]
        ends = datetime(1970, 1, 1) + timedelta(microseconds=int(wall))  # noqa: DTZ001  season times are wall times of the calendar's zone
        return Rules(self.season, ends, self.rules_hash)

    def _compile_times(self, ends: datetime) -> None:
        window = self.season.season
        self.calendar = Calendar(self.timezone, window.starts.year - 3, ends.year + 6)
        self.starts_us = self.calendar.instant(wall_us(window.starts))
        self.ends_us = self.calendar.instant(wall_us(ends))
        self.score_end_us = self.calendar.later(self.ends_us, window.late_events, wall_days=True)
        self.final_us = self.calendar.later(self.score_end_us, window.refund_hold, wall_days=True)
        self.earliest_us = self.starts_us - OUTSIDE_DAYS * DAY_US
        self.latest_us = self.ends_us + OUTSIDE_DAYS * DAY_US
        self.first_day = self.calendar.day(self.earliest_us) - 1
        self.last_day = self.calendar.day(self.latest_us) + 1
        self.season_first_day = self.calendar.day(self.starts_us)
        season_days = self.calendar.day(self.ends_us) - self.season_first_day + 1
        self.season_day_words = (season_days + 63) // 64
        self.season_hours = (self.ends_us - self.starts_us) // HOUR_US + 1

    def _compile_people(self) -> None:
        season = self.season
        self.kinds = tuple(season.members.kinds)
        self.default_kind = self.kinds.index(season.members.default_kind)
        self.levels = (
            tuple(level.id for level in season.tiers.levels) if season.tiers else (NO_TIERS,)
        )
        self.boards = tuple(Board(board.id, board.team) for board in season.boards)
        board_scopes: list[Where] = [board.where for board in season.boards]
        excluded: list[Where] = [season.season.exclude] if season.season.exclude else []
        self.segments = tuple(season.segments)
        self._tests = attribute_tests(season)
        if len(self._tests) > ATTRIBUTE_TESTS_MAX:
            raise ValueError(
                f"{len(self._tests)} different tests on member attributes: "
                f"at most {ATTRIBUTE_TESTS_MAX}; merge some"
            )
        self.segment_rules = SegmentRules(season, self.member_clauses)
        self.board_scope = self.member_clauses(board_scopes)
        self.excluded = self.member_clauses(excluded) if excluded else None

    def member_clauses(self, clauses: Sequence[Where]) -> MemberClauses:
        """Compile conditions on members; MemberTable.who() gives what they are matched with."""
        return MemberClauses(clauses, self.levels, self.kinds, self._tests, self.segments)

    def kind_of(self, attributes: Mapping[str, Any]) -> int:
        """Number a member's kind: the default where none is given, or one of another file's."""
        named = str(attributes.get("kind", ""))
        return self.kinds.index(named) if named in self.kinds else self.default_kind

    def attribute_bits(self, attributes: Mapping[str, Any]) -> np.uint64:
        """Run every attribute test of the season on one member's attributes."""
        return np.uint64(
            sum(
                1 << place
                for place, (name, wanted) in enumerate(self._tests)
                if attribute_holds(attributes.get(name), wanted)
            )
        )

    def _compile_earning(self) -> None:
        season = self.season
        earning = [rule.where for rule in season.earning]
        factors = [rule.where for rule in season.multiplier]
        coupons = [coupon.where for coupon in season.coupons]
        everything = earning + factors + coupons
        self.purchase_earning = np.uint64(
            sum(1 << at for at, rule in enumerate(season.earning) if rule.on == "purchase")
        )
        self.top_up_earning = np.uint64(
            sum(1 << at for at, rule in enumerate(season.earning) if rule.on == "top_up")
        )
        self.card_earns = season.card.earn_on_spend
        self.products: dict[str, int] = {name: at for at, name in enumerate(season.products, 1)}
        self.categories = {name: product.category for name, product in season.products.items()}
        self.fuel = np.array(
            [False] + [product.category == "fuel" for product in season.products.values()]
        )
        stations = dict(season.stations)
        named = {name for where in everything for name in where.station} - set(stations)
        station_fields: list[tuple[str | None, Mapping[str, str]]] = [(None, {})]
        for name, station in stations.items():
            own = {"region": station.region, "brand": station.brand}
            station_fields.append(
                (name, {k: v for k, v in own.items() if v is not None} | station.fields)
            )
        station_fields += [(name, {}) for name in sorted(named)]
        self.stations: dict[str, int] = {
            name: at for at, (name, _) in enumerate(station_fields) if name is not None
        }
        words = sorted({pay for where in everything for pay in where.pay} | {"card"})
        self.pays: dict[str, int] = {word: at for at, word in enumerate(words, 1)}
        products: list[tuple[str | None, str | None]] = [(None, None)]
        products += [(name, one.category) for name, one in season.products.items()]
        days = self._days()

        def event_clauses(clauses: Sequence[Where]) -> EventClauses:
            return EventClauses(clauses, products, station_fields, [None, *words], days)

        self.earning_events = event_clauses(earning)
        self.earning_members = self.member_clauses(earning)
        self.factor_events = event_clauses(factors)
        self.factor_members = self.member_clauses(factors)
        self.coupon_clauses = CouponClauses(coupons, event_clauses, self.member_clauses)
        self.earning_bits_most = (1 << len(earning)) - 1
        self.factor_bits_most = (1 << len(factors)) - 1
        self.earning_rates = EarningRates(season.earning)
        self.factors = Factors(season.multiplier, season.multiplying)

    def _days(self) -> list[tuple[date, bool]]:
        """List the local dates events may have, each with whether it is a public holiday."""
        epoch = date(1970, 1, 1)
        dates = [epoch + timedelta(days=day) for day in range(self.first_day, self.last_day + 1)]
        if self.season.holidays is None:
            return [(day, False) for day in dates]
        years = range(dates[0].year, dates[-1].year + 1)
        known = public_holidays(self.season.holidays.calendar, years)
        return [(day, day in known) for day in dates]

    def _compile_tasks(self) -> None:
        day_slots = self._late_days() + 4
        week_slots = self._late_days() // 7 + 3
        month_slots = self._late_days() // 28 + 3
        widths = {"day": day_slots, "week": week_slots, "month": month_slots, "season": 1}
        tasks: list[Task] = []
        goals: list[Goal] = []
        self.task_of_type = np.full(len(TYPES), -1, dtype=np.int64)
        slot = 0
        for task in self.season.tasks:
            if task.goal is not None:
                goals.append(Goal(task.id, task.points, task.goal.amount_fen))
                continue
            assert task.on is not None
            self.task_of_type[TYPE_CODES[task.on]] = len(tasks)
            if task.limit is None:
                tasks.append(Task(task.id, task.points, None, PERIODS.index("season"), 0, 1))
                continue
            width = widths[task.limit.per]
            period = PERIODS.index(task.limit.per)
            tasks.append(Task(task.id, task.points, task.limit.times, period, slot, width))
            slot += width
        self.tasks, self.goals, self.task_slots = tuple(tasks), tuple(goals), slot

    def _compile_tiers(self) -> None:
        tiers = self.season.tiers
        self.window_months = tiers.window_months if tiers else 1
        self.steps_down = tiers.steps_down if tiers else 1
        self.grace = tiers.grace if tiers else Duration(0, "d")
        self.trial_level: int | None = None
        self.trial_months = 1
        self.tier_levels: tuple[Level, ...] = (Level(NO_TIERS, Need(), Need()),)
        if tiers is None:
            return
        levels = []
        for place, level in enumerate(tiers.levels):
            entry = _need(level.entry, never=place > 0)
            keep = _need(level.keep, never=False) if level.keep else entry
            levels.append(Level(level.id, entry, keep))
        self.tier_levels = tuple(levels)
        if tiers.trial is not None:
            self.trial_level = self.levels.index(tiers.trial.level)
            self.trial_months = tiers.trial.months

    def trial_end_us(self, day: int) -> int:
        """Find the local midnight that ends a trial begun on a local day."""
        return self.calendar.midnight(self.calendar.day_later(day, self.trial_months))

    def _late_days(self) -> int:
        late = self.season.programme.accept_late
        days = int(late.count * LATE_DAYS_OF[late.unit]) + 1
        return min(days, self.last_day - self.first_day + 1)

    def _ring_widths(self) -> Rings:
        # Of months: tomorrow's, those that late events fall into, and the window before them.
        return Rings(
            cap_days=self._late_days() + 4 if self.member_day_cap is not None else 0,
            months=self.window_months + self._late_days() // 28 + 2 if self.season.tiers else 0,
            task_slots=self.task_slots,
        )


def _need(condition: Condition | None, *, never: bool) -> Need:
    if condition is None:
        return Need(never=never)
    metrics = condition.metrics
    return Need(metrics.litres_ml, metrics.amount_fen, metrics.visits, every=condition.every)


def compile_rules(season: Season) -> Rules:
    """Compile a checked season for the kernel; tens of milliseconds."""
    return Rules(season)
