"""Conditions: the `where` of rules, boards, coupons and segments, decoded."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Annotated, Any, ClassVar, TypeAlias

from pydantic import (
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

from rules.season.decimals import RATE_PLACES, decimal, refusal
from rules.season.section import Section, as_list

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60
ISO_DATE_DASHES = 2
CLOCK = re.compile(r"([0-2][0-9]):([0-5][0-9])-([0-2][0-9]):([0-5][0-9])")

Scalar: TypeAlias = str | int | bool


@dataclass(frozen=True, slots=True)
class Hours:
    """Hold a half-open span of the local day in minutes; it crosses midnight when end < start."""

    start_minute: int
    end_minute: int


@dataclass(frozen=True, slots=True)
class DateSpan:
    """Hold local dates from first to last, both included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Range:
    """Hold the inclusive bounds of a number or date attribute; None leaves that side open."""

    min: Fraction | date | None
    max: Fraction | date | None


def decode_hours(value: object) -> Hours:
    """Read `22:00-06:00`; `24:00` may end it, equal ends are refused."""
    found = CLOCK.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise refusal("must be hours such as 22:00-06:00", 'write "HH:MM-HH:MM"')
    start = int(found[1]) * 60 + int(found[2])
    end = int(found[3]) * 60 + int(found[4])
    if start >= DAY_MINUTES or end > DAY_MINUTES:
        raise refusal("has no such hour", "start at 00:00 to 23:59, end at 00:00 to 24:00")
    if start == end:
        raise refusal("has equal ends", 'for the whole day write "00:00-24:00" or leave it out')
    return Hours(start, end)


