"""Singles: dealt together, each under its own key and with an answer of its own."""

from __future__ import annotations

import asyncio

import pyarrow as pa

from actors.gateway.bodies import Bodies
from actors.gateway.problems import Problem
from actors.gateway.single_submission import SingleSubmission
from actors.gateway.singles import Singles
from actors.gateway.submission import Submission
from tests.unit.test_gateway_lane import NAMES, event


def test_a_refused_event_says_nothing_of_its_neighbours_and_holds_none_of_them_up() -> None:
    dealt: list[tuple[list[str], list[SingleSubmission], list[str]]] = []

    def deal(columns: pa.RecordBatch, owners: list[SingleSubmission], keys: list[str]) -> None:
        dealt.append((columns.column("event_id").to_pylist(), owners, keys))

    async def scenario() -> list[Submission]:
        def going() -> None:
            raise AssertionError("nothing was sealed")

        singles = Singles(Bodies(NAMES).lines, None, deal, lambda: False, going)
        found = [
            singles.put(event(1, 0), "a"),
            singles.put(b'{"event_id": "bad", "member": 7}', "b"),
            singles.put(event(2, 0), "c"),
        ]
        assert len(singles) == 3
        singles.send_on()
        assert not len(singles)
        return [one.result() for one in found]

    first, bad, last = asyncio.run(scenario())
    assert dealt == [(["e-1", "e-2"], [first, last], ["a", "c"])]
    assert bad.done.done(), "it waits for no shard"
    answer = repr(bad.only())
    assert "the event" in answer
    assert "line" not in answer


def test_a_deal_that_fails_is_told_to_everyone_who_waits() -> None:
    def deal(columns: pa.RecordBatch, owners: list[SingleSubmission], keys: list[str]) -> None:
        assert columns.num_rows == len(owners) == len(keys) == 2
        raise Problem(503, "stopping")

    async def scenario() -> list[BaseException | None]:
        singles = Singles(Bodies(NAMES).lines, None, deal, lambda: False, lambda: None)
        found = [singles.put(event(number, 0), "a") for number in range(2)]
        singles.send_on()
        return [one.exception() for one in found]

    assert [type(error) for error in asyncio.run(scenario())] == [Problem, Problem]
