"""The season file as written: parsed, not yet decoded, read tolerantly so that all checks run.

Checks across sections read the draft, not the decoded season: they must still report what they
find when some other part of the file can't be decoded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, TypeAlias

from rules.season.toml_lines import Loc

Pattern: TypeAlias = tuple[str, ...]
BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
SHOWN_MAX = 80
INT_BITS_SHOWN = 256  # beyond some thousand digits Python refuses to write an integer


@dataclass(frozen=True, slots=True)
class Problem:
    """Hold one thing wrong with the draft, before its line is looked up."""

    loc: Loc
    problem: str
    fix: str


def freeze(value: Any) -> Any:
    """Turn the parser's lists into tuples, so that strict models take them."""
    if isinstance(value, list):
        return tuple(freeze(one) for one in value)
    if isinstance(value, dict):
        return {key: freeze(one) for key, one in value.items()}
    return value


def entries(node: Any) -> Iterator[tuple[str | int, Any]]:
    """List the keys or places of a table or list with their values; nothing for a plain value."""
    if isinstance(node, dict):
        yield from node.items()
    elif isinstance(node, tuple):
        yield from enumerate(node)


def places(node: Any, pattern: Pattern, loc: Loc = ()) -> Iterator[tuple[Loc, Any]]:
    """Find every value at a pattern such as `("coupons", "*", "where")`."""
    if not pattern:
        yield loc, node
        return
    for key, value in entries(node):
        if pattern[0] in ("*", key):
            yield from places(value, pattern[1:], (*loc, key))


def value_at(node: Any, loc: Loc) -> Any:
    """Give the value at a path, or None where there is none."""
    for key in loc:
        node = next((value for name, value in entries(node) if name == key), None)
    return node


def written_loc(draft: Any, loc: Loc) -> Loc:
    """Drop the parts of a decoded path that the file has no word for, bar a missing last key."""
    found: Loc = ()
    node = draft
    for place, key in enumerate(loc):
        child = dict(entries(node))
        if key in child:
            node = child[key]
            found += (key,)
        elif place == len(loc) - 1:
            found += (key,)
    return found


def dotted(draft: Any, loc: Loc) -> str:
    """Write a path for people, with ids in place of list positions.

    >>> draft = {"tiers": {"levels": ({"id": "gold", "entry": {"any": {"litres": -5}}},)}}
    >>> dotted(draft, ("tiers", "levels", 0, "entry", "any", "litres"))
    'tiers.gold.entry.litres'
    """
    words: list[str] = []
    node = draft
    for key in loc:
        is_item = isinstance(node, tuple)
        node = dict(entries(node)).get(key)
        if not is_item:
            if not (key in ("any", "all") and words[-1] in ("entry", "keep")):
                words.append(_key(str(key)))
        elif isinstance(node, dict):
            name = node.get("id")
            words.append(name if isinstance(name, str) else f"#{int(key) + 1}")
            if words[-3:-1] == ["tiers", "levels"]:
                del words[-2]
    return ".".join(words)


def _key(key: str) -> str:
    return key if BARE_KEY.fullmatch(key) else json.dumps(key, ensure_ascii=False)


def shown(value: Any) -> str:
    """Write a value as the file would, shortened."""
    text = _toml(value)
    return text if len(text) <= SHOWN_MAX else text[: SHOWN_MAX - 1] + "…"


def _toml(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, dict) and value:
        return "{ " + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    if isinstance(value, int) and value.bit_length() > INT_BITS_SHOWN:
        return f"a number of {value.bit_length()} bits"
    return "{}" if value == {} else str(value)
