"""Sections that say how points are earned: earning, card, multipliers, points, tasks, referral."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rules.season.decimals import (
    DaySpan,
    MoneyFen,
    PointCount,
    PositiveCount,
    PositiveFen,
    PositiveMl,
    PositiveRate,
    Rate,
    Span,
)
from rules.season.duration import Duration
from rules.season.section import EXACTLY_ONE_KEY, Distinct, Id, Name, Section
from rules.season.where import Where

TaskType = Literal["check_in", "browse", "share", "survey", "review"]
Period = Literal["day", "week", "month", "season"]


class Per(Section):
    """Hold the quantity that earns a rule's points once: litres or money."""

    model_config = EXACTLY_ONE_KEY

    litres_ml: PositiveMl | None = Field(default=None, alias="litres")
    amount_fen: PositiveFen | None = Field(default=None, alias="amount")


class Earning(Section):
    """Give `points` for each `per` of a matching purchase or top-up."""

    id: Id
    name: Name | None = None
    on: Literal["purchase", "top_up"] = Field(description="The event that earns")
    points: Rate
    per: Per
    where: Where = Where()


class Multiplier(Section):
    """Multiply what the earning rules give to a matching event."""

    id: Id
    name: Name | None = None
    group: Id = Field(description="Factors of one group combine by multiplying.within_group")
    factor: Rate
    where: Where = Where()


class Multiplying(Section):
    """Say how factors combine, and the most they come to."""

    within_group: Literal["max", "product", "sum_of_extra"] = "max"
    across_groups: Literal["product"] = "product"
    ceiling: PositiveRate | None = None


class Points(Section):
    """Hold the life of points: expiry, reminders, the day's cap, what a refund claws back."""

    expire_after: DaySpan | None = None
    remind_before: Annotated[tuple[DaySpan, ...], Distinct] = ()
    member_day_cap: PointCount | None = Field(default=None, description="Points a local day")
    clawback: Literal["debt", "absorb"] = "debt"


class Card(Section):
    """Say whether a purchase paid from the stored-value card earns."""

    earn_on_spend: bool = True


class Limit(Section):
    """Hold how often something may happen in each period."""

    times: PositiveCount
    per: Period


class Goal(Section):
    """Hold the net purchases that reach a goal task."""

    amount_fen: PositiveFen = Field(alias="amount")
    within: Literal["season"] = "season"


class Task(Section):
    """Give points for doing something, or once for reaching a goal."""

    id: Id
    name: Name | None = None
    on: TaskType | None = Field(default=None, description="The task event; one task each")
    goal: Goal | None = None
    points: PointCount
    limit: Limit | None = None


class Referral(Section):
    """Reward a member whose referee makes a first purchase."""

    advocate_points: PointCount
    first_order_min_fen: MoneyFen = Field(default=0, alias="first_order_min")
    hold: Span = Duration(0, "d")
    limit: Limit | None = None
    distinct: Annotated[tuple[Id, ...], Distinct] = Field(
        default=(), description="Attributes the referee may share with no one"
    )
