"""The living parts of the prizes page: what it costs, and who holds what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from ui.answers import Award, Prizes, Season
from ui.parts import live, notices
from ui.parts.claim_table import claim_bars, claim_table
from ui.parts.live import REFRESH_S, Heard
from ui.parts.markup import element, show, text
from ui.parts.prize_table import prize_table
from ui.parts.prize_tiles import final_list, tiles
from ui.texts import Texts

AWARDS_A_PAGE: Final = 25
ALL_BOARDS: Final = ""


@st.fragment(run_every=REFRESH_S)
def cost_of_prizes(season: Season, words: Texts) -> None:
    """Show cost, tax, budget and places at risk; after the end the hash of the list."""
    heard = _ask()
    if heard.failure is not None:
        notices.trouble(heard.failure, words, last_known=heard.answer is not None)
    if heard.answer is None:
        return
    now = live.ask_season().answer or season
    title = words("prizes.provisional" if heard.answer.provisional else "prizes.final")
    markup = element("h2", "fc-title", text(title)) + tiles(heard.answer, now, words)
    if not heard.answer.provisional:
        markup += final_list(heard.answer, now, words)
    show(markup, words)


@st.fragment(run_every=REFRESH_S)
def awards_shown(season: Season, board: str, page: int, words: Texts) -> None:
    """Show one page of the prizes of a board (of all boards for "")."""
    answer = _ask().answer
    if answer is None:
        return
    awards = of_board(answer.awards, board)
    if not awards:
        notices.notice(words("nothing.prizes"), words("nothing.prizes_how"), words)
        return
    first = (page - 1) * AWARDS_A_PAGE
    shown = awards[first : first + AWARDS_A_PAGE]
    show(prize_table(shown, answer.provisional, season, words), words)


@st.fragment(run_every=REFRESH_S)
def claims_shown(season: Season, board: str, page: int, words: Texts) -> None:
    """Show the claims by state and by when, once the list is published; for this page's prizes."""
    now = live.ask_season().answer or season
    if not now.published:
        return
    heard = live.ask("claims", lambda system: system.claims())
    if heard.failure is not None:
        notices.trouble(heard.failure, words, last_known=heard.answer is not None)
    if heard.answer is None or not heard.answer.claims:
        return
    prizes = _ask().answer
    awards = of_board(prizes.awards, board) if prizes is not None else ()
    first = (page - 1) * AWARDS_A_PAGE
    shown = awards[first : first + AWARDS_A_PAGE]
    bars = claim_bars(heard.answer, now, words)
    show(bars + claim_table(heard.answer, shown, now, words), words)


def awards_total(board: str) -> int:
    """Count the prizes of a board that are held now."""
    answer = _ask().answer
    return 0 if answer is None else len(of_board(answer.awards, board))


def of_board(awards: Sequence[Award], board: str) -> tuple[Award, ...]:
    """Give the prizes of one board, of all for ""."""
    return tuple(award for award in awards if board in (ALL_BOARDS, award.board))


def _ask() -> Heard[Prizes]:
    return live.ask("prizes", lambda system: system.prizes())
