"""The head of every page: the season's name, phase, countdown, and how fresh the page is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

import streamlit as st

from ui.answers import Season
from ui.parts import live
from ui.parts.figures import countdown, full_minute, second
from ui.parts.live import REFRESH_S, Heard
from ui.parts.markup import element, show, text
from ui.texts import Texts

FRESH_S: Final = 2.0
STALE_S: Final = 10.0


@dataclass(frozen=True)
class Freshness:
    """How old what is shown is: a level, which is its colour too, and the words beside it."""

    level: Literal["green", "amber", "red"]
    words: str


def freshness(season: Heard[Season], words: Texts) -> Freshness:
    """Judge the age of the last answer: green under 2 s, amber under 10 s, red with the reason."""
    if season.answer is None:
        reason = words(season.failure.key, **season.failure.values) if season.failure else ""
        return Freshness("red", words("fresh.never", reason=reason))
    answer, age_s = season.answer, season.silent_s()
    # Under the events' clock time stands still between events, and a final list never moves:
    # there only the age of the answer itself says how fresh the page is.
    lag_s = 0.0
    if answer.clock == "real" and answer.phase != "final":
        lag_s = max(0.0, (answer.now - answer.as_of).total_seconds())
    age_s += lag_s
    if season.failure is not None:
        reason = words(season.failure.key, **season.failure.values)
        return Freshness("red", words("fresh.stale_why", age=f"{age_s:.0f}", reason=reason))
    if age_s < FRESH_S:
        return Freshness("green", words("fresh.now", age=f"{age_s:.1f}"))
    if age_s < STALE_S:
        return Freshness("amber", words("fresh.slow", age=f"{age_s:.0f}"))
    reason = words("fresh.behind")
    return Freshness("red", words("fresh.stale_why", age=f"{age_s:.0f}", reason=reason))


def time_left(season: Heard[Season], words: Texts) -> str:
    """Say how long the phase lasts, counted on from the last answer under the wall clock."""
    if season.answer is None:
        return ""
    if season.answer.next_change is None:
        return words("next.done")
    now = season.answer.now
    if season.answer.clock == "real":
        now += timedelta(seconds=season.silent_s())
    change = season.answer.next_change
    return f"{words(f'next.{change.phase}')} {countdown(change.at - now, words)}"


@st.fragment(run_every=REFRESH_S)
def season_header(words: Texts) -> None:
    """Show the head and refresh it every two seconds."""
    season = live.ask_season()
    show(header_markup(season, words), words)


def header_markup(season: Heard[Season], words: Texts) -> str:
    """Write the head."""
    fresh = freshness(season, words)
    badge = element("span", f"fc-fresh fc-{fresh.level}", "<i></i>", text(fresh.words))
    answer = season.answer
    if answer is None:
        name = element("h1", "fc-season", text(words("page.programme")))
        return element("header", "fc-head", element("div", "fc-line", name, badge))
    phase = element("span", f"fc-phase fc-{answer.phase}", text(words(f"phase.{answer.phase}")))
    left = element("span", "fc-countdown", text(time_left(season, words)))
    zone = answer.timezone
    window = words(
        "header.window",
        starts=full_minute(answer.starts, zone, words),
        ends=full_minute(answer.ends, zone, words),
        zone=zone,
    )
    small = [text(window)]
    if answer.clock == "events":
        small.append(text(words("header.event_clock", now=second(answer.now, zone, words))))
    name = element("h1", "fc-season", text(answer.name.in_language(words.language)))
    return element(
        "header",
        "fc-head",
        element("div", "fc-line", name, phase, left, badge),
        element("div", "fc-small", " · ".join(small)),
    )
