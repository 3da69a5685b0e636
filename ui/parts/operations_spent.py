"""What budgets and stock have left, and what load tests and benchmarks found."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import streamlit as st

from ui.answers.operations import BudgetLeft, LoadReport
from ui.answers.season import Season
from ui.parts import notices
from ui.parts.bars import Bar, bar_list
from ui.parts.figures import minute, money, number, share
from ui.parts.live import REPORT_REFRESH_S
from ui.parts.markup import element, show, text
from ui.parts.operations_now import ask, ms_words, rate, usable
from ui.parts.plain_table import plain_table
from ui.texts import Texts

LOW_SHARE: Final = 10.0
ORDER: Final = ("cost", "count", "stock")


@st.fragment(run_every=REPORT_REFRESH_S)
def budgets_shown(season: Season, words: Texts) -> None:
    """Show how much of each budget and stock is spent."""
    told = usable(ask(), words)
    if told is None:
        return
    if not told.budgets:
        notices.notice(words("operations.no_budgets"), words("operations.no_budgets_how"), words)
        return
    show(budgets_markup(told.budgets, season.currency, words), words)


def budgets_markup(budgets: Sequence[BudgetLeft], currency: str, words: Texts) -> str:
    """Write a bar a budget, full when it is used up, those of money first."""
    low = [one for one in budgets if share(one.left, one.limit) < LOW_SHARE]
    key = "operations.budgets_low" if low else "operations.budgets_fine"
    title = words(key, low=len(low), all=len(budgets))
    bars = [
        Bar(
            one.budget,
            round(share(one.spent, one.limit) * 100),
            words(
                "operations.spent_of",
                spent=_amount(one.spent, one.measure, currency),
                limit=_amount(one.limit, one.measure, currency),
            ),
            note=" · ".join(
                [words(f"operations.measure_{one.measure}")]
                + ([words(f"operations.per_{one.per}")] if one.per else [])
            ),
            css="fc-bar-over" if one in low else "",
        )
        for one in sorted(budgets, key=lambda one: ORDER.index(one.measure))
    ]
    return bar_list(title, bars, whole=100 * 100)


def _amount(value: Decimal, measure: str, currency: str) -> str:
    return money(value, currency) if measure == "cost" else number(int(value))


@st.fragment(run_every=REPORT_REFRESH_S)
def load_tests_shown(season: Season, words: Texts) -> None:
    """Show the results in the data folder, the newest first."""
    told = usable(ask(), words)
    if told is None:
        return
    if not told.load_reports:
        notices.notice(words("operations.no_tests"), words("operations.no_tests_how"), words)
        return
    tests = [one for one in told.load_reports if one.kind != "bench"]
    benches = [one for one in told.load_reports if one.kind == "bench"]
    if tests:
        title = element("strong", "fc-message", text(tests_message(tests, words)))
        show(title + tests_table(tests, season.timezone, words), words)
    if benches:
        title = element("strong", "fc-message", text(benches_message(benches, words)))
        show(title + benches_table(benches, season.timezone, words), words)


def tests_message(tests: Sequence[LoadReport], words: Texts) -> str:
    """Say how the newest load test ended."""
    newest = tests[0]
    if newest.kind == "unreadable":
        return words("operations.unreadable", name=newest.name)
    key = "operations.test_passed" if newest.passed else "operations.test_failed"
    return words(key, events=number(newest.events), differences=number(newest.differences))


def tests_table(tests: Sequence[LoadReport], zone: str, words: Texts) -> str:
    """Write the load tests."""
    columns = (
        ("fc-name", words("operations.test")),
        ("fc-when", words("statement.at")),
        ("fc-state", words("operations.audit_result")),
        ("fc-money", words("operations.acknowledged")),
        ("fc-money fc-wide", words("operations.comparisons")),
        ("fc-money", words("operations.differences")),
        ("fc-money fc-wide", words("operations.requests_rate")),
        ("fc-money", words("operations.line_p99")),
    )
    none = words("operations.none")
    rows = []
    for one in tests:
        read = one.kind == "loadtest"
        word = "passed" if one.passed else ("failed_audit" if read else "not_read")
        css = "fc-state fc-safe" if one.passed else "fc-state fc-risk"
        cells = [
            number(one.events),
            number(one.compared),
            number(one.differences),
            rate(one.per_s),
            ms_words(one.p99_ms, words),
        ]
        rows.append(
            [
                text(one.name),
                text(minute(one.at, zone, words)),
                element("span", css, text(words(f"operations.{word}"))),
                *(text(cell if read else none) for cell in cells),
            ]
        )
    return plain_table(columns, rows)


def benches_message(benches: Sequence[LoadReport], words: Texts) -> str:
    """Say how many benchmarks reach their target; those below it aren't called failed."""
    judged = [one for one in benches if one.ratio is not None and one.reach is not None]
    return words("operations.benches", benches=len(benches), judged=len(judged))


def benches_table(benches: Sequence[LoadReport], zone: str, words: Texts) -> str:
    """Write the benchmarks: the ratio against the peer, and the target."""
    columns = (
        ("fc-name", words("operations.bench")),
        ("fc-when", words("statement.at")),
        ("fc-money", words("operations.ratio")),
        ("fc-money", words("operations.reach")),
    )
    none = words("operations.none")
    rows = (
        (
            text(one.bench),
            text(minute(one.at, zone, words)),
            text(none if one.ratio is None else f"{one.ratio:g} ×"),
            text(none if one.reach is None else f"{one.reach:g} ×"),
        )
        for one in benches
    )
    return plain_table(columns, rows)
