"""Lint of stations and prices: each finding at its line, and what the file's prices change."""

from __future__ import annotations

import pytest

from rules.advice.lint import lint
from rules.advice.typical_members import usual_prices
from rules.season.season_file import load_season
from tests.unit.lint_cases import SOUND, found, warning

REGISTER = '[stations.S1]\nregion = "north"\n[stations.S2]\n[stations.S3]\nbrand = "sun"\n'
NORTH = (
    '[[multiplier]]\nid = "north"\ngroup = "place"\nwhere = { region = "north" }\nfactor = "1.5"\n'
)


def priced(*rows: str) -> str:
    return "".join(f'[[prices]]\nproduct = "92"\n{row}\n' for row in rows)


def test_stations_without_a_region_are_told_when_a_rule_looks_at_regions() -> None:
    one = warning(SOUND + REGISTER + NORTH, "no-region")
    assert one.path == "stations.S2"
    assert "no region at S2, S3, so what multiplier.north uses never holds" in str(one)
    assert found(SOUND + REGISTER, "no-region") == []
    assert found(SOUND + REGISTER + NORTH, "no-brand") == []


def test_many_stations_are_counted() -> None:
    many = "".join(f"[stations.S{number}]\n" for number in range(100, 120))
    text = SOUND + REGISTER + many + NORTH.replace('region = "north"', 'brand = "sun"')
    assert "S1, S2, S100, S101, S102, … (22 in all)" in str(warning(text, "no-brand"))


def test_a_fuel_without_a_price_is_told_once_there_are_prices() -> None:
    assert found(SOUND, "no-price") == []
    text = SOUND + '[products.95]\ncategory = "fuel"\n' + priced('from = 2026-05-01\nprice = "7"')
    one = warning(text, "no-price")
    assert one.path == "products.95"


def test_a_price_that_holds_nowhere_or_late_is_told() -> None:
    row = 'region = "north"\nfrom = 2026-06-09\nprice = "7.62"'
    texts = [one.finding.message for one in found(SOUND + REGISTER + priced(row), "no-price")]
    assert texts == [
        "has no price at S2, S3; add a row without region or station",
        "has no price before 2026-06-09, though the season starts earlier",
    ]


def test_a_margin_above_the_price_and_a_row_after_the_closing_are_told() -> None:
    text = SOUND + priced('from = 2026-06-09\nprice = "1.10"')
    assert warning(text, "margin-above-price").path == "prices.#1"
    closed = SOUND + "[stations.S1]\nclosed = 2026-06-05\n"
    text = closed + priced('from = 2026-06-09\nstation = "S1"\nprice = "7.62"')
    (unused,) = [one for one in found(text, "unused") if one.path == "prices.#1"]
    assert "closed (2026-06-05)" in unused.finding.message


@pytest.mark.parametrize("price", ["4.00", "8.00"])
def test_figures_rest_on_the_files_prices(price: str) -> None:
    text = SOUND + priced(
        f'from = 2026-05-01\nprice = "{price}"\nmargin = {{ per_litre = "0.80" }}'
    )
    season = load_season(text)
    assert f"92 ¥{price} a litre" in usual_prices(season).assumed
    (note,) = [
        one for one in lint(season) if one.kind == "effective-discount" and one.loc[1] == "92"
    ]
    share = {"4.00": "give back 0.25 % of the price", "8.00": "give back 0.12 % of the price"}
    margin = {"4.00": "of a margin of 20 %", "8.00": "of a margin of 10 %"}
    assert share[price] in note.message
    assert margin[price] in note.message
