"""Decode the quantities of a season file, written as decimal strings or integers, exactly.

Money becomes fen, volume millilitres, rates and factors fractions; a binary float is refused,
because `0.1` isn't a tenth.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Annotated, Any

from pydantic import Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from rules.season.duration import Duration, parse_duration

MONEY_PLACES = 2
LITRE_PLACES = 3
RATE_PLACES = 4
WHOLE_DIGITS_MAX = 12
POINTS_MAX = 1_000_000_000
DECIMAL = re.compile(r"([+-]?)([0-9]+)(?:\.([0-9]+))?")


def refusal(problem: str, fix: str) -> PydanticCustomError:
    """Make the error a validator raises: what is wrong and what to write instead."""
    return PydanticCustomError("season", "{problem}", {"problem": problem, "fix": fix})


def decimal(value: object, places: int, example: str) -> Fraction:
    """Read an integer or a decimal string with at most `places` decimals.

    >>> decimal("1.10", 2, "1.10")
    Fraction(11, 10)

    Raises:
        PydanticCustomError: for any other type, a finer number, or one of more than 12 digits.
    """
    if isinstance(value, float):
        raise refusal("is a binary float", f'write it in quotes: "{value}"')
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise refusal("must be a decimal in quotes or an integer", f'write "{example}"')
    if isinstance(value, int) and abs(value) >= 10**WHOLE_DIGITS_MAX:
        raise refusal("is too large", f"write at most {WHOLE_DIGITS_MAX} digits")
    found = DECIMAL.fullmatch(str(value))
    if found is None:
        raise refusal("isn't a decimal number", f'write digits and a point, such as "{example}"')
    if len(found[3] or "") > places:
        fix = f"round it to {places} decimals" if places else "write a whole number"
        raise refusal(f"has more than {places} decimals" if places else "must be whole", fix)
    if len(found[2]) > WHOLE_DIGITS_MAX:
        raise refusal("is too large", f"write at most {WHOLE_DIGITS_MAX} digits before the point")
    return Fraction(str(value))


def _decoder(
    places: int, scale: int, example: str, above_zero: bool = False, most: int | None = None
) -> Callable[[Any], Fraction]:
    def decode(value: object) -> Fraction:
        number = decimal(value, places, example)
        if number < 0 or (above_zero and number == 0):
            sign = "> 0" if above_zero else "≥ 0"
            raise refusal(f"must be {sign}", f'write a number {sign}, such as "{example}"')
        if most is not None and number > most:
            raise refusal(f"must be ≤ {most}", f'write a number of at most {most}: "{example}"')
        return number * scale

    return decode


def _whole(decode: Callable[[Any], Fraction]) -> Callable[[Any], int]:
    return lambda value: int(decode(value))


def _schema(places: int, unit: str, example: str) -> WithJsonSchema:
    pattern = r"^\+?[0-9]{1,12}" + (rf"(\.[0-9]{{1,{places}}})?$" if places else "$")
    return WithJsonSchema(
        {
            "anyOf": [{"type": "string", "pattern": pattern}, {"type": "integer", "minimum": 0}],
            "description": f"{unit}; a decimal string or an integer, never a float",
            "examples": [example],
        }
    )


MoneyFen = Annotated[
    int,
    PlainValidator(_whole(_decoder(MONEY_PLACES, 100, "1.10"))),
    _schema(MONEY_PLACES, "Yuan, at most two decimals", "1.10"),
]
PositiveFen = Annotated[
    int,
    PlainValidator(_whole(_decoder(MONEY_PLACES, 100, "1.00", above_zero=True))),
    _schema(MONEY_PLACES, "Yuan above 0, at most two decimals", "1.00"),
]
VolumeMl = Annotated[
    int,
    PlainValidator(_whole(_decoder(LITRE_PLACES, 1000, "300"))),
    _schema(LITRE_PLACES, "Litres, at most three decimals", "300"),
]
PositiveMl = Annotated[
    int,
    PlainValidator(_whole(_decoder(LITRE_PLACES, 1000, "1", above_zero=True))),
    _schema(LITRE_PLACES, "Litres above 0, at most three decimals", "1"),
]
Rate = Annotated[
    Fraction,
    PlainValidator(_decoder(RATE_PLACES, 1, "1.5")),
    _schema(RATE_PLACES, "A rate or factor, at most four decimals", "1.5"),
]
PositiveRate = Annotated[
    Fraction,
    PlainValidator(_decoder(RATE_PLACES, 1, "5", above_zero=True)),
    _schema(RATE_PLACES, "A factor above 0, at most four decimals", "5"),
]
RateFen = Annotated[
    Fraction,
    PlainValidator(_decoder(RATE_PLACES, 100, "0.10")),
    _schema(RATE_PLACES, "Yuan a litre, at most four decimals", "0.10"),
]
PriceFen = Annotated[
    Fraction,
    PlainValidator(_decoder(RATE_PLACES, 100, "7.62", above_zero=True)),
    _schema(RATE_PLACES, "Yuan a litre, or a piece, above 0, at most four decimals", "7.62"),
]
Share = Annotated[
    Fraction,
    PlainValidator(_decoder(RATE_PLACES, 1, "0.25", most=1)),
    _schema(RATE_PLACES, "A share from 0 to 1, at most four decimals", "0.25"),
]
PositiveShare = Annotated[
    Fraction,
    PlainValidator(_decoder(RATE_PLACES, 1, "0.80", above_zero=True, most=1)),
    _schema(RATE_PLACES, "A share above 0, up to 1, at most four decimals", "0.80"),
]
PointCount = Annotated[
    int,
    PlainValidator(_whole(_decoder(0, 1, "100", most=POINTS_MAX))),
    _schema(0, "Points, whole", "100"),
]
PositivePoints = Annotated[
    int,
    PlainValidator(_whole(_decoder(0, 1, "100", above_zero=True, most=POINTS_MAX))),
    _schema(0, "Points above 0, whole", "100"),
]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
PositiveCount = Annotated[int, Field(ge=1, le=1_000_000_000)]


def _duration(units: tuple[str, ...], example: str) -> Callable[[Any], Duration]:
    def decode(value: object) -> Duration:
        if not isinstance(value, str):
            raise refusal("must be a duration in quotes", f'write "{example}"')
        try:
            duration = parse_duration(value)
        except ValueError as error:
            raise refusal(str(error), f'write it as "{example}"') from None
        if duration.unit not in units:
            raise refusal(f"must be in {', '.join(units)}", f'write it as "{example}"')
        return duration

    return decode


def _duration_schema(units: str, example: str) -> WithJsonSchema:
    return WithJsonSchema(
        {
            "type": "string",
            "pattern": rf"^[0-9]{{1,9}}({units})$",
            "description": f"A duration: a whole number and one of {units.replace('|', ', ')}",
            "examples": [example],
        }
    )


Span = Annotated[
    Duration,
    PlainValidator(_duration(("m", "h", "d", "mo", "y"), "7d")),
    _duration_schema("m|h|d|mo|y", "7d"),
]
DaySpan = Annotated[
    Duration,
    PlainValidator(_duration(("d", "mo", "y"), "30d")),
    _duration_schema("d|mo|y", "30d"),
]
