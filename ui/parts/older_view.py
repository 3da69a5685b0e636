"""The seasons beside this one: the older with its boards, and when the next one opens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import streamlit as st

from ui.answers import Season, Standings
from ui.answers.season import OtherSeason
from ui.client import Client
from ui.parts import controls, live, notices
from ui.parts.board_table import Look, board_table
from ui.parts.board_view import PAGE_ROWS
from ui.parts.csv_file import board_csv
from ui.parts.figures import full_minute, number
from ui.parts.live import REFRESH_S
from ui.parts.markup import element, show, text
from ui.parts.names import board_name
from ui.texts import Texts

THIS: Final = "this"


@dataclass(frozen=True)
class OlderPages:
    """Gives the pages of a board of the season before."""

    client: Client
    season: str

    def standings(self, board: str, after: int = 0, limit: int = 50) -> Standings:
        """Give some rows of a board."""
        return self.client.standings(board, after, limit, self.season)


def choose_season(season: Season, words: Texts) -> OtherSeason | None:
    """Offer the season before where there is one, and give it if it is chosen."""
    older = season.older
    if older is None:
        st.session_state.pop("season", None)
        return None

    def named(one: str) -> str:
        return (season if one == THIS else older).name.in_language(words.language)

    chosen = controls.choose("season", words("standings.seasons"), (THIS, older.season), named)
    return None if chosen == THIS else older


def upcoming_shown(season: Season, words: Texts) -> None:
    """Say under what name the next season opens, and when; nothing where no file of it waits."""
    coming = season.upcoming
    if coming is None:
        return
    said = words(
        "standings.upcoming",
        name=coming.name.in_language(words.language),
        starts=full_minute(coming.starts, season.timezone, words),
        ends=full_minute(coming.ends, season.timezone, words),
    )
    show(element("p", "fc-small fc-upcoming", text(said)), words)


def choose_older_board(older: OtherSeason, words: Texts) -> str:
    """Offer the boards of the season before."""
    return controls.choose(
        "board",
        words("standings.boards"),
        [board.id for board in older.boards],
        lambda board: board_name(board, words),
    )


def older_shown(season: Season, older: OtherSeason, board: str, words: Texts) -> int:
    """Show how far the season before is and a page of one of its boards; gives the page."""
    show(_state(season, older, words), words)
    heard = live.ask(
        f"{older.season}/{board}/total",
        lambda system: system.standings(board, 0, 1, older.season),
        fresh_s=REFRESH_S,
    )
    total = 0 if heard.answer is None else heard.answer.total
    page = controls.chosen_page(total, PAGE_ROWS)
    _rows(older, board, page, words)
    controls.choose_page(total, PAGE_ROWS)
    return page


def _state(season: Season, older: OtherSeason, words: Texts) -> str:
    """Say where it stands: its phase, and when its list is settled, or by which hash it is."""
    zone = season.timezone
    phase = element("span", f"fc-phase fc-{older.phase}", text(words(f"phase.{older.phase}")))
    ran = words(
        "header.window",
        starts=full_minute(older.starts, zone, words),
        ends=full_minute(older.ends, zone, words),
        zone=zone,
    )
    name = element("h2", "fc-title", text(older.name.in_language(words.language)))
    said = words("standings.older_final_at", at=full_minute(older.final_at, zone, words))
    if older.standings_hash is not None:
        key = "standings.older_published" if older.published else "standings.older_final"
        said = words(key)
    lines = [
        element("div", "fc-line", name, phase),
        element("p", "fc-small", text(ran)),
        element("p", "fc-way", text(said)),
    ]
    if older.standings_hash is not None:
        lines.append(element("code", "fc-hash", text(older.standings_hash)))
    return "".join(lines)


@st.fragment(run_every=REFRESH_S)
def _rows(older: OtherSeason, board: str, page: int, words: Texts) -> None:
    after = (page - 1) * PAGE_ROWS
    heard = live.ask(
        f"{older.season}/{board}/{after}",
        lambda system: system.standings(board, after, PAGE_ROWS, older.season),
    )
    if heard.failure is not None:
        notices.trouble(heard.failure, words, last_known=heard.answer is not None)
    if heard.answer is None:
        return
    rows = heard.answer.rows
    if not rows:
        show(element("p", "fc-way", text(words("standings.older_nobody"))), words)
        return
    team = next(one.team for one in older.boards if one.id == board) is not None
    first = rows[0].score
    if page > 1:
        top = live.ask(
            f"{older.season}/{board}/total",
            lambda system: system.standings(board, 0, 1, older.season),
        ).answer
        first = top.rows[0].score if top is not None and top.rows else first
    caption = words(
        "standings.rows",
        first=number(rows[0].rank),
        last=number(rows[-1].rank),
        total=number(heard.answer.total),
    )
    table = board_table(heard.answer, Look(words, first, team=team, older=True))
    show(table + element("div", "fc-caption", text(caption)), words)


def take_older(older: OtherSeason, board: str, words: Texts) -> None:
    """Offer the board of the season before as CSV, and the link to this view."""
    controls.take_away(
        words("download.board"),
        f"standings-{older.season}-{board}.csv",
        lambda: board_csv(OlderPages(live.client(), older.season), board),
        words,
    )
