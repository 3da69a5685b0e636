"""Whether a change of one figure or condition of a season file is better or worse for members."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from typing import Any, Final, Literal

from rules.advice.lint_coupons import PERIOD_DAYS, days_of
from rules.advice.lint_reach import implies
from rules.compiling.clauses import attribute_holds
from rules.season.circumstances import World, covered
from rules.season.duration import Duration
from rules.season.season_models import Condition, Goods, Limit, Per, Range, Season, Where
from rules.season.where import Scalar

Effect = Literal["better", "worse", "neutral"]

# What more of a key does for members; keys that aren't here change nothing by themselves.
# None is without limit for UNBOUNDED keys, and nothing for the others.
MORE_IS_BETTER: Final = frozenset(
    {
        "earning.*.rate",
        "card.earn_on_spend",
        "multiplier.*.factor",
        "multiplying.within_group",
        "multiplying.ceiling",
        "points.expire_after",
        "points.member_day_cap",
        "points.clawback",
        "tasks.*.points",
        "tasks.*.limit",
        "referral.advocate_points",
        "referral.limit",
        "tiers.grace",
        "tiers.window_months",
        "tiers.trial",
        "tiers.trial.months",
        "tiers.levels.*.discount",
        "tiers.levels.*.discount.per_litre",
        "coupons.*.off",
        "coupons.*.max_off",
        "coupons.*.valid",
        "coupons.*.claim",
        "coupon_rules.per_order",
        "coupon_rules.with_tier_discount",
        "coupon_rules.transferable",
        "coupon_rules.on_refund",
        "coupon_rules.reserve_for",
        "budgets.*.count",
        "budgets.*.cost",
        "catalogue.*.goods",
        "checkout",
        "checkout.rate",
        "checkout.max_share",
        "referral",
        "season.ends",
        "season.late_events",
        "season.score",
        "rewards.*.unit_cost",
        "rewards.*.points",
        "rewards.*.tax",
        "rewards.*.delivery",
        "prize_rules.claim_within",
        "programme.accept_late",
    }
)
MORE_IS_WORSE: Final = frozenset(
    {
        "tasks.*.goal.amount",
        "referral.first_order_min",
        "referral.hold",
        "referral.distinct",
        "tiers.steps_down",
        "coupons.*.pay",
        "coupons.*.min_spend",
        "triggers.*.after",
        "triggers.*.cooldown",
        "triggers.*.holdout",
        "budgets.*.covers",
        "catalogue.*.points",
        "checkout.step",
        "season.starts",
        "prize_rules.min_score",
    }
)
# Any change of these takes something from someone: a rank, or what they were promised.
ALWAYS_WORSE: Final = frozenset(
    {
        "season.tie_break",
        "coupons.*.kind",
        "coupons.*.product",
        "triggers.*.issue",
        "triggers.*.on",
        "triggers.*.dates",
        "catalogue.*.coupon",
        "catalogue.*.tier_up",
        "rewards.*.kind",
        "rewards.*.coupon",
        "tiers.trial.level",
        "tiers.levels.*.discount.category",
        "tasks.*.on",
        "tasks.*.goal",
        "earning.*.on",
        "boards.*.team",
        "products.*.category",
        "programme.timezone",
        "holidays",
        "holidays.calendar",
    }
)
UNBOUNDED: Final = frozenset(
    {
        "multiplying.ceiling",
        "points.expire_after",
        "points.member_day_cap",
        "tasks.*.limit",
        "referral.limit",
        "coupons.*.max_off",
        "budgets.*.count",
        "budgets.*.cost",
    }
)
# Whether a whole new item is better; a multiplier below 1 and a budget take something away.
ITEMS: Final[dict[str, Effect]] = {
    "earning": "better",
    "multiplier": "better",
    "tasks": "better",
    "tiers.levels": "neutral",
    "coupons": "neutral",
    "triggers": "better",
    "budgets": "worse",
    "catalogue": "better",
    "boards": "better",
    "prizes": "better",
    "products": "better",
}
REMOVED_ONLY: Final = frozenset({"tiers.levels", "coupons"})
SCALES: Final = {
    "within_group": ("max", "sum_of_extra", "product"),
    "clawback": ("debt", "absorb"),
    "on_refund": ("keep_used", "reinstate"),
    "tax": ("winner_pays_20", "none", "programme_pays_20"),
}
OPPOSITE: Final[dict[Effect, Effect]] = {
    "better": "worse",
    "worse": "better",
    "neutral": "neutral",
}
INFINITE: Final = Fraction(10**30)


class Effects:
    """Judges changes between two files."""

    def __init__(self, old: Season, new: Season) -> None:
        self.old, self.new = old, new
        self._world = World(new)
        days = (new.season.ends - new.season.starts).days
        self._season_days = max(days, 1)

    def of_value(self, pattern: str, before: Any, after: Any) -> Effect:
        """Judge a change of one key, by its pattern such as `coupons.*.off`."""
        if isinstance(before, Where) or isinstance(after, Where):
            return self._of_where(pattern, before, after)
        if isinstance(before, Condition) or isinstance(after, Condition):
            return _of_condition(before, after)
        if pattern in ALWAYS_WORSE:
            return "better" if before is None else "worse"
        if pattern not in MORE_IS_BETTER | MORE_IS_WORSE:
            return "neutral"
        if isinstance(before, tuple) or isinstance(after, tuple):
            effect = _of_sets(frozenset(before or ()), frozenset(after or ()))
        else:
            key = pattern.rpartition(".")[2]
            empty = INFINITE if pattern in UNBOUNDED else Fraction(0)
            effect = _compared(self._size(key, before, empty), self._size(key, after, empty))
        return effect if pattern in MORE_IS_BETTER else OPPOSITE[effect]

    def of_item(self, section: str, item: Any, added: bool) -> Effect:
        """Judge an item that is new or gone."""
        effect = ITEMS.get(section, "neutral")
        if section in REMOVED_ONLY:
            return "neutral" if added else "worse"
        if section == "multiplier" and item.factor < 1:
            effect = "worse"
        return effect if added else OPPOSITE[effect]

    def _size(self, key: str, value: Any, empty: Fraction) -> Fraction:
        if value is None:
            return empty
        if key in SCALES:
            return Fraction(SCALES[key].index(value))
        sizes: tuple[tuple[type, Callable[[Any], Fraction]], ...] = (
            (Duration, days_of),
            (Limit, lambda limit: Fraction(limit.times, self._period_days(limit))),
            (Goods, lambda goods: INFINITE if goods.stock is None else Fraction(goods.stock)),
            (datetime, lambda at: Fraction(int((at - datetime(1970, 1, 1)).total_seconds()))),  # noqa: DTZ001  season times are local by design
            (bool, lambda flag: Fraction(int(flag))),
            (int, Fraction),
            (Fraction, Fraction),
        )
        for kind, size in sizes:
            if isinstance(value, kind):
                return size(value)
        return Fraction(1)  # a section that was given at all

    def _period_days(self, limit: Limit) -> int:
        return PERIOD_DAYS.get(limit.per, self._season_days)

    def _of_where(self, pattern: str, before: Where | None, after: Where | None) -> Effect:
        """Judge a condition: who or what no longer meets it loses what the rule gives."""
        if pattern == "season.exclude":
            if before is None or after is None:
                return "worse" if before is None else "better"
            return OPPOSITE[self._wider(before, after)]
        if before is None or after is None:
            return "neutral"
        return self._wider(before, after)

    def _wider(self, before: Where, after: Where) -> Effect:
        named = {*before.segment, *after.segment}
        if not named <= set(self.new.segments):
            return "worse"
        old, new = self._world.box(before), self._world.box(after)
        if old is None or new is None:
            return "neutral" if old is new else ("better" if old is None else "worse")
        passed = {
            (name, wanted)
            for name, wanted in new.tests
            if any(name == held and _narrower(tested, wanted) for held, tested in old.tests)
        }
        return "better" if covered(old, [replace(new, tests=new.tests - passed)]) else "worse"


def _narrower(one: tuple[Scalar, ...] | Range, other: tuple[Scalar, ...] | Range) -> bool:
    """Tell whether every value that passes one test of an attribute passes another."""
    if not isinstance(one, Range):
        return all(attribute_holds(value, other) for value in one)
    if not isinstance(other, Range):
        return False
    ends = [end for end in (one.min, one.max) if end is not None]
    open_ends = (other.min is None or one.min is not None) and (
        other.max is None or one.max is not None
    )
    return open_ends and all(attribute_holds(end, other) for end in ends)


def rate_of(per: Per, points: Fraction) -> Fraction:
    """Give an earning rule's points for a millilitre or a fen."""
    return points / (per.litres_ml or per.amount_fen or 1)


def _of_condition(before: Condition | None, after: Condition | None) -> Effect:
    if before is None or after is None:
        return "better" if before is None else "worse"
    easier, harder = implies(before, after), implies(after, before)
    if easier and harder:
        return "neutral"
    return "better" if easier else "worse"


def _of_sets(before: frozenset[Any], after: frozenset[Any]) -> Effect:
    if before == after:
        return "neutral"
    return "better" if before < after else "worse"


def _compared(before: Fraction, after: Fraction) -> Effect:
    if before == after:
        return "neutral"
    return "better" if after > before else "worse"
