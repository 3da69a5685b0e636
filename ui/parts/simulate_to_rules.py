"""From a season file that a simulation wrote to the page that puts it in force."""

from __future__ import annotations

import streamlit as st

from ui.answers.simulation import Simulation
from ui.parts import live, notices
from ui.parts.rules_draft import BASE, DRAFT
from ui.parts.simulate_files import simulation_file
from ui.texts import Texts
from ui.troubles import CallFailed


def to_rules(one: Simulation, name: str, words: Texts) -> None:
    """Offer to open a file as the draft of the Rules page, and say the command that takes it."""
    if st.button(words("tune.to_rules"), key="tune_live", icon=":material/gavel:"):
        try:
            st.session_state[DRAFT] = simulation_file(one.id, name).decode("utf-8-sig")
            st.session_state[BASE] = live.client().rules().text
        except CallFailed as failure:
            notices.trouble(failure, words)
            return
        st.switch_page("app_pages/rules.py")
    st.code(f"forecourt season rules {name} --url … --key …", language="sh")
