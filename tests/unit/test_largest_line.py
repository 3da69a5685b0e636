"""The bound on 64-bit products holds every line the rules can meet."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from rules.season.largest_line import (
    LINE_FEN_MAX,
    LINE_ML_MAX,
    LargestLine,
    greatest_factor,
    largest_line,
)
from rules.season.season_file import load_season
from tests.unit.broken_season import BASE

SUMMER = Path(__file__).parents[2] / "seasons" / "summer-2026.toml"


def test_the_example_worked_by_hand() -> None:
    season = load_season(SUMMER.read_text(encoding="utf-8"))
    # points per ml: 1/1000 + 1/2000 = 3/2000; per fen: 1/100 + 5/10000 = 21/2000; D = 2000
    quantity = 3 * LINE_ML_MAX + 21 * LINE_FEN_MAX
    # day max 3 × tier max 2 = 6, under the ceiling 5; denominators 5 (night 6/5) × 2 (gold 3/2)
    assert greatest_factor(season) == (Fraction(5), 10)
    assert largest_line(season) == LargestLine(quantity * 5 * 10, 2000 * 10)


@pytest.mark.parametrize(
    ("way", "factor", "denominator"),
    [
        ("max", Fraction(3), 4),
        ("product", Fraction(15, 4), 8),
        ("sum_of_extra", Fraction(13, 4), 4),
    ],
)
def test_each_way_of_combining(way: str, factor: Fraction, denominator: int) -> None:
    season = load_season(
        BASE
        + f'[multiplying]\nwithin_group = "{way}"\n'
        + "".join(
            f'[[multiplier]]\nid = "{name}"\ngroup = "g"\nfactor = "{value}"\n'
            for name, value in (("a", "1.25"), ("b", "3"), ("c", "0.5"))
        )
    )
    assert greatest_factor(season) == (factor, denominator)


def test_the_limits_are_just_below_two_to_the_sixty_second_and_thirty_ninth() -> None:
    assert LargestLine(2**62 - 1, 2**40).fits
    assert not LargestLine(2**62, 2**40).fits
    assert not LargestLine(1, 2**62).fits
    assert LargestLine(2**39 - 1, 1).fits
    assert not LargestLine(2**39, 1).fits
