"""Quantities are read exactly or refused."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from rules.season.decimals import (
    DaySpan,
    MoneyFen,
    PointCount,
    PositiveShare,
    Rate,
    RateFen,
    Span,
    VolumeMl,
)
from rules.season.duration import Duration, parse_duration


@pytest.mark.parametrize(
    ("kind", "written", "decoded"),
    [
        (MoneyFen, "1.10", 110),
        (MoneyFen, "0.07", 7),
        (MoneyFen, 3, 300),
        (MoneyFen, "007.5", 750),
        (MoneyFen, "999999999999.99", 99_999_999_999_999),
        (VolumeMl, "35.205", 35_205),
        (VolumeMl, 300, 300_000),
        (Rate, "1.2345", Fraction(2469, 2000)),
        (Rate, 0, Fraction(0)),
        (RateFen, "0.3250", Fraction(65, 2)),
        (PositiveShare, "0.8", Fraction(4, 5)),
        (PositiveShare, 1, Fraction(1)),
        (PointCount, "100", 100),
        (Span, "10m", Duration(10, "m")),
        (DaySpan, "3mo", Duration(3, "mo")),
    ],
)
def test_decoded(kind: Any, written: object, decoded: object) -> None:
    value: object = TypeAdapter(kind).validate_python(written)
    assert value == decoded
    assert type(value) is type(decoded)


@pytest.mark.parametrize(
    ("kind", "written", "problem"),
    [
        (MoneyFen, 1.1, "binary float"),
        (MoneyFen, True, "must be a decimal"),
        (MoneyFen, None, "must be a decimal"),
        (MoneyFen, "1.101", "more than 2 decimals"),
        (MoneyFen, "1.100", "more than 2 decimals"),
        (MoneyFen, "-0.01", "≥ 0"),
        (MoneyFen, "1e3", "decimal number"),
        (MoneyFen, " 1", "decimal number"),
        (MoneyFen, "1.", "decimal number"),
        (MoneyFen, "１", "decimal number"),
        (MoneyFen, "1,000.00", "decimal number"),
        (MoneyFen, 10**12, "too large"),
        (MoneyFen, 10**4000, "too large"),
        (MoneyFen, "1" * 13, "too large"),
        (VolumeMl, "0.0001", "more than 3 decimals"),
        (Rate, "0.00001", "more than 4 decimals"),
        (PositiveShare, "1.0001", "≤ 1"),
        (PositiveShare, "0", "> 0"),
        (PointCount, "1.0", "whole"),
        (PointCount, 1_000_000_001, "≤ 1000000000"),
        (Span, 7, "duration in quotes"),
        (Span, "7", "m, h, d, mo or y"),
        (Span, "-7d", "m, h, d, mo or y"),
        (Span, "36601d", "hundred years"),
        (DaySpan, "48h", "must be in d, mo, y"),
    ],
)
def test_refused(kind: Any, written: object, problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        TypeAdapter(kind).validate_python(written)


@pytest.mark.parametrize("written", ["0d", "52704000m", "878400h", "1200mo", "100y"])
def test_a_duration_is_written_as_it_was_read(written: str) -> None:
    assert str(parse_duration(written)) == written
