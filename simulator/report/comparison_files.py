"""Comparison files: summary.json, tables and report.html of two season files side by side."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from simulator.play.run_result import RunResult
from simulator.report.answer_files import write_rows
from simulator.report.comparison import Comparison, Moved
from simulator.report.comparison_report import Compared, comparison_report
from simulator.report.method_report import versions_used
from simulator.report.report_words import both
from simulator.report.spread import STATISTICS, Spread, spread_of
from simulator.report.verdicts import comparison_verdict

SIDES = ("base", "candidate")


def write_comparison(out: Path, compared: Compared) -> dict[str, Any]:
    """Write everything a comparison says and return the summary."""
    comparison = compared.comparison
    out.mkdir(parents=True, exist_ok=True)
    summary = told(compared)
    text = json.dumps(summary, ensure_ascii=False, indent=2)
    (out / "summary.json").write_text(text + "\n", encoding="utf-8")
    _write(out, "differences", list(_differences(comparison)))
    movers = [
        _mover(by, one)
        for by, groups in (
            ("all", comparison.everyone),
            ("kind", comparison.by_kind),
            ("segment", comparison.by_segment),
        )
        for one in groups
    ]
    _write(out, "movers", movers)
    tiers = [
        {"base": one.base, "candidate": one.candidate} | _flat("members", one.members)
        for one in comparison.tiers
    ]
    _write(out, "tiers", tiers)
    anyway = [
        {"by": by, "group": group, "base_fen": one.base["mean"],
         "candidate_fen": one.candidate["mean"]} | _flat("difference_fen", one.difference)
        for by, groups in (
            ("kind", comparison.anyway_by_kind),
            ("segment", comparison.anyway_by_segment),
        )
        for group, one in groups.items()
    ]  # fmt: skip
    _write(out, "anyway", anyway)
    write_rows(out / "prizes.csv", _prizes(comparison), _PRIZE)
    report = comparison_report(compared)
    (out / "report.html").write_text(report, encoding="utf-8")
    return summary


def told(compared: Compared) -> dict[str, Any]:
    """Lay out summary.json: each figure's paired difference, what each file gives, and hashes."""
    comparison = compared.comparison
    base, candidate = comparison.base, comparison.candidate
    figures = {name: one.told() for name, one in comparison.figures.items() if name != "members"}
    return {
        "season": base[0].season,
        "base": compared.names[0],
        "candidate": compared.names[1],
        "members": len(base[0].members["kind"]),
        "days": base[0].days,
        "seeds": [run.seed for run in base],
        "effects": list(base[0].effects),
        "identical": comparison.identical,
        "verdict": {
            words.language: comparison_verdict(comparison, compared.names, words, compared.changed)
            for words in both(compared.candidate)
        },
        **figures,
        "movers": {one.measure: _mover("all", one) for one in comparison.everyone},
        "prizes_kept": comparison.prizes_kept,
        "result_hash": hashlib.sha256("".join(comparison.result).encode()).hexdigest(),
        "rules_hash": {"base": base[0].rules_hash, "candidate": candidate[0].rules_hash},
        "versions": versions_used(),
    }


def _flat(name: str, spread: Spread) -> dict[str, Any]:
    return {f"{name}_{statistic}": spread[statistic] for statistic in STATISTICS}


def _differences(comparison: Comparison) -> Iterator[dict[str, Any]]:
    for name, one in comparison.figures.items():
        yield (
            {"figure": name, "reading": one.reading}
            | _flat("difference", one.difference)
            | _flat("base", one.base)
            | _flat("candidate", one.candidate)
            | {"more_seeds": one.more_seeds}
        )


def _mover(by: str, one: Moved) -> dict[str, Any]:
    row: dict[str, Any] = {"by": by, "group": one.group, "measure": one.measure}
    for name in ("members", "winners", "losers", "gained", "lost", "net"):
        row |= _flat(name, getattr(one, name))
    return row


_PRIZE = (
    "board", "place", "base_reward", "candidate_reward", "base_score", "candidate_score",
    "same_winner_share",
)  # fmt: skip


def _prizes(comparison: Comparison) -> list[dict[str, Any]]:
    """Set the prizes of both files side by side, by board and place; scores are means."""
    found = [_by_place(runs) for runs in (comparison.base, comparison.candidate)]
    keys = sorted({*found[0], *found[1]})
    rows = []
    for key in keys:
        sides = [one.get(key, {}) for one in found]
        both_seeds = sides[0].keys() & sides[1].keys()
        same = sum(sides[0][seed]["holder"] == sides[1][seed]["holder"] for seed in both_seeds)
        row: dict[str, Any] = {"board": key[0], "place": key[1]}
        for name, side in zip(SIDES, sides, strict=True):
            given = list(side.values())
            row[f"{name}_reward"] = given[0]["reward"] if given else None
            scores = [float(one["score"]) for one in given]
            row[f"{name}_score"] = spread_of(scores)["mean"] if scores else None
        rows.append(row | {"same_winner_share": same / len(comparison.base)})
    return rows


def _by_place(runs: Sequence[RunResult]) -> dict[tuple[str, int], dict[int, dict[str, Any]]]:
    """Give the prizes of each place by seed."""
    found: dict[tuple[str, int], dict[int, dict[str, Any]]] = {}
    for run in runs:
        for one in run.tables["prizes"].to_pylist():
            found.setdefault((one["board"], one["place"]), {})[run.seed] = one
    return found


def _write(out: Path, name: str, rows: Sequence[dict[str, Any]]) -> None:
    write_rows(out / f"{name}.csv", rows, list(rows[0]) if rows else [])
