import difflib
import tomllib
from decimal import Decimal

import pytest

from rules.season.season_file import load_season
from simulator.search.season_text import MARK, SeasonText, element_name, toml_of
from tests.unit.simulated import SEASON
from tests.unit.tuned_season import SEASON as SMALL


def test_only_the_values_named_change() -> None:
    text = SEASON.read_text(encoding="utf-8")
    season = SeasonText(text)
    changed = season.replaced(
        {
            season.paths["tiers.levels.gold.entry.any.litres"]: '"350"',
            season.paths["prizes.overall.1.reward"]: '"tablet"',
            season.paths["points.member_day_cap"]: "2000",
            season.paths["multiplier.member-day.where.weekday"]: '["tue", "wed"]',
        }
    )
    lines = [
        line
        for line in difflib.unified_diff(text.splitlines(), changed.splitlines(), n=0, lineterm="")
        if line[0] in "+-" and line[:3] not in ("+++", "---")
    ]
    assert lines == [
        "-member_day_cap = 3000               # most points one member can earn in one local day",
        "+member_day_cap = 2000               # most points one member can earn in one local day",
        '-where = { weekday = ["tue"] }',
        '+where = { weekday = ["tue", "wed"] }',
        '-entry = { any = { litres = "300", amount = "2400.00", visits = 12 } }',
        '+entry = { any = { litres = "350", amount = "2400.00", visits = 12 } }',
        '-reward = "phone"',
        '+reward = "tablet"',
    ]
    tiers = load_season(changed).tiers
    assert tiers is not None
    assert season.replaced({}) == text


def test_line_ends_and_a_mark_at_the_beginning_stay() -> None:
    season = SeasonText(MARK + SMALL.replace("\n", "\r\n"))
    changed = season.replaced({season.paths["earning.fuel.points"]: "3"})
    assert season.mark == MARK
    assert changed == SMALL.replace("\n", "\r\n").replace("points = 2 ", "points = 3 ")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("earning.gasoline.points", 1),
        ("earning.gasoline.per.litres", "1"),
        ("tiers.levels.gold.entry.any.litres", "300"),
        ("tiers.gold.entry.litres", "300"),  # as `forecourt check` writes it
        ("prizes.overall.4-10.reward", "fuel-voucher"),
        ("triggers.recall-60.after", "60d"),
        ("triggers.enrol-fuel-100-10.issue", "fuel-100-10"),
        ("coupons.fuel-100-10.off", "10.00"),
        ("products.92.margin.per_litre", "1.10"),
        ("points.remind_before", ("30d", "7d")),
    ],
)
def test_paths_name_values(path: str, value: object) -> None:
    season = SeasonText(SEASON.read_text(encoding="utf-8"))
    assert season.value(season.paths[path]) == value


def test_every_value_has_a_path_of_its_own_that_reads_back() -> None:
    season = SeasonText(SEASON.read_text(encoding="utf-8"))
    values = {loc: season.written(loc) for loc in season.paths.values()}
    assert season.replaced(values) == season.text
    assert all(season.value(loc) is not None for loc in values)
    for path, loc in season.paths.items():
        assert tomllib.loads(f"value = {values[loc]}"), path


def test_elements_are_named_by_what_tells_them_apart() -> None:
    assert element_name({"id": "gold", "board": "overall"}) == "gold"
    assert element_name({"board": "overall", "ranks": "1-3"}) == "overall.1-3"
    assert element_name({"points": 3}) == ""
    assert element_name("tue") == ""


def test_twins_are_told_apart_by_number() -> None:
    twins = SMALL + '[[triggers]]\non = "enrol"\nissue = "x"\n' * 2
    paths = SeasonText(twins).paths
    assert {"triggers.enrol-x.issue", "triggers.#2.issue"} <= paths.keys()


def test_values_are_written_as_a_season_file_does() -> None:
    assert [toml_of(one) for one in ("a\"b", Decimal("0.05"), True, [1, 2])] == [
        '"a\\"b"', '"0.05"', "true", "[1, 2]",
    ]  # fmt: skip
