"""Prizes: who would take which, what each costs, and the file that says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import islice
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from rules.decoding.csv_lines import csv_bytes, decimals
from rules.ranks.standings import BoardRows
from rules.season.season_models import Reward, Season

COLUMNS = ("board", "place", "rank", "member", "reward", "unit_cost", "tax")
TAX_PER_HUNDRED: Final = 20
"""Tax on a prize that the programme pays, as `programme_pays_20` says: 20 % of the unit cost."""


class Award(NamedTuple):
    """One prize and who takes it. `place` is the prize's, `rank` the member's in the standings."""

    board: str
    place: int
    rank: int
    member: str
    reward: str
    unit_cost_fen: int
    tax_fen: int


class Cost(NamedTuple):
    """What some awards cost: how many, their unit costs and the tax that the programme pays."""

    awards: int
    unit_cost_fen: int
    tax_fen: int

    @property
    def total_fen(self) -> int:
        """Add unit costs and tax."""
        return self.unit_cost_fen + self.tax_fen


def prize_boards(season: Season) -> tuple[str, ...]:
    """List the boards that have prizes, in the order of their first prize in the file."""
    return tuple(dict.fromkeys(prize.board for prize in season.prizes))


def prize_places(season: Season, board: str) -> Iterator[tuple[int, str]]:
    """Yield (place, reward id) of a board's prizes from the best place downwards."""
    spans = sorted(
        (prize.ranks.first, prize.ranks.last, prize.reward)
        for prize in season.prizes
        if prize.board == board
    )
    for first, last, reward in spans:
        for place in range(first, last + 1):
            yield place, reward


def unit_cost_fen(season: Season, reward: Reward) -> int:
    """Return what one reward costs the programme at most, before tax, in fen.

    Goods cost their unit cost. A coupon counts with its face value, an upper bound: what it
    takes off, the most a percentage may take off, or the gift's unit cost. A percentage without
    `max_off` has no bound and counts 0 (see `has_unbounded_cost`). Points count 0: they become
    cost when they are spent.
    """
    if reward.kind == "goods":
        return reward.unit_cost_fen or 0
    if reward.kind == "points":
        return 0
    return _coupon_face_fen(season, reward) or 0


def has_unbounded_cost(season: Season, reward: Reward) -> bool:
    """Tell whether nothing in the file bounds what a reward costs: `X % off` without `max_off`."""
    return reward.kind == "coupon" and _coupon_face_fen(season, reward) is None


def _coupon_face_fen(season: Season, reward: Reward) -> int | None:
    for coupon in season.coupons:
        if coupon.id == reward.coupon:
            return coupon.face_value_fen
    raise KeyError(f"coupon {reward.coupon!r} of a reward: not in the season file")


def tax_fen(reward: Reward, cost_fen: int) -> int:
    """Return the tax the programme pays on one reward, in fen, half a fen rounded up.

    >>> tax_fen(Reward(kind="goods", unit_cost="0.08", tax="programme_pays_20"), 8)
    2
    >>> tax_fen(Reward(kind="goods", unit_cost="0.08", tax="winner_pays_20"), 8)
    0
    """
    if reward.tax != "programme_pays_20":
        return 0
    return (cost_fen * TAX_PER_HUNDRED + 50) // 100


def allocate(
    boards: Mapping[str, BoardRows], season: Season, disqualified: AbstractSet[str]
) -> list[Award]:
    """Give the prizes out: boards in the order of their first prize, by rank within.

    The k-th eligible member of a board takes the prize of place k, so a disqualified winner's
    prize falls to the next and everyone behind moves up. Eligible is who stands on the board
    (the excluded don't), isn't disqualified, has `min_score` and, under `one_per_member`, no
    prize of an earlier board. A team is neither disqualified nor the same winner as a member
    whose id happens to be the same text. A place that nobody is left for is not given.

    `boards` holds the rows of each board from rank 1 down, all of them or at least enough to
    fill the places; a board that is missing gives no prizes. Cost: O(rows looked at).
    """
    team_boards = {board.id for board in season.boards if board.team is not None}
    rules = season.prize_rules
    cost_of = {
        name: (unit_cost_fen(season, reward), reward) for name, reward in season.rewards.items()
    }
    awards: list[Award] = []
    winners: set[tuple[bool, str]] = set()
    for board in prize_boards(season):
        if board not in boards:
            continue
        team = board in team_boards
        taken = winners if rules.one_per_member else set()
        eligible = eligible_rows(
            boards[board],
            barred=frozenset() if team else disqualified,
            winners={member for of_team, member in taken if of_team == team},
            min_score=rules.min_score,
        )
        count = 0  # eligible members seen so far
        for place, reward in prize_places(season, board):
            position = next(islice(eligible, place - count - 1, None), None)
            if position is None:
                break
            count = place
            member = boards[board].member[position]
            cost_fen, model = cost_of[reward]
            rank = int(boards[board].rank[position])
            awards.append(
                Award(board, place, rank, member, reward, cost_fen, tax_fen(model, cost_fen))
            )
            winners.add((team, member))
    return awards


def eligible_rows(
    rows: BoardRows, barred: AbstractSet[str], winners: AbstractSet[str], min_score: int
) -> Iterator[int]:
    """Yield the positions in `rows` of those who may take a prize, best first."""
    for position, member in enumerate(rows.member):
        if rows.score[position] < min_score:
            return
        if member not in barred and member not in winners:
            yield position


def cost_by_kind(awards: Sequence[Award], season: Season) -> dict[str, Cost]:
    """Add up awards by kind of reward; kinds without an award are left out, sorted by name."""
    totals: dict[str, Cost] = {}
    for award in awards:
        kind = season.rewards[award.reward].kind
        before = totals.get(kind, Cost(0, 0, 0))
        totals[kind] = Cost(
            before.awards + 1,
            before.unit_cost_fen + award.unit_cost_fen,
            before.tax_fen + award.tax_fen,
        )
    return dict(sorted(totals.items()))


def total_cost(awards: Sequence[Award]) -> Cost:
    """Add up all awards."""
    return Cost(
        len(awards),
        sum(award.unit_cost_fen for award in awards),
        sum(award.tax_fen for award in awards),
    )


def prizes_csv(awards: Sequence[Award]) -> bytes:
    """Write awards as the canonical bytes of `prizes.csv`, in the order given.

    >>> prizes_csv([Award("overall", 1, 2, "m1", "phone", 599900, 119980)]).decode().split()[1]
    'overall,1,2,m1,phone,5999.00,1199.80'
    """
    return csv_bytes(
        COLUMNS,
        [
            pa.array([award.board for award in awards], pa.large_string()),
            pa.array([award.place for award in awards], pa.int64()),
            pa.array([award.rank for award in awards], pa.int64()),
            pa.array([award.member for award in awards], pa.large_string()),
            pa.array([award.reward for award in awards], pa.large_string()),
            decimals(np.array([award.unit_cost_fen for award in awards], np.int64), 2),
            decimals(np.array([award.tax_fen for award in awards], np.int64), 2),
        ],
    )
