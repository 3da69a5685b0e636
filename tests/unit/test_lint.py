"""What a valid file says without effect, or perhaps without meaning it."""

from __future__ import annotations

from pathlib import Path

from rules.lint import doubtful, effects_pending
from rules.season_file import load_season
from tests.unit.broken_season import BASE, LEVELS, PRODUCTS

SUMMER = Path(__file__).parents[2] / "seasons" / "summer-2026.toml"


def test_the_example_lists_every_section_without_effect() -> None:
    season = load_season(SUMMER.read_text(encoding="utf-8"))
    assert [note.path for note in effects_pending(season)] == [
        "coupons",
        "coupon_rules",
        "triggers",
        "budgets",
        "notices",
        "catalogue",
        "checkout",
        "points.expire_after",
        "points.remind_before",
        "prize_rules.claim_within",
        "products.*.margin",
        "tiers.levels.*.discount",
        "rewards.*.delivery",
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
