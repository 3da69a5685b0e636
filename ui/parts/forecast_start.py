"""Starting a forecast: what is asked, how far it is, and which of those made to look at."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import streamlit as st

from ui.answers import Season
from ui.answers.forecast import Forecast
from ui.parts import live, notices
from ui.parts.figures import full_minute, minute, number
from ui.parts.markup import element, show, text
from ui.parts.simulate_inputs import SEED_MAX, count, limits, population_text, start_button
from ui.parts.simulate_run import while_it_runs
from ui.texts import Texts
from ui.troubles import CallFailed, Refused

FORM: Final = "forecast"
SEEDS: Final = 20
FRESH_S: Final = 5.0
US: Final = 1_000_000


def start_shown(season: Season, words: Texts) -> None:
    """Offer to forecast while the season is open, to judge once it is final; else say from when."""
    title = element("h2", "fc-title", text(words("forecast.title")))
    show(title + element("p", "fc-small", text(words("forecast.title_how"))), words)
    if season.phase == "open":
        asked = _asked_for(words)
        said = words("forecast.work", runs=number(asked["seeds"]))
        start_button(asked, missing=False, said=said, words=words)
    elif season.phase == "final":
        if _made_so_far():
            start_button({"kind": "judge"}, False, words("forecast.judge_how"), words)
    else:
        at = season.starts if season.phase == "before" else season.final_at
        when = full_minute(at, season.timezone, words)
        way = words(f"forecast.{season.phase}_how", when=when)
        notices.notice(words(f"forecast.{season.phase}"), way, words)


def _asked_for(words: Texts) -> dict[str, Any]:
    """Show the few things that may be chosen and give the body that asks for them."""
    asked: dict[str, Any] = {"kind": "forecast"}
    runs, people = st.columns(2)
    with runs, st.expander(words("forecast.options"), icon=":material/tune:"):
        asked["seeds"] = count(FORM, "seeds", SEEDS, 1, limits(words).seeds, words)
        asked["seed"] = count(FORM, "seed", 1, 0, SEED_MAX, words)
    with people:
        return asked | population_text(FORM, words)


def running_shown(season: Season, words: Texts) -> bool:
    """Show how far the newest forecast is, or why it failed; tells whether one is being made."""
    heard = live.ask("simulations", lambda system: system.simulations())
    if heard.answer is None:
        if heard.failure is not None:
            notices.trouble(heard.failure, words)
        return False
    newest = next((one for one in heard.answer.simulations if one.of_season), None)
    if newest is not None and newest.state not in ("done", "cancelled"):
        while_it_runs(newest.id, season, words)
        return not newest.over
    return False


def choose_forecast(season: Season, words: Texts, *, awaited: bool) -> Forecast | None:
    """Offer the forecasts that were made and give the chosen one; None where there is none.

    `awaited` says that one is being made: then it needn't be said how to make the first.
    """
    last = _ask(0, words, quiet=awaited)
    if last is None:
        return None
    made = last.made[::-1]
    if st.session_state.get("made") not in {str(one) for one in made}:
        st.session_state["made"] = str(made[0])
    chosen = st.session_state["made"]
    if len(made) > 1:
        chosen = st.selectbox(
            words("forecast.which"),
            [str(one) for one in made],
            format_func=lambda one: words(
                "forecast.made_at",
                at=minute(datetime.fromtimestamp(int(one) / US, UTC), season.timezone, words),
            ),
            key="made",
        )
    return last if int(chosen) == last.made_us else _ask(int(chosen), words)


def _made_so_far() -> bool:
    return live.ask("forecast/0", lambda system: system.forecast(), FRESH_S).answer is not None


def _ask(made_us: int, words: Texts, *, quiet: bool = False) -> Forecast | None:
    """Ask for a forecast; says what is wrong, and that there is none yet."""
    heard = live.ask(
        f"forecast/{made_us}", lambda system: system.forecast(made_us), 0.0 if not made_us else 60.0
    )
    if heard.failure is not None:
        if is_none_yet(heard.failure):
            if not quiet:
                notices.notice(words("forecast.nothing"), words("forecast.nothing_how"), words)
            return None
        notices.trouble(heard.failure, words, last_known=heard.answer is not None)
    return heard.answer


def is_none_yet(failure: CallFailed) -> bool:
    """Tell whether the system answered that no forecast was made."""
    return isinstance(failure, Refused) and failure.type.endswith(":no-forecast")
