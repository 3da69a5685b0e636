"""What a valid file says without effect, or perhaps without meaning it."""

from __future__ import annotations

from pathlib import Path

from rules.findings import placed
from rules.lint import doubtful, effects_pending, lint
from rules.season_file import load_season
from tests.unit.broken_season import BASE, LEVELS, PRODUCTS

SUMMER = Path(__file__).parents[2] / "seasons" / "summer-2026.toml"


def test_the_example_lists_every_section_without_effect() -> None:
    season = load_season(SUMMER.read_text(encoding="utf-8"))
    assert [note.path for note in effects_pending(season)] == [
        "products.*.margin",
    ]
    assert doubtful(season) == []


def test_a_file_of_effective_sections_lists_nothing() -> None:
    season = load_season(BASE + PRODUCTS + LEVELS + "entry = { any = { visits = 1 } }\n")
    assert effects_pending(season) == []
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
