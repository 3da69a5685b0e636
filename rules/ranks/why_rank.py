"""Why a rank: what put a row ahead of one neighbour and behind the other, and what rises it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from rules.accounts.explain_texts import told
from rules.ranks.official_order import NO_TIME_US, key_of

SIDES = {
    # (what decides, whether this row is the one ahead) → how it stands to the other
    ("score", True): "side.ahead",
    ("score", False): "side.behind",
    ("tasks_completed_at", True): "side.earlier",
    ("tasks_completed_at", False): "side.later",
    ("active_days", True): "side.more",
    ("active_days", False): "side.fewer",
}


class Stand(NamedTuple):
    """A row of a board as its order looks at it; shown is the name a reader may see."""

    rank: int
    member: str
    score: int
    tasks_completed_at_us: int
    active_days: int
    shown: str


def why_rank(
    tie_break: Sequence[str],
    rows: Sequence[Stand],
    place: int,
    scores: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """Explain the rank of rows[place] among its neighbours on the board.

    rows are those of one snapshot in order of rank. scores tell what each kind of points adds
    to the score, where that is known.
    """
    own = rows[place]
    ahead = rows[place - 1] if place else None
    behind = rows[place + 1] if place + 1 < len(rows) else None
    return {
        "rank": own.rank,
        "member": own.member,
        "score": own.score,
        "score_by_kind": None if scores is None else dict(scores),
        "ahead": None if ahead is None else compared(tie_break, own, ahead),
        "behind": None if behind is None else compared(tie_break, own, behind),
        "to_rise": told("rank.first") | {"points": 0}
        if ahead is None
        else _to_rise(tie_break, own, ahead),
    }


def decides(tie_break: Sequence[str], one: Stand, other: Stand) -> str:
    """Name what puts one of two rows ahead: score, a tie-break, or the member id."""
    return next(
        (name for name in ("score", *tie_break) if _value(one, name) != _value(other, name)),
        "member",
    )


def compared(tie_break: Sequence[str], own: Stand, other: Stand) -> dict[str, Any]:
    """Tell what decided between a row and its neighbour, and by how much."""
    by = decides(tie_break, own, other)
    found = {"rank": other.rank, "by": by, "gap": None}
    if by == "member":
        return found | {"text": told("rank.member", other=other.shown)}
    gap = abs(_value(own, by) - _value(other, by))
    if NO_TIME_US in (_value(own, by), _value(other, by)) and by == "tasks_completed_at":
        gap = 0  # one of the two has completed none: no time lies between
    side = told(SIDES[by, own.rank < other.rank])
    text = told(f"rank.{by}", other=other.shown, side=side, gap=gap)
    return found | {"gap": gap, "text": text}


def _to_rise(tie_break: Sequence[str], own: Stand, ahead: Stand) -> dict[str, Any]:
    """Count the points that bring a row past the one ahead, all else as it is."""
    level = _key(own._replace(score=ahead.score), tie_break)
    points = ahead.score - own.score + (level > _key(ahead, tie_break))
    text = told("rank.gap_up", points=points, rank=ahead.rank)
    return text | {"points": points, "rank": ahead.rank}


def _key(row: Stand, tie_break: Sequence[str]) -> tuple[int, int, int, str]:
    return key_of(row.score, row.tasks_completed_at_us, row.active_days, row.member, tie_break)


def _value(row: Stand, name: str) -> int:
    if name == "score":
        return row.score
    return row.tasks_completed_at_us if name == "tasks_completed_at" else row.active_days
