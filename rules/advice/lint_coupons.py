"""Lint of coupons and prizes: discounts above the margin or unbounded, budgets that fall short."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from math import floor
from typing import Final

from rules.advice.findings import Finding, Severity, number
from rules.advice.lint_leaks import Leaks, best_level, order_of, tier_off_share, usable_on
from rules.advice.point_value import Yield, coupon_of
from rules.advice.typical_members import MONTH_DAYS, TRUCK
from rules.ranks.prizes import tax_fen, unit_cost_fen
from rules.season.season_models import Budget, Coupon, Duration, Limit, Trigger
from rules.season.toml_lines import Loc

DAYS_OF: Final = {
    "m": Fraction(1, 1440),
    "h": Fraction(1, 24),
    "d": Fraction(1),
    "mo": Fraction(MONTH_DAYS),
    "y": Fraction(365),
}
PERIOD_DAYS: Final = {"day": 1, "week": 7, "month": MONTH_DAYS}
YEAR_MONTHS: Final = 12


def days_of(length: Duration) -> Fraction:
    """Count the days of a duration, with months of 30."""
    return length.count * DAYS_OF[length.unit]


def season_months(leaks: Leaks) -> Fraction:
    """Count the season's months of 30 days, at least one."""
    days = (leaks.world.last_day - leaks.world.first_day).days + 1
    return max(Fraction(days, MONTH_DAYS), Fraction(1))


def times_a_month(leaks: Leaks, limit: Limit) -> Fraction:
    """Count how often a limit lets one member do something in a month."""
    if limit.per == "season":
        return limit.times / season_months(leaks)
    return Fraction(limit.times * MONTH_DAYS, PERIOD_DAYS[limit.per])


def issues_a_month(leaks: Leaks, trigger: Trigger) -> Fraction:
    """Count how often a trigger can issue to one member in a month, at most.

    An enrolment comes once, and its first month is the one counted. A level is reached again
    only after the months that reached it have left the window.
    """
    tiers = leaks.season.tiers
    if trigger.on == "dormant" and trigger.after is not None:
        cooldown = days_of(trigger.cooldown) if trigger.cooldown else Fraction(0)
        gap = max(days_of(trigger.after), cooldown, Fraction(1))
        rate = MONTH_DAYS / gap
    elif trigger.on == "holiday":
        rate = len(trigger.dates or _holiday_runs(leaks)) / season_months(leaks)
    elif trigger.on == "tier_up" and tiers is not None:
        rate = Fraction(len(tiers.levels) - 1, tiers.window_months + 1)
    else:
        rate = Fraction(1, YEAR_MONTHS) if trigger.on == "birthday" else Fraction(1)
    if trigger.cooldown is not None and days_of(trigger.cooldown):
        rate = min(rate, MONTH_DAYS / days_of(trigger.cooldown))
    return rate


def _holiday_runs(leaks: Leaks) -> list[date]:
    """List the first days of the season's runs of public holidays."""
    world = leaks.world
    return [
        day
        for day in world.days
        if world.first_day <= day <= world.last_day
        and day in world.holidays
        and day - timedelta(days=1) not in world.holidays
    ]


def issues_a_year(leaks: Leaks, trigger: Trigger) -> Fraction:
    """Count how often a trigger can issue to one member in a year, at most."""
    if trigger.on == "enrol":
        return Fraction(1)
    if trigger.on == "holiday" and trigger.dates:
        return Fraction(len(trigger.dates))
    return issues_a_month(leaks, trigger) * YEAR_MONTHS


def free_issues_a_month(leaks: Leaks, coupon: Coupon) -> Fraction:
    """Count how many of a coupon one member can have a month without paying points."""
    rates = [issues_a_month(leaks, one) for one in leaks.season.triggers if one.issue == coupon.id]
    if coupon.claim is not None:
        rates.append(times_a_month(leaks, coupon.claim))
    return sum(rates, Fraction(0))


def lint_coupons(leaks: Leaks) -> Iterator[Finding]:
    """Find coupons and prizes that cost more than they should."""
    for place, coupon in enumerate(leaks.season.coupons):
        loc: Loc = ("coupons", place)
        yield from _above_margin(leaks, loc, coupon)
        yield from _unbounded(leaks, loc, coupon)
        yield from _buys_money(leaks, loc, coupon)
    yield from _uncovered_triggers(leaks)
    for place, budget in enumerate(leaks.season.budgets):
        yield from _trigger_draws(leaks, ("budgets", place), budget)
        yield from _prize_draws(leaks, ("budgets", place), budget)
    yield from _uncovered_prizes(leaks)


