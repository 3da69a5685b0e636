"""Lint of what is out of reach: a season with each fault, and one without."""

from __future__ import annotations

import pytest

from rules.advice.lint import lint
from rules.advice.lint_reach import implies
from rules.season.season_file import load_season
from rules.season.season_models import Condition
from tests.unit.lint_cases import LEVELS, SOUND, coupon, found, multiplier, warned, warning


def test_the_sound_season_has_no_warning() -> None:
    assert [one for one in lint(load_season(SOUND)) if one.severity == "warning"] == []


@pytest.mark.parametrize(
    ("where", "keys"),
    [
        ('product = "92", category = "shop"', "category and product"),
        ('weekday = "mon", dates = "2026-06-02"', "dates and weekday"),
        ('holiday = true, dates = "2026-06-02"', "dates and holiday"),
        ('station = "S1", region = "south"', "region and station"),
    ],
)
def test_keys_that_contradict_one_another_are_named(where: str, keys: str) -> None:
    stations = '[stations.S1]\nregion = "north"\n[stations.S2]\nregion = "south"\n'
    one = warning(SOUND + stations + multiplier("m", "2", where), "unreachable")
    assert one.path == "multiplier.m.where"
    assert f"its {keys} can't hold together" in one.finding.message


def test_two_segments_that_exclude_one_another_are_out_of_reach() -> None:
    segments = (
        "[segments.often]\nwhere = { visits_90d = { min = 12 }, age = { min = 30 } }\n"
        "[segments.new]\nwhere = { kind = 'taxi' }\n"
    )
    both = multiplier("m", "2", 'segment = "often", age = { max = 20 }')
    assert "segment and age" in warning(SOUND + segments + both, "unreachable").finding.message
    kinds = multiplier("m", "2", 'segment = "new", kind = "private"')
    assert "kind and segment" in warning(SOUND + segments + kinds, "unreachable").finding.message
    either = multiplier("m", "2", 'segment = ["often", "new"], kind = "private"')
    assert warned(SOUND + segments + either, "unreachable") == []


def test_conditions_that_can_hold_are_left_alone() -> None:
    text = SOUND + multiplier("m", "2", 'product = "92", category = "fuel", weekday = "mon"')
    assert warned(text, "unreachable") == []


def test_days_outside_the_season_are_named_with_its_days() -> None:
    one = warning(SOUND + multiplier("late", "2", 'dates = "2026-07-02"'), "unreachable")
    assert one.path == "multiplier.late.where.dates"
    assert "(2026-06-01 to 2026-06-30)" in one.finding.message
    assert warned(SOUND + multiplier("in", "2", 'dates = "2026-06-30"'), "unreachable") == []


def test_a_multiplier_where_nothing_earns_is_reported() -> None:
    products = "[products.wash]\ncategory = 'service'\n"
    text = SOUND + products + multiplier("wash", "2", 'category = "service"')
    assert "multiplies nothing" in warning(text, "unreachable").finding.message
    assert "no earning rule" in found(text, "unused")[0].finding.message


def test_a_multiplier_always_beaten_in_its_group_names_what_beats_it() -> None:
    weekend = multiplier("weekend", "2", 'weekday = ["sat", "sun"]')
    sunday = multiplier("sunday", "1.5", 'weekday = "sun"')
    one = warning(SOUND + weekend + sunday, "beaten")
    assert (one.path, "wherever it holds, weekend gives" in one.finding.message) == (
        "multiplier.sunday",
        True,
    )
    more = multiplier("sunday", "2.5", 'weekday = "sun"')
    assert warned(SOUND + weekend + more, "beaten") == []
    elsewhere = multiplier("sunday", "1.5", 'weekday = "sun"', group="week")
    assert warned(SOUND + weekend + elsewhere, "beaten") == []
    product = '[multiplying]\nwithin_group = "product"\n'
    assert warned(SOUND + weekend + sunday + product, "beaten") == []


