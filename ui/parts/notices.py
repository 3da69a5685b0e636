"""Say in plain words that there is nothing to show, or what is wrong, and what to do."""

from __future__ import annotations

import streamlit as st

from ui.answers import Season
from ui.parts import live
from ui.parts.figures import full_minute
from ui.parts.markup import element, prose, show, text
from ui.texts import Texts
from ui.troubles import CallFailed, Warming


def notice(title: str, way: str, words: Texts, level: str = "calm") -> None:
    """Show a sentence and the way on from it."""
    show(
        element(
            "section",
            f"fc-notice fc-notice-{level}",
            element("strong", "fc-what", text(title)),
            element("p", "fc-way", prose(way)),
        ),
        words,
    )


def trouble(failure: CallFailed, words: Texts, last_known: bool = False) -> None:
    """Say what went wrong and the fix; `last_known` when older content follows below."""
    way = words(f"{failure.key}_how")
    if last_known:
        way = f"{way} {words('trouble.last_known')}"
    level = "calm" if isinstance(failure, Warming) else "bad"
    notice(words(failure.key, **failure.values), way, words, level)


def nobody(season: Season, words: Texts) -> None:
    """Say that nobody is on the board yet, and from when on somebody can be."""
    way = words("nothing.board_how")
    if season.phase == "before":
        starts = full_minute(season.starts, season.timezone, words)
        way = words("nothing.before_how", starts=starts)
    notice(words("nothing.board"), way, words)


def season_or_wait(words: Texts) -> Season:
    """Give the season; while nobody answers show why and open the page once somebody does."""
    season = live.ask_season()
    if season.answer is None:
        _wait(words)
        st.stop()
    return season.answer


@st.fragment(run_every=live.REFRESH_S)
def _wait(words: Texts) -> None:
    season = live.ask_season()
    if season.answer is not None:
        st.rerun()
    if season.failure is not None:
        trouble(season.failure, words)
