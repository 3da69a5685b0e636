import pytest

from simulator.search.search_space import SearchSpace, SpaceErrors, read_space
from simulator.search.season_text import SeasonText
from tests.unit.simulated import SEASON as EXAMPLE
from tests.unit.tuned_season import SEASON, SPACE, variants_of


def space_of(text: str, season: str = SEASON) -> SearchSpace:
    return read_space(text, "space.toml", SeasonText(season), "season.toml")


def vary(*lines: str) -> str:
    return "format = 1\n[[vary]]\n" + "\n".join(lines)


def test_options_are_written_as_the_file_writes_them() -> None:
    space = space_of(SPACE)
    points, factor, prize = space.knobs
    assert points.options[:3] == ("0", "1", "2")
    assert factor.options[:3] == ('"1.00"', '"1.25"', '"1.50"')
    assert prize.options == ('"phone"', '"watch"', '"pen"')
    assert space.home == (2, 2, 0)
    assert space.size == 21 * 9 * 3


@pytest.mark.parametrize(
    ("lines", "options", "home"),
    [
        (('path = "multiplier.member-day.factor"', "low = 1", "high = 2", 'step = "0.5"'),
         ('"1.00"', '"1.50"', '"2.00"'), 1),
        (('path = "multiplier.member-day.factor"', "low = 1.1", "high = 1.2", "step = 0.05"),
         ('"1.10"', '"1.15"', '"1.20"'), None),
        (('path = "earning.fuel.points"', "low = 1", "high = 6", "step = 2"),
         ("1", "3", "5"), None),
        (('path = "multiplier.member-day.where.weekday"', 'choices = [["tue"], ["sat", "sun"]]'),
         ('["tue"]', '["sat", "sun"]'), 0),
        (('path = "multiplier.member-day.factor"', 'choices = ["1.5", "2", "2"]'),
         ('"1.50"', '"2"'), 0),
        (('path = "season.ends"', "choices = [2026-06-03T00:00:00, 2026-06-06T00:00:00]"),
         ("2026-06-03T00:00:00", "2026-06-06T00:00:00"), 0),
    ],
)  # fmt: skip
def test_ranges_and_choices(
    lines: tuple[str, ...], options: tuple[str, ...], home: int | None
) -> None:
    [knob] = space_of(vary(*lines)).knobs
    assert (knob.options, knob.home) == (options, home)


def test_a_range_keeps_its_unit() -> None:
    text = vary('path = "triggers.recall-60.after"', 'low = "30d"', 'high = "60d"', 'step = "15d"')
    [knob] = space_of(text, EXAMPLE.read_text(encoding="utf-8")).knobs
    assert knob.options == ('"30d"', '"45d"', '"60d"')


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (vary('path = "multipliers.member-day.factor"', "low = 1", "high = 2", "step = 1"),
         "isn't in season.toml (space.toml:3); did you mean multiplier.member-day.factor"),
        (vary('path = "points.member_day_cap"', "choices = [1, 2]"), "write it there first"),
        (vary('path = "earning.fuel"', "choices = [1]"),
         "is a whole table, not one value (space.toml:3); name a value in it: earning.fuel.id"),
        (vary('path = "earning.fuel.points"', "low = 1", "high = 3"), "step: is missing"),
        (vary('path = "earning.fuel.points"', "low = 3", "high = 1", "step = 1"),
         "vary.#1.high = 1: is below low = 3 (space.toml:5); swap them"),
        (vary('path = "earning.fuel.points"', "low = 1", "high = 3", "step = 0"),
         "must be above 0"),
        (vary('path = "earning.fuel.points"', "low = 1", "high = 9000", "step = 1"),
         "makes 9,000 values, more than 1,000"),
        (vary('path = "earning.fuel.points"', 'low = "1d"', "high = 3", "step = 1"),
         "isn't in the unit of today's 2"),
        (vary('path = "earning.fuel.points"', "low = true", "high = 3", "step = 1"),
         "isn't a number"),
        (vary('path = "prizes.overall.1.reward"', "low = 1", "high = 3", "step = 1"),
         "write choices = [ … ] in place of a range"),
        (vary('path = "prizes.overall.1.reward"', 'choices = ["phone", "fone"]'),
         "vary.#1.choices = \"fone\": can't stand at prizes.overall.1.reward"),
        (vary('path = "prizes.overall.1.reward"', 'choices = ["phone"]'),
         "has no other value than today's"),
        (vary('path = "prizes.overall.1.reward"', "choices = []"), "must be a list of 1 to 1000"),
        (vary('path = "prizes.overall.1.reward"', "choices = [{ a = 1 }]"), "has a table in it"),
        (vary('path = "earning.fuel.points"', "choices = [1, 3]", "low = 1"),
         "stands beside choices"),
        (vary('path = "earning.fuel.points"', 'low = "-3"', 'high = "-1"', "step = 1"),
         "no value fits earning.fuel.points"),
        (vary('path = "earning.fuel.points"', "lo = 1"), "lo = 1: is an unknown key"),
        (vary("low = 1"), "must be a path of the season file in quotes"),
        ("format = 2\n" + SPACE.partition("\n")[2], "format = 2: must be 1"),
        ("format = 1\n", "must be 1 to 200 tables"),
        (SPACE + "[more]\n", "more: is an unknown key"),
        ("format = 1\n[[vary]\n", "isn't valid TOML"),
        (SPACE + '[[vary]]\npath = "earning.fuel.points"\nchoices = [1, 3]\n',
         "varies the same value as earning.fuel.points"),
        (SPACE + '[[order]]\npaths = ["earning.fuel.points"]\n', "a list of two paths or more"),
        (SPACE + '[[order]]\npaths = ["earning.fuel.points", "multiplier.member-day.factor"]\n',
         "is broken by season.toml itself"),
        (SPACE + '[[order]]\npaths = ["earning.fuel.points", "prizes.overall.1.reward"]\n',
         "is no number today"),
        (SPACE + '[[order]]\npaths = ["earning.fuel.points", "earning.fuel.points2"]\n',
         "did you mean earning.fuel.points"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_fix(text: str, said: str) -> None:
    with pytest.raises(SpaceErrors) as caught:
        space_of(text)
    assert said in str(caught.value)


def test_all_errors_come_at_once() -> None:
    text = vary('path = "earning.fule.points"', "choices = [1]") + '\n[[vary]]\npath = "x"\n'
    with pytest.raises(SpaceErrors) as caught:
        space_of(text)
    assert [one.line for one in caught.value.errors] == [3, 6]


def test_an_order_skips_combinations_that_break_it() -> None:
    order = '[[order]]\npaths = ["multiplier.member-day.factor", "earning.fuel.points"]\n'
    variants = variants_of(space=SPACE + order)
    assert variants.make((2, 3, 0)).season is not None
    broken = variants.make((1, 3, 0))
    assert broken.season is None
    assert broken.why.startswith("earning.fuel.points = 1 is below multiplier.member-day.factor")


def test_values_that_do_not_fit_one_another_are_kept_as_invalid() -> None:
    space = vary('path = "season.ends"', "choices = [2026-06-04T00:00:00, 2026-06-08T00:00:00]")
    space += '\n[[vary]]\npath = "season.starts"\nchoices = [2026-06-01T00:00:00, '
    variants = variants_of(space=space + "2026-06-06T00:00:00]\n")
    assert variants.make((1, 1)).season is not None
    refused = variants.make((0, 1))
    assert refused.season is None
    assert "season.ends" in refused.why
