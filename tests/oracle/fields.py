"""Check and decode the fields of one event, written as a plain dict."""

import json
import re
from decimal import Decimal
from typing import Any

from tests.oracle.instants import DAY_US, parse_at
from tests.oracle.plan import Plan
from tests.oracle.refusal import RefusedError

TASK_TYPES = ("check_in", "browse", "share", "survey", "review")
RULED_TYPES = ("purchase", "top_up", "refund", "enrol", "update", "adjust", "disqualify",
               "reinstate", "redeem", "referral", "claim", "reserve", "use", "release", "merge",
               "erase", "prize_claim", *TASK_TYPES)  # fmt: skip
NEEDED = {
    "purchase": ("amount",),
    "top_up": ("amount",),
    "refund": ("ref",),
    "referral": ("ref",),
    "merge": ("ref",),
    "redeem": ("item",),
    "claim": ("coupon",),
    "reserve": ("coupon", "order", "lines"),
    "use": ("order", "lines"),
    "release": ("coupon",),
    "adjust": ("points",),
    "prize_claim": ("item",),
}
LINES_MAX = 200
TEXTS = ("station", "product", "pay", "order", "ref", "coupon", "item")

LITRES_MAX = 10_000
AMOUNT_MAX = 10_000_000
EVENT_ID_BYTES_MAX = 128
MEMBER_BYTES_MAX = 64
NUMBER = re.compile(r"-?\d+(\.\d+)?")

Fields = dict[str, Any]


def quantity(value: object, units_per_one: int, most: int) -> int | None:
    """Read a decimal text or number exactly into whole small units (fen, millilitres)."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise RefusedError("bad_field")
    text = value if isinstance(value, str) else str(Decimal(str(value)))
    if not NUMBER.fullmatch(text):
        raise RefusedError("bad_field")
    units = Decimal(text) * units_per_one
    if units != int(units) or units < 0 or units > most * units_per_one:
        raise RefusedError("bad_field")
    return int(units)


def text(value: object, bytes_max: int) -> str:
    """Read a text that must be there and fit."""
    if not isinstance(value, str):
        raise RefusedError("bad_field")
    try:
        bytes_long = len(value.encode())
    except UnicodeEncodeError as problem:
        raise RefusedError("bad_field") from problem
    if not 0 < bytes_long <= bytes_max:
        raise RefusedError("bad_field")
    return value


def whole(value: object, low: int, high: int) -> int | None:
    """Read a whole number in a closed range."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise RefusedError("bad_field")
    return value


def decode(event: Fields, plan: Plan) -> Fields:
    """Decode one event; raise RefusedError where a field, name or time is not valid.

    Two events are the same when everything returned here is equal.
    """
    fields: Fields = {
        "event_id": text(event.get("event_id"), EVENT_ID_BYTES_MAX),
        "member": text(event.get("member"), MEMBER_BYTES_MAX),
        "type": checked_type(event.get("type")),
    }
    try:
        fields["at_us"] = parse_at(event.get("at") or "")
    except (TypeError, ValueError) as problem:
        raise RefusedError("bad_field") from problem
    for name in TEXTS:
        value = event.get(name)
        if value is not None and not isinstance(value, str):
            raise RefusedError("bad_field")
        fields[name] = value or None
    fields["litres_ml"] = quantity(event.get("litres"), 1000, LITRES_MAX)
    fields["amount_fen"] = quantity(event.get("amount"), 100, AMOUNT_MAX)
    fields["score"] = whole(event.get("score"), 0, 10)
    fields["points"] = whole(event.get("points"), -(10**9), 10**9)
    fields["lines"] = json.dumps(as_list(event.get("lines")), sort_keys=True)
    fields["attributes"] = attributes(event.get("attributes"), plan)
    needed(event, fields, plan)
    if fields["type"] in ("reserve", "use"):
        fields["order_lines"] = order_lines(event["lines"], plan)
    known = not plan.knows_products or fields["product"] in plan.products
    if fields["type"] == "purchase" and not known:
        raise RefusedError("unknown_product")
    edge_us = 400 * DAY_US
    if not plan.starts_us - edge_us <= fields["at_us"] <= plan.ends_us + edge_us:
        raise RefusedError("bad_time")
    return fields


def checked_type(value: object) -> str:
    """Read the type: a known one, and one whose rules are there."""
    if not isinstance(value, str) or not value:
        raise RefusedError("bad_field")
    if value not in RULED_TYPES:
        raise RefusedError("unknown_type")
    return value


def attributes(given: object, plan: Plan) -> Fields | None:
    """Read the attributes; a kind the season file doesn't list is a bad field."""
    if given is None:
        return None
    if not isinstance(given, dict):
        raise RefusedError("bad_field")
    if "kind" in given and given["kind"] not in plan.kinds:
        raise RefusedError("bad_field")
    return dict(given)


def needed(event: Fields, fields: Fields, plan: Plan) -> None:
    """Refuse an event that lacks what its type can't do without, or names itself."""
    kind = fields["type"]
    absent = [name for name in NEEDED.get(kind, ()) if event.get(name) in (None, "")]
    if kind == "purchase" and plan.knows_products and fields["product"] is None:
        absent.append("product")
    if kind == "use" and fields["coupon"] is None and not fields["points"]:
        absent.append("coupon")
    both = fields["amount_fen"] is not None and fields["litres_ml"] is not None
    itself = kind in ("referral", "merge") and fields["ref"] == fields["member"]
    if absent or itself or (kind == "refund" and both):
        raise RefusedError("bad_field")


def as_list(lines: object) -> object:
    """Read order lines that are written as JSON text."""
    if not isinstance(lines, str) or not lines:
        return lines
    try:
        return json.loads(lines)
    except ValueError as problem:
        raise RefusedError("bad_field") from problem


def order_lines(given: object, plan: Plan) -> list[tuple[str, int, int]]:
    """Read the lines of an order: product, fen and millilitres of each."""
    given = as_list(given)
    if not isinstance(given, list) or len(given) > LINES_MAX:
        raise RefusedError("bad_field")
    lines = []
    for line in given:
        if not isinstance(line, dict) or not isinstance(line.get("product"), str):
            raise RefusedError("bad_field")
        amount_fen = quantity(line.get("amount"), 100, AMOUNT_MAX)
        if amount_fen is None or not line["product"]:
            raise RefusedError("bad_field")
        lines.append(
            (line["product"], amount_fen, quantity(line.get("litres"), 1000, LITRES_MAX) or 0)
        )
    if plan.knows_products and any(product not in plan.products for product, _, _ in lines):
        raise RefusedError("unknown_product")
    return lines
