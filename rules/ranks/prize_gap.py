"""How far a member is from the next better prize, and how safe a prize is.

A gap says what is missing if nobody else moved. A tie is judged by the tie-breaks as they stand:
drawing level is enough for who would win the tie, and takes one point more for who wouldn't.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import NamedTuple

from rules.ranks.official_order import Key, key_of
from rules.ranks.prizes import Award, eligible_rows, prize_boards, prize_places
from rules.ranks.standings import BoardRows
from rules.season.season_models import Season


@dataclass(frozen=True)
class PrizeLines:
    """The cut-lines of one board: who holds each prize, and who is next.

    awards and keys: the prizes in force and their holders' keys, best first; contender: the key
    of the first eligible one behind the last holder; open_place: the best place nobody has
    earned yet, with its reward; min_score: what it takes to win at all.
    """

    board: str
    awards: tuple[Award, ...]
    keys: tuple[Key, ...]
    contender: Key | None
    open_place: tuple[int, str] | None
    min_score: int


class Gap(NamedTuple):
    """Where a member stands towards the prizes of a board.

    place and reward: the prize held, None without one; next_place, next_reward and missing: the
    next better prize and the points to it, None at the top; lead: points ahead of the first
    eligible one without a prize, None for who holds none or has nobody behind.
    """

    place: int | None
    reward: str | None
    next_place: int | None
    next_reward: str | None
    missing: int | None
    lead: int | None


NO_GAP = Gap(None, None, None, None, None, None)
"""What is said of someone who can't win here: disqualified, excluded or a winner elsewhere."""


def prize_lines(
    board: str,
    rows: BoardRows,
    awards: Sequence[Award],
    season: Season,
    disqualified: AbstractSet[str],
) -> PrizeLines:
    """Draw the cut-lines of a board from its rows and the awards of `rules.ranks.prizes.allocate`.

    Cost: O(rows down to the first eligible one without a prize).
    """
    here = tuple(award for award in awards if award.board == board)
    scope_of = {scope.id: scope for scope in season.boards}
    team = scope_of[board].team is not None
    earlier = prize_boards(season)[: prize_boards(season).index(board)]
    won_before = {
        award.member
        for award in awards
        if season.prize_rules.one_per_member
        and award.board in earlier
        and (scope_of[award.board].team is not None) == team
    }
    min_score = max(1, season.prize_rules.min_score)
    positions = eligible_rows(
        rows, frozenset() if team else disqualified, won_before, season.prize_rules.min_score
    )
    last_rank = max((award.rank for award in here), default=0)
    behind = next((p for p in positions if rows.rank[p] > last_rank), None)
    given = {award.place for award in here}
    open_place = next((one for one in prize_places(season, board) if one[0] not in given), None)
    first_rank = int(rows.rank[0]) if len(rows) else 1
    return PrizeLines(
        board=board,
        awards=here,
        keys=tuple(_row_key(rows, award.rank - first_rank, season) for award in here),
        contender=None if behind is None else _row_key(rows, behind, season),
        open_place=open_place,
        min_score=min_score,
    )


def _row_key(rows: BoardRows, position: int, season: Season) -> Key:
    return key_of(
        int(rows.score[position]),
        int(rows.tasks_completed_at_us[position]),
        int(rows.active_days[position]),
        rows.member[position],
        season.season.tie_break,
    )


def points_to_pass(key: Key, ahead: Key) -> int:
    """Return the points that would put `key` ahead of `ahead`, all else unchanged; 0 if it is.

    >>> ahead = key_of(50, 8, 0, "b", ("tasks_completed_at",))
    >>> points_to_pass(key_of(20, 7, 0, "x", ("tasks_completed_at",)), ahead)
    30
    >>> points_to_pass(key_of(20, 9, 0, "x", ("tasks_completed_at",)), ahead)
    31
    """
    missing = max(0, ahead.score - key.score)
    level = key._replace(score_negated=key.score_negated - missing)
    return missing if level < ahead else missing + 1


def gap_to_prize(lines: PrizeLines, key: Key) -> Gap:
    """Tell how far a member who may win on this board is from its prizes.

    `key` is the member's key, also of one who isn't on the board yet. Who can't win here
    (disqualified, excluded, out of scope, a winner of an earlier board under `one_per_member`)
    has no gap: the caller says `NO_GAP`. Cost: O(log prizes), and O(prizes) for a holder.
    """
    position = bisect_left(lines.keys, key)
    held: Award | None = None
    if position < len(lines.keys) and lines.keys[position].member == key.member:
        held = lines.awards[position]
    lead = None
    if held is not None and lines.contender is not None:
        lead = key.score - lines.contender.score
    place, reward = (held.place, held.reward) if held is not None else (None, None)
    if held is None and lines.open_place is not None and key.score < lines.min_score:
        next_place, next_reward = lines.open_place
        return Gap(None, None, next_place, next_reward, lines.min_score - key.score, None)
    for better in range(position - 1, -1, -1):
        award = lines.awards[better]
        if award.reward != reward:
            missing = points_to_pass(key, lines.keys[better])
            missing = max(missing, lines.min_score - key.score)
            return Gap(place, reward, award.place, award.reward, missing, lead)
    return Gap(place, reward, None, None, None, lead)
