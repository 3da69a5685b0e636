"""Pay advocates for the first orders of those they referred, and take it back."""

from datetime import date

from tests.oracle.coupon import Referral
from tests.oracle.member import Member
from tests.oracle.periods import period_of
from tests.oracle.state import Fields, State


def refer(state: State, member: Member, fields: Fields) -> None:
    """Remember a referral; a referee belongs to the first one."""
    referee = state.resolve(fields["ref"])
    if any(each.referee == referee for each in state.referrals):
        return
    state.referrals.append(Referral(member.id, referee, fields["at_us"]))


def settle(state: State, day: date, tick_us: int) -> None:
    """Pay the referrals that are due at a local midnight, and take back what was lost."""
    if state.plan.offers.referral is None:
        return
    for referral in state.referrals:
        if referral.status == "pending":
            pay(state, referral, day, tick_us)
        elif referral.status == "paid":
            take_back(state, referral, tick_us)


def pay(state: State, referral: Referral, day: date, tick_us: int) -> None:
    """Pay one referral if its order has held, or decide that it never pays."""
    plan, rule = state.plan, state.plan.offers.referral
    assert rule is not None
    referee = state.rows.get(referral.referee)
    if referee is None or referee.first_order is None:
        return
    order = referee.first_order
    if referral.advocate == referral.referee:
        # Two records of one person, found out since.
        referral.status = "itself"
    elif order.at_us < referral.at_us:
        referral.status = "not_new"
    elif plan.zone.later(order.at_us, rule.hold) > tick_us:
        return
    elif order.left_fen < rule.least_fen:
        referral.status = "cancelled"
    elif not is_distinct(state, referral, referee):
        referral.status = "not_distinct"
    elif rule.times is not None and paid_in(state, referral, day) >= rule.times:
        referral.status = "limit_reached"
    else:
        advocate = state.rows[referral.advocate]
        points = advocate.room(day, plan.member_day_cap, rule.points)
        scored = plan.in_season(tick_us) and tick_us < plan.score_end_us
        advocate.earn("task", points, day, scored=scored)
        referral.status, referral.points = "paid", points
        referral.day, referral.scored, referral.order = day, scored, order


def is_distinct(state: State, referral: Referral, referee: Member) -> bool:
    """Say whether a referee shares nothing with the advocate or an earlier referee of theirs."""
    rule = state.plan.offers.referral
    assert rule is not None
    earlier = []
    for each in state.referrals:
        if each is referral:
            break
        if each.advocate == referral.advocate and each.referee in state.rows:
            earlier.append(state.rows[each.referee])
    others = [state.rows[referral.advocate], *earlier]
    return not any(
        referee.attributes.get(name) not in (None, "")
        and referee.attributes.get(name) == other.attributes.get(name)
        for name in rule.distinct
        for other in others
    )


def paid_in(state: State, referral: Referral, day: date) -> int:
    """Count the advocate's referrals paid in the period of a day."""
    rule = state.plan.offers.referral
    assert rule is not None
    period = period_of(rule.per, day)
    return sum(
        each.advocate == referral.advocate
        and each.day is not None
        and period_of(rule.per, each.day) == period
        for each in state.referrals
    )


def take_back(state: State, referral: Referral, tick_us: int) -> None:
    """Take back the points of a paid referral whose order fell below its minimum."""
    plan, rule = state.plan, state.plan.offers.referral
    order = referral.order
    assert rule is not None
    assert order is not None
    assert referral.day is not None
    if order.left_fen >= rule.least_fen:
        return
    advocate = state.rows[referral.advocate]
    advocate.earned_on[referral.day] -= referral.points
    # What the final tick takes back was refunded before it.
    if referral.scored and tick_us <= plan.final_us:
        advocate.score["task"] -= referral.points
    advocate.take_back(referral.points, referral.day, absorb=plan.absorb)
    referral.status = "taken_back"
