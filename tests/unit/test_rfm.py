"""Recency, frequency and money in fifths."""

import numpy as np
import pytest

from rules.reporting.report_query import read_query
from rules.reporting.reports import report_of
from rules.reporting.rfm import quintiles
from tests.unit.played_log import play, table_of
from tests.unit.test_segments import buy, event, season

WINDOWS = "visits_30d = { min = 0 }, amount_30d = { min = 0 }"


def test_five_equal_shares() -> None:
    values = np.random.default_rng(1).permutation(1000)
    scores = quintiles(values)
    assert np.bincount(scores).tolist() == [0, 200, 200, 200, 200, 200]
    assert (np.diff(scores[np.argsort(values)]) >= 0).all()


def test_equal_values_score_alike_in_any_order() -> None:
    values = np.random.default_rng(2).integers(0, 7, 500)
    order = np.random.default_rng(3).permutation(500)
    scores = quintiles(values)
    assert (quintiles(values[order]) == scores[order]).all()
    assert all(len(set(scores[values == value].tolist())) == 1 for value in range(7))


@pytest.mark.parametrize("count", [0, 1, 3])
def test_few_members_have_scores_too(count: int) -> None:
    scores = quintiles(np.arange(count))
    assert len(scores) == count
    assert all(1 <= score <= 5 for score in scores.tolist())


def test_buyers_are_scored_by_days_purchases_and_money() -> None:
    table = table_of(season(WINDOWS))
    events = [
        event("enrol", "never", "2026-06-01T12:00:00"),
        buy("old", "2026-06-01T12:00:00", "900.00"),
        buy("new", "2026-07-02T12:00:00", "5.00"),
        buy("mid", "2026-06-20T12:00:00", "50.00"),
        buy("mid", "2026-06-20T13:00:00", "50.00"),
        buy("two", "2026-06-25T13:00:00", "60.00"),
        buy("far", "2026-06-10T13:00:00", "1.00"),
    ]
    play(table, sorted(events, key=lambda each: str(each["at"])))
    scored = report_of([table], read_query("members", by="rfm")).to_pylist()
    told = [
        (row["recency_score"], row["frequency_score"], row["money_score"], row["members"])
        for row in scored
    ]
    # What old bought lies before the window of 30 days.
    old, far, mid, two, new = (1, 1, 1, 1), (2, 2, 2, 1), (3, 5, 5, 1), (4, 2, 4, 1), (5, 2, 3, 1)
    assert told == [new, two, mid, far, old]
