"""The segments: how many members each has, and who the first of one are."""

from __future__ import annotations

from typing import Final

import streamlit as st

from ui.answers import SegmentCounts
from ui.parts import live, notices
from ui.parts.bars import Bar, bar_list
from ui.parts.csv_file import write
from ui.parts.figures import masked, number
from ui.parts.live import REPORT_REFRESH_S
from ui.parts.markup import element, show, text
from ui.parts.season_names import SeasonNames
from ui.texts import Texts

MEMBERS_SHOWN: Final = 12
MEMBERS_MAX: Final = 100_000


@st.fragment(run_every=REPORT_REFRESH_S)
def segments_shown(names: SeasonNames, words: Texts) -> None:
    """Show how many members are in each segment now."""
    heard = live.ask("segments", lambda system: system.segments())
    if heard.failure is not None:
        notices.trouble(heard.failure, words, last_known=heard.answer is not None)
    if heard.answer is None:
        return
    if not heard.answer.segments:
        notices.notice(words("nothing.segments"), words("nothing.segments_how"), words)
        return
    show(segment_bars(heard.answer, names, words), words)


def segment_bars(counts: SegmentCounts, names: SeasonNames, words: Texts) -> str:
    """Write the segments as bars, the largest on top."""
    ordered = sorted(counts.segments, key=lambda one: -one.members)
    title = words(
        "reports.largest_segment",
        segment=names.segment(ordered[0].id, words),
        members=number(ordered[0].members),
    )
    bars = [
        Bar(
            names.segment(one.id, words),
            one.members,
            words("campaign.people", members=number(one.members)),
            one.id,
        )
        for one in ordered
    ]
    return bar_list(title, bars)


def choose_segment(names: SeasonNames, words: Texts) -> str:
    """Offer the segments and give the chosen one, "" where there is none."""
    options = list(names.segments)
    if not options:
        return ""
    if st.session_state.get("segment") not in options:
        st.session_state["segment"] = options[0]
    chosen = st.selectbox(
        words("reports.members_of"),
        options,
        key="segment",
        format_func=lambda one: names.segment(one, words),
    )
    return chosen or ""


@st.fragment(run_every=REPORT_REFRESH_S)
def first_members(segment: str, words: Texts) -> None:
    """Show the first members of a segment by id, masked as on every projected page."""
    answer = live.ask(
        f"segment/{segment}", lambda system: system.segment(segment, MEMBERS_SHOWN)
    ).answer
    if answer is None:
        return
    listed = [element("span", "fc-chip", text(masked(member))) for member in answer.members]
    said = words(
        "reports.first_members", shown=number(len(answer.members)), total=number(answer.count)
    )
    show(element("div", "fc-chips", *listed) + element("div", "fc-caption", text(said)), words)


def segment_csv(segment: str) -> str:
    """Fetch the members of a segment, at most 100,000, and write them.

    Raises:
        CallFailed: the system doesn't answer.
    """
    found = live.client().segment(segment, MEMBERS_MAX)
    return write(("segment", "member"), ((segment, member) for member in found.members))
