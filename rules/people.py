"""Events about the member: enrol, update, adjust, disqualify, reinstate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rules.coding import Events
from rules.compiled import TYPE_CODES
from rules.member_table import MemberTable
from rules.points import draw, pay_in
from rules.results import Outcome
from rules.tiers import give_trial

Int64s = npt.NDArray[np.int64]

ENROL = TYPE_CODES["enrol"]


def apply_profiles(table: MemberTable, events: Events, at: Int64s) -> None:
    """Apply enrolments and updates; the first enrolment starts the trial."""
    if not len(at):
        return
    given_texts = events.batch.column("attributes").take(pa.array(at)).to_pylist()
    for place, given in zip(at.tolist(), given_texts, strict=True):
        row = int(events.row[place])
        if given is not None:
            merge_attributes(table, row, msgspec.json.decode(given))
        if events.type[place] == ENROL and not table.members.enrolled[row]:
            table.members.enrolled[row] = True
            give_trial(table, row, int(events.day[place]), int(events.at_us[place]))


def merge_attributes(table: MemberTable, row: int, given: Mapping[str, Any]) -> None:
    """Replace attributes of the same name, keep the others."""
    members, rules = table.members, table.rules
    held = table.attributes.setdefault(row, {})
    for name, value in given.items():
        if value is not None:
            held[name] = value
    if "kind" in held:
        members.kind[row] = rules.kinds.index(str(held["kind"]))
    if "company" in held:
        members.company[row] = table.company_code(str(held["company"]))
    if rules.tests_attributes:
        members.attribute_bits[row] = rules.attribute_bits(held)


def apply_adjustments(table: MemberTable, events: Events, at: Int64s, outcome: Outcome) -> None:
    """Apply corrections by hand: below what is active a negative one makes debt."""
    rows, points = events.row[at], events.points[at]
    table.members.adjusted[rows] += points
    outcome.points[at] = points
    up = points >= 0
    pay_in(table, rows[up], points[up])
    draw(table, rows[~up], -points[~up])


def apply_standing(table: MemberTable, events: Events, at: Int64s, *, disqualified: bool) -> None:
    """Disqualify members from prizes, or reinstate them."""
    table.members.disqualified[events.row[at]] = disqualified