@dataclass(frozen=True, slots=True)
class _Order:
    """One order with a coupon: what is given away on it and what it leaves, in fen."""

    one: Yield
    coupon_fen: int
    tier_fen: int
    points_fen: int
    margin_fen: int

    @property
    def loss_fen(self) -> int:
        return self.coupon_fen + self.tier_fen + self.points_fen - self.margin_fen


def _above_margin(leaks: Leaks, loc: Loc, coupon: Coupon) -> Iterator[Finding]:
    """Report a coupon given for nothing that takes more than the margin of its order."""
    issues = free_issues_a_month(leaks, coupon)
    if not issues or coupon.kind == "gift":
        return
    order_fen = order_of(leaks, coupon)
    orders = [
        found
        for one in usable_on(leaks, coupon)
        if (found := _order(leaks, coupon, one, order_fen)) is not None and found.loss_fen > 0
    ]
    if not orders:
        return
    worst = max(orders, key=lambda order: order.loss_fen)
    parts = [f"the coupon takes {leaks.money(worst.coupon_fen)}"]
    if worst.tier_fen:
        parts.append(f"the tier {leaks.money(worst.tier_fen)}")
    if worst.points_fen:
        parts.append(f"points at their best {leaks.money(worst.points_fen)}")
    others = [order.one.name for order in orders if order is not worst]
    also = f"; also a loss on {', '.join(others)}" if others else ""
    how_often = f"one member can have {number(issues)} a month"
    message = (
        f"on an order of {leaks.money(order_fen)} of {worst.one.name}, which leaves "
        f"{leaks.money(worst.margin_fen)}, {', '.join(parts)}: {leaks.money(worst.loss_fen)} more "
        f"than the margin{also}; {how_often}"
    )
    yield Finding(
        "above-margin", loc, "warning", message, None, max(floor(worst.loss_fen * issues), 1)
    )


def _order(leaks: Leaks, coupon: Coupon, one: Yield, order_fen: int) -> _Order | None:
    margin = one.margin_share()
    if margin is None:
        return None
    if coupon.pay is not None:
        off_fen = floor(order_fen * (1 - coupon.pay))
        off_fen = off_fen if coupon.max_off_fen is None else min(off_fen, coupon.max_off_fen)
    else:
        off_fen = min(coupon.off_fen or 0, order_fen)
    tier = Fraction(0)
    if leaks.season.coupon_rules.with_tier_discount:
        tier = tier_off_share(best_level(leaks, one), one)
    paid_fen = order_fen - off_fen - floor(order_fen * tier)
    points_fen = leaks.value_fen(floor(one.most_per_fen * max(paid_fen, 0)))
    return _Order(one, off_fen, floor(order_fen * tier), points_fen, floor(order_fen * margin))


def _unbounded(leaks: Leaks, loc: Loc, coupon: Coupon) -> Iterator[Finding]:
    """Report a percentage without max_off, by what a truck's fill takes."""
    if coupon.kind != "percent" or coupon.max_off_fen is not None or coupon.pay is None:
        return
    fuel = any(one.fuel for one in usable_on(leaks, coupon))
    order_fen = TRUCK.fill_litres * leaks.prices.litre_fen if fuel else 10 * leaks.prices.basket_fen
    off_fen = floor(order_fen * (1 - coupon.pay))
    who = f"{TRUCK.name} that fills {TRUCK.fill_litres} litres" if fuel else "a large order"
    message = (
        f"has no max_off, so nothing bounds it: {who} ({leaks.money(order_fen)}) takes "
        f"{leaks.money(off_fen)}, and a cost budget at issue can't count it; write max_off"
    )
    times = max(free_issues_a_month(leaks, coupon), Fraction(1))
    yield Finding("no-max-off", loc, "warning", message, None, floor(off_fen * times))


def _buys_money(leaks: Leaks, loc: Loc, coupon: Coupon) -> Iterator[Finding]:
    """Report a coupon that can pay for stored value, and so turns into money."""
    cards = [
        one.name
        for one in usable_on(leaks, coupon)
        if one.product is not None and one.product.category == "card"
    ]
    if cards and coupon.kind != "gift":
        face_fen = coupon.face_value_fen
        message = (
            f"pays for {', '.join(cards)}, which is stored value: the member turns the coupon into "
            "money; leave the category card out of its where"
        )
        times = max(free_issues_a_month(leaks, coupon), Fraction(1))
        leak_fen = None if face_fen is None else floor(face_fen * times)
        yield Finding("buys-money", loc, "warning", message, None, leak_fen)


