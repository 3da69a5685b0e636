"""Method report: how a simulation was made and what it assumes, for who wants to check it."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import version
from typing import Final

from simulator.people.parameter_names import unit_name
from simulator.people.population import Population
from simulator.play.effects import Effects
from simulator.play.run_result import RunResult
from simulator.report import page
from simulator.report.answers import Answers
from simulator.report.report_words import ReportWords
from simulator.report.uncertainty import DRAWN

VALUES_SHOWN_MAX: Final = 7
"""A longer list would make the table wider than any page; the population file has it whole."""


def method(answers: Answers, words: ReportWords) -> str:
    """Write the section on a simulation's method."""
    lines = [words(f"method.{one}") for one in ("run", "unaided", "money", "statistics")]
    made = made_by(answers.runs, answers.result, words)
    return page.section(
        words("method.section"),
        page.bullets([*lines, *effects_said(answers.runs[0], words)]),
        parameters(answers.population, words),
        made,
    )


def effects_said(run: RunResult, words: ReportWords) -> list[str]:
    """Say which effects of the response are off, if any."""
    off = [words(f"effect.{name}") for name in Effects.names() if name not in run.effects]
    return [words("method.off", effects=words("comma").join(off))] if off else []


def parameters(population: Population, words: ReportWords) -> str:
    """List every figure of the population, what members do for the programme first."""
    known = sorted(
        population.parameters.items(), key=lambda one: (one[0].split(".")[0] not in DRAWN, one[0])
    )
    rows = []
    for path, one in known:
        values = one.value if isinstance(one.value, tuple) else (one.value,)
        rows.append([
            words.parameter(path), unit_name(one.unit, words.language),
            words(f"source.{one.source}"), one.note,
            _listed(values), f"{one.low:g}–{one.high:g}",
        ])  # fmt: skip
    heads = ("parameter", "unit", "source", "note", "value", "range")
    table = page.table([words(f"head.{one}") for one in heads], rows, words=4)
    guessed = sum(one.source == "A" for _, one in known)
    title = words("method.parameters", count=str(len(known)), guessed=str(guessed))
    return page.folded(title, table)


def _listed(values: Sequence[float]) -> str:
    """Write values; of a long list the first few, and how many there are.

    >>> _listed([0.5, 2]), _listed(range(24))
    ('0.5, 2', '0, 1, 2, … (24)')
    """
    said = ", ".join(f"{value:g}" for value in values[:VALUES_SHOWN_MAX])
    if len(values) <= VALUES_SHOWN_MAX:
        return said
    return f"{', '.join(f'{value:g}' for value in values[:3])}, … ({len(values)})"


def made_by(runs: Sequence[RunResult], result: str, words: ReportWords) -> str:
    """Tell what makes the result the same again: seeds, hashes, versions."""
    first = runs[0]
    seeds = words.between(str(first.seed), str(runs[-1].seed))
    versions = ", ".join(f"{name} {found}" for name, found in versions_used().items())
    return page.paragraph(
        words(
            "method.made", seeds=seeds, rules=first.rules_hash[:16], result=result[:16],
            versions=versions,
        ),
        "note",
    )  # fmt: skip


def versions_used() -> dict[str, str]:
    """Name the versions that a result may depend on."""
    found = {name: version(name) for name in ("forecourt", "numpy", "pyarrow")}
    return found | {"python": platform.python_version()}
