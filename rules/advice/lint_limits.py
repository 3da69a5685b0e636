"""Lint of limits, deadlines and ties that contradict one another."""

from __future__ import annotations

from collections.abc import Iterator
from math import floor

from rules.advice.findings import Finding, number
from rules.advice.lint_coupons import days_of
from rules.advice.lint_leaks import Leaks
from rules.advice.typical_members import PRIVATE
from rules.season.season_models import Duration
from rules.season.toml_lines import Loc


def lint_limits(leaks: Leaks) -> Iterator[Finding]:
    """Find limits that never act, or take what another rule gives."""
    yield from _ties(leaks)
    yield from _day_cap(leaks)
    yield from _deadlines(leaks)
    yield from _nothing_left(leaks)


def _ties(leaks: Leaks) -> Iterator[Finding]:
    season, window = leaks.season, leaks.season.season
    loc: Loc = ("season", "tie_break")
    if not window.tie_break:
        message = "names nothing, so equal scores are ordered by member id alone"
        yield Finding("tie-break", loc, "warning", message)
    if "tasks_completed_at" in window.tie_break and not season.tasks:
        message = "tasks_completed_at decides nothing: the file has no tasks"
        yield Finding("tie-break", loc, "warning", message)
    for kind, given in (
        ("bonus", bool(season.multiplier)),
        ("task", bool(season.tasks) or season.referral is not None),
    ):
        if kind in window.score and "score" in window.model_fields_set and not given:
            message = f"counts {kind} points, but nothing in the file gives any"
            yield Finding("tie-break", ("season", "score"), "note", message)
    if season.prizes and "base" not in window.score:
        message = "leaves out base points: prizes don't go to those who buy most"
        yield Finding("tie-break", ("season", "score"), "note", message)


def _day_cap(leaks: Leaks) -> Iterator[Finding]:
    cap = leaks.season.points.member_day_cap
    if cap is None:
        return
    for place, task in enumerate(leaks.season.tasks):
        if task.points > cap:
            message = f"pays {task.points:,} points, but the day's cap cuts it to {cap:,}"
            yield Finding("cut-by-cap", ("tasks", place, "points"), "warning", message)
    referral = leaks.season.referral
    if referral is not None and referral.advocate_points > cap:
        message = f"pays {referral.advocate_points:,} points, but the day's cap is {cap:,}"
        yield Finding("cut-by-cap", ("referral", "advocate_points"), "warning", message)
    for one in leaks.yields:
        fill_fen = PRIVATE.fill_litres * one.litre_fen
        points = floor(one.most_per_fen * fill_fen)
        if one.fuel and points > cap:
            message = (
                f"one fill of {PRIVATE.fill_litres} litres of {one.name} at "
                f"{number(one.best.factor)}× earns {points:,} points, cut to {cap:,}"
            )
            loc: Loc = ("points", "member_day_cap")
            yield Finding("cut-by-cap", loc, "warning", message)
            break


def _deadlines(leaks: Leaks) -> Iterator[Finding]:
    season = leaks.season
    programme, window = season.programme, season.season
    if days_of(window.late_events) > days_of(programme.accept_late):
        message = (
            f"{window.late_events} is longer than programme.accept_late = "
            f"{programme.accept_late}, which refuses events that late anyway"
        )
        yield Finding("deadline", ("season", "late_events"), "warning", message)
    expire = season.points.expire_after
    for place, before in enumerate(season.points.remind_before):
        loc: Loc = ("points", "remind_before", place)
        if expire is None:
            message = "reminds of an expiry that never comes: there is no expire_after"
            yield Finding("deadline", loc, "warning", message)
        elif days_of(before) >= days_of(expire):
            message = f"reminds {before} before points expire that last {expire}"
            yield Finding("deadline", loc, "warning", message)
    for place, coupon in enumerate(season.coupons):
        late = _too_early(season.coupon_rules.remind_before, coupon.valid)
        if late is not None:
            message = f"is valid {coupon.valid}, yet coupon_rules.remind_before has {late}"
            yield Finding("deadline", ("coupons", place), "note", message)
    if season.referral is not None and days_of(season.referral.hold) > days_of(
        programme.refund_within
    ):
        message = f"holds longer than refunds are taken ({programme.refund_within})"
        yield Finding("deadline", ("referral", "hold"), "note", message)


def _too_early(reminders: tuple[Duration, ...], valid: Duration) -> Duration | None:
    return next((one for one in reminders if days_of(one) >= days_of(valid)), None)


def _nothing_left(leaks: Leaks) -> Iterator[Finding]:
    """Report limits of zero and steps that pay nothing."""
    season = leaks.season
    for place, budget in enumerate(season.budgets):
        if 0 in (budget.count, budget.cost_fen):
            message = "allows nothing, so nothing it covers is ever given"
            yield Finding("nothing-left", ("budgets", place), "warning", message)
    for place, item in enumerate(season.catalogue):
        if item.goods is not None and item.goods.stock == 0:
            loc: Loc = ("catalogue", place, "goods", "stock")
            yield Finding("nothing-left", loc, "warning", "is 0, so none can be had")
    checkout = season.checkout
    if checkout is None:
        return
    if checkout.max_share == 0:
        message = "is 0, so points never pay"
        yield Finding("nothing-left", ("checkout", "max_share"), "warning", message)
    if checkout.step * checkout.amount_fen < checkout.points:
        message = f"{checkout.step} points pay less than {leaks.money(1)}, so they pay nothing"
        yield Finding("nothing-left", ("checkout", "step"), "warning", message)
