import pyarrow as pa
import pytest

from rules.decoding.instants import (
    format_instant,
    instants_of_timestamps,
    read_instant,
    read_instants,
)
from rules.decoding.text_bytes import TextBytes

NOON = 1_781_841_600_000_000  # 2026-06-19T04:00:00Z

READABLE = {
    "2026-06-19T12:00:00+08:00": NOON,
    "2026-06-19T04:00:00Z": NOON,
    "2026-06-19t04:00:00z": NOON,
    "2026-06-19 04:00:00Z": NOON,
    "2026-06-18T22:30:00-05:30": NOON,
    "2026-06-19T04:00:00-00:00": NOON,
    "2026-06-19T04:00:00.5Z": NOON + 500_000,
    "2026-06-19T04:00:00.000001Z": NOON + 1,
    "2026-06-19T04:00:00.0000019999Z": NOON + 1,
    "2026-06-19T12:00:00.25+08:00": NOON + 250_000,
    "2026-06-19T04:00:00." + "9" * 40 + "Z": NOON + 999_999,
    "1970-01-01T00:00:00Z": 0,
    "1969-12-31T23:59:59.5Z": -500_000,
    "2024-02-29T00:00:00Z": 1_709_164_800_000_000,
    "2000-02-29T00:00:00Z": 951_782_400_000_000,
    "0001-01-01T00:00:00Z": -62_135_596_800_000_000,
    "9999-12-31T23:59:59Z": 253_402_300_799_000_000,
}

UNREADABLE = [
    "",
    "2026-06-19T12:00:00",
    "2026-06-19",
    "2026-06-19T12:00+08:00",
    "2026-06-19T12:00:00+0800",
    "2026-06-19T12:00:00+08",
    "2026-06-19T12:00:00 +08:00",
    "2026-06-19T12:00:00+24:00",
    "2026-06-19T12:00:00+08:60",
    "2026-06-19T12:00:00.Z",
    "2026-06-19T12:00:00,5Z",
    "2026-06-19T12:00:00.5xZ",
    "2026-06-19T12:00:00.5x+08:00",
    "2026-06-19T12:00:60Z",
    "2026-06-19T12:60:00Z",
    "2026-06-19T24:00:00Z",
    "2026-02-29T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "2026-04-31T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-00-10T00:00:00Z",
    "2026-06-00T00:00:00Z",
    "0000-01-01T00:00:00Z",
    " 2026-06-19T04:00:00Z",
    "2026-06-19T04:00:00Z ",
    "2026/06/19T04:00:00Z",
    "２026-06-19T04:00:00Z",
    "2026-06-19T04:00:00." + "9" * 40,
    "now",
]


@pytest.mark.parametrize(("text", "at_us"), READABLE.items())
def test_readable(text: str, at_us: int) -> None:
    assert read_instant(text) == at_us
    read, good = read_instants(TextBytes.of(pa.array([text])))
    assert good.tolist() == [True]
    assert read.tolist() == [at_us]


@pytest.mark.parametrize("text", UNREADABLE)
def test_unreadable(text: str) -> None:
    assert read_instant(text) is None
    read, good = read_instants(TextBytes.of(pa.array([text])))
    assert good.tolist() == [False]
    assert read.tolist() == [0]


def test_rows_do_not_disturb_one_another() -> None:
    texts = [None, *READABLE, *UNREADABLE, None]
    read, good = read_instants(TextBytes.of(pa.array([*texts, "behind"]).slice(0, len(texts))))
    assert good.tolist() == [text in READABLE for text in texts]
    assert read.tolist() == [READABLE.get(text or "", 0) for text in texts]


@pytest.mark.parametrize(
    ("unit", "ticks", "at_us"),
    [
        ("s", 5, 5_000_000),
        ("ms", 5, 5_000),
        ("us", 5, 5),
        ("ns", 5_999, 5),
        ("ns", -1, -1),
    ],
)
def test_timestamps_are_cut_to_microseconds(unit: str, ticks: int, at_us: int) -> None:
    column = pa.array([ticks, None], pa.int64()).cast(pa.timestamp(unit, "Asia/Shanghai"))
    read, present = instants_of_timestamps(column)
    assert present.tolist() == [True, False]
    assert read[0] == at_us


def test_a_timestamp_too_far_away_is_absent() -> None:
    column = pa.array([2**62], pa.int64()).cast(pa.timestamp("s", "UTC"))
    assert instants_of_timestamps(column)[1].tolist() == [False]


def test_format_reads_back() -> None:
    for at_us in (0, 1, -1, NOON, NOON + 123_456):
        assert read_instant(format_instant(at_us)) == at_us
