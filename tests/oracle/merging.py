"""Join two records of one person, and forget who someone is."""

from tests.oracle.member import HeldGoal, Member
from tests.oracle.refusal import RefusedError
from tests.oracle.state import Fields, State


def erase(state: State, member: Member) -> None:
    """Drop what is known of a person; the points stay with no name."""
    member.attributes = {"kind": state.plan.default_kind}


def merge(state: State, member: Member, fields: Fields) -> None:
    """Add another record of the person to a member's own and leave an alias in its place."""
    gone_id = state.resolve(fields["ref"])
    if gone_id == member.id:
        raise RefusedError("merged")
    if gone_id not in state.rows:
        raise RefusedError("unknown_ref")
    gone = state.rows.pop(gone_id)
    state.aliases[gone_id] = member.id
    add_balance(member, gone)
    add_counters(member, gone)
    if not state.final:
        add_season(member, gone)
    member.attributes = {**gone.attributes, **member.attributes}
    if gone.level > member.level:
        member.level, member.level_since_us = gone.level, gone.level_since_us
    member.enrolled = member.enrolled or gone.enrolled
    if not state.final:
        member.disqualified = member.disqualified or gone.disqualified
    elif gone.disqualified:
        state.barred.add(gone.id)
    for coupon in state.coupons:
        if coupon.member == gone_id:
            coupon.member = member.id
    for place, fen in list(state.points_paid_fen.items()):
        if place[0] == gone_id:
            own = member.id, place[1]
            state.points_paid_fen[own] = state.points_paid_fen.get(own, 0) + fen
    for firing in state.firings:
        if firing.member == gone_id:
            firing.member = member.id
    for referral in state.referrals:
        referral.advocate = state.resolve(referral.advocate)
        referral.referee = state.resolve(referral.referee)


def add_balance(member: Member, gone: Member) -> None:
    """Add balances and lots; the debt of one is repaid by the points of the other."""
    active, debt = member.active + gone.active, member.debt + gone.debt
    repaid = min(active, debt)
    member.active, member.debt = active - repaid, debt - repaid
    member.lots.join(gone.lots)
    member.lots.spend(repaid)
    for kind in ("base", "bonus", "task"):
        member.earned[kind] += gone.earned[kind]
    member.adjusted += gone.adjusted
    member.reversed += gone.reversed
    member.redeemed += gone.redeemed
    member.expired += gone.expired


def add_season(member: Member, gone: Member) -> None:
    """Add up what the standings show, as long as they aren't final."""
    for kind in ("base", "bonus", "task"):
        member.score[kind] += gone.score[kind]
    if gone.tasks_completed_at_us is not None:
        member.complete(gone.tasks_completed_at_us)
    member.active_on |= gone.active_on


def add_counters(member: Member, gone: Member) -> None:
    """Add what was counted, and keep the later of what has a time."""
    for day, points in gone.earned_on.items():
        member.earned_on[day] = member.earned_on.get(day, 0) + points
    for counts, theirs in ((member.task_counts, gone.task_counts), (member.claims, gone.claims)):
        for place, times in theirs.items():
            counts[place] = counts.get(place, 0) + times
    pairs = [(member.season_metrics, gone.season_metrics), (member.metrics, gone.metrics)]
    for month, metrics in gone.month_metrics.items():
        pairs.append((member.month_metrics.setdefault(month, dict.fromkeys(metrics, 0)), metrics))
    for day, metrics in gone.day_metrics.items():
        pairs.append((member.day_metrics.setdefault(day, dict.fromkeys(metrics, 0)), metrics))
    for own, other in pairs:
        for name, value in other.items():
            own[name] += value
    for task, held in gone.goals.items():
        own_goal = member.goals.get(task)
        member.goals[task] = (
            held
            if own_goal is None
            else HeldGoal(own_goal.points + held.points, own_goal.day, own_goal.scored)
        )
    if gone.last_purchase_us is not None:
        member.last_purchase_us = max(
            member.last_purchase_us or gone.last_purchase_us, gone.last_purchase_us
        )
    trials = [end for end in (member.trial_ends_us, gone.trial_ends_us) if end is not None]
    member.trial_ends_us = max(trials, default=None)
    bought = [level for level in (member.bought_level, gone.bought_level) if level is not None]
    member.bought_level = max(bought, default=None)
    orders = [order for order in (member.first_order, gone.first_order) if order is not None]
    member.first_order = min(orders, key=lambda order: order.at_us, default=None)
