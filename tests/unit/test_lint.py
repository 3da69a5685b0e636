"""What a valid file says that may not be meant, and where its findings stand."""

from __future__ import annotations

from pathlib import Path

from rules.advice.findings import placed
from rules.advice.lint import doubtful, lint
from rules.season.season_file import load_season
from tests.unit.broken_season import BASE, LEVELS, PRODUCTS

SUMMER = Path(__file__).parents[2] / "seasons" / "summer-2026.toml"


def test_nothing_in_the_example_is_doubtful() -> None:
    assert doubtful(load_season(SUMMER.read_text(encoding="utf-8"))) == []


def test_a_level_with_an_entry_is_not_doubtful() -> None:
    season = load_season(BASE + PRODUCTS + LEVELS + "entry = { any = { visits = 1 } }\n")
    assert doubtful(season) == []


def test_attributes_spelt_like_keys_and_levels_without_entry_are_doubtful() -> None:
    season = load_season(
        BASE + 'where = { prodct = "92", weekdays = "mon", company = "acme" }\n' + PRODUCTS + LEVELS
    )
    assert [note.path for note in doubtful(season)] == [
        "earning.fuel.where.prodct",
        "earning.fuel.where.weekdays",
        "tiers.gold",
    ]


def test_the_findings_of_the_example_are_those_its_owner_should_know() -> None:
    text = SUMMER.read_text(encoding="utf-8")
    found = placed(text, lint(load_season(text)))
    warnings = [(one.path, one.finding.kind) for one in found if one.finding.severity == "warning"]
    assert warnings == [
        ("tasks.share", "task-farming"),
        ("coupons.fuel-100-10", "above-margin"),
        ("coupons.fuel-200-30", "above-margin"),
    ]
    lines = text.split("\n")
    assert [lines[one.line - 1] for one in found[:3]] == ["[[tasks]]", "[[coupons]]", "[[coupons]]"]
    assert {one.finding.kind for one in found if one.finding.severity == "note"} == {
        "effective-discount",
        "point-value",
        "prize-cost",
        "self-referral",
        "trigger-budget",
    }
