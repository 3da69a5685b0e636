"""Single submissions answer what a submission of many would answer to the same event."""

from __future__ import annotations

import asyncio
import json

import numpy as np
import pyarrow as pa
import pytest

from actors.gateway.shared_parcel import SharedParcel
from actors.gateway.single_submission import SingleSubmission
from actors.gateway.submission import Extras, Submission
from rules.decoding.events import Refusal
from rules.judging.results import REASON_CODES, STATUSES

NONE = REASON_CODES[""]
CASES = [
    (STATUSES.index("applied"), NONE, 60, {}, ""),
    (STATUSES.index("rejected"), REASON_CODES["too_late"], 0, {}, ""),
    (STATUSES.index("rejected"), REASON_CODES["coupon_not_valid"], 0, {}, "It is for diesel."),
    (STATUSES.index("applied"), NONE, 5, {"payable": "12.00"}, ""),
]


@pytest.mark.parametrize(("status", "reason", "points", "detail", "note"), CASES)
def test_one_event_is_answered_like_any_other(
    status: int, reason: int, points: int, detail: dict[str, str], note: str
) -> None:
    async def scenario() -> None:
        many, one = Submission(1, 1), SingleSubmission("e-1")
        many.name(np.zeros(1, np.int64), pa.array(["e-1"]))
        extras = Extras({0: dict(detail)} if detail else {}, {0: note} if note else {})
        row = (np.array([status], np.uint8), np.array([reason], np.uint8), np.array([points]))
        many.fill(np.zeros(1, np.int64), *row, extras)
        SharedParcel([one]).fill(np.zeros(1, np.int64), *row, extras)
        assert json.loads(one.answer(False, "")) == json.loads(many.answer(False, ""))
        assert one.only() == many.only()
        assert one.first_event_id() == many.first_event_id() == "e-1"
        assert one.done.done()

    asyncio.run(scenario())


def test_a_refusal_of_the_decoder_is_answered_at_once() -> None:
    async def scenario() -> None:
        refusal = Refusal(0, "e-9", "bad_field", "the event: at is missing")
        many, one = Submission(1, 0), SingleSubmission()
        many.refuse([refusal])
        one.refuse([refusal])
        assert one.done.done()
        assert one.only() == many.only()

    asyncio.run(scenario())


def test_each_single_gets_its_own_row() -> None:
    async def scenario() -> None:
        singles = [SingleSubmission(f"e-{number}") for number in range(3)]
        extras = Extras({1: {"payable": "3.00"}}, {})
        zeros = np.zeros(3, np.uint8)
        SharedParcel(singles).fill(np.arange(3), zeros, zeros, np.array([4, 5, 6]), extras)
        told = [single.only() for single in singles]
        assert [one["points"] for one in told] == [4, 5, 6]
        assert [one.get("payable") for one in told] == [None, "3.00", None]

    asyncio.run(scenario())


def test_an_error_reaches_every_single() -> None:
    async def scenario() -> None:
        singles = [SingleSubmission(f"e-{number}") for number in range(2)]
        SharedParcel(singles).fail(ValueError("gone"))
        for single in singles:
            with pytest.raises(ValueError, match="gone"):
                await single.done

    asyncio.run(scenario())
