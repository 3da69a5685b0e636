"""Every figure of the shipped population has a name, and a unit, in both languages."""

from rules.season.season_file import load_season
from simulator.people.parameter_names import NAMES, UNITS, general
from simulator.people.population_file import shipped_population
from simulator.report.report_words import ReportWords
from tests.unit.simulated import SEASON

POPULATION = shipped_population()


def test_every_figure_and_unit_is_named_and_nothing_else() -> None:
    paths = {general(path)[0] for path in POPULATION.parameters}
    assert {language: set(names) for language, names in NAMES.items()} == {
        "en": paths,
        "zh": paths,
    }
    assert set(UNITS) == {one.unit for one in POPULATION.parameters.values()}


def test_a_figure_is_named_with_its_kind_and_one_that_is_not_known_by_its_path() -> None:
    season = load_season(SEASON.read_text(encoding="utf-8"), "season")
    zh, en = ReportWords(season, "zh"), ReportWords(season, "en")
    assert zh.parameter("kinds.taxi.share") == "出租车：占会员的比例（kinds.taxi.share）"
    assert zh.parameter("grades.92.price") == "92 号汽油价格（grades.92.price）"
    assert en.parameter("litres.least") == "least fill (litres.least)"
    assert en.parameter("kinds.taxi.own_figure") == "kinds.taxi.own_figure"
    named = [zh.parameter(path) for path in POPULATION.parameters]
    assert len(set(named)) == len(named)
    assert not [one for one in named if "（" not in one]


def test_a_mean_count_of_ten_or_more_has_no_decimals() -> None:
    season = load_season(SEASON.read_text(encoding="utf-8"), "season")
    words = ReportWords(season, "en")
    assert (words.number(50.25), words.number(7.25), words.number(-22.23)) == ("50", "7.25", "−22")