def _uncovered_triggers(leaks: Leaks) -> Iterator[Finding]:
    covered = {name for budget in leaks.season.budgets for name in budget.covers}
    for place, trigger in enumerate(leaks.season.triggers):
        if trigger.issue in covered:
            continue
        face_fen = coupon_of(leaks.season, trigger.issue).face_value_fen
        rate = issues_a_month(leaks, trigger)
        each = "an unbounded amount" if face_fen is None else f"up to {leaks.money(face_fen)}"
        message = (
            f"no budget covers {trigger.issue}, so nothing stops it: each issue costs {each}, "
            f"{number(rate)} a month to one member"
        )
        leak_fen = None if face_fen is None else floor(face_fen * rate)
        yield Finding("no-budget", ("triggers", place), "warning", message, None, leak_fen)


def _trigger_draws(leaks: Leaks, loc: Loc, budget: Budget) -> Iterator[Finding]:
    """Say for how many members a budget lasts, if its triggers fire as often as they can."""
    season = leaks.season
    yearly = Fraction(0)
    names = []
    for trigger in season.triggers:
        if trigger.issue not in budget.covers:
            continue
        times = issues_a_year(leaks, trigger)
        face_fen = coupon_of(season, trigger.issue).face_value_fen
        yearly += times if budget.count is not None else times * (face_fen or 0)
        names.append(trigger.id)
    if not names or not yearly:
        return
    limit = budget.count if budget.count is not None else budget.cost_fen or 0
    members = floor(limit / yearly)
    shown = number(yearly) if budget.count is not None else leaks.money(floor(yearly))
    again = f" each {budget.per}" if budget.per else ""
    message = (
        f"{', '.join(names)} can draw {shown} a year for one member, so it lasts for "
        f"{members:,} such members{again}; those after them get nothing"
    )
    severity: Severity = "warning" if members < 1 else "note"
    yield Finding("trigger-budget", loc, severity, message)


def _prize_draws(leaks: Leaks, loc: Loc, budget: Budget) -> Iterator[Finding]:
    """Report prizes that cost more than their budget, or are more."""
    season = leaks.season
    places, cost_fen = 0, 0
    names: dict[str, None] = {}
    for prize in season.prizes:
        if prize.reward not in budget.covers:
            continue
        reward = season.rewards[prize.reward]
        count = prize.ranks.last - prize.ranks.first + 1
        each_fen = unit_cost_fen(season, reward)
        places += count
        cost_fen += count * (each_fen + tax_fen(reward, each_fen))
        names[prize.reward] = None
    if not places:
        return
    months = season_months(leaks)
    if budget.count is not None and places > budget.count:
        message = f"{places} prizes ({', '.join(names)}) are promised, {budget.count} are allowed"
        yield Finding("prizes-above-budget", (*loc, "count"), "warning", message)
    if budget.cost_fen is None:
        return
    if cost_fen > budget.cost_fen:
        short_fen = cost_fen - budget.cost_fen
        message = (
            f"the prizes promised ({', '.join(names)}) cost {leaks.money(cost_fen)} with tax, "
            f"{leaks.money(short_fen)} above the budget, so the last ranks get nothing"
        )
        leak_fen = floor(short_fen / months)
        yield Finding("prizes-above-budget", (*loc, "cost"), "warning", message, None, leak_fen)
    else:
        message = f"the prizes promised cost {leaks.money(cost_fen)} with tax"
        yield Finding("prize-cost", (*loc, "cost"), "note", message)


def _uncovered_prizes(leaks: Leaks) -> Iterator[Finding]:
    season = leaks.season
    covered = {name for budget in season.budgets for name in budget.covers}
    for name, reward in season.rewards.items():
        places = sum(
            prize.ranks.last - prize.ranks.first + 1
            for prize in season.prizes
            if prize.reward == name
        )
        cost_fen = unit_cost_fen(season, reward)
        total_fen = places * (cost_fen + tax_fen(reward, cost_fen))
        if total_fen and name not in covered and reward.coupon not in covered:
            message = (
                f"no budget covers it; its prizes ({places}) cost {leaks.money(total_fen)} with tax"
            )
            yield Finding("no-budget", ("rewards", name), "note", message)
