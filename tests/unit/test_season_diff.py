"""The difference of two season files: every change told, and whom it hurts."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from rules.advice.season_diff import Change, adverse, changes
from rules.season.season_draft import freeze
from rules.season.season_file import load_season
from rules.season.season_models import Season
from rules.season.toml_lines import Loc
from tests.unit.lint_cases import LEVELS, SOUND, coupon, multiplier, trigger
from tests.unit.test_terms import DRAFT, SUMMER, leaves, other, replaced
from ui.commands.check import command

STARTS_US = 1_780_243_200_000_000  # 2026-06-01T00:00 in Shanghai


def difference(old: str, new: str) -> list[Change]:
    return changes(load_season(old), load_season(new))


def only(old: str, new: str) -> tuple[str, str]:
    (one,) = difference(old, new)
    return one.path, one.effect


def figures() -> list[Loc]:
    names = {"product", "fuel", "reward", "currency", "format"}
    return [
        loc for loc, value in leaves(DRAFT) if other(value) is not None and not names & set(loc)
    ]


@pytest.mark.parametrize("loc", figures(), ids=lambda loc: ".".join(map(str, loc)))
def test_a_change_of_any_figure_is_told_and_its_opposite_is_opposite(loc: Loc) -> None:
    value: Any = DRAFT
    for key in loc:
        value = value[key]
    old = Season.model_validate(freeze(DRAFT))
    new = Season.model_validate(freeze(replaced(DRAFT, loc, other(value))))
    found, back = changes(old, new), changes(new, old)
    assert found
    assert {one.path.split(".")[0] for one in found} == {loc[0]}
    opposite = {"better": "worse", "worse": "better", "neutral": "neutral"}
    if loc[0] != "prizes" and loc[-1] != "holiday":  # there some lose whichever way it goes
        assert [opposite[one.effect] for one in back] == [one.effect for one in found]
    for one in found:
        assert all(text and "{" not in text for text in (one.zh, one.en))


def test_a_file_changes_nothing_against_itself() -> None:
    assert (
        changes(load_season(SUMMER.read_text("utf-8")), load_season(SUMMER.read_text("utf-8")))
        == []
    )


WEEKEND = multiplier("weekend", "2", 'weekday = ["sat", "sun"]')
TEN = coupon("ten", 'off = "10.00"') + trigger("ten")
PRIZES = (
    '[rewards.phone]\nkind = "goods"\nunit_cost = "1000.00"\n'
    '[rewards.cup]\nkind = "goods"\nunit_cost = "10.00"\n'
    '[[prizes]]\nboard = "overall"\nranks = "1"\nreward = "phone"\n'
    '[[prizes]]\nboard = "overall"\nranks = "2-10"\nreward = "cup"\n'
)
CASES = {
    "rate in other units": (
        SOUND,
        SOUND.replace('points = 1\nper = { litres = "1" }', 'points = 2\nper = { litres = "1.5" }'),
        ("earning.fuel.rate", "better"),
    ),
    "the same rate in other figures": (
        SOUND,
        SOUND.replace('points = 1\nper = { litres = "1" }', 'points = 2\nper = { litres = "2" }'),
        None,
    ),
    "by amount instead of litres": (
        SOUND,
        SOUND.replace('per = { litres = "1" }', 'per = { amount = "1.00" }'),
        ("earning.fuel.rate", "worse"),
    ),
    "wider condition": (
        SOUND + WEEKEND,
        SOUND + WEEKEND.replace('"sat", "sun"', '"fri", "sat", "sun"'),
        ("multiplier.weekend.where", "better"),
    ),
    "other condition": (
        SOUND + WEEKEND,
        SOUND + WEEKEND.replace('"sat", "sun"', '"fri", "sun"'),
        ("multiplier.weekend.where", "worse"),
    ),
    "new multiplier": (SOUND, SOUND + WEEKEND, ("multiplier.weekend", "better")),
    "new multiplier that takes away": (
        SOUND,
        SOUND + WEEKEND.replace('"2"', '"0.5"'),
        ("multiplier.weekend", "worse"),
    ),
    "multiplier that ends": (SOUND + WEEKEND, SOUND, ("multiplier.weekend", "worse")),
    "ceiling": (
        SOUND + WEEKEND,
        SOUND + WEEKEND + '[multiplying]\nceiling = "3"\n',
        ("multiplying.ceiling", "worse"),
    ),
    "easier entry": (
        SOUND + LEVELS,
        SOUND + LEVELS.replace('"300"', '"250"'),
        ("tiers.levels.gold.entry", "better"),
    ),
    "harder keep": (
        SOUND + LEVELS,
        SOUND + LEVELS.replace('"200"', '"250"'),
        ("tiers.levels.gold.keep", "worse"),
    ),
    "keep given as it was": (
        SOUND + LEVELS,
        SOUND + LEVELS + 'keep = { any = { litres = "900" } }\n',
        None,
    ),
    "points expire from now on": (
        SOUND,
        SOUND + '[points]\nexpire_after = "1y"\n',
        ("points.expire_after", "worse"),
    ),
    "trigger ends": (
        SOUND + TEN,
        SOUND + coupon("ten", 'off = "10.00"') + TEN[TEN.index("[[budg") :],
        ("triggers.birthday-ten", "worse"),
    ),
    "limit by week instead of day": (
        SOUND
        + '[[tasks]]\nid = "t"\non = "share"\npoints = 1\nlimit = { times = 2, per = "day" }\n',
        SOUND
        + '[[tasks]]\nid = "t"\non = "share"\npoints = 1\nlimit = { times = 9, per = "week" }\n',
        ("tasks.t.limit", "worse"),
    ),
    "referral ends": (
        SOUND + "[referral]\nadvocate_points = 5\n",
        SOUND,
        ("referral", "worse"),
    ),
    "checkout rate": (
        SOUND,
        SOUND.replace('amount = "1.00" }\nh', 'amount = "0.50" }\nh'),
        ("checkout.rate", "worse"),
    ),
    "season excluded": (
        SOUND,
        SOUND.replace("00:00:00 }\ncard", '00:00:00, exclude = { kind = "staff" } }\ncard'),
        ("season.exclude", "worse"),
    ),
    "season ends earlier": (
        SOUND,
        SOUND.replace("2026-07-01", "2026-06-30"),
        ("season.ends", "worse"),
    ),
    "clawback": (SOUND, SOUND + '[points]\nclawback = "absorb"\n', ("points.clawback", "better")),
    "ranks that keep their reward": (
        SOUND + PRIZES,
        SOUND
        + PRIZES.replace('ranks = "2-10"', 'ranks = "2-5"')
        + '[[prizes]]\nboard = "overall"\nranks = "6-10"\nreward = "cup"\n',
        None,
    ),
    "one rank with a dearer reward": (
        SOUND + PRIZES,
        SOUND + PRIZES.replace('"1"\nreward', '"1-2"\nreward').replace('"2-10"', '"3-10"'),
        ("prizes.overall.2-2.reward", "better"),
    ),
    "ranks without a reward": (
        SOUND + PRIZES,
        SOUND + PRIZES.replace('"2-10"', '"2-8"'),
        ("prizes.overall.9-10", "worse"),
    ),
    "margin": (
        SOUND,
        SOUND.replace('per_litre = "1.10"', 'per_litre = "1.20"'),
        ("products.92.margin.per_litre", "neutral"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_change_is_told_once_with_its_effect(name: str) -> None:
    old, new, told = CASES[name]
    assert [(one.path, one.effect) for one in difference(old, new)] == ([told] if told else [])


def test_sentences_name_the_rule_and_both_values() -> None:
    (one,) = difference(
        SOUND + PRIZES,
        SOUND + PRIZES.replace('"1"\nreward', '"1-2"\nreward').replace('"2-10"', '"3-10"'),
    )
    assert one.zh == "名次奖 总榜第 2 名：奖品由「cup」改为「phone」（对会员更有利）"
    assert one.en == "prize Overall, rank 2, reward: “cup” becomes “phone” (better for members)"
    (one,) = difference(SOUND, SOUND + WEEKEND)
    assert (
        one.zh == "新增加倍规则：weekend（编号 weekend）：周六、周日，积分为 2 倍。（对会员更有利）"
    )
    assert one.en == (
        "New multiplier: weekend (ref. weekend): 2× points on Saturdays and Sundays. "
        "(better for members)"
    )


def test_only_what_hurts_after_the_start_is_adverse() -> None:
    old = load_season(SOUND + WEEKEND)
    new = load_season(
        (SOUND + WEEKEND.replace('"2"', '"1.5"')).replace("points = 50", "points = 60")
    )
    assert [one.effect for one in changes(old, new)] == ["worse", "better"]
    assert adverse(old, new, STARTS_US - 1) == []
    assert [one.path for one in adverse(old, new, STARTS_US)] == ["multiplier.weekend.factor"]


def test_check_shows_the_difference_in_both_languages(tmp_path: Path) -> None:
    old, new = tmp_path / "old.toml", tmp_path / "new.toml"
    old.write_text(SOUND + WEEKEND, encoding="utf-8")
    new.write_text(SOUND, encoding="utf-8")
    result = CliRunner().invoke(command, [str(new), "--against", str(old), "--json"])
    assert result.exit_code == 0
    assert f"1 changes against {old}, 1 of them worse for members" in result.stdout
    assert "  worse   取消加倍规则：weekend" in result.stdout
    assert "No more multiplier: weekend" in result.stdout
    told = json.loads(result.stdout.splitlines()[-1])["changes"]
    assert [(one["path"], one["effect"]) for one in told] == [("multiplier.weekend", "worse")]
    same = CliRunner().invoke(command, [str(old), "--against", str(old)])
    assert f"Nothing changes against {old}." in same.stdout
    broken = tmp_path / "broken.toml"
    broken.write_text("format = 2\n", encoding="utf-8")
    assert CliRunner().invoke(command, [str(new), "--against", str(broken)]).exit_code == 2


def test_the_drafts_walked_are_valid() -> None:
    assert tomllib.loads(SUMMER.read_text(encoding="utf-8")) == DRAFT
