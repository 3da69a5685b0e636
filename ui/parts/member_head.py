"""The head of a member's page: the electronic card, and the figures beside it."""

from __future__ import annotations

from base64 import b64encode
from decimal import Decimal
from typing import Final

import streamlit as st

from ui.answers import Lot, Member, NextTier, Season
from ui.parts import live, notices
from ui.parts.board_view import missing_words
from ui.parts.figures import day, money, number, share
from ui.parts.live import REFRESH_S
from ui.parts.markup import element, image, show
from ui.parts.member_points import lots_of
from ui.parts.names import tier_name
from ui.parts.tile import note, tile, tiles
from ui.texts import Texts
from ui.troubles import CallFailed, Refused

CARD_REFRESH_S: Final = 300
"""Half of what a card's code lives, so that the one shown is always good at the till."""


@st.fragment(run_every=CARD_REFRESH_S)
def card_shown(member: str, words: Texts) -> None:
    """Show the card as the member's own phone shows it."""
    try:
        drawn = live.client().card(member, words.language)
    except CallFailed:
        return  # the figures beside it say what is wrong
    source = f"data:image/svg+xml;base64,{b64encode(drawn).decode()}"
    show(image(source, words("members.card"), "fc-member-card"), words)


@st.fragment(run_every=REFRESH_S)
def figures_shown(season: Season, member: str, words: Texts) -> None:
    """Show points, what is owed and pending, the tier and the way to the next."""
    heard = live.ask(f"member/{member}", lambda system: system.member(member))
    answer = None if isinstance(heard.failure, Refused) else heard.answer
    if heard.failure is not None:
        notices.trouble(heard.failure, words, last_known=answer is not None)
    if answer is not None:
        show(figures(answer, lots_of(member), season, words), words)


def figures(member: Member, lots: tuple[Lot, ...], season: Season, words: Texts) -> str:
    """Write the figures of one member."""
    return tiles(
        _points_tile(member, words),
        _expiry_tile(lots, season, words),
        _tier_tile(member, season, words),
        _use_tile(member, season, words),
    )


def _points_tile(member: Member, words: Texts) -> str:
    under = []
    if member.debt:
        under.append(note(words("member.debt", points=number(member.debt)), "fc-over"))
    key = "members.pending" if member.pending else "members.pending_none"
    under.append(note(words(key, points=number(member.pending))))
    points = words("standings.points", points=number(member.active))
    return tile(words("member.balance"), points, *under, css="fc-tile-main")


def _expiry_tile(lots: tuple[Lot, ...], season: Season, words: Texts) -> str:
    if not lots:
        nothing = note(words("members.no_expiry"))
        return tile(words("members.next_expiry"), words("standings.none"), nothing)
    lot = lots[0]
    points = words("standings.points", points=number(lot.points))
    on = words("members.expires_on", day=day(lot.at, season.timezone, words))
    return tile(words("members.next_expiry"), points, note(on))


def _tier_tile(member: Member, season: Season, words: Texts) -> str:
    label, name = words("member.tier"), tier_name(member.tier, words)
    if member.next_tier is None or not member.next_tier.missing:
        return tile(label, name, note(words("members.top_tier")))
    next_name = tier_name(member.next_tier.id, words)
    missing = missing_words(member.next_tier.missing, season.currency, words)
    said = f"{words('member.missing', tier=next_name)}{words('members.colon')}{missing}"
    way = way_gone(member.next_tier)
    if way is None:
        return tile(label, name, note(said))
    bar = element("span", "fc-bar", f'<i style="width:{way}%"></i>')
    return tile(label, name, bar, note(said))


def way_gone(next_tier: NextTier) -> float | None:
    """Give how far the nearest way to the next level is gone, in percent; None where unknown.

    >>> way_gone(NextTier("gold", missing={"visits": 9}, needs={"visits": 12}))
    25.0
    """
    gone = []
    for metric, needed in next_tier.needs.items():
        whole = Decimal(str(needed))
        left = Decimal(str(next_tier.missing.get(metric, needed)))
        gone.append(share(whole - left, whole))
    return max(gone, default=None)


def _use_tile(member: Member, season: Season, words: Texts) -> str:
    bought = words(
        "members.bought",
        litres=f"{member.litres:,.1f}",
        amount=money(member.amount, season.currency),
    )
    visits = words("members.visits", visits=number(member.visits))
    kind = words.name_of("board", member.kind)
    return tile(words("members.use"), visits, note(bought), note(kind))
