"""Sections about the programme a season runs in: zone, members, products, stations, holidays."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays
from pydantic import AfterValidator, ConfigDict, Field, model_validator

from rules.decimals import RateFen, Share, Span, refusal
from rules.duration import Duration
from rules.section import EXACTLY_ONE_KEY, Distinct, Id, Name, Section, Slug
from rules.where import SCALAR_TYPES, StationText, any_other_key

Category = Literal["fuel", "shop", "service", "hotel", "dining", "card"]


def check_zone(name: str) -> str:
    """Accept a time zone of the tz database."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise refusal("is no known time zone", 'write one such as "Asia/Shanghai"') from None
    return name


def check_calendar(country: str) -> str:
    """Accept a country whose public holidays are known."""
    if country not in holidays.list_supported_countries(include_aliases=False):
        raise refusal("is no country with known holidays", 'write an ISO code such as "CN"')
    return country


class Programme(Section):
    """Hold what outlives a season: the programme's id, zone and deadlines."""

    id: Slug
    name: Name | None = None
    timezone: Annotated[str, AfterValidator(check_zone)] = Field(
        description="All local days, hours and dates are in this zone"
    )
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "CNY"
    accept_late: Span = Duration(7, "d")
    refund_within: Span = Duration(180, "d")

    @model_validator(mode="before")
    @classmethod
    def named_by_id(cls, value: Any) -> Any:
        """Take the id for a missing name."""
        return (
            {"name": value["id"], **value} if isinstance(value, dict) and value.get("id") else value
        )


class Members(Section):
    """Hold the kinds of members; `default_kind` is for one first seen in a purchase.

    `personal` names attributes that are kept out of the logs, besides those that always are.
    """

    kinds: Annotated[tuple[Id, ...], Distinct, Field(min_length=1, max_length=256)] = ("private",)
    default_kind: Id = "private"
    personal: Annotated[tuple[Id, ...], Distinct, Field(max_length=32)] = ()

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """Leave an empty `personal` out: rules without it keep the hash they had before it."""
        shown = super().__repr_args__()
        return [pair for pair in shown if self.personal or pair[0] != "personal"]

    @model_validator(mode="before")
    @classmethod
    def first_kind(cls, value: Any) -> Any:
        """Take the first kind for a missing default."""
        if isinstance(value, dict) and "default_kind" not in value and value.get("kinds"):
            return {**value, "default_kind": value["kinds"][0]}
        return value


class Margin(Section):
    """Hold what a sale leaves: fen a litre, or a share of the amount."""

    model_config = EXACTLY_ONE_KEY

    per_litre_fen: RateFen | None = Field(default=None, alias="per_litre")
    share: Share | None = None


class Product(Section):
    """Hold one thing that is sold."""

    category: Category
    name: Name | None = None
    margin: Margin | None = None


class Station(Section):
    """Hold a station's region, brand and any other field, all as text."""

    model_config = ConfigDict(json_schema_extra=any_other_key({"type": SCALAR_TYPES}))

    region: str | None = None
    brand: str | None = None
    fields: dict[str, StationText] = Field(default_factory=dict)  # every other key

    @model_validator(mode="before")
    @classmethod
    def gather_fields(cls, value: Any) -> Any:
        """Put unknown keys under `fields`."""
        if not isinstance(value, dict):
            return value
        own = {key: one for key, one in value.items() if key in ("region", "brand")}
        rest = {key: one for key, one in value.items() if key not in own}
        return {**own, "fields": rest}


class Holidays(Section):
    """Name the country whose public holidays count."""

    calendar: Annotated[str, AfterValidator(check_calendar)]
