"""The living parts of the standings page: each asks the system anew every few seconds."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import streamlit as st

from ui.answers import Member, Row, Season, Standings
from ui.parts import live, notices
from ui.parts.board_table import Look, board_table
from ui.parts.figures import money, number
from ui.parts.live import HOURS_REFRESH_S, REFRESH_S, Heard
from ui.parts.markup import element, show, text
from ui.parts.names import shown_name, team_boards, tier_name
from ui.parts.podium import podium
from ui.parts.points_chart import message, points_chart
from ui.parts.reason import explain
from ui.texts import Texts
from ui.troubles import Refused

PAGE_ROWS: Final = 20
SPAN_ROWS: Final = 5


@st.fragment(run_every=REFRESH_S)
def top_of_board(season: Season, board: str, page: int, words: Texts) -> None:
    """Show the podium and one page of the table; only those rows are fetched."""
    after = (page - 1) * PAGE_ROWS
    heard = live.ask(
        f"{board}/{after}", lambda system: system.standings(board, after, limit=PAGE_ROWS)
    )
    shown = _usable(heard, words)
    if shown is None:
        return
    if not shown.rows:
        notices.nobody(season, words)
        return
    top = shown.rows[:3] if page == 1 else first_three(board)
    rewards = live.rewards(words)
    team = board in team_boards(season.boards)
    first_score = top[0].score if top else shown.rows[0].score
    look = Look(words, first_score, team=team, rewards=rewards)
    caption = words(
        "standings.rows",
        first=number(shown.rows[0].rank),
        last=number(shown.rows[-1].rank),
        total=number(shown.total),
    )
    show(podium(top, team, rewards, words), words)
    show(board_table(shown, look) + element("div", "fc-caption", text(caption)), words)


@st.fragment(run_every=REFRESH_S)
def around_member(season: Season, board: str, member: str, words: Texts) -> None:
    """Show the rows around a member and why the member stands there."""
    heard = live.ask(
        f"{board}/around/{member}", lambda system: system.around(board, member, SPAN_ROWS)
    )
    shown = _usable(heard, words)
    if shown is None:
        return
    at = _place_of(shown, member)
    row = shown.rows[at]
    top = first_three(board)
    rewards = live.rewards(words)
    team = board in team_boards(season.boards)
    card = None
    if not team:
        card = live.ask(f"member/{member}", lambda system: system.member(member)).answer
    show(_card(season, shown.rows, at, card, team, words), words)
    look = Look(words, top[0].score if top else row.score, team, row.rank, rewards)
    caption = words("standings.around", member=shown_name(row, team), total=number(shown.total))
    show(board_table(shown, look) + element("div", "fc-caption", text(caption)), words)


@st.fragment(run_every=HOURS_REFRESH_S)
def hours_of_season(words: Texts) -> None:
    """Show the points per hour of the whole season; the title is the chart's message."""
    season = live.ask("hours", lambda system: system.season()).answer
    if season is None:
        return
    if not season.points_per_hour:
        show(element("div", "fc-caption", text(words("chart.empty"))), words)
        return
    legend = element("span", "fc-caption", text(words("chart.legend")))
    show(element("strong", "fc-message", text(message(season, words))) + legend, words)
    st.altair_chart(points_chart(season, words), width="stretch", key="hours-of-season")


def _usable(heard: Heard[Standings], words: Texts) -> Standings | None:
    """Give the rows to show, and say what is wrong when they are old or there are none."""
    if heard.failure is None:
        return heard.answer
    answer = None if isinstance(heard.failure, Refused) else heard.answer
    notices.trouble(heard.failure, words, last_known=answer is not None)
    return answer


def first_three(board: str) -> tuple[Row, ...]:
    """Give the first three rows of a board, none while nobody answers."""
    top = live.ask(f"{board}/top", lambda system: system.standings(board, limit=3)).answer
    return top.rows if top is not None else ()


def _place_of(shown: Standings, member: str) -> int:
    """Find the asked member among the rows, by rank where the system names it."""
    for place, row in enumerate(shown.rows):
        if row.rank == shown.focus or (shown.focus is None and row.member == member):
            return place
    return len(shown.rows) // 2


def _card(
    season: Season,
    rows: tuple[Row, ...],
    at: int,
    card: Member | None,
    team: bool,
    words: Texts,
) -> str:
    row = rows[at]
    reasons = explain(rows, at, season.tie_break, season.timezone, words)
    if row.prize is not None:
        prize = live.rewards(words).get(row.prize, row.prize)
        reasons.append(words("why.holds", prize=prize))
    if row.gap_to_prize:
        reasons.append(words("why.gap", points=number(row.gap_to_prize)))
    facts = [element("strong", "", text(shown_name(row, team)))]
    facts.append(text(words("standings.points", points=number(row.score))))
    if card is not None:
        facts += _facts(season, card, words)
    return element(
        "section",
        "fc-card",
        element("h3", "", text(words("why.title", rank=number(row.rank)))),
        element("div", "fc-facts", *(element("span", "", fact) for fact in facts)),
        element("ul", "", *(element("li", "", text(reason)) for reason in reasons)),
    )


def _facts(season: Season, card: Member, words: Texts) -> list[str]:
    facts = [
        text(words("member.tier")) + element("b", "", text(tier_name(card.tier, words))),
        text(words("member.balance")) + element("b", "", number(card.active)),
    ]
    if card.debt:
        facts.append(text(words("member.debt", points=number(card.debt))))
    if card.next_tier is not None and card.next_tier.missing:
        missing = missing_words(card.next_tier.missing, season.currency, words)
        label = words("member.missing", tier=tier_name(card.next_tier.id, words))
        facts.append(text(label) + element("b", "", text(missing)))
    return facts


def missing_words(missing: dict[str, str | int], currency: str, words: Texts) -> str:
    """Say what is missing to the next tier: litres, an amount or visits, whichever there are."""
    said = []
    for metric, left in missing.items():
        value = str(left)
        if metric == "amount":
            value = money(Decimal(str(left)), currency)
        elif metric == "litres":
            value = f"{Decimal(str(left)).normalize():f}"
        key = f"member.missing_{metric}"
        said.append(words(key, **{metric: value}) if key in words.words else value)
    return words("member.or").join(said)
