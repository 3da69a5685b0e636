"""Events about the member: enrol, update, adjust, disqualify, reinstate."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from rules.compiling.compiled import TYPE_CODES
from rules.judging.coding import Events
from rules.judging.points import draw, pay_in
from rules.judging.results import Outcome
from rules.judging.tiers import give_trials
from rules.season.birthdays import birthday_code
from rules.table.member_table import MemberTable
from rules.table.tallies import DEDUCTED, ENROLMENT

Int64s = npt.NDArray[np.int64]

ENROL = TYPE_CODES["enrol"]


def apply_profiles(table: MemberTable, events: Events, at: Int64s) -> None:
    """Apply enrolments and updates; the first enrolment starts the trial.

    Each distinct attributes text is decoded once, whatever the number of events that carry it.
    """
    if not len(at):
        return
    members = table.members
    texts, code = events.distinct_texts("attributes", at)
    given = [_without_nulls(text) if text else {} for text in texts]
    rows = events.row[at]
    first = (code >= 0) & ~members.described[rows]
    describe(table, rows[first], code[first], given)
    again = np.flatnonzero((code >= 0) & ~first)
    told = zip(rows[again].tolist(), code[again].tolist(), strict=True)
    held = [{**table.attributes.get(row, {}), **given[one]} for row, one in told]
    describe(table, rows[again], np.arange(len(again)), held)
    new = at[(events.type[at] == ENROL) & ~members.enrolled[rows]]
    members.enrolled[events.row[new]] = True
    table.tallies.count(ENROLMENT, events.day[new], np.zeros(len(new), dtype=np.int64))
    give_trials(table, events.row[new], events.day[new], events.at_us[new])
    table.triggers.enrolled(table, events, new)


def _without_nulls(text: str) -> dict[str, Any]:
    given = msgspec.json.decode(text)
    return {name: value for name, value in given.items() if value is not None}


def describe(
    table: MemberTable, rows: Int64s, code: Int64s, profiles: Sequence[Mapping[str, Any]]
) -> None:
    """Give distinct members the attributes profiles[code] in place of those they had."""
    if not len(rows):
        return
    members, rules = table.members, table.rules
    kinds = [rules.kind_of(one) for one in profiles]
    companies = [table.company_code(str(one.get("company", ""))) for one in profiles]
    bits = [rules.attribute_bits(one) for one in profiles]
    birthdays = [birthday_code(one.get("birthday")) for one in profiles]
    members.kind[rows] = np.array(kinds, dtype=np.int16)[code]
    members.company[rows] = np.array(companies, dtype=np.int32)[code]
    members.attribute_bits[rows] = np.array(bits, dtype=np.uint64)[code]
    members.birthday[rows] = np.array(birthdays, dtype=np.int16)[code]
    members.described[rows] = True
    if table.attributes_kept is not None:
        profiles = [_asked(one, table.attributes_kept) for one in profiles]
        told = np.array([bool(one) for one in profiles])[code]
        rows, code = rows[told], code[told]
    shared = (profiles[one] for one in code.tolist())
    table.attributes.update(zip(rows.tolist(), shared, strict=True))


def _asked(profile: Mapping[str, Any], names: Collection[str]) -> Mapping[str, Any]:
    return {name: value for name, value in profile.items() if name in names}


def apply_adjustments(table: MemberTable, events: Events, at: Int64s, outcome: Outcome) -> None:
    """Apply corrections by hand: below what is active a negative one makes debt."""
    rows, points = events.row[at], events.points[at]
    table.members.adjusted[rows] += points
    outcome.points[at] = points
    up = points >= 0
    pay_in(table, rows[up], points[up], events.day[at[up]])
    draw(table, rows[~up], -points[~up])
    table.tallies.count(DEDUCTED, events.day[at[~up]], points[~up])


def apply_standing(table: MemberTable, events: Events, at: Int64s, *, disqualified: bool) -> None:
    """Disqualify members from prizes, or reinstate them."""
    table.members.disqualified[events.row[at]] = disqualified
