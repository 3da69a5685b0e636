"""Explain why a member stands where they stand: the official order against each neighbour."""

from __future__ import annotations

from collections.abc import Sequence

from ui.answers import Row
from ui.parts.figures import minute, number
from ui.parts.names import shown_name
from ui.texts import Texts


def explain(
    rows: Sequence[Row], at: int, tie_break: Sequence[str], zone: str, words: Texts
) -> list[str]:
    """Give one sentence against the neighbour above and one against the one below.

    `rows` are neighbours in order of rank; `at` is the place of the explained row among them.
    """
    row = rows[at]
    sentences = []
    if row.rank == 1:
        sentences.append(words("why.first"))
    elif at > 0:
        sentences.append(_against(rows[at - 1], row, row, tie_break, zone, words))
    if at + 1 < len(rows):
        sentences.append(_against(row, rows[at + 1], row, tie_break, zone, words))
    else:
        sentences.append(words("why.last"))
    return sentences


def _against(
    ahead: Row, behind: Row, row: Row, tie_break: Sequence[str], zone: str, words: Texts
) -> str:
    other = ahead if row is behind else behind
    side = "behind" if row is behind else "ahead"
    who = {"rank": number(other.rank), "member": shown_name(other)}
    if ahead.score != behind.score:
        return words(f"why.{side}", points=number(ahead.score - behind.score), **who)
    return words(f"why.tie_{side}", reason=_tie(ahead, behind, tie_break, zone, words), **who)


def _tie(ahead: Row, behind: Row, tie_break: Sequence[str], zone: str, words: Texts) -> str:
    """Name the first key of the tie-break that tells the two apart; the member id is the last."""
    for place, key in enumerate(tie_break):
        if key == "tasks_completed_at" and ahead.tasks_completed_at != behind.tasks_completed_at:
            return _tasks(ahead, behind, zone, words)
        if key == "active_days" and ahead.active_days != behind.active_days:
            text = "why.active" if place else "why.active_first"
            return words(text, ahead=ahead.active_days, behind=behind.active_days)
    return words("why.id")


def _tasks(ahead: Row, behind: Row, zone: str, words: Texts) -> str:
    if ahead.tasks_completed_at is None or behind.tasks_completed_at is None:
        done = ahead.tasks_completed_at or behind.tasks_completed_at
        assert done is not None, "the two differ, so one of them is there"
        return words("why.tasks_none", ahead=minute(done, zone, words))
    return words(
        "why.tasks",
        ahead=minute(ahead.tasks_completed_at, zone, words),
        behind=minute(behind.tasks_completed_at, zone, words),
    )
