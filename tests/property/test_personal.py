"""Personal values have one normal form, however people write them."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from rules.season.personal import PERSONAL, Personal, is_token, normalised

MOBILE = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
PREFIX = st.sampled_from(["", "+86", "0086", "+86 ", "86", "+86-", "(+86)", "0086 "])
GAP = st.sampled_from(["", " ", "-", " - ", "\u3000", "."])
NAMES = st.sampled_from(PERSONAL)


@given(MOBILE, PREFIX, GAP, GAP, st.booleans())
def test_a_mobile_number_has_one_form(
    number: str, prefix: str, first: str, second: str, wide: bool
) -> None:
    written = f" {prefix}{number[:3]}{first}{number[3:7]}{second}{number[7:]} "
    if wide:
        written = written.translate({ord("0") + digit: 0xFF10 + digit for digit in range(10)})
    assert normalised("phone", written) == number
    assert normalised("phone", int(number)) == number


@given(MOBILE, MOBILE)
def test_two_numbers_stay_two(one: str, other: str) -> None:
    assert (normalised("phone", one) == normalised("phone", other)) == (one == other)


@given(st.from_regex(r"0[1-9][0-9]{1,2}[2-8][0-9]{6,7}", fullmatch=True), PREFIX.filter(str.strip))
def test_a_landline_has_one_form_with_or_without_its_country(number: str, prefix: str) -> None:
    country = "+86" if "+" in prefix or prefix.strip() == "86" else "0086"
    assert normalised("phone", country + number[1:]) == normalised("phone", number)


@given(st.from_regex(r"[京沪粤川浙苏][A-Z][A-Z0-9]{5,6}", fullmatch=True), st.booleans(), GAP)
def test_a_plate_has_one_form(plate: str, small: bool, gap: str) -> None:
    written = f"{plate[:2]}·{gap}{plate[2:]}"
    assert normalised("plate", written.lower() if small else written) == plate.lower()


@given(NAMES, st.text(max_size=40))
def test_normalising_again_changes_nothing(name: str, text: str) -> None:
    once = normalised(name, text)
    assert normalised(name, once) == once


@given(NAMES, st.text(max_size=40))
def test_space_around_a_value_says_nothing(name: str, text: str) -> None:
    assert normalised(name, f"  {text}\t") == normalised(name, text)


@given(st.text(max_size=30))
def test_a_birthday_never_keeps_its_year(text: str) -> None:
    cut, value = Personal().shortened("birthday", text)
    assert cut
    assert value is None or re.fullmatch("[0-9]{2}-[0-9]{2}", str(value))


def test_the_year_stays_where_a_rule_looks_at_it() -> None:
    assert Personal(keeps_year=True).shortened("birthday", "1990-06-19") == (False, "1990-06-19")
    assert Personal().shortened("birthday", "1990-06-19") == (True, "06-19")
    assert Personal().shortened(" Birthday", "1990-06-19") == (True, "06-19")
    assert Personal().shortened("fuel", "92") == (False, "92")


def test_a_key_is_personal_whatever_its_case() -> None:
    assert Personal().name_of("Phone ") == "phone"
    assert Personal().name_of("phones") is None
    assert Personal(("phone", "wechat")).name_of("WeChat") == "wechat"


def test_only_a_token_is_a_token() -> None:
    assert is_token("t_" + "a" * 22)
    assert not is_token("t_" + "a" * 21)
    assert not is_token("t_" + "a" * 22 + "\n")
    assert not is_token(13800138000)
