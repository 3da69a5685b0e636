"""A member's points by the day they expire, and where all of them came from and went."""

from __future__ import annotations

from typing import Final

import streamlit as st

from ui.answers import Lot, Member, Season
from ui.parts import live, notices
from ui.parts.bars import Bar, bar_list
from ui.parts.figures import day, number, signed
from ui.parts.live import REFRESH_S, REPORT_REFRESH_S
from ui.parts.markup import element, show, text
from ui.texts import Texts
from ui.troubles import Refused

LOTS_SHOWN_MAX: Final = 24


def lots_of(member: str) -> tuple[Lot, ...]:
    """Give what is left of a member's points by when it expires; it is seldom asked for anew."""
    answer = live.ask(f"lots/{member}", lambda system: system.lots(member), REPORT_REFRESH_S).answer
    return answer.lots if answer is not None else ()


@st.fragment(run_every=REFRESH_S)
def expiry_shown(season: Season, member: str, words: Texts) -> None:
    """Show the lots that are left by the day they expire, and the account of a member's points."""
    heard = live.ask(f"member/{member}", lambda system: system.member(member))
    if heard.answer is None or isinstance(heard.failure, Refused):
        return  # the figures above say why
    held = lots_of(member)
    lots, account = st.columns([3, 2], gap="medium")
    with lots:
        if not held:
            notices.notice(words("nothing.lots"), words("nothing.lots_how"), words)
        else:
            show(lots_markup(held, season, words), words)
    with account:
        show(account_markup(heard.answer, words), words)


def lots_markup(lots: tuple[Lot, ...], season: Season, words: Texts) -> str:
    """Write the lots as bars, the first to expire on top."""
    total = sum(lot.points for lot in lots)
    first = day(lots[0].at, season.timezone, words)
    title = words(
        "members.lots_message",
        first=number(lots[0].points),
        day=first,
        total=number(total),
    )
    bars = [
        Bar(
            day(lot.at, season.timezone, words),
            lot.points,
            words("standings.points", points=number(lot.points)),
        )
        for lot in lots[:LOTS_SHOWN_MAX]
    ]
    left = sum(lot.points for lot in lots[LOTS_SHOWN_MAX:])
    more = ""
    if left:
        said = words("members.lots_more", points=number(left))
        more = element("div", "fc-caption", text(said))
    return bar_list(title, bars) + more


def account_markup(member: Member, words: Texts) -> str:
    """Write what was earned, spent, lost and taken back, and what that leaves."""
    moved = [
        ("base", member.earned.base),
        ("bonus", member.earned.bonus),
        ("task", member.earned.task),
        ("adjusted", member.adjusted),
        ("redeemed", -member.redeemed),
        ("expired", -member.expired),
        ("reversed", -member.reversed),
    ]
    bars = [
        Bar(
            words(f"points.{kind}"),
            points,
            words("standings.points", points=signed(points)),
            css="fc-bar-less" if points < 0 else "",
        )
        for kind, points in moved
        if points
    ]
    if not bars:
        return ""
    left = words("members.account", points=number(member.active - member.debt))
    return bar_list(left, bars)
