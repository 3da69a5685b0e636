"""Run one season file and one log through the oracle or the kernel, to one shape of result."""

import tomllib
from dataclasses import dataclass, field
from typing import Any

from tests.oracle import Answer, Oracle

Table = dict[str, Any]


@dataclass
class Result:
    """Hold what a run gives, quantities as whole small units and instants in microseconds."""

    answers: list[Answer]
    members: list[Table]
    standings: dict[str, list[Table]]
    prizes: list[Table]
    dropped: list[Table] = field(default_factory=list)


def run_oracle(season_text: str, events: list[Table], until_us: int | None = None) -> Result:
    """Judge the events with the oracle, then let the clock run on."""
    oracle = Oracle(tomllib.loads(season_text))
    answers = [oracle.apply(event) for event in events]
    if until_us is None:
        oracle.finish()
    else:
        oracle.advance(until_us)
    return Result(
        answers=answers,
        members=oracle.members(),
        standings={
            board["id"]: [vars(row) for row in oracle.standings(board["id"])]
            for board in oracle.plan.boards
        },
        prizes=[vars(row) for row in oracle.prizes()],
        dropped=[vars(each) for each in oracle.dropped],
    )
