"""Issue coupons when something happens: to a member, or on a day."""

from datetime import date, timedelta

from tests.oracle.conditions import member_holds
from tests.oracle.coupon import Firing
from tests.oracle.coupons import issue
from tests.oracle.hashes import is_held_out
from tests.oracle.member import Member
from tests.oracle.offers import Trigger
from tests.oracle.state import State


def fire(state: State, trigger: Trigger, member: Member, now_us: int, cause: str) -> None:
    """Issue a trigger's coupon to a member unless its condition, cooldown or holdout is against.

    One that a budget has no room for has not fired.
    """
    if not member_holds(trigger.where, state.who(member)):
        return
    mine = [
        firing.at_us
        for firing in state.firings
        if firing.trigger == trigger.id and firing.member == member.id
    ]
    cooldown = trigger.cooldown
    if cooldown is not None and mine and state.plan.zone.later(max(mine), cooldown) > now_us:
        return
    offers = state.plan.offers
    held_out = is_held_out(offers.programme_id, trigger.id, member.id, trigger.holdout)
    if not held_out and not issue(state, trigger.issue, member, now_us, cause, "issued"):
        return
    state.firings.append(Firing(trigger.id, member.id, now_us, held_out))


def fire_all(state: State, on: str, member: Member, at_us: int, cause: str) -> None:
    """Fire the triggers of a kind for what an event did to a member, in file order."""
    for trigger in state.plan.offers.triggers:
        if trigger.on == on:
            fire(state, trigger, member, at_us, cause)


def fire_of_day(state: State, day: date, tick_us: int) -> None:
    """Fire what a local midnight sets off: triggers in file order, members by id."""
    for trigger in state.plan.offers.triggers:
        for member in state.by_id():
            if is_due(state, trigger, member, day, tick_us):
                fire(state, trigger, member, tick_us, f"{trigger.id}/{day}")


def is_due(state: State, trigger: Trigger, member: Member, day: date, tick_us: int) -> bool:
    """Say whether a day's trigger is due for a member."""
    if trigger.on == "birthday":
        return has_birthday(member.attributes.get("birthday"), day)
    if trigger.on == "holiday":
        return begins_holiday(state, trigger, day)
    if trigger.on != "dormant" or member.last_purchase_us is None or trigger.after is None:
        return False
    if state.plan.zone.later(member.last_purchase_us, trigger.after) > tick_us:
        return False
    return trigger.cooldown is not None or not any(
        firing.trigger == trigger.id
        and firing.member == member.id
        and firing.at_us > member.last_purchase_us
        for firing in state.firings
    )


def has_birthday(birthday: object, day: date) -> bool:
    """Say whether a day is a birthday: that of 29 February is on the 28th of common years."""
    text = str(birthday)
    if len(text) == len("02-29"):
        text = f"2000-{text}"
    try:
        born = date.fromisoformat(text)
    except ValueError:
        return False
    if (born.month, born.day) == (2, 29) and (day + timedelta(days=1)).month == 3:
        return day.month == 2
    return (born.month, born.day) == (day.month, day.day)


def begins_holiday(state: State, trigger: Trigger, day: date) -> bool:
    """Say whether a span of the trigger's dates begins, or a run of public holidays."""
    if trigger.dates:
        return any(first == day for first, _ in trigger.dates)
    before = day - timedelta(days=1)
    return state.plan.is_holiday(day) and not state.plan.is_holiday(before)
