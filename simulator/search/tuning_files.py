"""Tuning files: best.toml, every file tried, the front, summary.json and report.html."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from simulator.play.run_result import FIGURES
from simulator.report.answer_files import write_rows
from simulator.report.method_report import versions_used
from simulator.search.aims import statistic_of
from simulator.search.pareto import AXES
from simulator.search.tuning import BudgetKept, Finalist, Tuned
from simulator.search.tuning_report import Tuning, changed, said, tuning_report
from simulator.search.tuning_words import both, tuning_verdict
from simulator.search.variants import Variant


def write_tuning(out: Path, tuning: Tuning, mark: str = "") -> dict[str, Any]:
    """Write everything a search found and return the summary; `mark` goes before best.toml."""
    out.mkdir(parents=True, exist_ok=True)
    tuned = tuning.tuned
    best = out / "best.toml"
    if tuned.best is None:
        best.unlink(missing_ok=True)
    else:
        best.write_bytes((mark + tuned.best.text).encode())
    trials = [_trial(one, tuned) for one in tuned.variants]
    _write(out / "trials", trials)
    _write(out / "pareto", [_on_front(one, tuned) for one in tuned.front])
    summary = told(tuning, trials)
    text = json.dumps(summary, ensure_ascii=False, indent=2)
    (out / "summary.json").write_text(text + "\n", encoding="utf-8")
    (out / "report.html").write_text(tuning_report(tuning), encoding="utf-8")
    return summary


def told(tuning: Tuning, trials: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Lay out summary.json."""
    tuned = tuning.tuned
    chosen, plan, today = tuned.chosen, tuned.plan, tuned.variants.today
    words = both(tuning.season)
    finalists = [_finalist(one, tuned) for one in tuned.finalists]
    summary = {
        "season": tuning.season.season.id,
        "members": tuning.members,
        "objective": str(tuned.scores.objective),
        "outcome": tuned.outcome,
        "verdict": {one.language: tuning_verdict(tuned, one) for one in words},
        "best": None
        if tuned.best is None
        else {
            "file": tuned.best.number,
            "changes": [
                {"path": path, "today": before, "best": after}
                for path, before, after in changed(tuned, tuned.best)
            ],
            "said": {one.language: said(tuning, one.language) for one in words},
        },
        "difference": None if chosen is None
        else chosen.figures[tuned.scores.objective.figure].told(),
        "searched_difference": None if chosen is None else chosen.searched.difference,
        "budgets": [_budget(one) for one in (chosen.budgets if chosen else tuned.today_budgets)],
        "today_budgets": [_budget(one) for one in tuned.today_budgets],
        "figures": None if chosen is None
        else {name: one.told() for name, one in chosen.figures.items() if name != "members"},
        "finalists": finalists,
        "space": {
            "size": tuned.variants.space.size,
            "values": [
                {"path": one.path, "today": one.today, "options": list(one.options)}
                for one in tuned.variants.space.knobs
            ],
        },
        "tried": len(tuned.tried) - 1,
        "invalid": tuned.invalid,
        "front": [one.number for one in tuned.front],
        "runs": tuned.scores.played.runs,
        "rungs": list(plan.rungs),
        "seeds": {"search": [plan.seeds[0], plan.seeds[-1]],
                  "fresh": [plan.fresh[0], plan.fresh[-1]]},
        "versions": versions_used() | {name: version(name) for name in ("optuna", "scipy")},
    }  # fmt: skip
    canonical = json.dumps([trials, finalists], sort_keys=True, ensure_ascii=False)
    files = {"today": today.key, "best": tuned.best.key if tuned.best else None}
    return summary | {
        "files": files,
        "result_hash": hashlib.sha256(canonical.encode()).hexdigest(),
    }


def _budget(one: BudgetKept) -> dict[str, Any]:
    return {"budget": str(one.budget), "limit": one.bound, "value": one.value, "today": one.today,
            "kept": one.kept}  # fmt: skip


def _finalist(one: Finalist, tuned: Tuned) -> dict[str, Any]:
    return {
        "file": one.variant.number,
        "values": [
            {"path": path, "today": before, "best": after}
            for path, before, after in changed(tuned, one.variant)
        ],
        "budgets": [_budget(each) for each in one.budgets],
        "kept": one.feasible,
        "searched": one.searched.difference,
        "fresh": one.figures[tuned.scores.objective.figure].difference,
    }


def _values(variant: Variant, tuned: Tuned) -> dict[str, str]:
    return {
        knob.path: knob.written(place)
        for knob, place in zip(tuned.variants.space.knobs, variant.places, strict=True)
    }


def _trial(variant: Variant, tuned: Tuned) -> dict[str, Any]:
    """Lay out a file tried: its values, what the search saw in it, and its means of every figure.

    `goal` is the objective, `budget_N` each budget's figure, and so are the cost's P95 and the
    margin's mean: restated for all seeds of the search; the figures are plain means over the seeds
    the file had.
    """
    scores = tuned.scores
    row: dict[str, Any] = {
        "file": variant.number,
        "stage": tuned.stages.get(variant.number, "invalid"),
        "seeds": 0, "feasible": "invalid", "why": variant.why, "best": variant is tuned.best,
        "on_front": variant in tuned.front, "changes": variant.changes,
        **_values(variant, tuned),
    }  # fmt: skip
    asked = [f"budget_{nth + 1}" for nth in range(len(scores.budgets))]
    figures = {name: None for name in FIGURES if name != "members"}
    if variant.season is None:
        empty = ("goal", "cost_total_p95_fen", "margin_mean_fen")
        return row | {**dict.fromkeys(empty), **dict.fromkeys(asked), **figures}
    levels = [scores.level(variant, one.figure, one.statistic) for one in scores.budgets]
    seeds = scores.seeds[: scores.count(variant)]
    broken = [
        f"{budget}: {level:.10g}"
        for budget, level, excess in zip(
            scores.budgets, levels, scores.excesses(variant), strict=True
        )
        if excess > 0
    ]
    held = scores.played.figures(variant, seeds)
    means = {name: statistic_of([run[name] for run in held], "mean") for name in figures}
    return row | {
        "seeds": len(seeds), "feasible": "no" if broken else "yes", "why": "; ".join(broken),
        "goal": scores.level(variant, scores.objective.figure),
        "cost_total_p95_fen": scores.level(variant, "cost_total_fen", "p95"),
        "margin_mean_fen": scores.level(variant, "margin_fen"),
        **dict(zip(asked, levels, strict=True)), **means,
    }  # fmt: skip


def _on_front(variant: Variant, tuned: Tuned) -> dict[str, Any]:
    scores = tuned.scores
    return {
        "file": variant.number,
        "seeds": scores.count(variant),
        "feasible": "yes" if scores.feasible(variant) else "no",
        "best": variant is tuned.best,
        **{f"{figure}_{way}": scores.level(variant, figure, way) for figure, way, _ in AXES},
        **_values(variant, tuned),
    }


def _write(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as CSV and as Parquet beside it."""
    columns = list(rows[0])
    write_rows(path.with_suffix(".csv"), rows, columns)
    table = {one: pa.array([row[one] for row in rows]) for one in columns}
    pq.write_table(pa.table(table), path.with_suffix(".parquet"))
