"""The JSON Schema of a season file as written, for editors and for naming known keys."""

from __future__ import annotations

from dataclasses import is_dataclass
from fractions import Fraction
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from rules.season.duration import Duration
from rules.season.season_models import Season
from rules.season.toml_lines import Loc

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _AsWritten(GenerateJsonSchema):
    """Writes defaults the way the file would."""

    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, Duration | Fraction):
            return str(dft)
        if isinstance(dft, BaseModel):
            return {"id": dft.id} if hasattr(dft, "id") else {}
        if isinstance(dft, tuple):
            return [self.encode_default(one) for one in dft]
        assert not is_dataclass(dft), f"{dft!r} has no written form"
        return super().encode_default(dft)


@cache
def season_schema() -> dict[str, Any]:
    """Describe the file as written: TOML tables as objects, local times as text.

    >>> season_schema()["required"]
    ['format', 'programme', 'earning', 'season']
    """
    schema = Season.model_json_schema(schema_generator=_AsWritten)
    written: dict[str, Any] = _tidy(schema)
    return {"$schema": DIALECT, **written, "title": "Forecourt season file, format 1"}


def _tidy(node: Any) -> Any:
    """Drop what TOML can't say (null), titles that repeat the key and empty defaults."""
    if isinstance(node, list):
        return [_tidy(one) for one in node]
    if not isinstance(node, dict):
        return node
    kept = {
        key: _tidy(value)
        for key, value in node.items()
        if not (key == "title" and isinstance(value, str))
        and not (key == "default" and value in (None, [], {}))
    }
    if {"type": "null"} in kept.get("anyOf", ()):
        others = [one for one in kept.pop("anyOf") if one != {"type": "null"}]
        kept = {**others[0], **kept} if len(others) == 1 else {**kept, "anyOf": others}
    return kept


def known_keys(schema: dict[str, Any], loc: Loc) -> list[str]:
    """List the keys the table at a path may have; none where the path leads to no table."""
    return sorted(described(schema, loc).get("properties", {}))


def described(schema: dict[str, Any], loc: Loc) -> dict[str, Any]:
    """Give the schema of the value at a path."""
    node: Any = schema
    for key in loc:
        node = _resolved(schema, node)
        if isinstance(key, int):
            node = node.get("items", {})
        else:
            node = node.get("properties", {}).get(key, node.get("additionalProperties", {}))
    return _resolved(schema, node)


def _resolved(schema: dict[str, Any], node: Any) -> dict[str, Any]:
    while isinstance(node, dict):
        if "$ref" in node:
            node = {**schema["$defs"][node["$ref"].rsplit("/", 1)[-1]], **_without_ref(node)}
        else:
            return node
    return {}


def _without_ref(node: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in node.items() if key != "$ref"}
