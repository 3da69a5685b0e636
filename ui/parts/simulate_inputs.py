"""What the forms of simulating and tuning share: season files, counts, the start, a refusal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import streamlit as st

from ui.answers.simulation import Limits, ShippedSeason
from ui.parts import live, notices
from ui.parts.markup import element, show, text
from ui.parts.rules_draft import faults_shown
from ui.texts import Texts
from ui.troubles import CallFailed, Refused

IN_FORCE, OWN, NONE = "in-force", "own", "none"
REFUSED: Final = "_simulate_refused"
SEED_MAX: Final = 2**53 - 1
TEXT_PX: Final = 260
ASK_FRESH_S: Final = 60.0
NOT_KEPT: Final = ("_file", "_start", "_cancel", "_remove", "_live")
"""Controls that act or take a file: their state can't be set."""


def season_file(
    form: str,
    name: str,
    label: str,
    options: tuple[str, ...],
    shipped: Mapping[str, ShippedSeason],
    words: Texts,
) -> dict[str, Any]:
    """Offer season files to choose from; gives the fields that say which, "" for none yet."""
    chosen = st.selectbox(
        label,
        options,
        format_func=lambda one: one if one in shipped else words(f"simulate.file_{one}"),
        key=f"{form}_{name}",
    )
    if chosen in (IN_FORCE, NONE, None):
        return {}
    if chosen is not None and chosen in shipped:
        return {name: shipped[chosen].text, f"{name}_name": chosen}
    return {name: file_text(form, name, words)}


def file_text(form: str, name: str, words: Texts) -> str:
    """Take a file: uploaded, or pasted into the text."""
    key = f"{form}_{name}_text"

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


def population_text(form: str, words: Texts) -> dict[str, Any]:
    """Take a population file in place of the one that comes with the program."""
    own = st.session_state.get(f"{form}_population_text")
    label = words("simulate.population_own" if own else "simulate.population")
    with st.expander(label, icon=":material/groups:"):
        st.caption(words("simulate.population_how"))
        population = file_text(form, "population", words)
    return {"population": population} if population else {}


def count(form: str, name: str, usual: int, least: int, most: int, words: Texts) -> int:
    """Ask for a whole number."""
    key = f"{form}_{name}"
    st.session_state.setdefault(key, usual)
    return int(
        st.number_input(
            words(f"simulate.{name}"), least, most, key=key, help=words(f"simulate.{name}_how")
        )
    )


def limits(words: Texts) -> Limits:
    """Give how much may be asked for."""
    heard = live.ask("simulations", lambda system: system.simulations(), ASK_FRESH_S)
    if heard.answer is None:
        if heard.failure is not None:
            notices.trouble(heard.failure, words)
        st.stop()
    return heard.answer.limits


def shipped_seasons(words: Texts) -> dict[str, ShippedSeason]:
    """Give the season files that come with the program, by their names."""
    heard = live.ask("shipped", lambda system: system.shipped_seasons(), ASK_FRESH_S)
    if heard.answer is None:
        if heard.failure is not None:
            notices.trouble(heard.failure, words)
        st.stop()
    return {one.name: one for one in heard.answer.seasons}


def start_button(
    asked: dict[str, Any],
    missing: bool,
    said: str,
    words: Texts,
    then: Callable[[], None] | None = None,
) -> None:
    """Offer to start; a refusal of just this is told above, with the lines of its files.

    `then` is called once it was started.
    """
    refused = st.session_state.get(REFUSED)
    if refused is not None and refused[0] == asked:
        refusal_shown(refused[1], asked, words)
    st.button(
        words(f"simulate.start_{asked['kind']}"),
        key="simulate_start",
        type="primary",
        icon=":material/play_arrow:",
        disabled=missing,
        on_click=_start,
        args=(asked, then),
    )
    show(element("div", "fc-caption", text(said)), words)


def _start(asked: dict[str, Any], then: Callable[[], None] | None) -> None:
    """Ask for it, and turn to its result; runs before the page is drawn anew."""
    try:
        told = live.client().simulate(asked)
    except CallFailed as failure:
        st.session_state[REFUSED] = (asked, failure)
        return
    st.session_state.pop(REFUSED, None)
    st.session_state["part"] = "results"
    st.session_state["simulation"] = told.id
    if then is not None:
        then()


def refusal_shown(failure: CallFailed, asked: Mapping[str, Any], words: Texts) -> None:
    """Tell why it was refused; errors of files at their lines."""
    if not isinstance(failure, Refused) or not failure.faults:
        notices.trouble(failure, words)
        return
    for name in ("season", "candidate", "space"):
        faults = [fault for fault in failure.faults if fault.file == name]
        if faults:
            show(element("strong", "fc-message", text(words(f"simulate.errors_{name}"))), words)
            faults_shown(faults, {name: str(asked.get(name, ""))}, words)


def keep(forms: Sequence[str]) -> None:
    """Keep what is filled in while the forms aren't drawn."""
    for key in list(st.session_state):
        name = str(key)
        if name.startswith(tuple(f"{form}_" for form in forms)) and not name.endswith(NOT_KEPT):
            st.session_state[name] = st.session_state[name]
