"""Batches' answers and changed standings survive the wire between actors."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from actors.messages import BatchAnswer, StandingChange
from actors.wire import answer_bytes, change_bytes, read_answer, read_change


def test_an_answer_is_read_as_it_was_written() -> None:
    answer = BatchAnswer(
        status=np.array([0, 3, 2], np.uint8),
        reason=np.array([0, 7, 0], np.uint8),
        points=np.array([12, -5, 2**40], np.int64),
        version=2**50,
        clock_us=-1,
        details={2: {"coupon": "c-1", "points_used": 100, "lines": [1, None, "两"]}},
        notes={1: "说明"},
        waiting=True,
    )
    told = read_answer(answer_bytes(answer))
    for field in fields(answer):
        ours, theirs = getattr(answer, field.name), getattr(told, field.name)
        if isinstance(ours, np.ndarray):
            assert ours.dtype == theirs.dtype
            assert ours.tolist() == theirs.tolist()
        else:
            assert ours == theirs


def test_changed_standings_are_read_as_they_were_written() -> None:
    change = StandingChange(
        rows=np.array([7, 2], np.int64),
        score=np.array([2**40, -3], np.int64),
        tasks_completed_at_us=np.array([1, 2**62], np.int64),
        active_days=np.array([3, 0], np.int32),
        tier=np.array([-1, 4], np.int16),
        on_board=np.array([2**32 - 1, 0], np.uint32),
        company=np.array([0, 5], np.int32),
        disqualified=np.array([True, False]),
        first_name=7,
        names=["m-7", "会员"],
        first_company=5,
        companies=["c-5"],
        crowded=True,
    )
    after, version, clock_us, told = read_change(change_bytes(3, 4, 2**60, change))
    assert (after, version, clock_us) == (3, 4, 2**60)
    for field in fields(change):
        ours, theirs = getattr(change, field.name), getattr(told, field.name)
        if isinstance(ours, np.ndarray):
            assert ours.dtype == theirs.dtype
            assert ours.tolist() == theirs.tolist()
        else:
            assert ours == theirs
