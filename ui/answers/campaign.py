"""The answers about segments and campaigns."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from ui.answers.season import Name


class SegmentCount(msgspec.Struct, frozen=True):
    """A segment of the season file and how many members are in it now."""

    id: str
    members: int


class SegmentCounts(msgspec.Struct, frozen=True):
    """All segments, counted."""

    as_of: datetime
    segments: tuple[SegmentCount, ...]


class SegmentMembers(msgspec.Struct, frozen=True):
    """One segment: its count and its first members by id."""

    id: str
    as_of: datetime
    count: int
    members: tuple[str, ...]


class ArmPlan(msgspec.Struct, frozen=True):
    """What one arm of a campaign gives; `cost` is None where nothing bounds it."""

    id: str
    coupon: str
    members: int
    issued: int
    skipped: int
    cost: Decimal | None


class BudgetUse(msgspec.Struct, frozen=True):
    """What a campaign takes of a budget, and what is left now: coupons, or fen of cost."""

    id: str
    measure: str
    takes: int
    left: int


class Plan(msgspec.Struct, frozen=True):
    """What a campaign would do, or did: how many, held out, passed over, at most what cost."""

    preview: bool
    campaign: str
    members: int
    held_out: int
    issued: int
    skipped: int
    cost: Decimal | None
    arms: tuple[ArmPlan, ...]
    budgets: tuple[BudgetUse, ...] = ()
    unknown: int = 0


class RanArm(msgspec.Struct, frozen=True):
    """One arm of a campaign that ran."""

    id: str
    coupon: str
    share: str | float


class RanCampaign(msgspec.Struct, frozen=True):
    """A campaign that ran, as it was ordered, and when."""

    id: str
    at: datetime
    coupon: str | None = None
    segment: str | None = None
    holdout: str | float = "0"
    arms: tuple[RanArm, ...] = ()
    message: Name | str | None = None


class Campaigns(msgspec.Struct, frozen=True):
    """The campaigns that ran."""

    campaigns: tuple[RanCampaign, ...]
