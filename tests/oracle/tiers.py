"""Move members between levels: up at once, down at reviews, and in and out of a trial."""

from datetime import date, timedelta

from tests.oracle.instants import later_date
from tests.oracle.member import Member, Month, Purchase
from tests.oracle.plan import Plan


def month_before(day: date) -> Month:
    """Give the calendar month before a day's."""
    last = day.replace(day=1) - timedelta(days=1)
    return last.year, last.month


def highest_entered(plan: Plan, metrics: dict[str, int]) -> int:
    """Find the highest level whose entry holds; the first is everyone's.

    A higher level without entry is reached by no purchase, only by a trial.
    """
    held = [
        index
        for index, level in enumerate(plan.levels)
        if level.entry is not None and level.entry.holds(metrics)
    ]
    return max(held, default=0)


def kept(plan: Plan, level: int, metrics: dict[str, int]) -> bool:
    """Say whether a level's keep, or its entry where it has no keep, still holds."""
    test = plan.levels[level].keep or plan.levels[level].entry
    return level == 0 or (test is not None and test.holds(metrics))


def move(member: Member, level: int, at_us: int) -> None:
    """Put a member on a level, reached now if it is another one."""
    if level != member.level:
        member.level = level
        member.level_since_us = at_us


def rise(plan: Plan, member: Member, purchase: Purchase) -> bool:
    """Raise a member to the highest level entered in the window of the purchase's month."""
    metrics = member.window(purchase.month, plan.window_months)
    level = highest_entered(plan, metrics)
    if level <= member.level:
        return False
    move(member, level, purchase.at_us)
    return True


def buy_level(member: Member, level: int, at_us: int) -> bool:
    """Put a member on a level bought with points, in place of a trial; say whether they rose."""
    rises = level > member.level
    move(member, level, at_us)
    member.bought_level = level
    member.trial_ends_us = None
    return rises


def begin_trial(plan: Plan, member: Member, at_us: int) -> bool:
    """Give the trial level at the first enrolment, and say whether it is; it never lowers."""
    if member.enrolled:
        return False
    member.enrolled = True
    if plan.trial_level is not None:
        last_day = later_date(plan.zone.day(at_us), plan.trial_months)
        member.trial_ends_us = plan.zone.midnight(last_day)
        move(member, max(member.level, plan.trial_level), at_us)
    return True


def midnight(plan: Plan, member: Member, day: date, tick_us: int) -> None:
    """Run what is due for a member at a day's first instant: end of trial, else review."""
    metrics = member.window(month_before(day), plan.window_months)
    bought = member.bought_level is not None and member.level == member.bought_level
    if day.day == 1:
        member.bought_level = None
    on_trial = member.trial_ends_us is not None and member.level == plan.trial_level
    if member.trial_ends_us is not None and member.trial_ends_us <= tick_us:
        member.trial_ends_us = None
        if on_trial:
            if not kept(plan, member.level, metrics):
                move(member, highest_entered(plan, metrics), tick_us)
            return
    if day.day == 1 and not on_trial and not bought:
        review(plan, member, metrics, tick_us)


def review(plan: Plan, member: Member, metrics: dict[str, int], tick_us: int) -> None:
    """Lower a member who no longer keeps their level, once grace is over."""
    if kept(plan, member.level, metrics):
        return
    since_us = member.level_since_us
    if since_us is not None and plan.zone.later(since_us, plan.grace) > tick_us:
        return
    fallen = max(member.level - plan.steps_down, highest_entered(plan, metrics), 0)
    move(member, min(fallen, member.level), tick_us)
