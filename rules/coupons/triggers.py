"""Triggers: coupons that something happening to a member issues.

What events set off waits until the kernel settles: after each round, or in arrival order where
a budget could run out. What time sets off is due at a tick.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from rules.compiling.calendar import DAY_US
from rules.compiling.pool_rules import Draw
from rules.compiling.trigger_rules import EPOCH, TriggerRule
from rules.coupons.firings import Firings
from rules.coupons.holdout import held_out
from rules.season.birthdays import codes_of_day
from rules.season.duration import Duration
from rules.table.numbered_ids import NumberedIds
from rules.table.pools import Pools

if TYPE_CHECKING:
    from rules.judging.coding import Events
    from rules.table.member_table import MemberTable

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

NEVER_US: Final = 0
SHORTEST_DAYS: Final = {"d": 1, "mo": 28, "y": 365}


@dataclass(slots=True)
class Request:
    """Members for whom an event has set off a trigger, at rows place of the batch."""

    rule: TriggerRule
    place: Int64s
    row: Int64s
    at_us: Int64s
    events: Events

    def causes(self) -> list[str]:
        """Give the ids of the events."""
        return self.events.texts("event_id", self.place)


class Triggers:
    """What is to be issued, and what has been fired."""

    def __init__(self) -> None:
        self.firings = Firings()
        self._waiting: list[Request] = []

    @property
    def skipped(self) -> dict[str, int]:
        """Count, by trigger id, the members skipped because a budget had nothing left."""
        return dict(self.firings.skipped)

    def enrolled(self, table: MemberTable, events: Events, at: Int64s) -> None:
        """Note first enrolments of distinct members, at int64[k] rows of the batch."""
        self._note(table, table.rules.trigger_rules.on_enrol, events, at)

    def risen(self, table: MemberTable, events: Events, at: Int64s) -> None:
        """Note levels that distinct members rose to or bought, at int64[k] rows of the batch."""
        self._note(table, table.rules.trigger_rules.on_tier_up, events, at)

    def _note(
        self, table: MemberTable, rules: Sequence[TriggerRule], events: Events, at: Int64s
    ) -> None:
        """Keep for settling whom the triggers' conditions hold for, as they stand now."""
        if not len(at):
            return
        for rule in rules:
            places = at[_matching(table, rule, events.row[at])]
            if len(places):
                rows, at_us = events.row[places], events.at_us[places]
                self._waiting.append(Request(rule, places, rows, at_us, events))

    def settle(self, table: MemberTable) -> None:
        """Issue what waits, in arrival order."""
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        contending, others = _contending(table.pools, waiting)
        for each in _joined(others) + _one_by_one(contending):
            self.fire(table, each.rule, each.row, each.at_us, each.causes(), each.place)

    def fire(
        self,
        table: MemberTable,
        rule: TriggerRule,
        rows: Int64s,
        at_us: Int64s,
        causes: Sequence[str],
        at: Int64s | None = None,
    ) -> None:
        """Fire a trigger for distinct members, int64[n] in the order they draw from budgets.

        Who is in the cooldown is left out; whom no budget has anything left for is counted and
        left out, held out or not, so that both sides of a comparison end together. at int64[n]
        are the rows of the batch that set it off, if any did.
        """
        members = table.members
        places = np.flatnonzero(_rested(table, rule, rows, at_us))
        if not table.pools.most(rule.draws, 1):
            self.firings.skip(rule.id, len(places))
            return
        names = [table.member_ids[row] for row in rows[places].tolist()] if rule.holdout else ()
        held = np.zeros(len(places), dtype=np.bool_)
        if rule.holdout:
            held = held_out(table.rules.season.programme.id, rule.id, names, rule.holdout)
        reached = within_budget(table.pools, rule.draws, held)
        self.firings.skip(rule.id, int(len(reached) - reached.sum()))
        places, held = places[reached], held[reached]
        self.firings.add(rule.id, rows[places], at_us[places], held)
        if rule.memory is not None:
            members.fired_us[rows[places], rule.memory] = at_us[places]
        given = places[~held]
        if len(given):
            table.pools.take([(pool, amount * len(given)) for pool, amount in rule.draws])
            cause = [causes[place] for place in given.tolist()]
            made = table.coupon_book.issue(
                table, rule.template, rows[given], at_us[given], cause, "trigger", claimed=False
            )
            if table.notices is not None:
                told = {"source": "trigger", "trigger": rule.id}
                stage = 1 + [one.id for one in table.rules.trigger_rules.all].index(rule.id)
                place = None if at is None else at[given]
                table.notices.coupons(table, made, told, place=place, stage=stage)


def within_budget(pools: Pools, draws: Sequence[Draw], held: Bools) -> Bools:
    """Tell whom the budgets suffice for when members draw in order; who is held out doesn't.

    Nobody is reached once the budgets have too little left for one more.
    """
    drawing = ~held
    enough = pools.most(draws, int(drawing.sum()) + 1)
    before: Int64s = np.cumsum(drawing) - drawing
    reached: Bools = np.less(before, enough)
    return reached


def run_trigger_tick(table: MemberTable, at_us: int, day: int) -> None:
    """Fire what a local midnight sets off: birthdays, holidays, dormancy, in file order.

    O(members) for each trigger due, with nothing slower than a comparison a member.
    """
    for rule in table.rules.trigger_rules.at_ticks:
        rows = _due(table, rule, at_us, day)
        rows = rows[_matching(table, rule, rows)]
        rows = rows[_rested(table, rule, rows, np.full(len(rows), at_us))]
        if not len(rows):
            continue
        if 0 < table.pools.most(rule.draws, len(rows) + 1) <= len(rows):
            rows = by_id(table, rows)
        cause = f"{rule.id}/{EPOCH + timedelta(days=day)}"
        table.triggers.fire(table, rule, rows, np.full(len(rows), at_us), [cause] * len(rows))


