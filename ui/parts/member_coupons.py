"""A member's coupons: which status, and the table."""

from __future__ import annotations

from decimal import Decimal

import streamlit as st

from ui.answers import Coupon, Season
from ui.parts import controls, live, notices
from ui.parts.figures import day, minute, money, number
from ui.parts.live import REFRESH_S
from ui.parts.markup import element, show, text
from ui.parts.plain_table import plain_table, two_lines
from ui.texts import Texts
from ui.troubles import Refused

EVERY = ""
STATUSES = ("issued", "claimed", "reserved", "redeemed", "expired", "void")
UNUSED = frozenset({"issued", "claimed", "reserved"})
SHOWN_MAX = 100


def choose_status(member: str, words: Texts) -> str:
    """Offer the statuses that the member's coupons have, with how many, and give the chosen."""
    answer = live.ask(f"member/{member}", lambda system: system.member(member)).answer
    counts = answer.coupons if answer is not None else {}
    there = [EVERY, *(status for status in STATUSES if counts.get(status))]

    def name(status: str) -> str:
        many = counts.get(status, 0) if status else sum(counts.values())
        said = words(f"coupon.{status}") if status else words("coupon.every")
        return f"{said} {number(many)}"

    return controls.choose("status", words("coupon.status"), there, name)


@st.fragment(run_every=REFRESH_S)
def coupons_shown(season: Season, member: str, status: str, words: Texts) -> None:
    """Show a member's coupons of one status (of all for ""), the first-expiring first."""
    heard = live.ask(f"coupons/{member}", lambda system: system.coupons(member))
    if heard.answer is None or isinstance(heard.failure, Refused):
        return  # the figures above say why
    coupons = [one for one in heard.answer.coupons if status in (EVERY, one.status)]
    if not coupons:
        notices.notice(words("nothing.coupons"), words("nothing.coupons_how"), words)
        return
    show(coupon_table(coupons[:SHOWN_MAX], season, words), words)
    if len(coupons) > SHOWN_MAX:
        said = words("coupon.more", shown=SHOWN_MAX, total=number(len(coupons)))
        show(element("div", "fc-caption", text(said)), words)


def coupon_table(coupons: list[Coupon], season: Season, words: Texts) -> str:
    """Write the coupons."""
    columns = (
        ("fc-name", words("coupon.name")),
        ("fc-safety", words("coupon.status")),
        ("fc-when", words("coupon.until")),
        ("fc-when fc-wide", words("coupon.issued_at")),
        ("fc-money", words("coupon.off")),
        ("fc-code fc-wide", words("coupon.code")),
    )
    return plain_table(columns, (_cells(coupon, season, words) for coupon in coupons))


def _cells(coupon: Coupon, season: Season, words: Texts) -> tuple[str, ...]:
    name = coupon.name.in_language(words.language) if coupon.name else coupon.coupon
    zone = season.timezone
    until = day(coupon.expires_at, zone, words)
    used = ""
    if coupon.used_at is not None:
        used = words("coupon.used_on", at=minute(coupon.used_at, zone, words))
    off = money(coupon.off, season.currency) if coupon.off > Decimal(0) else words("standings.none")
    state = element(
        "span",
        f"fc-state fc-coupon-{'live' if coupon.status in UNUSED else 'over'}",
        text(words.name_of("coupon", coupon.status)),
    )
    return (
        two_lines(name, words.name_of("coupon_kind", coupon.kind)),
        state,
        two_lines(until, used),
        text(minute(coupon.issued_at, zone, words)),
        text(off),
        text(coupon.code),
    )
