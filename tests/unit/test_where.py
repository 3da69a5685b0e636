"""Conditions decode to what the kernel looks up."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from pydantic import ValidationError

from rules.season.where import DateSpan, Hours, MemberWhere, Range, Where


@pytest.mark.parametrize(
    ("written", "field", "decoded"),
    [
        ({"weekday": "mon"}, "weekday", (0,)),
        ({"weekday": ("sat", "sun")}, "weekday", (5, 6)),
        ({"hours": "22:00-06:00"}, "hours", (Hours(1320, 360),)),
        ({"hours": "18:30-24:00"}, "hours", (Hours(1110, 1440),)),
        ({"hours": ("00:00-24:00", "07:00-00:00")}, "hours", (Hours(0, 1440), Hours(420, 0))),
        ({"dates": date(2026, 6, 19)}, "dates", (DateSpan(date(2026, 6, 19), date(2026, 6, 19)),)),
        (
            {"dates": "2026-06-19..2026-06-21"},
            "dates",
            (DateSpan(date(2026, 6, 19), date(2026, 6, 21)),),
        ),
        ({"product": "92"}, "product", ("92",)),
        ({"holiday": False}, "holiday", False),
        ({"visits": {"min": 12}}, "attributes", {"visits": Range(Fraction(12), None)}),
        ({"score": {"max": "-0.5"}}, "attributes", {"score": Range(None, Fraction(-1, 2))}),
        (
            {"since": {"min": date(2026, 1, 1), "max": "2026-01-31"}},
            "attributes",
            {"since": Range(date(2026, 1, 1), date(2026, 1, 31))},
        ),
        ({"fuel": ("0", 92, True)}, "attributes", {"fuel": ("0", 92, True)}),
        ({"attributes": "odd name"}, "attributes", {"attributes": ("odd name",)}),
    ],
)
def test_decoded(written: dict[str, Any], field: str, decoded: object) -> None:
    where = Where.model_validate(written)
    assert getattr(where, field) == decoded
    others = set(Where.model_fields) - {field}
    assert all(getattr(where, other) == getattr(Where(), other) for other in others)


@pytest.mark.parametrize(
    "written",
    [
        {"weekday": 1},
        {"hours": "7:00-8:00"},
        {"hours": "07:00-07:00"},
        {"hours": "24:00-06:00"},
        {"hours": "06:00-24:01"},
        {"dates": "2026-06-31"},
        {"dates": "20260619"},
        {"product": 92},
        {"product": ()},
        {"holiday": "yes"},
        {"visits": {}},
        {"visits": {"least": 1}},
        {"visits": {"min": 2, "max": 1}},
        {"visits": {"min": 2, "max": "2026-01-01"}},
        {"visits": 1.5},
        {"visits": ({"min": 1},)},
    ],
)
def test_refused(written: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Where.model_validate(written)


def test_a_condition_on_a_member_takes_region_for_the_members_own() -> None:
    assert Where.model_validate({"region": "north"}).region == ("north",)
    assert MemberWhere.model_validate({"region": "north"}).attributes == {"region": ("north",)}


def test_only_a_condition_without_keys_is_empty() -> None:
    assert Where().empty
    assert MemberWhere.model_validate({}).empty
    assert not Where.model_validate({"holiday": False}).empty
    assert not Where.model_validate({"vip": True}).empty
