"""Shapes: how many users act at which moment of a load test, beside a plain number of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

RAMP_STEPS: Final = 10
SPIKE_BASE: Final = 0.2
SPIKE_FROM, SPIKE_UNTIL = 0.4, 0.6
MINUTES: Final = {"steady": 1.0, "ramp": 5.0, "spike": 5.0, "soak": 60.0}
"""How long each lasts unless told otherwise."""
SPIKE_SPAWN_S: Final = 2.0
SPAWN_S: Final = 5.0

Course = Callable[[float], float]
"""From the share of the run that has passed to the share of the users that act."""


def ramp(passed: float) -> float:
    """Rise in ten even steps: where waiting begins to grow is what the machine carries.

    >>> [ramp(0.0), ramp(0.55), ramp(0.99)]
    [0.1, 0.6, 1.0]
    """
    return (min(RAMP_STEPS - 1, int(passed * RAMP_STEPS)) + 1) / RAMP_STEPS


def spike(passed: float) -> float:
    """Be quiet, then all at once, as when a campaign begins, then quiet again.

    >>> [spike(0.3), spike(0.5), spike(0.7)]
    [0.2, 1.0, 0.2]
    """
    return 1.0 if SPIKE_FROM <= passed < SPIKE_UNTIL else SPIKE_BASE


def level(passed: float) -> float:  # noqa: ARG001  the same at any moment
    """Act all the time."""
    return 1.0


COURSES: Final[dict[str, Course]] = {"steady": level, "ramp": ramp, "spike": spike, "soak": level}


def users_at(shape: str, users: int, passed_s: float, run_s: float) -> tuple[int, float] | None:
    """Tell how many users act now and how many a second come or go; None at the end.

    >>> users_at("spike", 50, 30.0, 60.0)
    (50, 20.0)
    >>> users_at("ramp", 50, 60.0, 60.0) is None
    True
    """
    if passed_s >= run_s:
        return None
    acting = max(1, round(users * COURSES[shape](passed_s / run_s)))
    within_s = SPIKE_SPAWN_S if shape == "spike" else SPAWN_S
    return acting, max(1.0, users * (1 - SPIKE_BASE) / within_s)
