"""Sections that give things away: coupons, triggers, budgets, catalogue, rewards, prizes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, PlainValidator, WithJsonSchema, model_validator

from rules.season.decimals import (
    Count,
    DaySpan,
    MoneyFen,
    PointCount,
    PositiveCount,
    PositiveFen,
    PositivePoints,
    PositiveShare,
    Share,
    Span,
    refusal,
)
from rules.season.duration import Duration
from rules.season.earning_models import Limit
from rules.season.section import Distinct, Id, Name, Section
from rules.season.where import Dates, MemberWhere, OneHours, Where

RANK_MAX = 10_000_000
RANKS = re.compile(r"([0-9]{1,8})(?:-([0-9]{1,8}))?")


def decided_by_others(key: str) -> ConfigDict:
    """Leave out of the schema a default that other keys of the section decide."""

    def rewrite(schema: dict[str, Any]) -> None:
        del schema["properties"][key]["default"]

    return ConfigDict(json_schema_extra=rewrite)


class Coupon(Section):
    """Hold a coupon template."""

    id: Id
    name: Name | None = None
    kind: Literal["amount_off", "percent", "gift"]
    off_fen: PositiveFen | None = Field(default=None, alias="off")
    pay: PositiveShare | None = Field(default=None, description="What the member pays: 0.80 is 8折")
    product: Id | None = Field(default=None, description="The product a gift gives")
    unit_cost_fen: MoneyFen = Field(default=0, alias="unit_cost")
    min_spend_fen: MoneyFen | None = Field(default=None, alias="min_spend")
    max_off_fen: MoneyFen | None = Field(default=None, alias="max_off")
    where: Where = Where()
    valid: Span = Duration(3, "mo")
    claim: Limit | None = Field(
        default=None, description="Members may take one themselves, so often; else never"
    )

    @property
    def face_value_fen(self) -> int | None:
        """Give the most one coupon can cost, in fen; None when nothing bounds it."""
        if self.kind == "amount_off":
            return self.off_fen
        return self.max_off_fen if self.kind == "percent" else self.unit_cost_fen


class CouponRules(Section):
    """Hold what is common to all coupons."""

    per_order: PositiveCount = 1
    with_tier_discount: bool = True
    transferable: bool = False
    on_refund: Literal["keep_used", "reinstate"] = "keep_used"
    remind_before: Annotated[tuple[DaySpan, ...], Distinct] = ()
    reserve_for: Span = Duration(10, "m")


class Trigger(Section):
    """Issue a coupon when something happens to a member."""

    model_config = decided_by_others("id")

    id: Id = Field(default="", description="on-issue where not given")
    on: Literal["enrol", "birthday", "tier_up", "holiday", "dormant"]
    issue: Id = Field(description="The coupon")
    dates: Dates = ()
    after: DaySpan | None = Field(default=None, description="Days without a purchase (dormant)")
    where: MemberWhere = MemberWhere()
    cooldown: Span | None = None
    holdout: Share = Fraction(0)

    @model_validator(mode="before")
    @classmethod
    def name_itself(cls, value: Any) -> Any:
        """Take on + "-" + issue for a missing id."""
        if isinstance(value, dict) and "id" not in value:
            return {**value, "id": f"{value.get('on')}-{value.get('issue')}"}
        return value


class Budget(Section):
    """Limit how many of some coupons and rewards are given, or what they cost."""

    id: Id
    covers: Annotated[tuple[Id, ...], Distinct, Field(min_length=1)]
    count: Count | None = None
    cost_fen: MoneyFen | None = Field(default=None, alias="cost")
    at: Literal["issue", "redeem"] = "issue"
    per: Literal["day", "week", "month"] | None = Field(
        default=None, description="Begins afresh each local period; without it, once for all"
    )


class Notices(Section):
    """Hold when members aren't to be disturbed."""

    quiet_hours: OneHours | None = None
    per_member_week: Count | None = None


class Goods(Section):
    """Hold a thing of the catalogue."""

    unit_cost_fen: MoneyFen = Field(alias="unit_cost")
    stock: Count | None = None


class CatalogueItem(Section):
    """Hold what points buy."""

    id: Id
    name: Name | None = None
    points: PositivePoints
    coupon: Id | None = None
    goods: Goods | None = None
    tier_up: Id | None = None


class Checkout(Section):
    """Hold the deduction of points at the till."""

    model_config = decided_by_others("step")

    points: PositivePoints
    amount_fen: PositiveFen = Field(alias="amount")
    step: PositivePoints = Field(default=0, description="points where not given")
    max_share: Share = Fraction(1)

    @model_validator(mode="before")
    @classmethod
    def step_of_points(cls, value: Any) -> Any:
        """Take `points` for a missing step."""
        if isinstance(value, dict) and "step" not in value and "points" in value:
            return {**value, "step": value["points"]}
        return value


class Reward(Section):
    """Hold what a prize gives."""

    kind: Literal["goods", "coupon", "points"]
    name: Name | None = None
    unit_cost_fen: MoneyFen | None = Field(default=None, alias="unit_cost")
    coupon: Id | None = None
    points: PointCount | None = None
    delivery: Annotated[tuple[Literal["post", "pickup"], ...], Distinct, Field(min_length=1)] = (
        "pickup",
    )
    tax: Literal["none", "programme_pays_20", "winner_pays_20"] = "none"


@dataclass(frozen=True, slots=True)
class RankSpan:
    """Hold ranks from first to last, both included."""

    first: int
    last: int


def decode_ranks(value: object) -> RankSpan:
    """Read `3` or `4-10`."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    found = RANKS.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise refusal("must be a rank or a span of ranks", 'write "1" or "4-10"')
    span = RankSpan(int(found[1]), int(found[2] or found[1]))
    if span.first < 1 or span.last > RANK_MAX:
        raise refusal("has no such rank", f"write ranks from 1 to {RANK_MAX}")
    if span.last < span.first:
        raise refusal("ends before it starts", f'write "{span.last}-{span.first}"')
    return span


Ranks = Annotated[
    RankSpan,
    PlainValidator(decode_ranks),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": "^[0-9]{1,8}(-[0-9]{1,8})?$"},
                {"type": "integer", "minimum": 1},
            ],
            "description": "A rank, or a span with both ends included",
            "examples": ["4-10"],
        }
    ),
]


class Prize(Section):
    """Give a reward to ranks of a board."""

    board: Id
    ranks: Ranks
    reward: Id


class PrizeRules(Section):
    """Hold who may win and until when they claim."""

    min_score: PointCount = 1
    one_per_member: bool = False
    claim_within: Span = Duration(30, "d")
