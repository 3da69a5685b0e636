"""A shard that doesn't answer is tried for ever; one that fails on a call isn't."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from actors.gateway import reach
from actors.gateway.reach import TRIES, Reach
from actors.messages import ShardDown


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> Iterator[float]:
        while True:
            yield 0.0

    monkeypatch.setattr(reach, "pauses", none)


def test_it_is_called_until_it_answers_and_the_log_says_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    one, silent = Reach(3), iter([True] * 9)
    since: set[float | None] = set()

    async def call() -> str:
        since.add(one.down_since_s)
        if next(silent, False):
            raise ShardDown("gone")
        return "here"

    with caplog.at_level("INFO"):
        assert asyncio.run(one.until_answered(call)) == "here"
    assert one.down_since_s is None
    assert len(since) == 2, "not at first, then since the same moment"
    assert caplog.messages == [
        "member shard 3 does not answer: gone",
        "member shard 3 answers again",
    ]


def test_an_error_of_its_own_is_given_back_after_some_tries() -> None:
    one, tries = Reach(0), 0

    async def call() -> str:
        nonlocal tries
        tries += 1
        raise ValueError("no such rule")

    answer = asyncio.run(one.until_answered(call))
    assert isinstance(answer, ValueError)
    assert tries == TRIES
    assert one.down_since_s is None, "it answered, if with an error"
