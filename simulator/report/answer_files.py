"""Answer files: summary.json, tables and report.html of a simulation, in one folder."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rules.season.season_models import Season
from simulator.people.population import Population
from simulator.play.run_result import RunResult
from simulator.report.answers import Answers, Paid, answers_of, net_gain_fen
from simulator.report.prize_answers import PrizePlace, PrizeSpan
from simulator.report.report_words import both
from simulator.report.simulation_files import write_simulation
from simulator.report.simulation_report import simulation_report
from simulator.report.uncertainty import Uncertainty, without_effect
from simulator.report.verdicts import simulation_verdict

BAND_FIGURES = ("cost_total_fen", "margin_gain_fen", "roi", "anyway_share")


def write_answers(
    out: Path,
    runs: Sequence[RunResult],
    season: Season,
    population: Population,
    *,
    budget_fen: int | None = None,
    uncertainty: Uncertainty | None = None,
) -> dict[str, Any]:
    """Write everything a simulation says, one run a seed, and return the summary.

    `budget_fen` is a limit of the whole cost to hold the runs against; `uncertainty` the extra
    runs of parameter draws and of the model without an effect.
    """
    answers = answers_of(season, population, runs, budget_fen=budget_fen, uncertainty=uncertainty)
    members = len(runs[0].members["kind"])
    summary = write_simulation(out, runs, members, population, more=told(answers))
    write_rows(out / "winners.csv", [_place_row(one) for one in answers.places], _PLACE)
    paid = [
        _paid_row(by, one)
        for by, groups in (("kind", answers.by_kind), ("segment", answers.by_segment))
        for one in groups
    ]
    write_rows(out / "paid.csv", paid, list(paid[0]))
    report = simulation_report(answers)
    (out / "report.html").write_text(report, encoding="utf-8")
    return summary


def told(answers: Answers) -> dict[str, Any]:
    """Lay out for summary.json what the runs say beyond their figures."""
    exceeds = answers.exceeds
    return {
        "net_gain_fen": answers.net_gain_fen,
        "verdict": {
            words.language: simulation_verdict(answers, words) for words in both(answers.season)
        },
        "cost_budget": None
        if exceeds is None
        else {"limit_fen": answers.budget_fen, "exceeded": exceeds.told()},
        "budgets": [
            {
                "id": one.id,
                "measure": one.measure,
                "limit": one.limit,
                "used": one.used,
                "broken" if one.covers_prizes else "exhausted": one.runs_out.told(),
            }
            for one in answers.budgets
        ],
        "prizes": [_span_row(one) for one in answers.spans],
        "uncertainty": _bands(answers),
    }


def _bands(answers: Answers) -> dict[str, Any]:
    """Tell the three bands, each by itself: they are never added up."""
    extra = answers.uncertainty
    without = {
        name: {
            figure: without_effect(answers.runs, runs, figure).difference for figure in BAND_FIGURES
        }
        for name, runs in extra.without.items()
    }
    return {
        "monte_carlo": _band(answers.runs),
        "parameter": _band(extra.draws) if extra.draws else None,
        "model_form": without or None,
    }


def _band(runs: Sequence[RunResult]) -> dict[str, Any]:
    values = {name: [run.figures[name] for run in runs] for name in BAND_FIGURES}
    values["net_gain_fen"] = [net_gain_fen(run) for run in runs]
    return {"runs": len(runs)} | {
        name: {f"p{share}": float(np.quantile(found, share / 100)) for share in (5, 50, 95)}
        for name, found in values.items()
    }


def _span_row(one: PrizeSpan) -> dict[str, Any]:
    return {
        "board": one.board, "first_place": one.first_place, "last_place": one.last_place,
        "reward": one.reward, "given": one.given,
        "cutoff": one.cutoff | {"p5": one.low_score}, "winners": one.winners,
        "steady": one.steady,
    }  # fmt: skip


_PLACE = [
    "board", "place", "reward", "score_mean", "score_low", "score_high", "score_p5", "score_p50",
    "score_p95", "winners", "steady",
]  # fmt: skip


def _place_row(one: PrizePlace) -> dict[str, Any]:
    score = one.score
    found = (
        one.board, one.place, one.reward, score["mean"], score["low"], score["high"],
        one.low_score, score["p50"], one.high_score, one.winners, one.steady,
    )  # fmt: skip
    return dict(zip(_PLACE, found, strict=True))


def _paid_row(by: str, one: Paid) -> dict[str, Any]:
    row: dict[str, Any] = {"by": by, "group": one.group}
    for name in ("members", "reward_fen", "anyway_fen", "margin_gain_fen"):
        spread = getattr(one, name)
        row |= {f"{name}_{statistic}": value for statistic, value in spread.items()}
    share = one.anyway_fen["mean"] / one.reward_fen["mean"] if one.reward_fen["mean"] else 0.0
    return row | {"anyway_share": share}


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Write rows as CSV: a header even when empty, LF, nothing for what isn't known."""
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(columns)
        lines.writerows([_text(row[one]) for one in columns] for row in rows)


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    return f"{cell:.10g}" if isinstance(cell, float) else str(cell)
