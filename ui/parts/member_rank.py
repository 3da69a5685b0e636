"""Why a member stands where they stand, and where their score comes from."""

from __future__ import annotations

import streamlit as st

from ui.answers import Why
from ui.parts import live, notices
from ui.parts.bars import Bar, bar_list
from ui.parts.board_table import Look, board_table
from ui.parts.board_view import SPAN_ROWS, first_three
from ui.parts.figures import number
from ui.parts.live import REFRESH_S
from ui.parts.markup import element, show, text
from ui.texts import Texts
from ui.troubles import Refused


@st.fragment(run_every=REFRESH_S)
def rank_shown(board: str, member: str, words: Texts) -> None:
    """Show the reasons for a rank, the score by kind of points, and the rows around."""
    heard = live.ask(f"why/{board}/{member}", lambda system: system.why(board, member))
    if heard.failure is not None:
        known = heard.answer is not None and not isinstance(heard.failure, Refused)
        notices.trouble(heard.failure, words, last_known=known)
        if not known:
            return
    if heard.answer is None:
        return
    reasons, rows = st.columns([2, 3], gap="medium")
    with reasons:
        show(reasons_markup(heard.answer, words), words)
    with rows:
        around = live.ask(
            f"{board}/around/{member}", lambda system: system.around(board, member, SPAN_ROWS)
        ).answer
        if around is not None and around.rows:
            top = first_three(board) or around.rows
            look = Look(words, top[0].score, focus=heard.answer.rank, rewards=live.rewards(words))
            show(board_table(around, look), words)


def reasons_markup(why: Why, words: Texts) -> str:
    """Write the reasons against both neighbours, what it takes to rise, and the score by kind."""
    said = [
        rival.text.in_language(words.language)
        for rival in (why.ahead, why.behind)
        if rival is not None
    ]
    said.append(why.to_rise.in_language(words.language))
    card = element(
        "section",
        "fc-card",
        element("h3", "", text(words("why.title", rank=number(why.rank)))),
        element(
            "div",
            "fc-facts",
            element("span", "", text(words("standings.points", points=number(why.score)))),
            element("span", "", text(words("members.of", total=number(why.total)))),
        ),
        element("ul", "", *(element("li", "", text(sentence)) for sentence in said)),
    )
    if not why.score_by_kind:
        return card
    return card + by_kind(why.score_by_kind, why.score, words)


def by_kind(scores: dict[str, int], whole: int, words: Texts) -> str:
    """Write what each kind of points adds to the score."""
    ordered = sorted(scores.items(), key=lambda entry: -entry[1])
    kind, most = ordered[0]
    title = words(
        "members.score_message",
        kind=words(f"points.{kind}"),
        points=number(most),
        score=number(whole),
    )
    bars = [
        Bar(
            words(f"points.{name}"),
            points,
            words("standings.points", points=number(points)),
            css="fc-bar-less" if points < 0 else "",
        )
        for name, points in ordered
    ]
    return bar_list(title, bars)
