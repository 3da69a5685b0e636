"""A member's statement, newest first, and why one event gave what it gave."""

from __future__ import annotations

from typing import Final

import streamlit as st

from ui.answers import Entry, Explanation, Season, Statement
from ui.parts import live, notices
from ui.parts.figures import litres, minute, money, number, signed
from ui.parts.live import FRESH_S, REFRESH_S, Heard
from ui.parts.markup import element, show, text
from ui.parts.plain_table import plain_table, two_lines
from ui.parts.waterfall import message, waterfall_chart
from ui.texts import Texts
from ui.troubles import Refused

ENTRIES_A_PAGE: Final = 12


def entries_total(member: str) -> int:
    """Count the movements of a member's points."""
    answer = live.ask(
        f"count/{member}", lambda system: system.statement(member, limit=1), FRESH_S
    ).answer
    return 0 if answer is None else answer.total


def newest_first(total: int, page: int) -> tuple[int, int]:
    """Give after how many entries a page of the newest begins, and how many it has.

    >>> newest_first(30, 1), newest_first(30, 3), newest_first(5, 1)
    ((18, 12), (0, 6), (0, 5))
    """
    last = max(0, total - (page - 1) * ENTRIES_A_PAGE)
    first = max(0, last - ENTRIES_A_PAGE)
    return first, last - first


@st.fragment(run_every=REFRESH_S)
def statement_shown(season: Season, member: str, page: int, words: Texts) -> None:
    """Show one page of the statement; only those rows are fetched."""
    heard = _page(member, page)
    if heard.answer is None or isinstance(heard.failure, Refused):
        return  # the figures above say why
    if not heard.answer.entries:
        notices.notice(words("nothing.statement"), words("nothing.statement_how"), words)
        return
    show(statement_table(heard.answer, season, words), words)


def choose_event(season: Season, member: str, page: int, words: Texts) -> str:
    """Offer the events of the page to explain and give the chosen one (the newest at first)."""
    answer = _page(member, page).answer
    entries = {
        entry.event_id: entry
        for entry in reversed(answer.entries if answer is not None else ())
        if entry.event_id is not None
    }
    asked = st.session_state.get("event")
    events = list(entries)
    if asked and asked not in entries:
        events.append(asked)  # a link to an event of another page
    if not events:
        return ""
    if asked not in events:
        st.session_state["event"] = events[0]
    chosen = st.selectbox(
        words("statement.explain"),
        events,
        key="event",
        format_func=lambda event: _label(event, entries.get(event), season, words),
    )
    return chosen or ""


@st.fragment(run_every=REFRESH_S)
def event_shown(season: Season, member: str, event: str, words: Texts) -> None:
    """Show where an event's points come from, as a waterfall, in sentences, and the near misses."""
    heard = live.ask(f"event/{member}/{event}", lambda system: system.event(member, event))
    if heard.answer is None or isinstance(heard.failure, Refused):
        if heard.failure is not None:
            notices.trouble(heard.failure, words)
        return
    told = heard.answer
    show(element("strong", "fc-message", text(message(told, words))), words)
    chart = waterfall_chart(told, words)
    if chart is not None:
        st.altair_chart(chart, width="stretch", key="waterfall")
    show(explanation(told, season, words), words)


def statement_table(statement: Statement, season: Season, words: Texts) -> str:
    """Write a page of the statement, the newest movement on top."""
    columns = (
        ("fc-when", words("statement.at")),
        ("fc-name", words("statement.what")),
        ("fc-money", words("statement.points")),
        ("fc-money", words("statement.balance")),
    )
    rows = (_cells(entry, season, words) for entry in reversed(statement.entries))
    totals = words("statement.total", total=number(statement.total))
    return plain_table(columns, rows) + element("div", "fc-caption", text(totals))


def explanation(told: Explanation, season: Season, words: Texts) -> str:
    """Write the sentences of an explanation, and what was only just missed."""
    lines = [
        element("li", "", text(step.in_language(words.language)), _moved(step.points))
        for step in told.steps
    ]
    facts = [minute(told.at, season.timezone, words), *bought(told, season, words)]
    parts = [
        element("div", "fc-caption", text(" · ".join(facts))),
        element("ol", "fc-steps", *lines),
    ]
    if told.near_misses:
        missed = [
            element("li", "", text(miss.text.in_language(words.language)))
            for miss in told.near_misses
        ]
        parts += [
            element("strong", "fc-missed", text(words("statement.missed"))),
            element("ul", "fc-misses", *missed),
        ]
    return element("section", "fc-card", *parts)


def bought(told: Entry | Explanation, season: Season, words: Texts) -> list[str]:
    """Say what was bought, where there is something."""
    said = []
    if told.product:
        said.append(words.name_of("product", told.product))
    if told.litres:
        said.append(litres(told.litres, words))
    if told.amount:
        said.append(money(told.amount, season.currency))
    if told.station:
        said.append(told.station)
    return said


def _page(member: str, page: int) -> Heard[Statement]:
    first, many = newest_first(entries_total(member), page)
    return live.ask(
        f"statement/{member}/{page}",
        lambda system: system.statement(member, after=first, limit=max(1, many)),
        FRESH_S,
    )


def _label(event: str, entry: Entry | None, season: Season, words: Texts) -> str:
    if entry is None:
        return event
    what = entry.text.in_language(words.language)
    return f"{minute(entry.at, season.timezone, words)} · {what} · {event}"


def _cells(entry: Entry, season: Season, words: Texts) -> tuple[str, ...]:
    css = "fc-less" if entry.points < 0 else "fc-more"
    return (
        text(minute(entry.at, season.timezone, words)),
        two_lines(entry.text.in_language(words.language), " · ".join(bought(entry, season, words))),
        element("b", css, text(signed(entry.points))),
        text(number(entry.balance)),
    )


def _moved(points: int | None) -> str:
    return "" if points is None else element("b", "", text(signed(points)))
