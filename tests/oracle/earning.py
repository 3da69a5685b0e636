"""Earn for purchases, top-ups, tasks and goals."""

from fractions import Fraction
from math import prod
from typing import Any

from tests.oracle.conditions import Who, line_holds
from tests.oracle.member import HeldGoal, Member, Purchase
from tests.oracle.periods import period_of
from tests.oracle.plan import Plan, Task


def factor_of(plan: Plan, fields: dict[str, Any], who: Who) -> Fraction:
    """Combine the matching multipliers: in each group, then the groups with one another."""
    groups: dict[str, list[Fraction]] = {}
    for rule in plan.multipliers:
        if line_holds(rule.where, plan, fields, who):
            groups.setdefault(rule.group, []).append(rule.factor)
    combined = Fraction(1)
    for factors in groups.values():
        if plan.within_group == "max":
            combined *= max(factors)
        elif plan.within_group == "product":
            combined *= prod(factors)
        else:
            combined *= 1 + sum(factor - 1 for factor in factors)
    if plan.ceiling is not None:
        combined = min(plan.ceiling, combined)
    return max(Fraction(0), combined)


def record_of(plan: Plan, fields: dict[str, Any], who: Who, stamp_us: int) -> Purchase:
    """Write down a purchase or top-up with the rates and the factor of its time."""
    per_ml = per_fen = Fraction(0)
    is_purchase = fields["type"] == "purchase"
    earns = not is_purchase or fields["pay"] != "card" or plan.card_earns
    for rule in plan.earning:
        matches = rule.on == fields["type"] and line_holds(rule.where, plan, fields, who)
        if earns and matches:
            per_ml += rule.per_ml
            per_fen += rule.per_fen
    in_season = plan.in_season(fields["at_us"])
    category = plan.products.get(fields["product"] or "", {}).get("category")
    ml, fen = fields["litres_ml"] or 0, fields["amount_fen"]
    return Purchase(
        at_us=fields["at_us"],
        day=plan.zone.day(fields["at_us"]),
        in_season=in_season,
        scored=in_season and stamp_us < plan.score_end_us,
        counts=is_purchase,
        fuel=category == "fuel",
        ml=ml,
        fen=fen,
        left_ml=ml,
        left_fen=fen,
        per_ml=per_ml,
        per_fen=per_fen,
        factor=factor_of(plan, fields, who),
    )


def buy(plan: Plan, member: Member, purchase: Purchase) -> int:
    """Credit a purchase or top-up, then the goals it reaches; give the points of both."""
    base, total = purchase.worth()
    purchase.base = member.room(purchase.day, plan.member_day_cap, base)
    purchase.total = member.room(purchase.day, plan.member_day_cap, total)
    member.earn("base", purchase.base, purchase.day, scored=purchase.scored)
    bonus = purchase.total - purchase.base
    member.earn("bonus", bonus, purchase.day, scored=purchase.scored)
    points = purchase.total
    if purchase.counts:
        member.add_metrics(purchase, purchase.ml, purchase.fen, 1)
        member.last_purchase_us = max(member.last_purchase_us or purchase.at_us, purchase.at_us)
        points += reach_goals(plan, member, purchase)
        if purchase.scored:
            member.active_on.add(purchase.day)
    return points


def goal_reached(task: Task, member: Member) -> bool:
    """Say whether the member's net purchases in the season are at the goal."""
    goal = task.goal or {}
    return all(member.season_metrics[name] >= least for name, least in goal.items())


def reach_goals(plan: Plan, member: Member, purchase: Purchase) -> int:
    """Pay the goals that this purchase reaches, in file order, with the room left that day."""
    paid = 0
    if not purchase.in_season:
        return paid
    for task in plan.goals:
        if task.id in member.goals or not goal_reached(task, member):
            continue
        points = member.room(purchase.day, plan.member_day_cap, task.points)
        member.earn("task", points, purchase.day, scored=purchase.scored)
        member.goals[task.id] = HeldGoal(points, purchase.day, purchase.scored)
        if purchase.scored:
            member.complete(purchase.at_us)
        paid += points
    return paid


def do_task(plan: Plan, member: Member, task: Task, at_us: int, stamp_us: int) -> tuple[str, int]:
    """Count one attempt at a task and pay it unless it is over the limit."""
    day = plan.zone.day(at_us)
    if task.times is not None:
        place = (task.id, period_of(task.per or "season", day))
        done = member.task_counts.get(place, 0)
        if done >= task.times:
            return "limit_reached", 0
        member.task_counts[place] = done + 1
    points = member.room(day, plan.member_day_cap, task.points)
    scored = stamp_us < plan.score_end_us
    member.earn("task", points, day, scored=scored)
    if scored:
        member.complete(at_us)
        member.active_on.add(day)
    return "applied", points
