"""Loading season files: how errors are reported, and text that isn't a season file at all."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from rules.season.season_file import SeasonErrors, load_season, load_season_bytes
from tests.unit.broken_season import BASE, COUPON, EARNING, HEAD, LEVELS, PHONE, PRODUCTS, errors_of


def test_the_base_of_the_broken_files_is_whole() -> None:
    assert load_season(BASE).season.id == "june"
    assert load_season(BASE + PRODUCTS + COUPON + LEVELS + PHONE).tiers is not None


def test_an_error_reads_as_path_value_problem_place_and_fix() -> None:
    text = BASE + LEVELS + "entry = { any = { litres = -5 } }\n"
    assert str(errors_of(text)) == (
        "tiers.gold.entry.litres = -5: must be ≥ 0 (seasons/june.toml:13); "
        'write a number ≥ 0, such as "300"'
    )


def test_all_errors_are_reported_at_once_in_the_order_of_the_file() -> None:
    text = (
        HEAD.replace("2026-07-01T00:00:00", "2026-05-01T00:00:00")
        + EARNING.replace('on = "purchase"', 'on = "sale"').replace("points = 1", "points = 1.5")
        + 'where = { product = ["92", "98"], weekday = "tu" }\n'
        + '[products.95]\ncategory = "fule"\ncolour = "red"\n'
        + '[[prizes]]\nboard = "drivers"\nranks = "x"\n'
    )
    found = [(error.line, error.path, error.value) for error in errors_of(text).errors]
    assert found == [
        (3, "season.ends", "2026-05-01T00:00:00"),
        (6, "earning.fuel.on", '"sale"'),
        (7, "earning.fuel.points", "1.5"),
        (9, "earning.fuel.where.product", '"92"'),
        (9, "earning.fuel.where.product", '"98"'),
        (9, "earning.fuel.where.weekday", '"tu"'),
        (11, "products.95.category", '"fule"'),
        (12, "products.95.colour", '"red"'),
        (13, "prizes.#1.reward", None),
        (14, "prizes.#1.board", '"drivers"'),
        (15, "prizes.#1.ranks", '"x"'),
    ]


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("format = 1\nid = \n", 2, "Invalid value"),
        ("a = 1\n\na = 2\n", 3, "Cannot overwrite"),
        ("[a]\nb = [1,\n2\n", 3, ""),
        ("[products.92]\n[products.92]\n", 2, "Cannot declare"),
        ("a = " + "[" * 2000, 1, ""),
        ("a = " + "9" * 5000, 1, ""),
        ("day = 2026-02-30\n", 1, ""),
        ("", 1, ""),
    ],
)
def test_text_that_is_no_toml_or_empty_is_reported_with_its_line(
    text: str, line: int, problem: str
) -> None:
    errors = errors_of(text).errors
    assert errors[0].line == line
    assert problem in errors[0].problem


def test_text_that_is_no_toml_is_shown_as_it_stands() -> None:
    assert str(errors_of("[products.92]\n[products.92]\n")) == (
        "[products.92]: isn't valid TOML: Cannot declare ('products', '92') twice "
        "(seasons/june.toml:2); rename or merge them: a key or table stands once"
    )


def test_bytes_that_are_no_utf8_are_reported_with_their_line() -> None:
    with pytest.raises(SeasonErrors) as raised:
        load_season_bytes('format = 1\nname = "加油"\n'.encode("gbk"), "june.toml")
    (error,) = raised.value.errors
    assert (error.line, error.fix) == (2, "save the file as UTF-8")


def test_a_byte_order_mark_and_windows_line_ends_are_accepted() -> None:
    content = b"\xef\xbb\xbf" + BASE.replace("\n", "\r\n").encode()
    assert load_season_bytes(content).season.id == "june"


def test_lines_are_right_under_windows_line_ends() -> None:
    text = (BASE + "[card]\nearn = 1\n").replace("\n", "\r\n")
    assert errors_of(text).errors[0].line == 10


def test_errors_survive_pickling() -> None:
    errors = errors_of(BASE + "[card]\nearn = 1\n")
    again = pickle.loads(pickle.dumps(errors))
    assert again.errors == errors.errors


def test_the_shipped_seasons_have_no_errors() -> None:
    files = sorted((Path(__file__).parents[2] / "seasons").glob("*-20??.toml"))
    assert files
    for file in files:
        assert load_season(file.read_text(encoding="utf-8"), file.name).format == 1
