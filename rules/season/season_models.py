"""The season file, decoded: frozen models of every section, quantities as integers or fractions.

Field names carry the unit of the decoded value; the alias is the key as written in the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

from rules.season.decimals import Span, refusal
from rules.season.duration import Duration
from rules.season.earning_models import (
    Card,
    Earning,
    Goal,
    Limit,
    Multiplier,
    Multiplying,
    Per,
    Points,
    Referral,
    Task,
)
from rules.season.programme_models import (
    Holidays,
    Margin,
    Members,
    Price,
    Product,
    Programme,
    Station,
)
from rules.season.reward_models import (
    Budget,
    CatalogueItem,
    Checkout,
    Coupon,
    CouponRules,
    Goods,
    Notices,
    Prize,
    PrizeRules,
    RankSpan,
    Reward,
    Trigger,
)
from rules.season.section import Distinct, Id, Label, Name, Section, Slug
from rules.season.tier_models import Condition, Discount, Level, Metrics, Tiers, Trial
from rules.season.where import (
    DateSpan,
    Hours,
    MemberWhere,
    Range,
    Where,
)

SEASON_DAYS_MAX = 400
BOARDS_MAX = 16
EARNING_MAX = 64
MULTIPLIERS_MAX = 64
TASKS_MAX = 32
PRICES_MAX = 100_000
YEAR_MIN, YEAR_MAX = 1970, 2200


def check_local(at: datetime) -> datetime:
    """Accept a local time in the years dates are safe in."""
    if at.tzinfo is not None:
        raise refusal(
            "carries an offset; season times are local to programme.timezone",
            f"write {at.replace(tzinfo=None).isoformat()}",
        )
    if not YEAR_MIN <= at.year <= YEAR_MAX:
        raise refusal("is out of range", f"write a year from {YEAR_MIN} to {YEAR_MAX}")
    return at


LocalTime = Annotated[
    datetime,
    AfterValidator(check_local),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9:.]+$"}),
]


class Segment(Section):
    """Hold a saved condition on members."""

    name: Name | None = None
    where: MemberWhere = MemberWhere()


class Window(Section):
    """Hold the season: its window in local time, what scores, how ties break, who is left out."""

    id: Slug
    name: Name | None = None
    starts: LocalTime = Field(description="Local, included")
    ends: LocalTime = Field(description="Local, excluded")
    late_events: Span = Duration(0, "d")
    refund_hold: Span = Duration(0, "d")
    score: Annotated[
        tuple[Literal["base", "bonus", "task"], ...], Distinct, Field(min_length=1)
    ] = ("base", "bonus", "task")
    tie_break: Annotated[tuple[Literal["tasks_completed_at", "active_days"], ...], Distinct] = (
        "tasks_completed_at",
        "active_days",
    )
    exclude: MemberWhere | None = None


class Board(Section):
    """Hold one board: who is in its scope, or the attribute that makes teams."""

    id: Slug
    name: Name | None = None
    where: MemberWhere = MemberWhere()
    team: Literal["company"] | None = None


class Season(Section):
    """Hold a whole season file. Sections the file leaves out have their defaults."""

    format: Literal[1]
    programme: Programme
    members: Members = Members()
    products: dict[Id, Product] = Field(default_factory=dict)
    stations: dict[Id, Station] = Field(default_factory=dict)
    prices: Annotated[tuple[Price, ...], Field(max_length=PRICES_MAX)] = ()
    holidays: Holidays | None = None
    points: Points = Points()
    earning: Annotated[tuple[Earning, ...], Field(min_length=1, max_length=EARNING_MAX)]
    card: Card = Card()
    multiplier: Annotated[tuple[Multiplier, ...], Field(max_length=MULTIPLIERS_MAX)] = ()
    multiplying: Multiplying = Multiplying()
    tasks: Annotated[tuple[Task, ...], Field(max_length=TASKS_MAX)] = ()
    referral: Referral | None = None
    tiers: Tiers | None = None
    coupons: tuple[Coupon, ...] = ()
    coupon_rules: CouponRules = CouponRules()
    triggers: tuple[Trigger, ...] = ()
    budgets: tuple[Budget, ...] = ()
    notices: Notices | None = None
    catalogue: tuple[CatalogueItem, ...] = ()
    checkout: Checkout | None = None
    segments: dict[Id, Segment] = Field(default_factory=dict)
    season: Window
    boards: Annotated[tuple[Board, ...], Field(min_length=1, max_length=BOARDS_MAX)] = (
        Board(id="overall"),
    )
    rewards: dict[Id, Reward] = Field(default_factory=dict)
    prizes: tuple[Prize, ...] = ()
    prize_rules: PrizeRules = PrizeRules()

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """Leave an empty price list out: rules without one keep the hash they had before."""
        return [one for one in super().__repr_args__() if self.prices or one[0] != "prices"]

    @property
    def sections(self) -> frozenset[str]:
        """Name the sections the file has written out."""
        return frozenset(self.model_fields_set)

    @property
    def any_product(self) -> bool:
        """Tell whether any product is known: the file has no products section."""
        return "products" not in self.model_fields_set

    def conditions(self) -> Iterator[tuple[str, Where]]:
        """List every condition of the file with its path."""
        for section in ("earning", "multiplier", "coupons", "triggers", "boards"):
            for item in getattr(self, section):
                yield f"{section}.{item.id}.where", item.where
        for name, segment in self.segments.items():
            yield f"segments.{name}.where", segment.where
        if self.season.exclude is not None:
            yield "season.exclude", self.season.exclude


__all__ = [
    "BOARDS_MAX",
    "SEASON_DAYS_MAX",
    "Board",
    "Budget",
    "Card",
    "CatalogueItem",
    "Checkout",
    "Condition",
    "Coupon",
    "CouponRules",
    "DateSpan",
    "Discount",
    "Duration",
    "Earning",
    "Goal",
    "Goods",
    "Holidays",
    "Hours",
    "Label",
    "Level",
    "Limit",
    "Margin",
    "MemberWhere",
    "Members",
    "Metrics",
    "Multiplier",
    "Multiplying",
    "Notices",
    "Per",
    "Points",
    "Price",
    "Prize",
    "PrizeRules",
    "Product",
    "Programme",
    "Range",
    "RankSpan",
    "Referral",
    "Reward",
    "Season",
    "Segment",
    "Station",
    "Task",
    "Tiers",
    "Trial",
    "Trigger",
    "Where",
    "Window",
]
