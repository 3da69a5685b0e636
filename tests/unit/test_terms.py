"""Terms and conditions: every rule and figure of a file is in them, in both languages."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from rules.season.season_draft import freeze
from rules.season.season_file import load_season
from rules.season.season_models import Season
from rules.season.toml_lines import Loc
from rules.wording import terms_en, terms_zh
from rules.wording.terms import terms
from rules.wording.terms_names import NAMES
from tests.unit.broken_season import BASE, COUPON, LEVELS, PRODUCTS, TASK
from ui.commands.terms import command

SUMMER = Path(__file__).parents[2] / "seasons" / "summer-2026.toml"
DRAFT = tomllib.loads(SUMMER.read_text(encoding="utf-8"))

# What members aren't told: what things cost the programme, and what says nothing by itself.
UNTOLD = {
    ("format",),
    ("coupons", 4, "unit_cost"),
    ("catalogue", 1, "goods", "unit_cost"),
    ("tasks", 4, "limit", "times"),  # a goal's can only be 1
}
FIGURE = re.compile(r"[0-9]+(\.[0-9]+)?")
DURATION = re.compile(r"([0-9]+)(m|h|d|mo|y)")


def leaves(node: Any, loc: Loc = ()) -> Iterator[tuple[Loc, Any]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from leaves(value, (*loc, key))
    elif isinstance(node, list):
        for place, value in enumerate(node):
            yield from leaves(value, (*loc, place))
    else:
        yield loc, node


def replaced(node: Any, loc: Any, value: Any) -> Any:
    if not loc:
        return value
    key, *rest = loc
    items: Any = list(node) if isinstance(node, list) else dict(node)
    items[key] = replaced(items[key], tuple(rest), value)
    return items


def other(value: Any) -> Any:
    """Give a figure of the same kind that differs; None for what isn't a figure."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if not isinstance(value, str):
        return None
    duration = DURATION.fullmatch(value)
    if duration is not None:
        return f"{int(duration[1]) + 1}{duration[2]}"
    if FIGURE.fullmatch(value) and "." in value:
        return str((Decimal(value) / 2).quantize(Decimal("0.01")))
    return str(int(value) + 1) if FIGURE.fullmatch(value) else None


def written(draft: dict[str, Any], language: str) -> str:
    return terms(Season.model_validate(freeze(draft)), language)


@lru_cache
def as_it_is(language: str) -> str:
    return written(DRAFT, language)


def figures() -> list[Loc]:
    return [
        loc
        for loc, value in leaves(DRAFT)
        if other(value) is not None
        and loc not in UNTOLD
        and "margin" not in loc
        and not {"product", "fuel"} & set(loc)
        and loc[-1] not in ("reward", "currency")
    ]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("loc", figures(), ids=lambda loc: ".".join(map(str, loc)))
def test_a_change_of_any_figure_shows(loc: Loc, language: str) -> None:
    value: Any = DRAFT
    for key in loc:
        value = value[key]
    changed = replaced(DRAFT, loc, other(value))
    assert written(changed, language) != as_it_is(language)


def test_the_figures_walked_are_those_of_every_section() -> None:
    assert {str(loc[0]) for loc in figures()} >= {
        "programme",
        "points",
        "earning",
        "card",
        "multiplier",
        "multiplying",
        "tasks",
        "referral",
        "tiers",
        "coupons",
        "coupon_rules",
        "triggers",
        "budgets",
        "notices",
        "catalogue",
        "checkout",
        "segments",
        "rewards",
        "prizes",
        "prize_rules",
        "season",
    }


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_rule_is_named_by_its_id(language: str) -> None:
    text = written(DRAFT, language)
    lists = ("earning", "multiplier", "tasks", "coupons", "budgets", "catalogue", "boards")
    ids = [item["id"] for section in lists for item in DRAFT[section]]
    ids += [level["id"] for level in DRAFT["tiers"]["levels"]]
    ids += [*DRAFT["rewards"], *DRAFT["segments"], DRAFT["season"]["id"], DRAFT["programme"]["id"]]
    ids += ["enrol-fuel-100-10", "birthday-shop-80", "tier_up-wash", "holiday-shop-80", "recall-60"]
    assert [name for name in ids if f"`{name}`" not in text] == []
    assert all(station in text for station in DRAFT["stations"])


