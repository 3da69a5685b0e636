"""Uncertainty: what a simulation doesn't know, in three bands kept apart.

*Monte-Carlo*: the same assumptions, other luck: the seeds. *Parameter*: the same luck, other
assumptions: draws of what members do for the programme, each from its range in the population
file. *Model form*: each effect of the response switched off in turn, against all on, paired by
seed. The bands answer different questions and are never added up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from simulator.people.keyed import Keyed, Purpose
from simulator.people.population import Parameter, Population
from simulator.play.effects import Effects
from simulator.play.run_result import RunResult
from simulator.play.seeds import Job
from simulator.report.paired import Difference, difference

DRAWN: Final = ("response", "recall", "coupon_use", "redeeming", "referring")
"""The sections whose figures are drawn: what members do because of the programme. The others
describe the members themselves, which a log settles (`forecourt calibrate`)."""
MODEL_SEEDS: Final = 4
"""Effects are switched off in the first seeds only: pairing makes a few enough."""
_WORD: Final = (1 << 62) - 1


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """The extra runs: one a draw of the parameters, and by effect those without it."""

    draws: tuple[RunResult, ...] = ()
    without: Mapping[str, tuple[RunResult, ...]] = field(default_factory=dict)


def drawn_parameters(population: Population) -> list[Parameter]:
    """List the figures that draws vary, by path."""
    return [
        one
        for path, one in sorted(population.parameters.items())
        if path.split(".")[0] in DRAWN and isinstance(one.value, float) and one.high > one.low
    ]


def drawn(population: Population, number: int) -> Population:
    """Draw the figures of DRAWN evenly from their ranges; keyed by number and path alone."""
    keyed = Keyed(number)
    sections: dict[str, dict[str, float]] = {}
    parameters = dict(population.parameters)
    for one in drawn_parameters(population):
        key = int.from_bytes(hashlib.sha256(one.path.encode()).digest()[:8], "big") & _WORD
        share = float(keyed.uniforms(Purpose.PARAMETER, np.array([key]), number)[0])
        value = one.low + share * (one.high - one.low)
        section, name = one.path.split(".")
        sections.setdefault(section, {})[name] = value
        parameters[one.path] = replace(one, value=value)
    changed: dict[str, Any] = {
        section: replace(getattr(population, section), **values)
        for section, values in sections.items()
    }
    return replace(population, parameters=parameters, **changed)


def draw_jobs(job: Job, draws: int) -> list[Job]:
    """Make the runs of parameter draws, all on the seed of the job given."""
    return [
        replace(job, population=drawn(job.population, number), log=None)
        for number in range(1, draws + 1)
    ]


def model_jobs(jobs: Sequence[Job]) -> dict[str, list[Job]]:
    """Make the runs without each effect that is on, over the first MODEL_SEEDS jobs."""
    first = [replace(job, log=None) for job in jobs[:MODEL_SEEDS]]
    return {
        name: [replace(job, effects=job.effects.without(name)) for job in first]
        for name in Effects.names()
        if name in first[0].effects.on
    }


def extra_jobs(jobs: Sequence[Job], draws: int, model_form: bool) -> list[Job]:
    """List all runs that the bands need beyond the seeds', for one call of run_jobs."""
    extra = draw_jobs(jobs[0], draws) if draws else []
    if model_form:
        extra += [job for without in model_jobs(jobs).values() for job in without]
    return extra


def uncertainty_of(
    jobs: Sequence[Job], draws: int, model_form: bool, runs: Sequence[RunResult]
) -> Uncertainty:
    """Sort the runs of `extra_jobs` into the bands."""
    without: dict[str, tuple[RunResult, ...]] = {}
    place = draws
    if model_form:
        for name, made in model_jobs(jobs).items():
            without[name] = tuple(runs[place : place + len(made)])
            place += len(made)
    return Uncertainty(tuple(runs[:draws]), without)


def without_effect(
    runs: Sequence[RunResult], without: Sequence[RunResult], figure: str
) -> Difference:
    """Compare a figure without an effect with the same seeds' runs that have it."""
    return difference(
        [run.figures[figure] for run in runs[: len(without)]],
        [run.figures[figure] for run in without],
    )
