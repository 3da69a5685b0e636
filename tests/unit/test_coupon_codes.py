"""Coupon codes: how they are written, and that the same issue always has the same one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.coupons.coupon_codes import ALPHABET, code_lanes, read_code, write_code, write_codes


@given(st.lists(st.integers(0, 2**64 - 1), max_size=20))
def test_a_written_code_reads_back_one_by_one_and_as_a_column(numbers: list[int]) -> None:
    codes = [write_code(number) for number in numbers]
    assert write_codes(np.array(numbers, dtype=np.uint64)).to_pylist() == codes
    assert [read_code(code) for code in codes] == numbers
    # Text and number have one order, so the least code is the least number.
    assert sorted(codes) == [write_code(number) for number in sorted(numbers)]


@pytest.mark.parametrize("text", ["", "any-10", "0" * 12, "0" * 14, "G" + "0" * 12, "I" * 13])
def test_other_texts_are_no_codes(text: str) -> None:
    assert read_code(text) is None


def test_letters_that_look_like_digits_are_left_out() -> None:
    assert not set("ILOU") & set(ALPHABET)
    assert len(set(ALPHABET)) == 32


def test_codes_are_pinned_since_members_carry_them() -> None:
    lane, _ = code_lanes("club", ["m1"], "any-5", ["e1"])
    assert write_code(int(lane[0])) == "F8YEVRG1EGFY1"


def test_every_part_of_the_reason_counts() -> None:
    parts = [
        ("club", "m1", "t", "e1"),
        ("club2", "m1", "t", "e1"),
        ("club", "m2", "t", "e1"),
        ("club", "m1", "t2", "e1"),
        ("club", "m1", "t", "e2"),
        ("club", "m", "1t", "e1"),
    ]
    codes = {int(code_lanes(p, [m], t, [c])[0][0]) for p, m, t, c in parts}
    assert len(codes) == len(parts)
