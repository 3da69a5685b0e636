"""Simulation answers: what is told of a simulation, and what a search takes or why it can't be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from actors.gateway.problems import Problem
from actors.gateway.simulation_queue import SimulationQueue
from actors.phases import instant
from actors.simulations import Simulation

SEARCH: Final = ("objective", "budgets", "trials", "effort")
CHEATING: Final = ("agents", "agent_kinds", "closing")
BANDS: Final = ("budget_fen", "draws", "model_form")
"""What is told of a search, of adversaries, of one file simulated, beside what all kinds tell."""


def told(queue: SimulationQueue, one: Simulation) -> dict[str, Any]:
    """Tell a simulation without what it found."""

    def at(value_us: int | None) -> str | None:
        return None if value_us is None else instant(value_us)

    one_told: dict[str, Any] = {
        "id": one.id,
        "kind": one.kind,
        "state": one.state,
        "season": one.season,
        "names": one.names,
        "currency": one.currency,
        "members": one.members,
        "seeds": one.seeds,
        "seed": one.seed,
        "until": at(one.until_us),
        "own_population": one.own_population,
        "runs": one.runs,
        "asked": at(one.asked_us),
        "started": at(one.started_us),
        "ended": at(one.ended_us),
        "progress": None,
        "reason": one.reason or None,
        "reason_zh": one.reason_zh or None,
        "report": f"/v1/simulations/{one.id}/report.html" if one.state == "done" else None,
    }
    if one.kind == "tune":
        one_told |= {name: getattr(one, name) for name in SEARCH}
    elif one.kind == "adversaries":
        one_told |= {name: getattr(one, name) for name in CHEATING}
    elif one.kind == "calibrate":
        one_told |= {"own_log": bool(one.log), "members_are": one.members_are}
    elif one.kind in ("forecast", "judge"):
        one_told["as_of"] = at(one.as_of_us)
    elif one.kind == "simulate":
        one_told |= {name: getattr(one, name) for name in BANDS}
    if one.state == "queued":
        one_told["ahead"] = queue.ahead(one)
    return one_told


def planned(plan: Mapping[str, Any]) -> tuple[int, int]:
    """Give a search's runs and the seeds a file plays at most; raises Problem 422 for its errors.

    Errors of the space file come with their lines, as those of a season file do.
    """
    if plan.get("problem"):
        raise Problem(422, f"{plan['problem']}.")
    errors = plan.get("errors") or []
    if errors:
        first = errors[0]
        raise Problem(
            422,
            f"{len(errors)} error{'' if len(errors) == 1 else 's'} in the space file, nothing was "
            f"started. Line {first['line']}, {first['path']}: {first['problem']}; {first['fix']}.",
            "space-errors",
            errors=errors,
        )
    return int(plan["runs"]), int(plan["seeds"])