def by_id(table: MemberTable, rows: Int64s) -> Int64s:
    """Sort member rows by the bytes of their ids."""
    ids = table.member_ids
    if isinstance(ids, NumberedIds) and len(rows) and int(rows.max()) < ids.numbered:
        return np.sort(rows)
    # Code points compare as UTF-8 bytes do.
    return np.array(sorted(rows.tolist(), key=ids.__getitem__), dtype=np.int64)


def _due(table: MemberTable, rule: TriggerRule, at_us: int, day: int) -> Int64s:
    """Find the listed members for whom a day begins with the trigger's occasion."""
    members = table.members
    listed = members.listed[: members.size]
    if rule.on == "holiday":
        return np.flatnonzero(listed) if day in rule.days else np.zeros(0, dtype=np.int64)
    if rule.on == "birthday":
        born = members.birthday[: members.size]
        today = [born == code for code in codes_of_day(day)]
        return np.flatnonzero(np.logical_or.reduce(today) & listed)
    return _dormant(table, rule, at_us, day)


def _dormant(table: MemberTable, rule: TriggerRule, at_us: int, day: int) -> Int64s:
    """Find the members whose last purchase lies long enough back, once a spell or cooldown."""
    assert rule.after is not None
    assert rule.memory is not None
    members = table.members
    last_us = members.last_purchase_us[: members.size]
    shortest_us = SHORTEST_DAYS[rule.after.unit] * rule.after.count * DAY_US
    # Where months count, a day more or less of daylight saving is looked at below.
    slack_us = 0 if rule.after.unit == "d" else DAY_US
    due = (last_us > NEVER_US) & (last_us <= at_us - shortest_us + slack_us)
    due &= members.listed[: members.size]
    if rule.cooldown is None:
        # Equal: the purchase came at the very instant of the firing, after it.
        due &= members.fired_us[: members.size, rule.memory] <= last_us
    rows = np.flatnonzero(due)
    if rule.after.unit == "d":
        return rows
    return rows[_over(table, last_us[rows], rule.after, at_us, day)]


def _over(table: MemberTable, last_us: Int64s, after: Duration, at_us: int, day: int) -> Bools:
    """Tell which instants moved by months lie at or before the first instant of a day."""
    calendar = table.rules.calendar
    days, place = np.unique(calendar.days(last_us), return_inverse=True)
    moved = np.array([calendar.day_after(one, after) for one in days.tolist()], dtype=np.int64)
    moved = moved[place] if len(moved) else moved
    time_us = calendar.wall(last_us) % DAY_US
    # A midnight that the clock skips is the first instant the day does have.
    opening_us = int(calendar.wall(np.array([at_us]))[0]) - day * DAY_US
    over: Bools = (moved < day) | ((moved == day) & (time_us <= opening_us))
    return over


def _matching(table: MemberTable, rule: TriggerRule, rows: Int64s) -> Bools:
    """Tell which members the trigger's condition holds for, as they stand."""
    if rule.who is None:
        return np.ones(len(rows), dtype=np.bool_)
    matching: Bools = rule.who.match(*table.who(rows)) != 0
    return matching


def _rested(table: MemberTable, rule: TriggerRule, rows: Int64s, at_us: Int64s) -> Bools:
    """Tell for which members the trigger never fired, or its cooldown is over."""
    if rule.cooldown is None or rule.memory is None:
        return np.ones(len(rows), dtype=np.bool_)
    fired_us = table.members.fired_us[rows, rule.memory]
    over_us = table.rules.calendar.later_each(fired_us, rule.cooldown)
    over_us[fired_us == NEVER_US] = np.iinfo(np.int64).min
    rested: Bools = over_us <= at_us
    return rested


def _contending(pools: Pools, waiting: Sequence[Request]) -> tuple[list[Request], list[Request]]:
    """Part the requests whose order matters from those that all get something, or all nothing.

    Order matters where a pool holds enough for some of them only.
    """
    wanted: dict[int, int] = {}
    for each in waiting:
        if pools.most(each.rule.draws, 1):
            for pool, amount in each.rule.draws:
                wanted[pool] = wanted.get(pool, 0) + amount * len(each.row)
    short = {pool for pool, amount in wanted.items() if pools.left(pool) < amount}
    contending: list[Request] = []
    others: list[Request] = []
    for each in waiting:
        draws = each.rule.draws
        tight = pools.most(draws, 1) > 0 and any(pool in short for pool, _ in draws)
        (contending if tight else others).append(each)
    return contending, others


def _joined(waiting: Sequence[Request]) -> list[Request]:
    """Join the requests of each trigger, but for one with a cooldown, which a second must see."""
    joined: dict[object, list[Request]] = {}
    for nth, each in enumerate(waiting):
        alone = each.rule.memory is not None
        joined.setdefault(nth if alone else each.rule.id, []).append(each)
    return [
        Request(
            parts[0].rule,
            np.concatenate([part.place for part in parts]),
            np.concatenate([part.row for part in parts]),
            np.concatenate([part.at_us for part in parts]),
            parts[0].events,
        )
        for parts in joined.values()
    ]


def _one_by_one(waiting: Sequence[Request]) -> list[Request]:
    """Split requests into one for each event and trigger, in arrival order, then file order."""
    single = [
        Request(
            each.rule,
            each.place[k : k + 1],
            each.row[k : k + 1],
            each.at_us[k : k + 1],
            each.events,
        )
        for each in waiting
        for k in range(len(each.row))
    ]
    # Stable: requests of one event were noted in file order.
    return sorted(single, key=lambda each: int(each.place[0]))
