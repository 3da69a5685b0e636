"""The JSON Schema describes files as written: it takes what the loader takes."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # ships no types
import pytest

from rules.season.season_schema import described, known_keys, season_schema

SEASONS = Path(__file__).parents[2] / "seasons"


def as_json(node: Any) -> Any:
    """Write a TOML value as an editor hands it to a JSON Schema."""
    if isinstance(node, dict):
        return {key: as_json(value) for key, value in node.items()}
    if isinstance(node, list):
        return [as_json(value) for value in node]
    return node.isoformat() if isinstance(node, date) else node


@pytest.fixture
def validator() -> Any:
    jsonschema.Draft202012Validator.check_schema(season_schema())
    return jsonschema.Draft202012Validator(season_schema())


@pytest.fixture
def summer() -> Any:
    return as_json(tomllib.loads((SEASONS / "summer-2026.toml").read_text(encoding="utf-8")))


def test_the_example_is_valid(validator: Any, summer: Any) -> None:
    assert [error.message for error in validator.iter_errors(summer)] == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("format",), 2),
        (("colour",), "red"),
        (("programme", "accept_late"), "7 days"),
        (("earning", 0, "points"), 1.5),
        (("earning", 0, "points"), "1.23456"),
        (("earning", 0, "per"), {"litres": "1", "amount": "1"}),
        (("earning", 0, "where", "weekday"), "tues"),
        (("earning", 0, "where", "fuel"), {"least": 1}),
        (("products", "92", "category"), "feul"),
        (("tiers", "levels", 1, "entry"), {"any": {"litre": 1}}),
        (("boards", 0, "where"), {"product": "92"}),
        (("prizes", 0, "ranks"), "first"),
        (("card", "earn_on_spend"), "no"),
        (("stations", "S001", "opened"), "June"),
        (("prices",), [{"product": "92", "price": "7.62"}]),
        (("prices",), [{"product": "92", "from": "2026-06-09", "price": 7.62}]),
        (("prices",), [{"product": "92", "from": "2026-06-09", "margin": "1.05"}]),
        (("prices",), [{"product": "92", "from": "2026-06-09", "price": "7", "brand": "sun"}]),
    ],
)
def test_what_the_loader_refuses_is_invalid(
    validator: Any, summer: Any, path: tuple[Any, ...], value: Any
) -> None:
    node = summer
    for key in path[:-1]:
        node = node[key] if isinstance(node, list) else node.setdefault(key, {})
    node[path[-1]] = value
    assert list(validator.iter_errors(summer))


def test_prices_and_opening_days_are_valid(validator: Any, summer: Any) -> None:
    row = {"product": "92", "from": "2026-06-09", "price": "7.62", "region": "north"}
    summer["prices"] = [row, row | {"station": "S001", "margin": {"per_litre": "1.05"}}]
    summer["stations"]["S001"] |= {"opened": "2026-06-01", "closed": "2026-07-01", "lanes": 4}
    assert [error.message for error in validator.iter_errors(summer)] == []
    assert season_schema()["$defs"]["Price"]["required"] == ["product", "from"]


def test_only_what_the_page_requires_is_required() -> None:
    schema = season_schema()
    assert schema["required"] == ["format", "programme", "earning", "season"]
    assert schema["$defs"]["Trigger"]["required"] == ["on", "issue"]
    assert schema["$defs"]["Checkout"]["required"] == ["points", "amount"]
    assert "null" not in json.dumps(schema)


def test_defaults_and_units_are_said_as_written() -> None:
    schema = season_schema()
    assert described(schema, ("programme", "accept_late"))["default"] == "7d"
    assert described(schema, ("season", "score"))["default"] == ["base", "bonus", "task"]
    assert "Litres" in described(schema, ("earning", 0, "per", "litres"))["description"]
    assert known_keys(schema, ("tiers", "levels", 3, "discount")) == ["category", "per_litre"]
