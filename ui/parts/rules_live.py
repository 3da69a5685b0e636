"""Put a draft in force: who confirms, what is taken from members, and an admin's key."""

from __future__ import annotations

from contextlib import closing
from typing import Final

import streamlit as st

from ui.answers import Draft, RulesFile
from ui.client import Client
from ui.parts import live, notices
from ui.parts.figures import number
from ui.texts import Texts
from ui.troubles import CallFailed

LIVE_NOW: Final = "_rules_live_now"


def go_live(rules: RulesFile, draft: str, told: Draft, words: Texts) -> None:
    """Offer to put the draft in force; what is worse for members needs its own confirmation."""
    done: int | None = st.session_state.get(LIVE_NOW)
    if done == rules.version and not told.changed:
        said = words("rules.live_now", version=number(done))
        notices.notice(said, words("rules.live_now_how"), words, "good")
        return
    if told.errors or not told.changed:
        return
    accepted = True
    if told.adverse:
        said = words("rules.adverse", changes=number(len(told.adverse)))
        notices.notice(said, words("rules.adverse_how"), words, "bad")
        accepted = st.checkbox(words("rules.accept"), key=f"accept {hash(draft)}")
    sure = st.checkbox(words("rules.confirm"), key=f"sure {hash(draft)}")
    key = st.text_input(
        words("campaign.key"), key="admin_key", type="password", help=words("campaign.key_how")
    )
    pressed = st.button(
        words("rules.go_live"),
        key="rules_go_live",
        type="primary",
        disabled=not (accepted and sure and key),
        icon=":material/publish:",
    )
    if not pressed:
        return
    try:
        with closing(Client(live.url(), key)) as admin:
            changed = admin.change_rules(draft, accept_adverse=bool(told.adverse))
    except CallFailed as failure:
        notices.trouble(failure, words)
        return
    st.session_state[LIVE_NOW] = changed.version
    st.rerun()
