"""The reports page's parts: which report, by what, of which days; its chart and its table."""

from __future__ import annotations

from datetime import date
from typing import Final

import streamlit as st

from ui.answers import Report, Season
from ui.parts import controls, live, notices
from ui.parts.figures import number
from ui.parts.live import FRESH_S, REPORT_REFRESH_S, Heard
from ui.parts.markup import element, show, text
from ui.parts.plain_table import plain_table
from ui.parts.report_chart import message, parts_chart, time_chart
from ui.parts.report_figures import Row, cell, name, named, period
from ui.parts.report_shapes import KEY_COLUMN, PERIODS, SHAPES, key_columns, over_time
from ui.texts import Texts

ROWS_A_PAGE: Final = 12


def choose_by(report: str, words: Texts) -> str:
    """Offer what the report's rows may stand for."""
    return controls.choose(
        "by", words("reports.by"), SHAPES[report].by, lambda by: words(f"reports.by_{by}")
    )


def choose_days(report: str, words: Texts) -> tuple[str, str]:
    """Offer the first and last day, both left open at first; ISO dates, "" for open."""
    if not SHAPES[report].dated:
        return "", ""
    days = []
    for key, place in zip(("since", "until"), st.columns(2), strict=True):
        with place:
            days.append(_day(key, words))
    first, last = days
    if first and last and last < first:
        notices.notice(words("reports.days_wrong"), words("reports.days_wrong_how"), words, "bad")
        st.stop()
    return first, last


def rows_total(report: str, by: str, days: tuple[str, str]) -> int:
    """Count the rows of a report."""
    answer = _ask(report, by, days).answer
    return 0 if answer is None else len(answer.rows)


@st.fragment(run_every=REPORT_REFRESH_S)
def report_shown(
    season: Season, report: str, by: str, days: tuple[str, str], page: int, words: Texts
) -> None:
    """Show the report's one chart with its message, and one page of its table."""
    heard = _ask(report, by, days)
    if heard.failure is not None:
        notices.trouble(heard.failure, words, last_known=heard.answer is not None)
    if heard.answer is None:
        return
    if not heard.answer.rows:
        notices.notice(words("nothing.report"), words("nothing.report_how"), words)
        return
    _chart(heard.answer, report, by, season, words)
    _table(heard.answer, report, by, page, season, words)


def _ask(report: str, by: str, days: tuple[str, str]) -> Heard[Report]:
    return live.ask(
        f"report/{report}/{by}/{days}", lambda system: system.report(report, by, *days), FRESH_S
    )


def _chart(answer: Report, report: str, by: str, season: Season, words: Texts) -> None:
    shape = SHAPES[report]
    if not over_time(by):
        show(parts_chart(answer.rows, shape, by, season.currency, words), words)
        return
    said = message(answer.rows, shape, by, season.currency, words)
    show(element("strong", "fc-message", text(said)), words)
    chart = time_chart(answer.rows, shape, by, words)
    st.altair_chart(chart, width="stretch", key=f"chart-{report}-{by}")


def _table(answer: Report, report: str, by: str, page: int, season: Season, words: Texts) -> None:
    keys = key_columns(by)
    columns = [column for column in SHAPES[report].columns if column in answer.columns]
    # The latest first: that is the row people come for.
    rows = list(reversed(answer.rows)) if over_time(by) else list(answer.rows)
    first = (page - 1) * ROWS_A_PAGE
    shown = rows[first : first + ROWS_A_PAGE]
    head = [
        *(
            ("fc-when" if _timely(key) else "fc-name", words(f"reports.by_{_way(key)}"))
            for key in keys
        ),
        *(
            ("fc-money fc-wide" if at > 2 else "fc-money", words(f"reports.{column}"))
            for at, column in enumerate(columns)
        ),
    ]
    lines = (
        (
            *(text(_key(row, key, words)) for key in keys),
            *(text(cell(row, column, season.currency, words)) for column in columns),
        )
        for row in shown
    )
    caption = words(
        "reports.rows",
        first=number(first + 1),
        last=number(first + len(shown)),
        total=number(len(rows)),
    )
    show(plain_table(head, lines) + element("div", "fc-caption", text(caption)), words)


def _timely(key: str) -> bool:
    return key in PERIODS or key in KEY_COLUMN.values()


def _way(key: str) -> str:
    back = {column: by for by, column in KEY_COLUMN.items()}
    return back.get(key, key)


def _key(row: Row, key: str, words: Texts) -> str:
    if _timely(key):
        return period(row[key], key, words)
    return name(key, named(row, key), words) or words("reports.unnamed")


def _day(key: str, words: Texts) -> str:
    asked = st.session_state.get(key)
    if isinstance(asked, str):
        try:
            st.session_state[key] = date.fromisoformat(asked)
        except ValueError:
            del st.session_state[key]
    chosen = st.date_input(words(f"reports.{key}"), value=None, key=key, format="YYYY-MM-DD")
    return chosen.isoformat() if isinstance(chosen, date) else ""
