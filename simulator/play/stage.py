"""Stage: when a run begins, what is sold at what price, and who the members are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

import numpy as np
import pyarrow as pa

from rules.compiling.compiled import Rules
from rules.decoding.identity import hash_strings
from rules.table.member_table import MemberTable
from rules.table.numbered_ids import NumberedIds, numbered_id
from simulator.people.keyed import Floats, Ints, Keyed
from simulator.people.members import Members, draw_members
from simulator.people.persons import Persons, draw_persons
from simulator.people.population import Population
from simulator.people.setting import Setting, setting_of

EPOCH: Final = date(1970, 1, 1)
BLOCK_MEMBERS: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Start:
    """A running season to go on from: its table, and who the members of its rows are.

    The run takes the table over. `members` has a row for each of the table's rows, in order,
    with first_day 0 and opening, and may have more, who join later. elapsed float64[rows] is the
    hazard since each one's last visit, negative where it isn't known.
    """

    table: MemberTable
    members: Members
    elapsed: Floats | None = None


def first_date(rules: Rules, start: Start | None) -> date:
    """Give the first local day played: the season's, or the one that begins at or after a clock."""
    if start is None:
        return rules.season.season.starts.date()
    return first_date_of(rules, start.table)


def first_date_of(rules: Rules, table: MemberTable) -> date:
    """Give the first local day that a run going on from a table plays."""
    calendar, clock_us = rules.calendar, table.clock_us
    day = calendar.day(clock_us)
    if calendar.midnight(day) < clock_us:
        day += 1
    return EPOCH + timedelta(days=day)


def setting_from(rules: Rules, population: Population, first: date) -> Setting:
    """Set the stage from a date to the season's end, at the season's own prices where it has any.

    Raises:
        ValueError: the season is over, or sells no fuel.
    """
    season = rules.season
    days = max(1, (season.season.ends.date() - first).days)
    setting = setting_of(season, population, days=days, start=first)
    listed = [rules.price_list.usual_price_fen(fuel) for fuel in setting.fuels]
    prices = [
        known if one is None else one / 100.0
        for one, known in zip(listed, setting.prices, strict=True)
    ]
    return replace(setting, prices=tuple(prices))


def days_until(rules: Rules, first_day: int, until_us: int, most: int) -> int:
    """Count the local days from a first one that begin before an instant, up to so many."""
    days = rules.calendar.day(until_us - 1) + 1 - first_day
    return max(0, min(days, most))


def people_of(
    keyed: Keyed, rules: Rules, population: Population, setting: Setting, members: int,
    start: Start | None,
) -> tuple[Persons, MemberTable]:  # fmt: skip
    """Draw the members and give each a row of the table: row m is member m's."""
    if start is None:
        people = draw_members(keyed, population, setting, first=0, last=members, total=members)
        table = MemberTable(rules)
        table.member_ids = NumberedIds()
    else:
        people, table = start.members, start.table
    held, count = len(table), len(people.number)
    for first in range(held, count, BLOCK_MEMBERS):
        more = [numbered_id(one) for one in range(first, min(first + BLOCK_MEMBERS, count))]
        if start is not None:
            # A running season may have members of such names.
            more = [f"newcomer-{one}" for one in more]
        table.add_members(*hash_strings(pa.array(more, pa.utf8())), more)
    return draw_persons(keyed, population, people, table.member_ids), table


def by_first_day(first_day: Ints) -> dict[int, Ints]:
    """Group members by the day they are there from: their numbers, ascending."""
    order = np.argsort(first_day, kind="stable")
    days, begins = np.unique(first_day[order], return_index=True)
    parts = np.split(order, begins[1:])
    return dict(zip(days.tolist(), parts, strict=True))
