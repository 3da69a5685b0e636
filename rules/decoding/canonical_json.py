"""Attributes and order lines as canonical JSON: sorted keys, no absent values, one spelling."""

import math
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from rules.decoding.event_columns import JSON_BYTES_MAX

_ENCODER: Final = msgspec.json.Encoder(order="sorted")
_INTEGRAL_MAX: Final = 2.0**53


class NotCanonical(ValueError):  # noqa: N818 - read as a sentence's middle, not as an error's name
    """The value can't be stored; the text says why and what to send."""


def plain_value(value: Any) -> Any:
    """Return a number that is whole as an integer: 1 and 1.0 are one value, as in JSON."""
    if isinstance(value, float) and value.is_integer() and abs(value) < _INTEGRAL_MAX:
        return int(value)
    return value


def attributes_json(attributes: Mapping[str, Any]) -> str | None:
    """Write attributes as canonical JSON, or None where none is given.

    Null and empty text are absent. Raises `NotCanonical` for a value that is no text, number
    or boolean, or when all of it is too long.

    >>> attributes_json({"kind": "taxi", "age": 30.0, "plate": "", "a": None})
    '{"age":30,"kind":"taxi"}'
    """
    kept = {}
    for name, value in attributes.items():
        if value is None or value == "":
            continue
        if not isinstance(value, str | int | float | bool):
            raise NotCanonical(f"attributes.{name[:40]} is no text, number or boolean; send one")
        if isinstance(value, float) and not math.isfinite(value):
            raise NotCanonical(f"attributes.{name[:40]} is not finite; send a number")
        kept[name] = plain_value(value)
    return _encoded(kept, "attributes") if kept else None


def lines_json(lines: Any) -> str | None:
    """Write the lines of an order as canonical JSON: an array, or text that holds one.

    None and empty text give None. Raises `NotCanonical` for anything else.
    """
    if lines is None or lines == "":
        return None
    if isinstance(lines, str):
        try:
            lines = msgspec.json.decode(lines)
        except (ValueError, RecursionError) as problem:
            raise NotCanonical("lines is no JSON array; send the order's lines as one") from problem
    if not isinstance(lines, list):
        raise NotCanonical("lines is no JSON array; send the order's lines as one")
    return _encoded(lines, "lines")


def _encoded(value: Any, name: str) -> str:
    try:
        text = _ENCODER.encode(value)
    except (ValueError, RecursionError, OverflowError) as problem:
        raise NotCanonical(f"{name} can't be written as JSON; send plain values") from problem
    if len(text) > JSON_BYTES_MAX:
        raise NotCanonical(f"{name} takes {len(text)} bytes of JSON; send at most {JSON_BYTES_MAX}")
    return text.decode()
