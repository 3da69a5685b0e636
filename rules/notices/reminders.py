"""Reminders: what is about to end, told at the local midnight so long before.

A reminder is due at the first midnight from which the end lies no further off than the file's
`remind_before`. What was given later than that isn't reminded of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from rules.coupons.coupon_book import USED
from rules.notices.notice_book import coupon_named
from rules.notices.prize_notices import prize_told
from rules.season.duration import Duration

if TYPE_CHECKING:
    from rules.notices.notice_book import NoticeBook
    from rules.table.member_table import MemberTable

Int64s = npt.NDArray[np.int64]

CLAIM_REMINDERS: Final = (Duration(7, "d"), Duration(1, "d"))
"""How long before the deadline winners who haven't claimed are reminded."""


def remind(table: MemberTable, at_us: int, day: int) -> None:
    """Record the reminders due at the local midnight that begins a day, once its lots expired."""
    if table.notices is None:
        return
    last_day = table.open_day - 1  # of the midnight before
    _remind_points(table, table.notices, last_day, day, at_us)
    _remind_coupons(table, table.notices, table.rules.calendar.midnight(last_day), at_us)
    _remind_claims(table, table.notices, table.rules.calendar.midnight(last_day), at_us)


def _remind_points(
    table: MemberTable, notices: NoticeBook, last_day: int, day: int, at_us: int
) -> None:
    """Tell who loses points at the midnights that a reminder reaches today.

    With E(e) a member's points in lots that expire through day e, max(0, slack + E(e)) of them
    are left after all draws so far; what expires on e is that less the same of the day before.
    """
    if not table.lots.kept:
        return
    calendar, size = table.rules.calendar, table.members.size
    slack = table.members.slack[:size]
    for nth, before in enumerate(table.rules.season.points.remind_before):
        watch = table.lots.watch(nth)
        first = calendar.day_after(last_day, before) + 1
        for expiry in range(first, calendar.day_after(day, before) + 1):
            earlier = np.maximum(slack + watch.through(table.lots, expiry - 1, size), 0)
            left = np.maximum(slack + watch.through(table.lots, expiry, size), 0)
            rows = np.flatnonzero(left > earlier)
            ends_us = calendar.midnight(expiry)
            shared = {"expires_us": ends_us, "before": str(before)}
            own = {"points": (left[rows] - earlier[rows]).tolist()}
            notices.note(table, "points_expiring", rows, at_us, shared, own, until_us=ends_us)


def _remind_coupons(table: MemberTable, notices: NoticeBook, last_us: int, at_us: int) -> None:
    book, calendar = table.coupon_book, table.rules.calendar
    for before in table.rules.season.coupon_rules.remind_before:
        after_us, upto_us = calendar.later(last_us, before), calendar.later(at_us, before)
        expires_us = book.expires_us[: book.size]
        due = (expires_us > after_us) & (expires_us <= upto_us) & (book.status[: book.size] < USED)
        found = np.flatnonzero(due)
        for template in np.unique(book.template[found]).tolist():
            mine = found[book.template[found] == template]
            shared = coupon_named(table, template) | {"before": str(before)}
            own = {"coupon": book.code[mine].tolist(), "expires_us": expires_us[mine].tolist()}
            rows = book.member[mine].astype(np.int64)
            notices.note(
                table, "coupon_expiring", rows, at_us, shared, own, until_us=expires_us[mine]
            )


def _remind_claims(table: MemberTable, notices: NoticeBook, last_us: int, at_us: int) -> None:
    desk, calendar = table.prize_desk, table.rules.calendar
    if not desk.open:
        return
    for before in CLAIM_REMINDERS:
        if calendar.later(last_us, before) < desk.deadline_us <= calendar.later(at_us, before):
            for name, won in desk.won.items():
                if not won.state:
                    told = prize_told(table, name, won) | {"before": str(before)}
                    rows = np.array([won.row])
                    notices.note(
                        table, "prize_deadline", rows, at_us, told, until_us=desk.deadline_us
                    )
