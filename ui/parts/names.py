"""Show who is meant without telling who it is: masked members, rewards by their name."""

from __future__ import annotations

from collections.abc import Iterable

from ui.answers import Award, Board, Row
from ui.parts.figures import masked
from ui.texts import Texts


def shown_name(row: Row, team: bool = False) -> str:
    """Give the name a projected board may show: the masked one, a team's as it is."""
    if team:
        return row.member
    return row.name or masked(row.member)


def holder_name(award: Award, team: bool = False) -> str:
    """Give the name of a prize's holder that a projected page may show, "—" for nobody."""
    if award.member is None:
        return "—"
    if team:
        return award.member
    return award.masked or masked(award.member)


def board_name(board: str, words: Texts) -> str:
    """Give a board's name: the text table's where it has one, else its id."""
    return words.name_of("board", board)


def tier_name(tier: str, words: Texts) -> str:
    """Give a level's name; a team row has none."""
    return words.name_of("tier", tier) if tier else words("standings.none")


def reward_names(awards: Iterable[Award], words: Texts) -> dict[str, str]:
    """Give each reward's name by its id."""
    return {award.reward: award.name.in_language(words.language) for award in awards}


def team_boards(boards: Iterable[Board]) -> frozenset[str]:
    """Give the ids of the boards whose rows are teams."""
    return frozenset(board.id for board in boards if board.team is not None)
