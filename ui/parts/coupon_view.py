"""How coupons do: the funnel from issued to used, what they cost, template by template."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import streamlit as st

from ui.answers import Season
from ui.parts import live, notices
from ui.parts.bars import Bar, bar_list
from ui.parts.figures import money, number
from ui.parts.live import REPORT_REFRESH_S
from ui.parts.markup import show, text
from ui.parts.plain_table import plain_table, two_lines
from ui.parts.report_figures import Row, amount, cell, maybe, named, percent, whole
from ui.parts.season_names import SeasonNames
from ui.parts.tile import note, tile, tiles
from ui.texts import Texts

EVERY = ""


def choose_coupon(names: SeasonNames, words: Texts) -> str:
    """Offer the coupons of the season file, all of them at first, and give the chosen one."""
    options = [EVERY, *names.coupons]
    if st.session_state.get("coupon") not in options:
        st.session_state["coupon"] = EVERY
    chosen = st.selectbox(
        words("coupon.name"),
        options,
        key="coupon",
        format_func=lambda one: names.coupon(one, words) if one else words("coupons.every"),
        label_visibility="collapsed",
    )
    return chosen or EVERY


@st.fragment(run_every=REPORT_REFRESH_S)
def coupons_shown(season: Season, names: SeasonNames, coupon: str, words: Texts) -> None:
    """Show the funnel of one coupon (of all for ""), its cost, and the table of templates."""
    heard = live.ask("report/coupons", lambda system: system.report("coupons"))
    if heard.failure is not None:
        notices.trouble(heard.failure, words, last_known=heard.answer is not None)
    if heard.answer is None:
        return
    rows = [row for row in heard.answer.rows if coupon in (EVERY, row["coupon"])]
    if not any(whole(row, "issued") for row in rows):
        notices.notice(words("nothing.issued"), words("nothing.issued_how"), words)
        return
    show(cost_tiles(rows, season, words), words)
    funnel, table = st.columns([2, 3], gap="medium")
    with funnel:
        show(funnel_bars(rows, words), words)
    with table:
        show(template_table(rows, season, names, words), words)


def cost_tiles(rows: Sequence[Row], season: Season, words: Texts) -> str:
    """Write discount, cost, order value and return of some coupons together."""
    cost, margin = (
        sum((amount(row, name) for row in rows), Decimal(0))
        for name in ("cost_yuan", "margin_yuan")
    )
    repurchased, used = (sum(whole(row, name) for row in rows) for name in ("repurchased", "used"))
    # A row has its own mean order, so that all rows' is weighed by their uses.
    before, paid = (
        sum((amount(row, name) * whole(row, "used") for row in rows), Decimal(0)) / max(used, 1)
        for name in ("order_before_yuan", "order_paid_yuan")
    )
    currency = season.currency
    returned = percent(float((margin - cost) / cost) if cost else None, words, places=0)
    again = percent(repurchased / used if used else None, words)
    return tiles(
        tile(
            words("coupons.cost"),
            money(cost, currency),
            note(words("coupons.cost_note")),
            css="fc-tile-main",
        ),
        tile(
            words("coupons.orders"),
            money(paid, currency),
            note(words("coupons.orders_note", before=money(before, currency))),
        ),
        tile(words("coupons.return"), returned, note(words("coupons.return_note"))),
        tile(words("coupons.again"), again, note(words("coupons.again_note"))),
    )


def funnel_bars(rows: Sequence[Row], words: Texts) -> str:
    """Write issued, claimed and used as bars of the issued."""
    issued, claimed, used = (
        sum(whole(row, name) for row in rows) for name in ("issued", "claimed", "used")
    )
    expired, void = (sum(whole(row, name) for row in rows) for name in ("expired", "void"))
    title = words(
        "coupons.funnel_message",
        issued=number(issued),
        share=percent(used / issued if issued else None, words),
    )
    rates = {
        "issued": "",
        "claimed": words("coupons.claim_rate", share=percent(claimed / issued, words)),
        "used": words(
            "coupons.usage_rate", share=percent(used / claimed if claimed else None, words)
        ),
        "expired": "",
        "void": "",
    }
    counts = {"issued": issued, "claimed": claimed, "used": used, "expired": expired, "void": void}
    bars = [
        Bar(
            words(f"coupons.{name}"),
            count,
            words("coupons.pieces", count=number(count)),
            rates[name],
            css="fc-bar-calm" if name in ("expired", "void") else "",
        )
        for name, count in counts.items()
        if count or name in ("issued", "claimed", "used")
    ]
    return bar_list(title, bars, whole=issued)


def template_table(rows: Sequence[Row], season: Season, names: SeasonNames, words: Texts) -> str:
    """Write one line a template."""
    columns = (
        ("fc-name", words("coupon.name")),
        ("fc-money", words("coupons.issued")),
        ("fc-money", words("coupons.used")),
        ("fc-money", words("coupons.conversion")),
        ("fc-money", words("coupons.cost")),
        ("fc-money fc-wide", words("coupons.return")),
    )
    return plain_table(columns, (_cells(row, season, names, words) for row in rows))


def _cells(row: Row, season: Season, names: SeasonNames, words: Texts) -> tuple[str, ...]:
    coupon = named(row, "coupon")
    name = names.coupon(coupon, words)
    returned = maybe(row, "return_on_cost")
    return (
        two_lines(name, coupon if name != coupon else ""),
        text(number(whole(row, "issued"))),
        text(number(whole(row, "used"))),
        text(percent(maybe(row, "conversion"), words)),
        text(cell(row, "cost_yuan", season.currency, words)),
        text(percent(returned, words, places=0)),
    )
