"""The answers about one member: points, lots, coupons, statement, explanations, rank."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec

from ui.answers.season import Name


class NextTier(msgspec.Struct, frozen=True):
    """The next level, and what is missing to each of its ways in (decimal text or a count).

    `needs` gives each way's whole threshold, where the system tells it.
    """

    id: str
    missing: dict[str, str | int] = {}
    needs: dict[str, str | int] = {}


class Place(msgspec.Struct, frozen=True):
    """A member's place on one board."""

    rank: int
    score: int
    gap_to_prize: int | None = None
    prize: str | None = None


class Lot(msgspec.Struct, frozen=True):
    """Points that expire together, and when."""

    at: datetime
    points: int


class Earned(msgspec.Struct, frozen=True):
    """Gross points earned, by kind."""

    base: int = 0
    bonus: int = 0
    task: int = 0


class Member(msgspec.Struct, frozen=True):
    """One member: points, tier, and the place on each board."""

    member: str
    kind: str
    tier: str
    next_tier: NextTier | None
    active: int
    debt: int
    pending: int
    boards: dict[str, Place]
    name: str | None = None
    as_of: datetime | None = None
    litres: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)
    visits: int = 0
    earned: Earned = Earned()
    adjusted: int = 0
    redeemed: int = 0
    expired: int = 0
    reversed: int = 0
    coupons: dict[str, int] = {}


class Lots(msgspec.Struct, frozen=True):
    """What is left of a member's points by when it expires, the first to go first."""

    member: str
    as_of: datetime
    lots: tuple[Lot, ...]


class Coupon(msgspec.Struct, frozen=True):
    """One coupon of a member."""

    code: str
    coupon: str
    kind: str
    status: str
    issued_at: datetime
    expires_at: datetime
    claimed_at: datetime | None = None
    used_at: datetime | None = None
    off: Decimal = Decimal(0)
    name: Name | None = None


class Coupons(msgspec.Struct, frozen=True):
    """The coupons of a member, the first-expiring first."""

    member: str
    as_of: datetime
    coupons: tuple[Coupon, ...]


class Entry(msgspec.Struct, frozen=True):
    """One movement of a member's points, with the balance after it."""

    at: datetime
    kind: str
    text: Name
    points: int
    balance: int
    score: int = 0
    event_id: str | None = None
    type: str | None = None
    rule: str | None = None
    ref: str | None = None
    expires_at: datetime | None = None
    station: str | None = None
    product: str | None = None
    litres: Decimal | None = None
    amount: Decimal | None = None


class Statement(msgspec.Struct, frozen=True):
    """Some movements of a member in order; `total` is how many there are."""

    member: str
    as_of: datetime
    active: int
    debt: int
    score: int
    total: int
    entries: tuple[Entry, ...]
    next_cursor: str | None
    totals: dict[str, int]
    score_by_kind: dict[str, int]


class Step(msgspec.Struct, frozen=True):
    """One sentence of an explanation; `points` where it moves some."""

    zh: str
    en: str
    points: int | None = None

    def in_language(self, language: str) -> str:
        """Give the sentence in `language`."""
        return self.zh if language == "zh" else self.en


class Miss(msgspec.Struct, frozen=True):
    """What an event just missed."""

    what: str
    id: str
    text: Name
    gain: int | None = None


class Goal(msgspec.Struct, frozen=True):
    """A goal that an event reached."""

    id: str | None
    points: int


class Reversal(msgspec.Struct, frozen=True):
    """What a later event took back."""

    event_id: str | None
    at: datetime
    points: int


class LotDay(msgspec.Struct, frozen=True):
    """The lot an event's points are in: its local day, and when it expires."""

    day: str
    expires_at: datetime


class Explanation(msgspec.Struct, frozen=True):
    """Where the points of one event come from; the figures of a sale may be missing."""

    member: str
    event_id: str
    at: datetime
    points: int
    score: int
    steps: tuple[Step, ...]
    near_misses: tuple[Miss, ...]
    goals: tuple[Goal, ...] = ()
    reversals: tuple[Reversal, ...] = ()
    debt_repaid: int = 0
    lot: LotDay | None = None
    type: str | None = None
    station: str | None = None
    product: str | None = None
    litres: Decimal | None = None
    amount: Decimal | None = None
    tier: str | None = None
    base_raw: str | None = None
    factor: str | None = None
    total: int | None = None
    base: int | None = None
    bonus: int | None = None
    cap_cut: int | None = None


class Rival(msgspec.Struct, frozen=True):
    """A neighbour on a board, what decides between the two, and how far apart they are."""

    rank: int
    by: Literal["score", "tasks_completed_at", "active_days", "member"]
    gap: int | None
    text: Name
    name: str | None = None


class Why(msgspec.Struct, frozen=True):
    """Why a member stands where they stand on one board, and what would make them rise."""

    board: str
    as_of: datetime
    total: int
    rank: int
    member: str
    score: int
    score_by_kind: dict[str, int] | None
    ahead: Rival | None
    behind: Rival | None
    to_rise: Step
