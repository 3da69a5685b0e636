"""Singles: dealt together, each under its own key and with an answer of its own."""

from __future__ import annotations

import asyncio

import pyarrow as pa
import pytest

from actors.gateway.bodies import Bodies
from actors.gateway.problems import Problem
from actors.gateway.single_submission import SingleSubmission
from actors.gateway.singles import Singles
from tests.unit.test_gateway_lane import NAMES, event


def test_a_refused_event_says_nothing_of_its_neighbours_and_holds_none_of_them_up() -> None:
    dealt: list[tuple[list[str], list[SingleSubmission], list[str]]] = []

    def deal(columns: pa.RecordBatch, owners: list[SingleSubmission], keys: list[str]) -> None:
        dealt.append((columns.column("event_id").to_pylist(), owners, keys))

    async def scenario() -> list[SingleSubmission]:
        def going() -> None:
            raise AssertionError("nothing was sealed")

        singles = Singles(Bodies(NAMES).lines, None, deal, lambda: False, going)
        found = [SingleSubmission() for _ in range(3)]
        singles.put(event(1, 0), "a", found[0])
        singles.put(b'{"event_id": "bad", "member": 7}', "b", found[1])
        singles.put(event(2, 0), "c", found[2])
        assert len(singles) == 3
        singles.send_on()
        assert not len(singles)
        return found

    first, bad, last = asyncio.run(scenario())
    assert dealt == [(["e-1", "e-2"], [first, last], ["a", "c"])]
    assert bad.done.done(), "it waits for no shard"
    answer = repr(bad.only())
    assert "the event" in answer
    assert "line" not in answer


@pytest.mark.parametrize(
    ("trouble", "status"), [(Problem(503, "stopping"), 503), (ZeroDivisionError(), 500)]
)
def test_a_deal_that_fails_is_told_to_everyone_who_waits(trouble: Exception, status: int) -> None:
    def deal(columns: pa.RecordBatch, owners: list[SingleSubmission], keys: list[str]) -> None:
        assert columns.num_rows == len(owners) == len(keys) == 2
        raise trouble

    async def scenario() -> list[BaseException | None]:
        singles = Singles(Bodies(NAMES).lines, None, deal, lambda: False, lambda: None)
        found = [SingleSubmission() for _ in range(2)]
        for number, one in enumerate(found):
            singles.put(event(number, 0), "a", one)
        singles.send_on()
        return [one.done.exception() for one in found]

    told = asyncio.run(scenario())
    assert [isinstance(error, Problem) and error.status for error in told] == [status, status]
