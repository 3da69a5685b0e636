"""Prize desk: what members of one table have won, and how far each claim is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(slots=True)
class Won:
    """One prize of a member here, and how far its claim is; "" while it isn't claimed."""

    row: int
    board: str
    place: int
    rank: int
    reward: str
    state: str = ""
    delivery: str = ""
    station: str = ""
    claimed_us: int = 0
    changed_us: int = 0


class PrizeDesk:
    """The prizes this table's members have won, by prize id `BOARD:PLACE`."""

    def __init__(self) -> None:
        self.open = False
        self.deadline_us = 0
        self.season = ""  # whose list it is; the next season's takes its place
        self.won: dict[str, Won] = {}

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Copy everything as one array of JSON bytes."""
        held = {name: asdict(won) for name, won in self.won.items()}
        text = json.dumps([self.open, self.deadline_us, self.season, held])
        return {"json": np.frombuffer(text.encode(), dtype=np.uint8)}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Fill from state()."""
        self.open, self.deadline_us, self.season, held = json.loads(state["json"].tobytes())
        self.won = {name: Won(**cells) for name, cells in held.items()}

    def move(self, row_from: int, row_to: int) -> None:
        """Hand one member's prizes over to another."""
        for won in self.won.values():
            if won.row == row_from:
                won.row = row_to


def prize_id(board: str, place: int) -> str:
    """Name a prize.

    >>> prize_id("overall", 3)
    'overall:3'
    """
    return f"{board}:{place}"
