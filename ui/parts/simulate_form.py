"""What to simulate: the season file or two, the members, the runs, and the start."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from ui.answers.simulation import Limits
from ui.parts import notices
from ui.parts.figures import number
from ui.parts.markup import element, show, text
from ui.parts.simulate_inputs import (
    IN_FORCE,
    NONE,
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

FORM: Final = "simulate"
MEMBERS, SEEDS = 2_000, 4


def asked_for(words: Texts) -> dict[str, Any]:
    """Show the form and give the body that asks for what is filled in."""
    title = element("h2", "fc-title", text(words("simulate.title")))
    way = element("p", "fc-small", text(words("simulate.title_how")))
    show(title + way, words)
    shipped = shipped_seasons(words)
    base, candidate = st.columns(2, gap="medium")
    asked: dict[str, Any] = {"kind": "simulate"}
    with base:
        options = (IN_FORCE, *shipped, OWN)
        asked |= season_file(FORM, "season", words("simulate.base"), options, shipped, words)
    with candidate:
        options = (NONE, *shipped, OWN)
        label = words("simulate.candidate")
        asked |= season_file(FORM, "candidate", label, options, shipped, words)
    if "candidate" in asked:
        asked["kind"] = "compare"
    most = limits(words)
    columns = st.columns(3)
    with columns[0]:
        asked["members"] = count(FORM, "members", MEMBERS, 1, most.members, words)
    with columns[1]:
        asked["seeds"] = count(FORM, "seeds", SEEDS, 1, most.seeds, words)
    with columns[2]:
        asked["seed"] = count(FORM, "seed", 1, 0, SEED_MAX, words)
    if asked["kind"] == "simulate":
        asked |= _bands(most.draws, words)
    return asked | population_text(FORM, words)


def ask_button(asked: dict[str, Any], words: Texts) -> None:
    """Offer to start, or say what is missing."""
    missing = [name for name in ("season", "candidate") if asked.get(name) == ""]
    for name in missing:
        notices.notice(words(f"simulate.no_{name}"), words("simulate.no_file_how"), words)
    said = words(
        "simulate.work",
        runs=number(runs_of(asked, limits(words))),
        members=number(asked["members"]),
    )
    start_button(asked, bool(missing), said, words)


def runs_of(asked: dict[str, Any], most: Limits) -> int:
    """Count the runs that a form asks for."""
    runs = int(asked["seeds"]) * (2 if asked["kind"] == "compare" else 1)
    extra = 0
    if asked.get("model_form"):
        extra = most.effects * min(int(asked["seeds"]), most.effect_seeds)
    return runs + int(asked.get("draws", 0)) + extra


def _bands(draws_max: int, words: Texts) -> dict[str, Any]:
    """Ask for a budget, and for what tells how sure the answer is; only what is filled in."""
    asked: dict[str, Any] = {}
    with st.expander(words("simulate.sure"), icon=":material/help_center:"):
        st.caption(words("simulate.sure_how"))
        columns = st.columns(3, vertical_alignment="bottom")
        with columns[0]:
            st.session_state.setdefault(f"{FORM}_budget", None)
            budget = st.number_input(
                words("simulate.budget"),
                min_value=0.0,
                value=None,
                step=1000.0,
                format="%.2f",
                key=f"{FORM}_budget",
                placeholder=words("simulate.no_budget"),
                help=words("simulate.budget_how"),
            )
        with columns[1]:
            draws = count(FORM, "draws", 0, 0, draws_max, words)
        with columns[2]:
            form = st.toggle(
                words("simulate.model_form"),
                key=f"{FORM}_model_form",
                help=words("simulate.model_form_how"),
            )
    if budget is not None:
        asked["budget"] = f"{budget:.2f}"
    if draws:
        asked["draws"] = draws
    if form:
        asked["model_form"] = True
    return asked
