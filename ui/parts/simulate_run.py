"""The simulations that were asked for: which one to look at, and how far it is."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from ui.answers import Season
from ui.answers.simulation import Progress, Simulation
from ui.parts import live, notices
from ui.parts.figures import minute, number
from ui.parts.live import FRESH_S, REFRESH_S, Heard
from ui.texts import Texts
from ui.troubles import CallFailed


def choose_simulation(season: Season, words: Texts) -> Simulation:
    """Offer the simulations that are kept and give the chosen one; else say why there is none."""
    heard = live.ask("simulations", lambda system: system.simulations())
    if heard.failure is not None:
        notices.trouble(heard.failure, words, last_known=heard.answer is not None)
    if heard.answer is None:
        st.stop()
    known = {one.id: one for one in heard.answer.simulations if not one.of_season}
    if not known:
        notices.notice(words("simulate.nothing"), words("simulate.nothing_how"), words)
        st.stop()
    if st.session_state.get("simulation") not in known:
        st.session_state["simulation"] = next(iter(known))
    chosen = st.selectbox(
        words("simulate.which"),
        list(known),
        format_func=lambda one: _label(known[one], season, words),
        key="simulation",
        label_visibility="collapsed",
    )
    one = known[chosen]
    if one.state != "done":
        return one
    whole = _ask(one.id)
    if whole.answer is None:
        if whole.failure is not None:
            notices.trouble(whole.failure, words)
        st.stop()
    return whole.answer


def _label(one: Simulation, season: Season, words: Texts) -> str:
    if one.kind == "calibrate":
        return words(
            "calibrate.label",
            state=words(f"simulate.state_{one.state}"),
            at=minute(one.asked, season.timezone, words),
        )
    return words(
        "simulate.label",
        files=" ↔ ".join(one.names)
        if one.kind in ("simulate", "compare")
        else f"{words(f'simulate.{one.kind}')} · {one.names[0]}",
        members=number(one.members),
        seeds=number(one.runs or one.seeds),
        state=words(f"simulate.state_{one.state}"),
        at=minute(one.asked, season.timezone, words),
    )


@st.fragment(run_every=REFRESH_S)
def while_it_runs(simulation: str, season: Season, words: Texts) -> None:
    """Show how far a simulation is, or why it isn't done; opens the result once it is."""
    heard = _ask(simulation)
    if heard.failure is not None:
        notices.trouble(heard.failure, words, last_known=heard.answer is not None)
    one = heard.answer
    if one is None:
        return
    if one.state == "done":
        st.rerun()
    state_shown(one, season, words)
    word = "remove" if one.over else "cancel"
    st.button(
        words(f"simulate.{word}"),
        key=f"simulate_{word}",
        icon=":material/delete:" if one.over else ":material/cancel:",
        on_click=_end,
        args=(one.id,),
    )


def state_shown(one: Simulation, season: Season, words: Texts) -> None:
    """Say in words what a simulation that isn't done waits for, does or died of."""
    page = "forecast" if one.of_season else "simulate"
    if one.state == "queued":
        said = words("simulate.queued", ahead=number(one.ahead))
        notices.notice(said, words("simulate.queued_how"), words)
    elif one.state == "running":
        said = words("simulate.running", since=_since(one.started, season, words))
        notices.notice(said, words("simulate.running_how"), words)
        st.progress(share_done(one.progress), text=progress_words(one.progress, words))
    elif one.state == "failed":
        said = words("simulate.failed", reason=one.why(words.language))
        notices.notice(said, words(f"{page}.failed_how"), words, "bad")
    else:
        said = words("simulate.cancelled", at=_since(one.ended, season, words))
        notices.notice(said, words(f"{page}.cancelled_how"), words)


def share_done(progress: Progress | None) -> float:
    """Give how much is done, between 0 and 1.

    >>> share_done(Progress(46, 184, "days")), share_done(None)
    (0.25, 0.0)
    """
    if progress is None or progress.total <= 0:
        return 0.0
    return min(1.0, max(0.0, progress.done / progress.total))


def progress_words(progress: Progress | None, words: Texts) -> str:
    """Say how far it is."""
    if progress is None:
        return words("simulate.starting")
    return words(
        "simulate.progress",
        done=number(progress.done),
        total=number(progress.total),
        what=words.name_of("simulate.what", progress.what),
        percent=number(int(share_done(progress) * 100)),
    )


def _since(at: datetime | None, season: Season, words: Texts) -> str:
    return "—" if at is None else minute(at, season.timezone, words)


def _ask(simulation: str) -> Heard[Simulation]:
    return live.ask(
        f"simulation/{simulation}", lambda system: system.simulation(simulation), FRESH_S
    )


def _end(simulation: str) -> None:
    try:
        live.client().cancel_simulation(simulation)
    except CallFailed:
        return  # the page tells how it stands at its next look
    live.forget(f"simulation/{simulation}")


def remove_button(one: Simulation, words: Texts) -> None:
    """Offer to remove a simulation that is over, with its files."""
    st.button(
        words("simulate.remove"), key="simulate_remove", icon=":material/delete:",
        on_click=_end, args=(one.id,),
    )  # fmt: skip
