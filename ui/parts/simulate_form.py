"""What to simulate: the season file or two, the members, the runs, and the start."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from ui.answers.simulation import Limits, ShippedSeason
from ui.client import CallFailed, Refused
from ui.parts import live, notices
from ui.parts.figures import number
from ui.parts.markup import element, show, text
from ui.parts.rules_draft import faults_shown
from ui.texts import Texts

IN_FORCE, OWN, NONE = "in-force", "own", "none"
REFUSED: Final = "_simulate_refused"
MEMBERS, SEEDS = 2_000, 4
MEMBERS_MAX, SEEDS_MAX, SEED_MAX = 200_000, 64, 2**53 - 1
FIELDS: Final = tuple(
    f"simulate_{name}"
    for name in (
        "season", "candidate", "season_text", "candidate_text", "population_text",
        "members", "seeds", "seed",
    )
)  # fmt: skip
TEXT_PX: Final = 260
ASK_FRESH_S: Final = 60.0


def asked_for(words: Texts) -> dict[str, Any]:
    """Show the form and give the body that asks for what is filled in."""
    title = element("h2", "fc-title", text(words("simulate.title")))
    way = element("p", "fc-small", text(words("simulate.title_how")))
    show(title + way, words)
    shipped = _shipped(words)
    base, candidate = st.columns(2, gap="medium")
    asked: dict[str, Any] = {"kind": "simulate"}
    with base:
        options = (IN_FORCE, *shipped, OWN)
        asked |= _file("season", words("simulate.base"), options, shipped, words)
    with candidate:
        options = (NONE, *shipped, OWN)
        asked |= _file("candidate", words("simulate.candidate"), options, shipped, words)
    if "candidate" in asked:
        asked["kind"] = "compare"
    limits = _limits()
    columns = st.columns(3)
    with columns[0]:
        asked["members"] = _count("members", MEMBERS, 1, limits.members, words)
    with columns[1]:
        asked["seeds"] = _count("seeds", SEEDS, 1, limits.seeds, words)
    with columns[2]:
        asked["seed"] = _count("seed", 1, 0, SEED_MAX, words)
    with st.expander(words("simulate.population"), icon=":material/groups:"):
        st.caption(words("simulate.population_how"))
        population = _text("population", words)
        if population:
            asked["population"] = population
    return asked


def keep_form() -> None:
    """Keep what is filled in while the form isn't drawn."""
    for key in FIELDS:
        if key in st.session_state:
            st.session_state[key] = st.session_state[key]


def ask_button(asked: dict[str, Any], words: Texts) -> None:
    """Offer to start, or say what is missing; a refusal is told with its lines."""
    missing = [name for name in ("season", "candidate") if asked.get(name) == ""]
    for name in missing:
        notices.notice(words(f"simulate.no_{name}"), words("simulate.no_file_how"), words)
    refused = st.session_state.get(REFUSED)
    if refused is not None and refused[0] == asked:
        _refusal(refused[1], asked, words)
    runs = asked["seeds"] * (2 if asked["kind"] == "compare" else 1)
    st.button(
        words(f"simulate.start_{asked['kind']}"),
        key="simulate_start",
        type="primary",
        icon=":material/play_arrow:",
        disabled=bool(missing),
        on_click=_start,
        args=(asked,),
    )
    said = words("simulate.work", runs=number(runs), members=number(asked["members"]))
    show(element("div", "fc-caption", text(said)), words)


def _start(asked: dict[str, Any]) -> None:
    """Ask for it, and turn to its result; runs before the page is drawn anew."""
    try:
        told = live.client().simulate(asked)
    except CallFailed as failure:
        st.session_state[REFUSED] = (asked, failure)
        return
    st.session_state.pop(REFUSED, None)
    st.session_state["part"] = "results"
    st.session_state["simulation"] = told.id


def _refusal(failure: CallFailed, asked: dict[str, Any], words: Texts) -> None:
    if not isinstance(failure, Refused) or not failure.faults:
        notices.trouble(failure, words)
        return
    for name in ("season", "candidate"):
        faults = [fault for fault in failure.faults if fault.file == name]
        if faults:
            show(element("strong", "fc-message", text(words(f"simulate.errors_{name}"))), words)
            faults_shown(faults, {name: str(asked.get(name, ""))}, words)


def _file(
    name: str,
    label: str,
    options: tuple[str, ...],
    shipped: dict[str, ShippedSeason],
    words: Texts,
) -> dict[str, Any]:
    """Offer season files to choose from; gives the fields that say which, "" for none yet."""
    chosen = st.selectbox(
        label,
        options,
        format_func=lambda one: one if one in shipped else words(f"simulate.file_{one}"),
        key=f"simulate_{name}",
    )
    if chosen in (IN_FORCE, NONE, None):
        return {}
    if chosen is not None and chosen in shipped:
        return {name: shipped[chosen].text, f"{name}_name": chosen}
    return {name: _text(name, words)}


def _text(name: str, words: Texts) -> str:
    """Take a file: uploaded, or pasted into the text."""
    key = f"simulate_{name}_text"

    def taken() -> None:
        file = st.session_state.get(f"{key}_file")
        if file is not None:
            st.session_state[key] = file.getvalue().decode("utf-8-sig", errors="replace")

    st.file_uploader(words("simulate.upload"), type=["toml"], key=f"{key}_file", on_change=taken)
    given = st.text_area(
        words("simulate.paste"),
        key=key,
        height=TEXT_PX,
        placeholder=words("simulate.paste_how"),
        label_visibility="collapsed",
    )
    return (given or "").strip()


def _count(name: str, usual: int, least: int, most: int, words: Texts) -> int:
    key = f"simulate_{name}"
    st.session_state.setdefault(key, usual)
    return int(
        st.number_input(
            words(f"simulate.{name}"), least, most, key=key, help=words(f"simulate.{name}_how")
        )
    )


def _limits() -> Limits:
    heard = live.ask("simulations", lambda system: system.simulations(), ASK_FRESH_S)
    if heard.answer is None:
        return Limits(MEMBERS_MAX, SEEDS_MAX, 0)
    return heard.answer.limits


def _shipped(words: Texts) -> dict[str, ShippedSeason]:
    heard = live.ask("shipped", lambda system: system.shipped_seasons(), ASK_FRESH_S)
    if heard.answer is None:
        if heard.failure is not None:
            notices.trouble(heard.failure, words)
        st.stop()
    return {one.name: one for one in heard.answer.seasons}