def test_several_multipliers_may_beat_one_together() -> None:
    parts = multiplier("work", "2", 'weekday = ["mon", "tue", "wed", "thu", "fri"]')
    parts += multiplier("rest", "3", 'weekday = ["sat", "sun"]')
    night = multiplier("night", "1.2", 'hours = "22:00-06:00"')
    assert "work and rest" in warning(SOUND + parts + night, "beaten").finding.message
    part = multiplier("work", "2", 'weekday = ["mon", "tue"]')
    assert warned(SOUND + part + night, "beaten") == []


def test_a_level_below_an_easier_one_is_never_reached() -> None:
    easy = LEVELS.replace('litres = "900"', 'litres = "250"')
    one = warning(SOUND + easy, "shadowed-level")
    assert (one.path, "entry of platinum" in one.finding.message) == ("tiers.gold.entry", True)
    assert warned(SOUND + LEVELS, "shadowed-level") == []


def test_a_level_harder_to_keep_than_to_enter_is_reported() -> None:
    hard = LEVELS.replace('litres = "200"', 'litres = "400"')
    assert warning(SOUND + hard, "keep-above-entry").path == "tiers.gold.keep"
    assert warned(SOUND + LEVELS, "keep-above-entry") == []


@pytest.mark.parametrize(
    ("one", "other", "held"),
    [
        ({"any": {"visits": 5}}, {"any": {"visits": 5}}, True),
        ({"any": {"visits": 4}}, {"any": {"visits": 5}}, False),
        ({"any": {"visits": 5, "litres": 9}}, {"any": {"visits": 5}}, False),
        ({"all": {"visits": 5, "litres": 9}}, {"any": {"visits": 5}}, True),
        ({"all": {"visits": 5, "litres": 9}}, {"all": {"visits": 4, "litres": 9}}, True),
        ({"all": {"visits": 5}}, {"all": {"visits": 4, "litres": 9}}, False),
        ({"any": {"visits": 5}}, {"all": {"visits": 4}}, True),
        ({"any": {"visits": 5, "litres": 9}}, {"all": {"visits": 4, "litres": 9}}, False),
        ({"any": {"visits": 5}}, {"any": {"visits": 0}}, True),
        ({"any": {"visits": 0}}, {"any": {"visits": 5}}, False),
        ({"all": {"visits": 0}}, {"any": {"visits": 5}}, False),
    ],
)
def test_thresholds_imply_others(one: object, other: object, held: bool) -> None:
    assert implies(Condition.model_validate(one), Condition.model_validate(other)) is held


def test_a_board_of_excluded_members_stays_empty() -> None:
    board = '[[boards]]\nid = "staff"\nwhere = { kind = "staff" }\n'
    text = SOUND.replace("ends = 2026-07-01T00:00:00", "ends = 2026-07-01T00:00:00, exclude = E")
    excluded = text.replace("exclude = E", 'exclude = { kind = "staff" }') + board
    assert warning(excluded, "unreachable").path == "boards.staff.where"
    assert warned(excluded.replace('where = { kind = "staff" }\n', ""), "unreachable") == []


def test_earning_only_from_the_card_where_the_card_earns_nothing_is_out_of_reach() -> None:
    text = SOUND.replace(
        'where = { category = "shop" }', 'where = { category = "shop", pay = "card" }'
    )
    assert warning(text, "unreachable").path == "earning.tea.where.pay"
    assert (
        warned(text.replace("earn_on_spend = false", "earn_on_spend = true"), "unreachable") == []
    )


def test_what_nothing_gives_is_noted() -> None:
    (one,) = found(SOUND + coupon("ten", 'off = "10.00"'), "unused")
    assert (one.path, one.finding.severity) == ("coupons.ten", "note")
    claimed = coupon("ten", 'off = "10.00"\nclaim = { times = 1, per = "month" }')
    assert found(SOUND + claimed, "unused") == []