def _read_date(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        if isinstance(value, str) and len(value) == len("2026-06-19"):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise refusal("must be a date", 'write "2026-06-19" or "2026-06-19..2026-06-21"')


def decode_dates(value: object) -> DateSpan:
    """Read one date, or `a..b` with both ends included."""
    if isinstance(value, str) and ".." in value:
        first_text, last_text = value.split("..", 1)
        span = DateSpan(_read_date(first_text), _read_date(last_text))
        if span.last < span.first:
            raise refusal("ends before it starts", f'write "{span.last}..{span.first}"')
        return span
    day = _read_date(value)
    return DateSpan(day, day)


def _decode_weekday(value: object) -> int:
    if value not in WEEKDAYS:
        raise refusal("is no weekday", "write one of " + ", ".join(WEEKDAYS))
    return WEEKDAYS.index(str(value))


def _decode_text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise refusal("must be text in quotes", 'write it in quotes, such as "92"')
    return value


def _list_of(decode: Callable[[object], Any]) -> PlainValidator:
    def decode_list(value: object) -> tuple[Any, ...]:
        values = as_list(value)
        if not values:
            raise refusal("is an empty list, which nothing matches", "name a value or remove it")
        return tuple(decode(one) for one in values)

    return PlainValidator(decode_list)


def _list_schema(one: dict[str, Any], description: str) -> WithJsonSchema:
    many = {"type": "array", "items": one, "minItems": 1}
    return WithJsonSchema({"anyOf": [one, many], "description": description})


def _read_bound(value: object) -> Fraction | date | None:
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    if isinstance(value, str) and value.count("-") == ISO_DATE_DASHES:
        return _read_date(value)
    return decimal(value, RATE_PLACES, "12")


def decode_attribute(value: object) -> tuple[Scalar, ...] | Range:
    """Read what an attribute must be: one value, a list of them, or `{ min, max }`."""
    if isinstance(value, dict):
        if not value or not set(value) <= {"min", "max"}:
            raise refusal("must be a table of min, max or both", "write { min = 1, max = 2 }")
        bounds = Range(_read_bound(value.get("min")), _read_bound(value.get("max")))
        if bounds.min is not None and bounds.max is not None:
            if isinstance(bounds.min, date) != isinstance(bounds.max, date):
                raise refusal("mixes a date with a number", "give both ends in one kind")
            if bounds.min > bounds.max:  # type: ignore[operator]  # one kind, as checked above
                raise refusal("has min above max", "swap them")
        return bounds
    values = as_list(value)
    if not values:
        raise refusal("is an empty list, which nothing matches", "name a value or remove it")
    for one in values:
        if not isinstance(one, str | int | bool):
            raise refusal("must be text, an integer, true or false", 'write it like "east" or 12')
    return tuple(values)


def decode_station_field(value: object) -> tuple[str, ...]:
    """Read what an extra field of the station must be, as text."""
    if isinstance(value, dict):
        raise refusal("is a range of a station's field, which is text", "list the values instead")
    return tuple(station_text(one) for one in as_list(value))


def station_text(value: object) -> str:
    """Write a station's field as text: `true`, `12`, `north`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value)
    raise refusal("must be text, an integer, true or false", 'write it in quotes: "north"')


HOURS_SCHEMA: dict[str, Any] = {
    "type": "string",
    "pattern": "^[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]$",
}
DATES_SCHEMA: dict[str, Any] = {
    "type": "string",
    "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(\.\.[0-9]{4}-[0-9]{2}-[0-9]{2})?$",
}
BOUND_SCHEMA: dict[str, Any] = {"type": ["integer", "string"]}
SCALAR_TYPES = ["string", "integer", "boolean"]
ATTRIBUTE_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": SCALAR_TYPES},
        {"type": "array", "items": {"type": SCALAR_TYPES}, "minItems": 1},
        {
            "type": "object",
            "properties": {"min": BOUND_SCHEMA, "max": BOUND_SCHEMA},
            "additionalProperties": False,
            "minProperties": 1,
        },
    ],
    "description": "A member attribute: a value, a list of values, or { min, max }",
}

Texts = Annotated[
    tuple[str, ...], _list_of(_decode_text), _list_schema({"type": "string", "minLength": 1}, "Ids")
]
Weekdays = Annotated[
    tuple[int, ...],
    _list_of(_decode_weekday),
    _list_schema({"enum": list(WEEKDAYS)}, "Local weekdays"),
]
HoursList = Annotated[
    tuple[Hours, ...],
    _list_of(decode_hours),
    _list_schema(HOURS_SCHEMA, "Local hours, half-open, may cross midnight"),
]
Dates = Annotated[
    tuple[DateSpan, ...],
    _list_of(decode_dates),
    _list_schema(DATES_SCHEMA, "Local dates; a..b includes both"),
]
OneHours = Annotated[Hours, PlainValidator(decode_hours), WithJsonSchema(HOURS_SCHEMA)]
Attribute = Annotated[
    tuple[Scalar, ...] | Range, PlainValidator(decode_attribute), WithJsonSchema(ATTRIBUTE_SCHEMA)
]
StationText = Annotated[str, PlainValidator(station_text)]
StationField = Annotated[
    tuple[str, ...], PlainValidator(decode_station_field), WithJsonSchema(ATTRIBUTE_SCHEMA)
]


def any_other_key(value_schema: dict[str, Any]) -> Callable[[dict[str, Any]], None]:
    """Describe a table as written, where the keys no field knows stand beside the others."""

    def rewrite(schema: dict[str, Any]) -> None:
        for gathered in ("fields", "station_fields", "attributes"):
            schema["properties"].pop(gathered, None)
        schema["additionalProperties"] = value_schema

    return rewrite


class Where(Section):
    """Hold a condition on an event: every key given must hold, a list if it contains the value.

    Any other key is a field of the station where a station defines it, else an attribute of the
    member, which must be one of the values listed or lie in the range.
    """

    model_config = ConfigDict(json_schema_extra=any_other_key(ATTRIBUTE_SCHEMA))

    # Keys that belong to the station of an event; a condition on a member alone has none.
    OF_STATION: ClassVar[bool] = True

    # An empty tuple, or None, is a key that isn't given.
    product: Texts = ()
    category: Texts = ()
    weekday: Weekdays = Field(default=(), description="Monday is 0")
    hours: HoursList = ()
    dates: Dates = ()
    holiday: bool | None = Field(default=None, description="true: a public holiday")
    tier: Texts = ()
    kind: Texts = ()
    segment: Texts = ()
    station: Texts = ()
    region: Texts = ()
    brand: Texts = ()
    pay: Texts = ()
    station_fields: dict[str, StationField] = Field(default_factory=dict)
    attributes: dict[str, Attribute] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def sort_keys(cls, value: Any, info: ValidationInfo) -> Any:
        """Put each unknown key under the station's fields or the member's attributes."""
        if not isinstance(value, dict):
            return value
        station_fields = (info.context or {}).get("station_fields", ()) if cls.OF_STATION else ()
        sorted_keys: dict[str, Any] = {"station_fields": {}, "attributes": {}}
        for key, condition in value.items():
            if key in WHERE_KEYS and not (key in MEMBER_OWN_KEYS and not cls.OF_STATION):
                sorted_keys[key] = condition
            else:
                home = "station_fields" if key in station_fields else "attributes"
                sorted_keys[home][key] = condition
        return sorted_keys

    @property
    def empty(self) -> bool:
        """Tell whether the condition holds for everything."""
        return self == type(self)()


WHERE_KEYS = frozenset(Where.model_fields) - {"station_fields", "attributes"}
# In a condition on the member alone these are the member's own attributes, not the station's.
MEMBER_OWN_KEYS = frozenset({"region"})


# What a condition on a member alone may name, besides the member's attributes.
MEMBER_KEYS = frozenset({"kind", "tier", "segment"}) | MEMBER_OWN_KEYS


def _member_keys_only(schema: dict[str, Any]) -> None:
    any_other_key(ATTRIBUTE_SCHEMA)(schema)
    for key in WHERE_KEYS - MEMBER_KEYS:
        schema["properties"][key] = False


class MemberWhere(Where):
    """Hold a condition on a member alone, as they stand: kind, tier, segment and attributes.

    `region` is the member's own attribute here, not the station's.
    """

    model_config = ConfigDict(json_schema_extra=_member_keys_only)

    OF_STATION: ClassVar[bool] = False