def test_conditions_read_as_sentences() -> None:
    season = load_season(
        BASE
        + PRODUCTS
        + LEVELS
        + '[stations.S1]\nregion = "north"\nmotorway = true\n'
        + COUPON
        + "where = { product = ['92'], weekday = ['sat', 'sun'], hours = '00:00-24:00', "
        + "dates = ['2026-06-02', '2026-06-05..2026-06-07'], tier = 'gold', region = 'north', "
        + "motorway = true, pay = 'card', age = { min = 18, max = 60 }, colour = 'red' }\n"
    )
    english, chinese = terms(season, "en"), terms(season, "zh")
    assert (
        "valid on 92-octane petrol, on Saturdays and Sundays, from 00:00 up to 24:00, "
        "on 2 June 2026 and from 5 June 2026 to 7 June 2026 (both included), for Gold members, "
        "at stations in north, paid with the stored-value card, with motorway true, "
        "with age 18 to 60, with colour red;" in english
    )
    assert (
        "适用范围：92 号汽油，周六、周日，每天 00:00–24:00（不含结束时刻），2026 年 6 月 2 日、"
        "2026 年 6 月 5 日至 2026 年 6 月 7 日（含首尾两天），会员等级为金卡，油站地区为 north，"
        "用储值卡支付，motorway为 true，age 18 至 60，colour为 red；" in chinese
    )


def test_sections_left_out_are_not_mentioned() -> None:
    text = terms(load_season(BASE), "en")
    assert "Points don't expire." in text
    for word in ("Coupons", "Prizes", "Tiers", "Tasks", "Paying with points", "{", "}"):
        assert word not in text


def test_choices_of_the_other_kind_have_their_own_sentence() -> None:
    text = terms(
        load_season(
            BASE
            + TASK
            + COUPON
            + '[points]\nclawback = "absorb"\n[coupon_rules]\nwith_tier_discount = false\n'
            + 'transferable = true\non_refund = "reinstate"\n'
            + '[referral]\nadvocate_points = 5\n[checkout]\npoints = 10\namount = "1.00"\n'
        ),
        "en",
    )
    for sentence in (
        "as often as you like",
        "what is missing is waived",
        "An order with a coupon gets no tier discount",
        "Coupons may be passed on.",
        "its coupon is returned if it is still valid",
        "makes a first purchase, credited at the next midnight",
        "They may pay all that is left",
        "earns like any other",
    ):
        assert sentence in text


def test_both_languages_have_the_phrases_they_share() -> None:
    only_english = {"tiers.step", "coupons.count", "months", "times.1", "times.2", "litres.1"}
    only_english |= {"who.tier", "who.kind", "who.segment"}
    assert set(terms_zh.PHRASES) == set(terms_en.PHRASES) - only_english
    assert set(NAMES["zh"]) == set(NAMES["en"])
    places = re.compile(r"\{(\w+)\}")
    for key, phrase in terms_zh.PHRASES.items():
        extra = set(places.findall(phrase)) - set(places.findall(terms_en.PHRASES[key]))
        assert extra <= {"fold"}, key


def test_the_command_prints_or_writes_and_refuses_a_bad_file(tmp_path: Path) -> None:
    run = CliRunner().invoke
    assert run(command, [str(SUMMER)]).stdout.startswith("# 2026 夏季加油赛：规则与条款\n")
    out = tmp_path / "terms.md"
    assert run(command, [str(SUMMER), "--lang", "en", "--out", str(out)]).exit_code == 0
    assert out.read_text(encoding="utf-8").startswith("# Summer 2026 fuel season: terms")
    bad = tmp_path / "bad.toml"
    bad.write_text(BASE.replace("points = 1", "points = 1.5"), encoding="utf-8")
    assert run(command, [str(bad)]).exit_code == 2
    assert run(command, [str(SUMMER), "--out", str(tmp_path / "no" / "t.md")]).exit_code == 1
