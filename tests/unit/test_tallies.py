"""Tallies: cells add up in any order, words keep their numbers, complaints are followed up."""

from random import Random
from typing import Any

import numpy as np
import pyarrow as pa

from rules.decoding.batch_cells import BatchCells
from rules.reporting.report_query import read_query
from rules.reporting.reports import report_of
from rules.table.member_table import MemberTable
from rules.table.tallies import WAITING_ROWS_MAX, Cells, Words
from tests.unit.played_log import play, restored, table_of

SEASON = """
format = 1
[programme]
id = "club"
timezone = "Asia/Shanghai"
[products.92]
category = "fuel"
[[earning]]
id = "fuel"
on = "purchase"
points = 1
per = { litres = "1" }
[season]
id = "s"
starts = 2026-06-01T00:00:00
ends = 2026-12-01T00:00:00
"""


def survey(member: str, score: int, day: int, **more: Any) -> dict[str, Any]:
    at = f"2026-06-{day:02d}T12:00:00+08:00"
    told = {"type": "survey", "member": member, "at": at, "score": score, "station": "S1"}
    return told | {"ref": "a visit"} | more


def satisfied(table: MemberTable, split: str | None = None) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = report_of(
        [table], read_query("satisfaction", split=split)
    ).to_pylist()
    return rows


def test_cells_add_up_however_much_waits() -> None:
    random = Random(3)
    cells = Cells("amount")
    plain: dict[int, list[int]] = {}
    for _ in range(7):
        keys = np.array([random.randrange(500) for _ in range(WAITING_ROWS_MAX // 3)])
        amounts = np.array([random.randrange(-50, 1000) for _ in keys])
        cells.add(keys, amounts)
        for key, amount in zip(keys.tolist(), amounts.tolist(), strict=True):
            held = plain.setdefault(key, [0, 0])
            held[0] += 1
            held[1] += amount

    keys, sums = cells.sums()

    assert dict(zip(keys.tolist(), sums.tolist(), strict=True)) == plain
    assert keys.tolist() == sorted(plain)


def test_words_are_numbered_as_they_first_appear() -> None:
    words = Words()
    column = pa.array(["b", None, "a", "b"]).dictionary_encode()
    unused = pa.DictionaryArray.from_arrays(pa.array([1, 0, 1]), pa.array(["c", "a", "never"]))

    def numbers(column: pa.DictionaryArray) -> list[int]:
        batch = pa.RecordBatch.from_arrays([column], names=["product"])
        found: list[int] = words.numbers(*BatchCells(batch).words("product")).tolist()
        return found

    assert numbers(column) == [1, 0, 2, 1]
    assert numbers(unused) == [2, 3, 2]
    assert words.names == ["", "b", "a", "c"]


def test_a_complaint_is_followed_up_by_a_better_answer_about_the_same_station() -> None:
    events = [
        survey("m1", 3, 2),
        survey("m1", 9, 3, station="S2"),
        survey("m2", 9, 3),
        survey("m1", 3, 4),
        survey("m1", 5, 5),
        survey("m3", 6, 5, ref=None),
    ]
    for event in events:
        if event["ref"] is None:
            del event["ref"]
    for cuts in ((), (1, 2, 3, 4, 5), (4,)):
        table = table_of(SEASON)
        play(table, events, cuts)
        rows = {row["station"]: row for row in satisfied(restored(table))}

        # 3, 3 and 5 complain; 5 is better than both 3s, which a third answer would have to beat.
        assert (rows["S1"]["complaints"], rows["S1"]["followed_up"]) == (3, 2)
        assert (rows["S1"]["answers"], rows["S1"]["detractors"]) == (5, 4)
        assert (rows["S2"]["complaints"], rows["S2"]["nps"]) == (0, 100)


def test_a_complaint_waits_through_a_snapshot() -> None:
    table = table_of(SEASON)
    play(table, [survey("m1", 2, 2)])
    table = restored(table)
    play(table, [{**survey("m1", 7, 8), "event_id": "later"}])

    [row] = satisfied(table)
    assert (row["complaints"], row["followed_up"], row["followed_up_share"]) == (1, 1, 1)


def test_before_and_after_a_day() -> None:
    table = table_of(SEASON)
    play(table, [survey("m1", 2, 2), survey("m2", 4, 9), survey("m1", 8, 10), survey("m3", 10, 11)])

    before, after = sorted(
        satisfied(table, split="2026-06-10"), key=lambda row: row["when"] == "after"
    )

    assert (before["when"], before["answers"], before["mean_score"]) == ("before", 2, 3)
    assert (after["when"], after["answers"], after["mean_score"]) == ("after", 2, 9)
    # The complaint that was made before and answered after stands before.
    assert (before["followed_up"], after["followed_up"]) == (1, 0)
