"""The coupons of a member table: what each is worth to whom, until when, and where it stands.

A coupon is one row. A map finds it by its code; a chain links each member's own. Expiry and
the end of a reservation are judged when a coupon is looked at, so time alone changes no row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from rules.coupons.coupon_codes import code_lanes, write_code
from rules.table.columns import Columns
from rules.table.identity_map import IdentityMap

if TYPE_CHECKING:
    from rules.compiling.compiled import Rules
    from rules.table.member_table import MemberTable

Int64s = npt.NDArray[np.int64]
UInt64s = npt.NDArray[np.uint64]

STATES: Final = ("issued", "claimed", "reserved", "redeemed", "void")
ISSUED, CLAIMED, RESERVED, USED, VOID = range(len(STATES))
SOURCES: Final = ("trigger", "claim", "redeem", "campaign", "prize")
NO_INSTANT_US: Final = 0
"""No event is this old, so it says that a coupon wasn't claimed, used or reserved."""

_CODE_B: Final = np.uint64(0xD6E8FEB86659FD93)
_CODE_AGAIN: Final = np.uint64(0x9E3779B97F4A7C15)


class CouponBook(Columns):
    """One row a coupon; instants in µs UTC, 0 where it never happened."""

    code: UInt64s
    template: npt.NDArray[np.int32]  # its place among the file's coupons
    member: npt.NDArray[np.int32]  # the member's row
    taker: npt.NDArray[np.int32]  # the row of the member it was issued to
    status: npt.NDArray[np.int8]  # its place in STATES, as last written
    source: npt.NDArray[np.int8]  # its place in SOURCES
    issued_us: Int64s
    expires_us: Int64s
    claimed_us: Int64s
    used_us: Int64s
    used_day: npt.NDArray[np.int32]  # the clock's local day at the use, for budgets by period
    off_fen: Int64s
    order: UInt64s  # hash of the order it is reserved or used for
    reserved_until_us: Int64s
    before: npt.NDArray[np.int32]  # 1 + the row of the member's coupon before it, 0 for none

    def __init__(self) -> None:
        instants = ("issued_us", "expires_us", "claimed_us", "used_us", "reserved_until_us")
        super().__init__(
            {"code": (np.uint64, None), "order": (np.uint64, None), "off_fen": (np.int64, None)}
            | dict.fromkeys(instants, (np.int64, None))
            | dict.fromkeys(("template", "member", "taker", "used_day", "before"), (np.int32, None))
            | dict.fromkeys(("status", "source"), (np.int8, None))
        )
        self._by_code = IdentityMap()
        self._last = np.zeros(0, dtype=np.int32)  # 1 + each member's latest coupon

    def issue(
        self,
        table: MemberTable,
        template: int,
        rows: Int64s,
        at_us: Int64s,
        causes: Sequence[str],
        source: str,
        *,
        claimed: bool,
    ) -> Int64s:
        """Issue one coupon of a template to each member row, int64[n], and return their rows.

        at_us int64[n] is when each is issued; causes say why, one a coupon: an event id, or a
        trigger's id with its day. Pools are the caller's: nothing is taken from them here.
        """
        rows, at_us = np.asarray(rows, dtype=np.int64), np.asarray(at_us, dtype=np.int64)
        count = len(rows)
        first = self.extend(count)
        made = np.arange(first, first + count, dtype=np.int64)
        if not count:
            return made
        rules = table.rules
        coupon = rules.season.coupons[template]
        members = [table.member_ids[row] for row in rows.tolist()]
        lanes = code_lanes(rules.season.programme.id, members, coupon.id, causes)
        self._take_codes(made, *lanes)
        self.template[made] = template
        self.member[made] = rows
        self.taker[made] = rows
        self.status[made] = CLAIMED if claimed else ISSUED
        self.source[made] = SOURCES.index(source)
        self.issued_us[made] = at_us
        self.expires_us[made] = rules.calendar.later_each(at_us, coupon.valid)
        self.claimed_us[made] = at_us if claimed else NO_INSTANT_US
        self._chain(made)
        return made

    def adopt(self, old: Rules, new: Rules) -> None:
        """Find the templates of issued coupons among another file's."""
        places = {coupon.id: place for place, coupon in enumerate(new.season.coupons)}
        moved = np.array([places[one.id] for one in old.season.coupons], dtype=np.int32)
        if len(moved):
            self.template[: self.size] = moved[self.template[: self.size]]

    def find(self, code: int) -> int:
        """Find a coupon's row by its code, or -1."""
        return self._by_code.find_one(code, code * int(_CODE_B))

    def of_member(self, row: int) -> list[int]:
        """List the rows of one member's coupons, ascending; O(their number)."""
        return sorted(self._chained(row))

    def give(self, coupon: int, row: int) -> None:
        """Hand one coupon over to another member."""
        owner = int(self.member[coupon])
        rest = [held for held in self.of_member(owner) if held != coupon]
        self._last[owner] = 0
        self._chain(np.array(rest, dtype=np.int64))
        self.member[coupon] = row
        self._chain(np.array([coupon], dtype=np.int64))

    def move(self, row_from: int, row_to: int) -> None:
        """Hand all coupons of one member over to another."""
        moved = np.array(self.of_member(row_from), dtype=np.int64)
        if len(moved):
            self._last[row_from] = 0
            self.member[moved] = row_to
            self._chain(moved)
        taken = self.taker[: self.size]
        taken[taken == row_from] = row_to

    def taken_by(self, row: int, template: int, source: str, *, handed_on: bool) -> list[int]:
        """List the rows of a template's coupons issued to one member.

        handed_on says that coupons may be with others by now: O(coupons), else O(the member's).
        """
        rows = np.flatnonzero(self.taker[: self.size] == row) if handed_on else self.of_member(row)
        taken = np.array(rows, dtype=np.int64)
        same = (self.template[taken] == template) & (self.source[taken] == SOURCES.index(source))
        found: list[int] = taken[same].tolist()
        return found

    def void(self, coupons: Int64s) -> None:
        """Make coupons worthless for good, int64[k] rows; used ones stay used."""
        self.status[coupons[self.status[coupons] != USED]] = VOID

    def told(self, rules: Rules, coupon: int) -> dict[str, Any]:
        """Name a coupon for an answer."""
        template = rules.season.coupons[self.template[coupon]].id
        return {"coupon": write_code(int(self.code[coupon])), "coupon_id": template}

    def status_as_of(self, clock_us: int) -> list[str]:
        """Tell how every coupon stands at an instant."""
        return self.statuses(np.arange(self.size, dtype=np.int64), clock_us)

    def statuses(self, coupons: Int64s, clock_us: int) -> list[str]:
        """Tell how some coupons stand at an instant, int64[k] rows."""
        code = self.status[coupons].astype(np.int64)
        over = (code == RESERVED) & (self.reserved_until_us[coupons] <= clock_us)
        code[over] = CLAIMED
        code[(code < USED) & (self.expires_us[coupons] <= clock_us)] = len(STATES)
        return [(*STATES, "expired")[one] for one in code.tolist()]

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Fill an empty book from state()."""
        super().restore(state)
        rows = np.arange(self.size, dtype=np.int64)
        self._by_code.insert(self.code[rows], self.code[rows] * _CODE_B, rows.astype(np.int32))
        self._chain(rows)

    def _chained(self, row: int) -> Iterator[int]:
        coupon = int(self._last[row]) if row < len(self._last) else 0
        while coupon:
            yield coupon - 1
            coupon = int(self.before[coupon - 1])

    def _chain(self, made: Int64s) -> None:
        """Link coupons behind those their members have, int64[k] rows, ascending."""
        if not len(made):
            return
        member = self.member[made].astype(np.int64)
        most = int(member.max()) + 1
        if most > len(self._last):
            grown = np.zeros(max(most, 2 * len(self._last)), dtype=np.int32)
            grown[: len(self._last)] = self._last
            self._last = grown
        order = np.argsort(member, kind="stable")
        member, made = member[order], made[order]
        begins = np.ones(len(made), dtype=np.bool_)
        begins[1:] = member[1:] != member[:-1]
        ends = np.append(begins[1:], True)
        self.before[made[~begins]] = made[:-1][~begins[1:]] + 1
        self.before[made[begins]] = self._last[member[begins]]
        self._last[member[ends]] = made[ends] + 1

    def _take_codes(self, made: Int64s, lane_a: UInt64s, lane_b: UInt64s) -> None:
        """Give new rows their codes; one that is taken gives way to its next lane."""
        held = self._by_code.find(lane_a, lane_a * _CODE_B) >= 0
        if not held.any() and (len(made) == 1 or _distinct(lane_a)):
            self.code[made] = lane_a
            self._by_code.insert(lane_a, lane_a * _CODE_B, made.astype(np.int32))
            return
        for place in range(len(made)):
            code = lane_a[place : place + 1]
            step = lane_b[place : place + 1]
            while self._by_code.find(code, code * _CODE_B)[0] >= 0:
                code, step = step, step * _CODE_AGAIN + np.uint64(1)
            self.code[made[place]] = code[0]
            self._by_code.insert(code, code * _CODE_B, made[place : place + 1].astype(np.int32))


def _distinct(codes: UInt64s) -> bool:
    ordered = np.sort(codes)
    return not (ordered[1:] == ordered[:-1]).any()
