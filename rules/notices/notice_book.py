"""Notices: what members are to be told, recorded while a table changes.

A table has no book unless it is asked for one, as the journal. Each notice is known by what it
is about (its kind), its member, when, and figures and names; texts are written at delivery. The
order of one member's notices is that of what they tell of, however the stream is cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from rules.coupons.coupon_codes import write_code

if TYPE_CHECKING:
    from rules.judging.coding import Events
    from rules.season.section import Label
    from rules.table.member_table import MemberTable

Int64s = npt.NDArray[np.int64]

KINDS: Final = (
    "coupon_issued",
    "coupon_expiring",
    "points_expiring",
    "tier_up",
    "tier_down",
    "trial_ended",
    "referral_paid",
    "referral_refused",
    "referral_taken_back",
    "redeemed",
    "prize_won",
    "prize_deadline",
    "prize_sent",
    "prize_ready",
)
WINNERS: Final = frozenset({"prize_won", "prize_deadline", "prize_sent", "prize_ready"})
SECURITY: Final = frozenset({"redeemed"})
"""Points left the account: whoever didn't do that has to hear of it."""
ALWAYS_TOLD: Final = WINNERS | SECURITY
"""Kinds that no weekly limit drops, and that don't count towards it."""


class Notice(msgspec.Struct, frozen=True):
    """One thing to tell a member; lang is their attribute of that name, "" where none is given.

    until_us, where not 0, is when it stops being worth telling.
    """

    member: str
    lang: str
    kind: str
    at_us: int
    data: dict[str, Any]
    until_us: int = 0


class _Part(NamedTuple):
    """Notices of one kind; arrays and the lists of `own` have one entry a notice."""

    kind: str
    members: list[str]
    langs: list[str]
    at_us: Int64s
    segment: int
    place: Int64s
    stage: int
    shared: Mapping[str, Any]
    own: Mapping[str, Sequence[Any]]
    until_us: Int64s

    def notice(self, nth: int) -> Notice:
        data = dict(self.shared)
        for name, values in self.own.items():
            data[name] = write_code(values[nth]) if name == "coupon" else values[nth]
        at_us, until_us = int(self.at_us[nth]), int(self.until_us[nth])
        return Notice(self.members[nth], self.langs[nth], self.kind, at_us, data, until_us)


class Notices:
    """Notices in their order. They are written out only as they are read: O(1) each."""

    def __init__(self, parts: Sequence[_Part] = ()) -> None:
        self._parts = parts
        self._order = _order(parts)

    def __len__(self) -> int:
        return len(self._order)

    def __iter__(self) -> Iterator[Notice]:
        starts = np.cumsum([0, *(len(part.members) for part in self._parts)])
        of_part = np.searchsorted(starts, self._order, side="right") - 1
        for number, place in zip(of_part.tolist(), self._order.tolist(), strict=True):
            yield self._parts[number].notice(place - int(starts[number]))


class NoticeBook:
    """Records notices while a table is changed; `take` hands over what it holds.

    The kernel tells it what is being applied: `enter` the events of a round, `tick` an instant,
    `settle` the end of a batch.
    """

    def __init__(self) -> None:
        self._parts: list[_Part] = []
        self._segment = 0
        self._in_events = False
        self._place_of_row = np.zeros(0, dtype=np.int64)

    def enter(self, table: MemberTable, events: Events, at: Int64s) -> None:
        """Apply events of distinct members, at int64[k] rows of their batch, from here on."""
        if not self._in_events:
            self._segment += 1
            self._in_events = True
        if len(self._place_of_row) < table.members.size:
            self._place_of_row = np.zeros(table.members.capacity, dtype=np.int64)
        self._place_of_row[events.row[at]] = at

    def tick(self) -> None:
        """Run the tick of an instant from here on."""
        self._segment += 1
        self._in_events = False

    def settle(self) -> None:
        """Close a batch: what comes next comes after it."""
        self.tick()

    def take(self) -> Notices:
        """Hand over what is held, and hold nothing."""
        taken, self._parts, self._segment = Notices(self._parts), [], 0
        self._in_events = False
        return taken

    def note(
        self,
        table: MemberTable,
        kind: str,
        rows: Int64s,
        at_us: Int64s | int,
        shared: Mapping[str, Any],
        own: Mapping[str, Sequence[Any]] | None = None,
        *,
        until_us: Int64s | int = 0,
        place: Int64s | None = None,
        stage: int = 0,
    ) -> None:
        """Record a notice for each member row, int64[n]; `shared` and `own` are what it says.

        place int64[n] are the rows of the batch it comes from, where that isn't the event each
        member entered last; stage orders what one event sets off.
        """
        if not len(rows):
            return
        if place is None:
            known = self._in_events
            place = self._place_of_row[rows] if known else np.zeros(len(rows), dtype=np.int64)
        listed, size = rows.tolist(), len(rows)
        profiles = table.attributes
        self._parts.append(
            _Part(
                kind,
                [table.member_ids[row] for row in listed],
                [str(profiles[row].get("lang", "")) if row in profiles else "" for row in listed],
                _each(at_us, size),
                self._segment,
                place,
                stage,
                shared,
                own or {},
                _each(until_us, size),
            )
        )

    def coupons(
        self,
        table: MemberTable,
        coupons: Int64s,
        source: Mapping[str, Any],
        *,
        place: Int64s | None = None,
        stage: int = 0,
    ) -> None:
        """Record that coupons of one template, int64[k] rows of the book, were issued."""
        if not len(coupons):
            return
        book = table.coupon_book
        shared = coupon_named(table, int(book.template[coupons[0]])) | dict(source)
        expires_us = book.expires_us[coupons]
        own = {"coupon": book.code[coupons].tolist(), "expires_us": expires_us.tolist()}
        rows, at_us = book.member[coupons].astype(np.int64), book.issued_us[coupons]
        self.note(
            table,
            "coupon_issued",
            rows,
            at_us,
            shared,
            own,
            until_us=expires_us,
            place=place,
            stage=stage,
        )


def coupon_named(table: MemberTable, template: int) -> dict[str, Any]:
    """Name a coupon template for a notice."""
    coupon = table.rules.season.coupons[template]
    return {"coupon_id": coupon.id, **named("coupon_name", coupon.name)}


def named(key: str, name: Label | None) -> dict[str, Any]:
    """Give a name in both languages under a key, where the season file has one."""
    return {} if name is None else {key: {"zh": name.zh, "en": name.en}}


def _each(value: Int64s | int, size: int) -> Int64s:
    return np.full(size, value, dtype=np.int64) if isinstance(value, int) else value


def _order(parts: Sequence[_Part]) -> Int64s:
    """Sort notices by segment, place in the batch and stage; else as they came, int64[n]."""
    sizes = [len(part.members) for part in parts]
    if len(parts) < 2:
        return np.arange(sum(sizes), dtype=np.int64)
    segment = np.repeat([part.segment for part in parts], sizes)
    stage = np.repeat([part.stage for part in parts], sizes)
    place = np.concatenate([part.place for part in parts])
    return np.lexsort((stage, place, segment)).astype(np.int64)
