"""Decode one event at a time, the plain way: the oracle of the columnar decoder."""

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from rules.decoding.events import TYPES, Names

TEXTS = ("station", "product", "pay", "order", "ref", "coupon", "item")


NEEDED = {
    "referral": ("ref",),
    "merge": ("ref",),
    "redeem": ("item",),
    "claim": ("coupon",),
    "reserve": ("coupon", "order", "lines"),
    "use": ("order", "lines"),
    "release": ("coupon",),
    "prize_claim": ("item",),
}


class RefusedError(Exception):
    """The event is refused; the argument is the reason."""


def decode_plainly(event: Any, names: Names) -> dict[str, Any]:
    """Return one decoded JSON value as the row it should give, or raise RefusedError."""
    if not isinstance(event, dict):
        raise RefusedError("bad_field")
    given = {name: value for name, value in event.items() if value is not None and value != ""}
    _shape(given)
    kind = given["type"]
    if kind not in TYPES:
        raise RefusedError("unknown_type")
    row = _values(given, kind, names)
    products = names.products
    if kind in ("reserve", "use"):
        _lines(row["lines"], products)
    if kind == "purchase" and products is not None and row["product"] not in products:
        raise RefusedError("unknown_product")
    if not names.earliest_us <= row["at_us"] <= names.latest_us:
        raise RefusedError("bad_time")
    return row


def _shape(given: dict[str, Any]) -> None:
    for name in ("event_id", "type", "member", "at"):
        if not isinstance(given.get(name), str):
            raise RefusedError("bad_field")
    for name, limit in (("event_id", 128), ("member", 64)):
        text = given[name]
        if len(text.encode()) > limit or re.search(r"[\x00-\x1f\x7f-\x9f]", text):
            raise RefusedError("bad_field")
    for name in (*TEXTS, "litres", "amount", "score", "points"):
        value = given.get(name)
        if value is not None and (
            isinstance(value, bool) or not isinstance(value, str | int | float)
        ):
            raise RefusedError("bad_field")
    for name in TEXTS:
        if name in given and len(_text(given[name]).encode()) > 1024:
            raise RefusedError("bad_field")
    attributes = given.get("attributes", {})
    if not isinstance(attributes, dict):
        raise RefusedError("bad_field")
    if any(isinstance(value, list | dict) for value in attributes.values()):
        raise RefusedError("bad_field")
    lines = given.get("lines", [])
    if not isinstance(lines, list | str):
        raise RefusedError("bad_field")
    if isinstance(lines, str):
        try:
            lines = json.loads(lines)
        except ValueError as problem:
            raise RefusedError("bad_field") from problem
        if not isinstance(lines, list):
            raise RefusedError("bad_field")


def _lines(lines: list[Any], products: frozenset[str] | None) -> None:
    if len(lines) > 200:
        raise RefusedError("bad_field")
    for line in lines:
        if not isinstance(line, dict):
            raise RefusedError("bad_field")
        product = line.get("product")
        if isinstance(product, bool) or not isinstance(product, str | int | float) or product == "":
            raise RefusedError("bad_field")
        for name, places, most in (("amount", 2, 10_000_000), ("litres", 3, 10_000)):
            value = line.get(name)
            if isinstance(value, bool) or not isinstance(value, str | int | float | None):
                raise RefusedError("bad_field")
            if value not in (None, ""):
                _quantity(value, places, most)
            elif name == "amount":
                raise RefusedError("bad_field")
        if products is not None and _text(product) not in products:
            raise RefusedError("unknown_product")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    text = format(Decimal(repr(value)), "f")
    return text.removesuffix(".0")


def _values(given: dict[str, Any], kind: str, names: Names) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys((*TEXTS, "lines", "attributes"))
    row |= {"event_id": given["event_id"], "type": kind, "member": given["member"]}
    row["at_us"] = _instant(given["at"])
    row["litres_ml"] = _quantity(given.get("litres"), 3, 10_000)
    row["amount_fen"] = _quantity(given.get("amount"), 2, 10_000_000)
    row["points"] = _whole(given.get("points"), -(10**9), 10**9)
    row["score"] = _whole(given.get("score"), 0, 10)
    for name in TEXTS:
        if name in given:
            row[name] = _text(given[name])
    if kind in {"purchase", "top_up"} and row["amount_fen"] is None:
        raise RefusedError("bad_field")
    if kind == "refund":
        if row["ref"] is None:
            raise RefusedError("bad_field")
        if row["litres_ml"] is not None and row["amount_fen"] is not None:
            raise RefusedError("bad_field")
    if kind == "adjust" and row["points"] is None:
        raise RefusedError("bad_field")
    if any(given.get(name) is None for name in NEEDED.get(kind, ())):
        raise RefusedError("bad_field")
    if kind in ("referral", "merge") and row["ref"] == row["member"]:
        raise RefusedError("bad_field")
    if kind == "use" and row["coupon"] is None and not row["points"]:
        raise RefusedError("bad_field")
    if kind == "use" and (row["points"] or 0) < 0:
        raise RefusedError("bad_field")
    if kind == "purchase" and names.products is not None and row["product"] is None:
        raise RefusedError("bad_field")
    attributes = {
        name: int(value) if isinstance(value, float) and value.is_integer() else value
        for name, value in given.get("attributes", {}).items()
        if value is not None and value != ""
    }
    if attributes:
        if "kind" in attributes and attributes["kind"] not in names.kinds:
            raise RefusedError("bad_field")
        row["attributes"] = attributes
    if "lines" in given:
        lines = given["lines"]
        row["lines"] = json.loads(lines) if isinstance(lines, str) else lines
    return row


def _instant(text: str) -> int:
    match = re.fullmatch(
        r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]+)?"
        r"([Zz]|[+-][0-9]{2}:[0-9]{2})",
        text,
    )
    if match is None:
        raise RefusedError("bad_field")
    day, clock, fraction, zone = match.groups()
    try:
        local = datetime.strptime(f"{day} {clock} +0000", "%Y-%m-%d %H:%M:%S %z")
    except ValueError as problem:
        raise RefusedError("bad_field") from problem
    if clock.endswith(("60", "61")):
        raise RefusedError("bad_field")
    offset = timedelta()
    if zone not in "Zz":
        hours, minutes = int(zone[1:3]), int(zone[4:6])
        if hours > 23 or minutes > 59:
            raise RefusedError("bad_field")
        offset = timedelta(hours=hours, minutes=minutes) * (-1 if zone[0] == "-" else 1)
    since = local - datetime(1970, 1, 1, tzinfo=UTC) - offset
    micros = int(((fraction or ".")[1:] + "000000")[:6])
    return since // timedelta(microseconds=1) + micros


def _quantity(value: Any, places: int, most: int) -> int | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else format(Decimal(repr(value)), "f")
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        raise RefusedError("bad_field")
    units = Decimal(text).scaleb(places)
    if units != units.to_integral_value() or units > most * 10**places:
        raise RefusedError("bad_field")
    return int(units)


def _whole(value: Any, least: int, most: int) -> int | None:
    if value is None:
        return None
    try:
        number = Decimal(value if isinstance(value, str) else repr(value))
    except InvalidOperation as problem:
        raise RefusedError("bad_field") from problem
    if isinstance(value, str) and not re.fullmatch(r"-?[0-9]+", value):
        raise RefusedError("bad_field")
    if number != number.to_integral_value() or not least <= number <= most:
        raise RefusedError("bad_field")
    return int(number)
