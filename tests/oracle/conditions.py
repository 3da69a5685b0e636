"""Decide whether a `where` holds, for a purchase line or for a member as they stand."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from tests.oracle.plan import Plan, Where

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Who:
    """Hold what conditions see of a member: tier, attributes, and the segments they are in."""

    tier: str
    attributes: dict[str, Any]
    segments: frozenset[str]


def listed(wanted: object) -> list[Any]:
    """Give the values of a list, or the one value alone."""
    return wanted if isinstance(wanted, list) else [wanted]


def one_of(wanted: object, value: object) -> bool:
    """Say whether a value is the wanted one or in the wanted list."""
    if value is None:
        return False
    return value in listed(wanted)


def in_hours(span: str, wall: datetime) -> bool:
    """Say whether a wall time lies in a half-open span, which may cross midnight."""
    low, high = (int(part[:2]) * 60 + int(part[3:]) for part in span.split("-"))
    minute = wall.hour * 60 + wall.minute
    return low <= minute < high if low < high else minute >= low or minute < high


def in_dates(spans: list[Any], day: date) -> bool:
    """Say whether a day is one of the dates or inside one of the inclusive ranges."""
    for span in spans:
        first, _, last = str(span).partition("..")
        if date.fromisoformat(first) <= day <= date.fromisoformat(last or first):
            return True
    return False


def in_range(bounds: dict[str, Any], value: object) -> bool:
    """Say whether a number or date attribute lies between min and max, both included."""
    low, high = bounds.get("min"), bounds.get("max")
    sample = low if low is not None else high
    try:
        if is_date(sample):
            read: Any = date.fromisoformat(str(value))
            low, high = (None if b is None else date.fromisoformat(str(b)) for b in (low, high))
        else:
            if isinstance(value, bool) or value is None:
                return False
            read = Decimal(str(value))
            low, high = (None if b is None else Decimal(str(b)) for b in (low, high))
    except (ValueError, InvalidOperation):
        return False
    return (low is None or low <= read) and (high is None or read <= high)


def is_date(bound: object) -> bool:
    """Say whether a bound is a date, written as a TOML date or as text."""
    if isinstance(bound, date):
        return True
    try:
        return isinstance(bound, str) and bool(date.fromisoformat(bound))
    except ValueError:
        return False


def attribute_holds(wanted: object, value: object) -> bool:
    """Say whether one attribute of a member is the one asked for."""
    return in_range(wanted, value) if isinstance(wanted, dict) else one_of(wanted, value)


def line_holds(where: Where, plan: Plan, fields: dict[str, Any], who: Who) -> bool:
    """Say whether every key of a `where` holds for a purchase line or top-up."""
    wall = plan.zone.local(fields["at_us"])
    station = plan.stations.get(fields["station"] or "", {})
    product = fields["product"]
    for key, wanted in where.items():
        if key == "product":
            holds = one_of(wanted, product)
        elif key == "category":
            holds = one_of(wanted, plan.products.get(product or "", {}).get("category"))
        elif key == "weekday":
            holds = one_of(wanted, WEEKDAYS[wall.weekday()])
        elif key == "hours":
            holds = any(in_hours(span, wall) for span in listed(wanted))
        elif key == "dates":
            holds = in_dates(listed(wanted), wall.date())
        elif key == "holiday":
            holds = plan.is_holiday(wall.date()) == wanted
        elif key in ("station", "pay"):
            holds = one_of(wanted, fields[key])
        elif key in plan.station_keys:
            holds = str(station.get(key)) in map(str, listed(wanted)) if key in station else False
        else:
            holds = member_key_holds(key, wanted, who)
        if not holds:
            return False
    return True


def member_key_holds(key: str, wanted: object, who: Who) -> bool:
    """Say whether one key holds for a member as they stand."""
    if key == "tier":
        return one_of(wanted, who.tier)
    if key == "segment":
        return any(name in who.segments for name in listed(wanted))
    return attribute_holds(wanted, who.attributes.get(key))


def member_holds(where: Where, who: Who) -> bool:
    """Say whether every key of a `where` holds for a member as they stand."""
    return all(member_key_holds(key, wanted, who) for key, wanted in where.items())
