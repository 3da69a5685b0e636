"""The text of the season file: the version in force, the draft made of it, what it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import streamlit as st

from ui.answers import Draft, Fault, RulesFile
from ui.parts import live, notices
from ui.parts.figures import number
from ui.parts.markup import element, show, text
from ui.texts import Texts
from ui.troubles import CallFailed

DRAFT: Final = "rules_draft"
BASE: Final = "_rules_base"
JUDGED: Final = "_rules_judged"
TEXT_PX: Final = 560
FAULTS_SHOWN_MAX: Final = 5


def in_force(words: Texts) -> RulesFile:
    """Give the season file in force; a draft that nobody has touched follows it."""
    heard = live.ask("rules", lambda system: system.rules())
    if heard.answer is None:
        if heard.failure is not None:
            notices.trouble(heard.failure, words)
        st.stop()
    rules = heard.answer
    base = st.session_state.get(BASE)
    if base is None or st.session_state.get(DRAFT) in (None, base):
        st.session_state[DRAFT] = rules.text
    if base != rules.text:
        st.session_state[BASE] = rules.text
    return rules


def draft_text(rules: RulesFile, words: Texts) -> str:
    """Show the draft to edit, which version it stands against, and the way back."""
    said = words("rules.version", version=number(rules.version), season=rules.season)
    show(element("h2", "fc-title", text(said)), words)
    # A control that isn't drawn loses its state; the draft shall not.
    st.session_state[DRAFT] = st.session_state[DRAFT]
    draft = st.text_area(
        words("rules.text"), key=DRAFT, height=TEXT_PX, label_visibility="collapsed"
    )
    check, back = st.columns(2)
    with check:
        # Leaving the text judges it already; the button says so to who looks for one.
        st.button(words("rules.check"), key="rules_check", icon=":material/rule:", width="stretch")
    with back:
        st.button(
            words("rules.back"),
            key="rules_back",
            icon=":material/undo:",
            disabled=draft == rules.text,
            on_click=_back,
            args=(rules.text,),
            width="stretch",
        )
    return draft or ""


def judged(draft: str, words: Texts) -> Draft | None:
    """Ask what the draft says, once a text and version; errors stand under the text at once."""
    known = st.session_state.get(JUDGED)
    asked = (draft, st.session_state[BASE])
    if known is None or known[0] != asked:
        try:
            known = (asked, live.client().draft(draft))
        except CallFailed as failure:
            notices.trouble(failure, words)
            return None
        st.session_state[JUDGED] = known
    told: Draft = known[1]
    faults_shown(told.errors, {"": draft}, words)
    return told


def faults_shown(faults: Sequence[Fault], files: Mapping[str, str], words: Texts) -> None:
    """Show the first errors with their lines; `files` are the texts by the name in an error."""
    if not faults:
        return
    lines = [
        element(
            "li",
            "",
            element("b", "", text(words("rules.line", line=number(fault.line))))
            if fault.line
            else "",
            text(" " + " · ".join(part for part in (fault.path, fault.problem, fault.fix) if part)),
            element(
                "code",
                "fc-quoted",
                text(line_of(files.get(fault.file, files.get("", "")), fault.line)),
            ),
        )
        for fault in faults[:FAULTS_SHOWN_MAX]
    ]
    show(
        element(
            "section",
            "fc-notice fc-notice-bad",
            element("strong", "fc-what", text(words("rules.errors", errors=number(len(faults))))),
            element("ul", "fc-misses", *lines),
        ),
        words,
    )


def line_of(draft: str, line: int) -> str:
    """Give one line of the text, "" where there is none of that number.

    >>> line_of("a\\n  b", 2), line_of("a", 0)
    ('b', '')
    """
    lines = draft.split("\n")
    return lines[line - 1].strip() if 0 < line <= len(lines) else ""


def _back(content: str) -> None:
    st.session_state[DRAFT] = content
