"""Sections about the programme of a season: zone, members, products, stations, prices, holidays."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)

from rules.season.decimals import PriceFen, RateFen, Share, Span, refusal
from rules.season.duration import Duration
from rules.season.section import EXACTLY_ONE_KEY, Distinct, Id, Name, Section, Slug
from rules.season.where import SCALAR_TYPES, StationText, any_other_key

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
    # Their list alone, and only here: the other ways import every one of them.
    from holidays.registry import EntityLoader

    if country not in EntityLoader.get_country_codes(include_aliases=False):
        raise refusal("is no country with known holidays", 'write an ISO code such as "CN"')
    return country


def decode_date(value: object) -> date:
    """Read a local date, TOML's own or text."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        if isinstance(value, str) and len(value) == len("2026-06-09"):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise refusal("must be a date", "write 2026-06-09, without quotes")


LocalDate = Annotated[
    date,
    PlainValidator(decode_date),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
            "description": "A local date",
        }
    ),
]


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


STATION_KEYS = ("region", "brand", "opened", "closed")
"""The keys of a station that aren't fields of its own."""


class Station(Section):
    """Hold a station's region, brand, days of opening and closing, and any other field as text."""

    model_config = ConfigDict(json_schema_extra=any_other_key({"type": SCALAR_TYPES}))

    region: str | None = None
    brand: str | None = None
    opened: LocalDate | None = Field(default=None, description="The first local day it sells")
    closed: LocalDate | None = Field(
        default=None, description="From this local day it sells no more"
    )
    fields: dict[str, StationText] = Field(default_factory=dict)  # every other key

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """Leave days that aren't given out: rules without them keep the hash they had before."""
        shown = super().__repr_args__()
        return [one for one in shown if one[0] not in ("opened", "closed") or one[1] is not None]

    def sells_on(self, day: date) -> bool:
        """Tell whether the station is open on a local day."""
        return (self.opened is None or self.opened <= day) and (
            self.closed is None or day < self.closed
        )

    @model_validator(mode="before")
    @classmethod
    def gather_fields(cls, value: Any) -> Any:
        """Put unknown keys under `fields`."""
        if not isinstance(value, dict):
            return value
        own = {key: one for key, one in value.items() if key in STATION_KEYS}
        rest = {key: one for key, one in value.items() if key not in own}
        return {**own, "fields": rest}


class Price(Section):
    """Hold what a product costs and leaves from a local day on, until the next row of its scope.

    The scope is one station, the stations of a region, or everywhere; the narrower one wins.
    What a row leaves out stays as it was.
    """

    product: Id
    from_day: LocalDate = Field(alias="from", description="The first local day it holds")
    price_fen: PriceFen | None = Field(default=None, alias="price")
    margin: Margin | None = None
    region: str | None = None
    station: Id | None = None

    @property
    def id(self) -> str:
        """Name the row: product, day and scope."""
        scope = self.station or self.region
        return f"{self.product} {self.from_day}" + (f" {scope}" if scope else "")


class Holidays(Section):
    """Name the country whose public holidays count."""

    calendar: Annotated[str, AfterValidator(check_calendar)]
