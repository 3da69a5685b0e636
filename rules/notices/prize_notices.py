"""What winners are told: what they have won, and how their prizes come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rules.notices.notice_book import named
from rules.ranks.prize_desk import Won

if TYPE_CHECKING:
    from rules.table.member_table import MemberTable

TOLD_STATES: Final = {"sent": "prize_sent", "ready": "prize_ready"}


def prize_told(table: MemberTable, name: str, won: Won) -> dict[str, Any]:
    """Name a prize for a notice."""
    reward = table.rules.season.rewards.get(won.reward)
    told = {"prize": name, "board": won.board, "rank": won.rank, "reward": won.reward}
    told["deadline_us"] = table.prize_desk.deadline_us
    return told | named("reward_name", None if reward is None else reward.name)


def tell_winners(table: MemberTable, before: Mapping[str, Won], at_us: int) -> None:
    """Record who has won what, but for what a list before had them win already."""
    if table.notices is None:
        return
    for name, won in table.prize_desk.won.items():
        if name not in before or before[name].row != won.row:
            told = prize_told(table, name, won)
            until_us = table.prize_desk.deadline_us
            rows = np.array([won.row])
            table.notices.note(table, "prize_won", rows, at_us, told, until_us=until_us)


def tell_state(table: MemberTable, name: str, won: Won) -> None:
    """Record that a prize was sent, or is ready at a station."""
    kind = TOLD_STATES.get(won.state)
    if table.notices is None or kind is None:
        return
    told = prize_told(table, name, won)
    if won.station:
        told["station"] = won.station
        station = table.rules.season.stations.get(won.station)
        told |= named("station_name", getattr(station, "name", None))
    table.notices.note(table, kind, np.array([won.row]), won.changed_us, told)
