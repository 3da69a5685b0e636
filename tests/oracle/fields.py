"""Check and decode the fields of one event, written as a plain dict."""

import json
import re
from decimal import Decimal
from typing import Any

from tests.oracle.instants import DAY_US, parse_at
from tests.oracle.plan import Plan

TASK_TYPES = ("check_in", "browse", "share", "survey", "review")
RULED_TYPES = ("purchase", "top_up", "refund", "enrol", "update", "adjust", "disqualify",
               "reinstate", *TASK_TYPES)  # fmt: skip
LATER_TYPES = ("referral", "redeem", "claim", "reserve", "use", "release", "merge",
               "prize_claim", "erase")  # fmt: skip
TEXTS = ("station", "product", "pay", "order", "ref", "coupon", "item")

LITRES_MAX = 10_000
AMOUNT_MAX = 10_000_000
EVENT_ID_BYTES_MAX = 128
MEMBER_BYTES_MAX = 64
NUMBER = re.compile(r"-?\d+(\.\d+)?")

Fields = dict[str, Any]


class RefusedError(Exception):
    """Refuse an event before it moves the clock, with the reason's word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


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
    fields["points"] = whole(event.get("points"), -(2**63), 2**63 - 1)
    fields["lines"] = json.dumps(event.get("lines"), sort_keys=True)
    fields["attributes"] = attributes(event.get("attributes"), plan)
    needed(fields, plan)
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
    if value in LATER_TYPES:
        raise RefusedError("not_available_yet")
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


def needed(fields: Fields, plan: Plan) -> None:
    """Refuse an event that lacks what its type can't do without."""
    kind = fields["type"]
    lacking = (
        (kind in ("purchase", "top_up") and fields["amount_fen"] is None)
        or (kind == "purchase" and plan.knows_products and fields["product"] is None)
        or (kind == "refund" and not fields["ref"])
        or (kind == "adjust" and fields["points"] is None)
    )
    both = fields["amount_fen"] is not None and fields["litres_ml"] is not None
    if lacking or (kind == "refund" and both):
        raise RefusedError("bad_field")
