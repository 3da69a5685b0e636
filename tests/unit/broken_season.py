"""The parts broken season files are made of, and how one error is checked."""

from __future__ import annotations

from typing import TypeAlias

import pytest

from rules.season.season_file import SeasonErrors, load_season

HEAD = """\
format = 1
programme = { id = "club", timezone = "Asia/Shanghai" }
season = { id = "june", starts = 2026-06-01T00:00:00, ends = 2026-07-01T00:00:00 }
"""
EARNING = '[[earning]]\nid = "fuel"\non = "purchase"\npoints = 1\nper = { litres = "1" }\n'
PRODUCTS = '[products.92]\ncategory = "fuel"\n[products.tea]\ncategory = "shop"\n'
BASE = HEAD + EARNING
COUPON = '[[coupons]]\nid = "ten"\nkind = "amount_off"\noff = "10.00"\n'
LEVELS = '[[tiers.levels]]\nid = "silver"\n[[tiers.levels]]\nid = "gold"\n'
TASK = '[[tasks]]\nid = "t"\non = "share"\npoints = 1\n'
PHONE = '[rewards.phone]\nkind = "goods"\nunit_cost = "1.00"\n'


def earning(line: str) -> str:
    """Add one line to the earning rule."""
    return HEAD + EARNING + line


def multiplier(line: str) -> str:
    """Add a multiplier with one line of its own."""
    return BASE + f'[[multiplier]]\nid = "m"\ngroup = "g"\nfactor = "2"\n{line}'


def where(condition: str) -> str:
    """Put a condition on the earning rule of a file with products."""
    return HEAD + EARNING + f"where = {{ {condition} }} #!\n" + PRODUCTS


def errors_of(text: str) -> SeasonErrors:
    with pytest.raises(SeasonErrors) as raised:
        load_season(text, "seasons/june.toml")
    return raised.value


# Text with `#!` on the line to be named · path · value as shown (… for a long one) · piece of
# problem · piece of fix.
Broken: TypeAlias = dict[str, tuple[str, str, str | None, str, str]]


def check_broken(case: tuple[str, str, str | None, str, str]) -> None:
    """Assert that a broken file has one error, as the case says."""
    text, path, value, problem, fix = case
    line = next(number for number, one in enumerate(text.split("\n"), 1) if "#!" in one)

    (error,) = errors_of(text).errors

    assert (error.line, error.path) == (line, path)
    if value == "…":
        assert error.value is not None
        assert error.value.endswith("…")
    else:
        assert error.value == value
    assert problem in error.problem
    assert fix in error.fix
    assert f"(seasons/june.toml:{line})" in str(error)
