"""What advocates are told of their referrals: paid, refused and why, taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rules.table.referral_book import ALREADY_REFERRED, PAID, STATES, TAKEN_BACK

if TYPE_CHECKING:
    from rules.table.member_table import MemberTable

Int64s = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int8]


def states_before(table: MemberTable) -> Codes | None:
    """Copy how every referral stands, where somebody wants to be told of what changes."""
    if table.notices is None:
        return None
    return table.referrals.state_code[: len(table.referrals)].copy()


def tell_changes(table: MemberTable, before: Codes | None, tick_us: int) -> None:
    """Record what became of referrals at a tick, in arrival order."""
    if table.notices is None or before is None:
        return
    book = table.referrals
    for one in np.flatnonzero(book.state_code[: len(before)] != before).tolist():
        state = int(book.state_code[one])
        rows = table.resolve(book.advocate[one : one + 1].astype(np.int64))
        told = {"referred_us": int(book.at_us[one])}
        if state in (PAID, TAKEN_BACK):
            kind = "referral_paid" if state == PAID else "referral_taken_back"
            told["points"] = int(book.points[one])
            table.notices.note(table, kind, rows, tick_us, told)
        else:
            why = {"why": STATES[state]}
            table.notices.note(table, "referral_refused", rows, tick_us, told | why)


def tell_taken(table: MemberTable, row: int, place: int, at_us: int) -> None:
    """Record that the referee of a referral, at a place of the batch, was referred before."""
    if table.notices is not None:
        told = {"referred_us": at_us, "why": STATES[ALREADY_REFERRED]}
        where = np.array([place])
        table.notices.note(
            table, "referral_refused", np.array([row]), at_us, told, place=where, stage=0
        )
