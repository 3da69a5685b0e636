"""Reverse purchases and top-ups, whole or in part."""

from tests.oracle.earning import goal_reached
from tests.oracle.member import Member, Purchase
from tests.oracle.plan import Plan


def asked_for(
    purchase: Purchase, litres_ml: int | None, amount_fen: int | None
) -> tuple[int, int] | None:
    """Give the millilitres and fen a refund takes, or None where it asks for too much."""
    left_ml, left_fen = purchase.left_ml, purchase.left_fen
    if litres_ml is None and amount_fen is None:
        return (left_ml, left_fen) if left_ml or left_fen else None
    if amount_fen is not None:
        if left_fen == 0 or amount_fen > left_fen:
            return None
        if amount_fen == left_fen:
            return left_ml, left_fen
        return min(left_ml, purchase.ml * amount_fen // purchase.fen), amount_fen
    assert litres_ml is not None
    if left_ml == 0 or litres_ml > left_ml:
        return None
    if litres_ml == left_ml:
        return left_ml, left_fen
    return litres_ml, min(left_fen, purchase.fen * litres_ml // purchase.ml)


def reverse(
    plan: Plan, member: Member, purchase: Purchase, taken: tuple[int, int], stamp_us: int
) -> int:
    """Take quantities back and give the answer's points: zero or negative."""
    ml, fen = taken
    purchase.left_ml -= ml
    purchase.left_fen -= fen
    worth_base, worth_total = purchase.worth()
    total = min(purchase.total, worth_total)
    base = min(purchase.base, worth_base) if purchase.factor >= 1 else total
    lost_base = purchase.base - base
    lost_bonus = (purchase.total - purchase.base) - (total - base)
    lost = purchase.total - total
    purchase.base, purchase.total = base, total
    before_final = stamp_us < plan.final_us
    if purchase.scored and before_final:
        member.score["base"] -= lost_base
        member.score["bonus"] -= lost_bonus
    member.earned_on[purchase.day] -= lost
    counted = member.take_back(lost, purchase.day, absorb=plan.absorb)
    if purchase.counts:
        member.add_metrics(purchase, -ml, -fen, -1 if purchase.gone else 0)
        counted += take_goals_back(plan, member, before_final=before_final)
    return -counted


def take_goals_back(plan: Plan, member: Member, *, before_final: bool) -> int:
    """Take back the goals that net purchases no longer reach; give what counts as reversed."""
    counted = 0
    for task in plan.goals:
        held = member.goals.get(task.id)
        if held is None or goal_reached(task, member):
            continue
        del member.goals[task.id]
        member.earned_on[held.day] -= held.points
        if held.scored and before_final:
            member.score["task"] -= held.points
        counted += member.take_back(held.points, held.day, absorb=plan.absorb)
    return counted
