"""Lint of what members can earn without buying: recommending themselves, farming tasks."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import floor
from typing import Final

from rules.advice.findings import Finding, Severity
from rules.advice.lint_coupons import season_months, times_a_month
from rules.advice.lint_leaks import Leaks
from rules.advice.point_value import coupon_of
from rules.advice.typical_members import MONTH_DAYS, PRIVATE, PROFESSIONAL
from rules.season.season_models import Task
from rules.season.toml_lines import Loc

UNLIMITED_A_DAY: Final = 100
"""How often a script is taken to repeat a task that has no limit."""

YEAR_DAYS: Final = 365


def lint_people(leaks: Leaks) -> Iterator[Finding]:
    """Find points that cost a member nothing."""
    yield from _self_referral(leaks)
    yield from _unlimited_tasks(leaks)
    yield from _farming(leaks)


def _self_referral(leaks: Leaks) -> Iterator[Finding]:
    """Reckon what a driver gains by splitting purchases over accounts of their own."""
    rule = leaks.season.referral
    if rule is None:
        return
    spend_fen = PROFESSIONAL.litres_month * leaks.prices.litre_fen
    least_fen = rule.first_order_min_fen
    fakes = Fraction(UNLIMITED_A_DAY * MONTH_DAYS)
    if least_fen:
        fakes = Fraction(spend_fen // least_fen)
    if rule.limit is not None:
        fakes = min(fakes, times_a_month(leaks, rule.limit))
    welcome_fen = sum(
        coupon_of(leaks.season, trigger.issue).face_value_fen or 0
        for trigger in leaks.season.triggers
        if trigger.on == "enrol"
    )
    a_day = fakes * rule.advocate_points / MONTH_DAYS
    points = min(floor(fakes * rule.advocate_points), leaks.capped_month(a_day))
    worth_fen = leaks.value_fen(points) + floor(fakes * welcome_fen)
    each_fen = leaks.value_fen(rule.advocate_points) + welcome_fen
    margins = [margin for one in leaks.yields if (margin := one.margin_share()) is not None]
    kept_fen = floor(least_fen * min(margins)) if margins else None
    open_doors = []
    if not rule.distinct:
        open_doors.append("distinct names nothing they must not share")
    if rule.limit is None:
        open_doors.append("there is no limit")
    if not least_fen:
        open_doors.append("first_order_min is 0, so any purchase will do")
    if kept_fen is not None and each_fen > kept_fen and not rule.hold.count:
        open_doors.append("there is no hold")
    needs = f"; each needs its own {' and '.join(rule.distinct)}" if rule.distinct else ""
    welcome = f" and {leaks.money(welcome_fen)} of welcome coupons" if welcome_fen else ""
    kept = f", of whose first order {leaks.money(kept_fen)} is left at worst" if kept_fen else ""
    message = (
        f"{PROFESSIONAL.name} who books {leaks.money(spend_fen)} of own fuel on {floor(fakes)} "
        f"made-up accounts a month gets {rule.advocate_points} points{welcome} for each, worth "
        f"{leaks.money(each_fen)}{kept}{needs}"
    )
    if open_doors:
        message += f"; {', '.join(open_doors)}"
    severity: Severity = "warning" if open_doors else "note"
    yield Finding("self-referral", ("referral",), severity, message, points, worth_fen)


def _points_a_month(leaks: Leaks, task: Task) -> Fraction:
    """Give the most a member earns from a task in a month of the season."""
    if task.goal is not None:
        return Fraction(0)
    if task.limit is None:
        return Fraction(task.points * UNLIMITED_A_DAY * MONTH_DAYS)
    return task.points * times_a_month(leaks, task.limit)


def _unlimited_tasks(leaks: Leaks) -> Iterator[Finding]:
    for place, task in enumerate(leaks.season.tasks):
        if task.goal is not None or task.limit is not None or not task.points:
            continue
        points = leaks.capped_month(task.points * UNLIMITED_A_DAY)
        message = (
            f"has no limit: a script that sends {task.on} {UNLIMITED_A_DAY} times a day earns "
            f'{points:,} points a month; write limit = {{ times = 1, per = "day" }}'
        )
        value = leaks.value_fen(points)
        loc: Loc = ("tasks", place)
        yield Finding("task-farming", loc, "warning", message, points, value)


def _farming(leaks: Leaks) -> Iterator[Finding]:
    """Weigh what someone who never buys can earn against budgets and a driver's own points."""
    tasks = [(place, task) for place, task in enumerate(leaks.season.tasks) if task.goal is None]
    monthly = sum((_points_a_month(leaks, task) for _, task in tasks), Fraction(0))
    if not tasks or not monthly:
        return
    month = min(floor(monthly), leaks.capped_month(monthly / MONTH_DAYS))
    months = season_months(leaks)
    season_points = floor(month * months)
    year_fen = leaks.value_fen(Fraction(month * YEAR_DAYS, MONTH_DAYS))
    driver = max(
        (
            floor(one.points_per_litre * PRIVATE.litres_month * months)
            for one in leaks.yields
            if one.fuel
        ),
        default=0,
    )
    message = (
        f"a member who never buys can earn {month:,} points a month from tasks, "
        f"{season_points:,} in the season; all year it would be worth {leaks.money(year_fen)}"
    )
    costs = [(one.cost_fen, one.id) for one in leaks.season.budgets if one.cost_fen]
    if costs and year_fen:
        cost_fen, name = max(costs)
        message += (
            f", and {cost_fen // year_fen:,} such members cost as much as budget {name} "
            f"({leaks.money(cost_fen)}), though no budget limits points"
        )
    above = "task" in leaks.season.season.score and season_points > driver > 0
    if above:
        message += f"; that outranks {PRIVATE.name}, who earns {driver:,} from fuel in the season"
    place = max(tasks, key=lambda one: _points_a_month(leaks, one[1]))[0]
    severity: Severity = "warning" if above else "note"
    value = leaks.value_fen(month)
    yield Finding("task-farming", ("tasks", place), severity, message, month, value)
