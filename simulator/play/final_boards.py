"""Final boards: who takes a run's prizes, and everybody's rank, without a row of text a member.

Prizes go to the first of a board, so only as many are written out as prizes can reach; ranks come
from the columns alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rules.compiling.compiled import Rules
from rules.ranks.official_order import full_order, order_terms
from rules.ranks.prizes import Award, prize_boards, prize_places
from rules.ranks.standings import BoardRows, board_rows, stands_on
from rules.table.member_table import MemberTable
from rules.table.numbered_ids import NumberedIds
from simulator.offline.replay import awards_of, overall_board
from simulator.people.keyed import Ints


@dataclass(frozen=True, slots=True)
class FinalBoards:
    """Hold the boards with prizes, by id and as far down as prizes reach, and what was given.

    rank int32[members] is everybody's on the overall board, 0 for who isn't on it.
    """

    boards: dict[str, BoardRows]
    awards: list[Award]
    rank: npt.NDArray[np.int32]


def final_boards(table: MemberTable, members: int) -> FinalBoards:
    """Rank the members of a table and give out the prizes: O(n log n) numbers."""
    rules = table.rules
    everyone = np.arange(len(table), dtype=np.int64)
    _, on_board, company = table.standing_codes(everyone)
    score = table.members.score[: len(table)]
    barred = np.flatnonzero(table.members.disqualified[: len(table)])
    wanted = prize_boards(rules.season)
    prizes = {board: sum(1 for _ in prize_places(rules.season, board)) for board in wanted}
    boards: dict[str, BoardRows] = {}
    for board, places in prizes.items():
        if rules.boards[_bit(rules, board)].team is not None:
            rows = np.flatnonzero(company)
        else:
            # Passed over are the disqualified, and who has a prize of another board.
            reach = places + len(barred) + sum(prizes.values())
            standing = np.flatnonzero(stands_on(on_board, score, _bit(rules, board)))
            rows = _first(standing, score, reach)
        boards[board] = board_rows(
            table.standing(rows), rules.boards, board, rules.levels, rules.tie_break
        )
    awards = awards_of(rules, boards, table.standing(barred))
    rank = np.zeros(len(table), dtype=np.int32)
    overall = overall_board(rules)
    if rules.boards[_bit(rules, overall)].team is None:
        rows = np.flatnonzero(stands_on(on_board, score, _bit(rules, overall)))
        rank[rows[_order(table, rows, score)]] = np.arange(1, len(rows) + 1)
    return FinalBoards(boards, awards, rank[:members])


def _bit(rules: Rules, board: str) -> int:
    return [one.id for one in rules.boards].index(board)


def _first(rows: Ints, score: Ints, reach: int) -> Ints:
    """Pick so many rows of the highest scores, int64[k], and all who tie with the last of them."""
    if len(rows) <= reach:
        return rows
    held = score[rows]
    least = np.partition(held, len(held) - reach)[len(held) - reach]
    first: Ints = rows[held >= least]
    return first


def _order(table: MemberTable, rows: Ints, score: Ints) -> Ints:
    """Give the places of rows, int64[k] ascending, in the official order."""
    members, tie_break = table.members, table.rules.tie_break
    columns = score[rows], members.tasks_completed_at_us[rows], members.active_days[rows]
    ids = table.member_ids
    if isinstance(ids, NumberedIds) and ids.numbered == len(table):
        # Ids ascend with the rows, and sorting keeps those that tie in order.
        return np.lexsort(order_terms(*columns, tie_break)[::-1]).astype(np.int64, copy=False)
    return full_order(*columns, [ids[row] for row in rows.tolist()], tie_break)
