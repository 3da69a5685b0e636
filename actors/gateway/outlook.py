"""Outlook: the instant a running season is forecast from, or its forecasts are judged by."""

from __future__ import annotations

from actors.forecasts import Forecasts
from actors.gateway.problems import Problem
from actors.gateway.state import State
from actors.phases import instant
from actors.simulations import Kind


def as_of_us(kind: Kind, state: State) -> int | None:
    """Give the instant that a forecast goes on from, or that a judgement takes for the end.

    Days are whole: a forecast goes on from the last local midnight.

    Raises:
        Problem: 409 where the season is at no time for it, 404 without forecasts to judge.
    """
    if kind == "forecast":
        return _last_midnight(state)
    if kind == "judge":
        return _end(state)
    return None


def _last_midnight(state: State) -> int:
    rules, now_us = state.rules, state.as_of_us()
    if now_us < rules.starts_us:
        raise Problem(
            409,
            f"season {rules.season_id} begins at {instant(rules.starts_us)}: until then simulate "
            "its file instead.",
        )
    if now_us >= state.window.ends_us:
        raise Problem(
            409,
            f"season {rules.season_id} ended at {instant(state.window.ends_us)}: there is nothing "
            "to foretell; once it is final its forecasts can be judged.",
        )
    return rules.calendar.midnight(rules.calendar.day(now_us))


def _end(state: State) -> int:
    window = state.window
    if state.phase() != "final":
        raise Problem(
            409,
            f"season {state.rules.season_id} is final at {instant(window.final_us)}: its forecasts "
            "are judged then.",
        )
    if not Forecasts(state.settings.folder).made(state.rules.season_id):
        raise Problem(404, "No forecast of this season was made: none to judge.", "no-forecast")
    return window.final_us
