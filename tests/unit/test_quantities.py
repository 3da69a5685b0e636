from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from rules.decoding.quantities import plain_text, read_decimal, read_integers, read_quantities

MOST = 10_000_000  # ml: 10,000 L


@pytest.mark.parametrize(
    ("text", "millilitres"),
    [
        ("35.20", 35_200),
        ("0", 0),
        ("0.001", 1),
        ("10000", 10_000_000),
        ("10000.000", 10_000_000),
        ("00012.5", 12_500),
        ("1.5000000", 1_500),
        ("0" * 40 + "7.5" + "0" * 40, 7_500),
        ("", None),
        (".5", None),
        ("5.", None),
        ("1.0001", None),
        ("10000.001", None),
        ("99999999999999999999", None),
        ("9" * 500, None),
        ("-1", None),
        ("+1", None),
        ("1e3", None),
        ("1,5", None),
        (" 1", None),
        ("1\n", None),
        ("1.2.3", None),
        (".", None),
        ("NaN", None),
        ("٣", None),
        ("0x10", None),
    ],
)
def test_text(text: str, millilitres: int | None) -> None:
    assert read_decimal(text, 3, MOST) == millilitres
    value, good, absent = read_quantities(pa.array([text, "7", None]), 3, MOST)
    assert (value[0] if good[0] else None) == millilitres
    assert (value[1], good.tolist()[1:], absent.tolist()[1:]) == (
        7_000,
        [True, False],
        [False, True],
    )
    assert absent[0] == (text == "")


@pytest.mark.parametrize(
    ("kind", "number", "millilitres"),
    [
        (pa.float64(), 35.2, 35_200),
        (pa.float64(), 0.1 + 0.2, None),
        (pa.float64(), 9_999.999, 9_999_999),
        (pa.float64(), 10_000.001, None),
        (pa.float64(), -0.001, None),
        (pa.float64(), -0.0, 0),
        (pa.float64(), float("nan"), None),
        (pa.float64(), float("inf"), None),
        (pa.float64(), 1e300, None),
        (pa.float64(), 5e-324, None),
        (pa.float32(), 35.2, 35_200),
        (pa.float32(), 35.20001, None),
        (pa.int8(), 35, 35_000),
        (pa.int64(), -1, None),
        (pa.int64(), 2**62, None),
        (pa.uint64(), 2**64 - 1, None),
        (pa.uint64(), 10_000, 10_000_000),
        (pa.decimal128(12, 2), Decimal("35.20"), 35_200),
        (pa.decimal128(12, 5), Decimal("35.20000"), 35_200),
        (pa.decimal128(12, 5), Decimal("35.20001"), None),
        (pa.decimal128(38, 0), Decimal(10**37), None),
        (pa.decimal128(12, 3), Decimal("-35.200"), None),
        (pa.decimal256(70, 10), Decimal("35.2000000000"), 35_200),
        (pa.bool_(), True, None),
        (pa.binary(), b"35", None),
    ],
)
def test_numbers(kind: pa.DataType, number: Any, millilitres: int | None) -> None:
    value, good, absent = read_quantities(pa.array([number, None], kind), 3, MOST)
    assert (value[0] if good[0] else None) == millilitres
    assert absent.tolist() == [False, True]
    assert not good[1]


def test_every_fen_of_a_yuan_reads_from_its_double() -> None:
    fen = np.concatenate([np.arange(0, 20_000), np.arange(10**9 - 5_000, 10**9 + 1)])
    value, good, _ = read_quantities(pa.array(fen / 100), 2, 10**9)
    assert good.all()
    assert np.array_equal(value, fen)


@pytest.mark.parametrize("number", [92, 92.0, Decimal("92"), Decimal("92.0")])
def test_whole_numbers_have_one_text(number: Any) -> None:
    assert plain_text(number) == "92"


def test_huge_integers_have_a_text() -> None:
    assert len(plain_text(10**5_000)) > 1_024


@pytest.mark.parametrize(
    ("cells", "kind", "expected"),
    [
        (["-50", "7", "", None, "1.0", "x"], pa.string(), [-50, 7, None, None, "bad", "bad"]),
        ([-50.0, 0.5, float("nan"), 1e300], pa.float64(), [-50, "bad", "bad", "bad"]),
        ([5, None, -101], pa.int16(), [5, None, "bad"]),
        ([2**64 - 1], pa.uint64(), ["bad"]),
        ([Decimal("5.00"), Decimal("5.01")], pa.decimal128(9, 2), [5, "bad"]),
        ([True], pa.bool_(), ["bad"]),
    ],
)
def test_integers(cells: list[Any], kind: pa.DataType, expected: list[Any]) -> None:
    value, good, absent = read_integers(pa.array(cells, kind), -100, 100)
    found = [
        None if absent[row] else int(value[row]) if good[row] else "bad"
        for row in range(len(cells))
    ]
    assert found == expected
