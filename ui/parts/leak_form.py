"""What to study: the season file, the members, how many cheats of which kinds, and the start."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from ui.answers.simulation import Limits
from ui.parts import notices
from ui.parts.figures import number
from ui.parts.markup import element, show, text
from ui.parts.simulate_inputs import (
    IN_FORCE,
    OWN,
    SEED_MAX,
    count,
    limits,
    population_text,
    season_file,
    shipped_seasons,
    start_button,
)
from ui.texts import Texts

FORM: Final = "leak"
KINDS: Final = ("ring", "refund_cycling", "order_splitting", "shared_cards", "coupon_races")
MEMBERS, SEEDS, AGENTS = 1_000, 4, 10


def study_for(words: Texts) -> dict[str, Any]:
    """Show the form and give the body that asks for what is filled in."""
    title = element("h2", "fc-title", text(words("leak.title")))
    show(title + element("p", "fc-small", text(words("leak.title_how"))), words)
    shipped = shipped_seasons(words)
    asked: dict[str, Any] = {"kind": "adversaries"}
    file, kinds = st.columns(2, gap="medium")
    with file:
        options = (IN_FORCE, *shipped, OWN)
        asked |= season_file(FORM, "season", words("simulate.base"), options, shipped, words)
    with kinds:
        chosen = st.multiselect(
            words("leak.kinds"),
            KINDS,
            format_func=lambda one: words(f"leak.kind_{one}"),
            key=f"{FORM}_kinds",
            placeholder=words("leak.all_kinds"),
        )
    if chosen:
        asked["agent_kinds"] = chosen
    most = limits(words)
    columns = st.columns(4)
    with columns[0]:
        asked["members"] = count(FORM, "members", MEMBERS, 1, most.members, words)
    with columns[1]:
        asked["agents"] = count(FORM, "agents", AGENTS, 1, most.agents, words)
    with columns[2]:
        asked["seeds"] = count(FORM, "seeds", SEEDS, 1, most.seeds, words)
    with columns[3]:
        asked["seed"] = count(FORM, "seed", 1, 0, SEED_MAX, words)
    st.session_state.setdefault(f"{FORM}_closing", True)
    closing = st.toggle(
        words("leak.closing"), key=f"{FORM}_closing", help=words("leak.closing_how")
    )
    asked["closing"] = closing
    return asked | population_text(FORM, words)


def study_button(asked: dict[str, Any], words: Texts) -> None:
    """Offer to start, or say what is missing."""
    missing = asked.get("season") == ""
    if missing:
        notices.notice(words("simulate.no_season"), words("simulate.no_file_how"), words)
    said = words(
        "leak.work", runs=number(runs_of(asked, limits(words))), members=number(asked["members"])
    )
    start_button(asked, missing, said, words)


def runs_of(asked: dict[str, Any], most: Limits) -> int:
    """Count the runs at most: the arms of each seed, and two a seed for each change tried."""
    seeds = int(asked["seeds"])
    tried = most.closings * 2 * min(seeds, most.closing_seeds) if asked["closing"] else 0
    return most.arms * seeds + tried
