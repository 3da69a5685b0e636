"""Leak files: summary.json, leaks and closings as tables, closes.toml and report.html."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from rules.advice.season_diff import changes
from simulator.adversaries.leak import Leaks
from simulator.adversaries.leak_report import leak_report
from simulator.adversaries.leak_words import both, leak_verdict, stops
from simulator.adversaries.trials import Tried
from simulator.report.answer_files import write_rows
from simulator.report.method_report import versions_used
from simulator.report.spread import STATISTICS, Spread

_LEAKS: Final = ("leak_fen", "points", "cheats_fen", "honest_fen")
_TRIED: Final = ("before_fen", "after_fen", "closed_fen", "honest_cost_fen", "honest_losers")


def write_leaks(out: Path, leaks: Leaks, mark: str = "") -> dict[str, Any]:
    """Write all that a study of leaks found and return the summary.

    mark goes before closes.toml, which is there if changes are worth it.
    """
    out.mkdir(parents=True, exist_ok=True)
    _write(out / "leaks", [_leak_row(one) for one in _each(leaks)], ("kind", "rule"), _LEAKS)
    tried = [_tried_row(one) for one in leaks.tried]
    _write(out / "closings", tried, ("change", "against", "recommended"), _TRIED)
    closes = out / "closes.toml"
    if leaks.closed is None:
        closes.unlink(missing_ok=True)
    else:
        closes.write_bytes((mark + leaks.closed.text).encode())
    summary = told(leaks)
    text = json.dumps(summary, ensure_ascii=False, indent=2)
    (out / "summary.json").write_text(text + "\n", encoding="utf-8")
    (out / "report.html").write_text(leak_report(leaks), encoding="utf-8")
    return summary


def told(leaks: Leaks) -> dict[str, Any]:
    """Lay out summary.json."""
    closed, every = leaks.closed, both(leaks.season)
    return {
        "season": leaks.season.season.id,
        "members": leaks.members,
        "agents": dict(leaks.counts),
        "seeds": list(leaks.seeds),
        "leak_fen": leaks.total_fen,
        "cost_gap_fen": leaks.cost_gap_fen,
        "cost_without_agents_fen": leaks.cost_without_fen,
        "kinds": {
            one.kind: {
                "agents": one.agents, "accounts": one.accounts, "litres_ml": one.litres_ml,
                "leak_fen": one.fen, "leak_per_agent_fen": one.each_fen, "refused": one.stopped,
            }
            for one in leaks.kinds
        },
        "leaks": [
            {
                "kind": one.kind, "rule": one.rule,
                "name": {words.language: words.rule(one.rule) for words in every},
                "leak_fen": one.fen, "points": one.points,
            }
            for one in leaks.leaks
        ],
        "crowding": {
            "prize_losers": leaks.crowding.prize_losers,
            "prize_lost_fen": leaks.crowding.prize_lost_fen,
            "reward_lost_fen": leaks.crowding.reward_lost_fen,
        },
        "already_stopped": {
            "kinds": stops(leaks),
            "refusals": [
                {"kind": kind, "type": asked, "reason": reason, "count": count}
                for (kind, asked, reason), count in leaks.stopped.items()
            ],
        },
        "closings": [_closing(one) for one in leaks.tried],
        "closes": None
        if closed is None
        else _closing(closed)
        | {
            "said": {
                "zh": [one.zh for one in changes(leaks.season, closed.season)],
                "en": [one.en for one in changes(leaks.season, closed.season)],
            }
        },
        "verdict": {words.language: leak_verdict(leaks, words) for words in every},
        "figures": {path: one.value for path, one in sorted(leaks.figures.parameters.items())},
        "runs": leaks.runs,
        "result_hash": leaks.result,
        "rules_hash": leaks.rules_hash,
        "versions": versions_used(),
    }  # fmt: skip


def _closing(one: Tried) -> dict[str, Any]:
    return {
        "changes": [change.id for change in one.changes],
        "against": sorted({kind for change in one.changes for kind in change.kinds}),
        "recommended": one.worth,
        "before_fen": one.before,
        "after_fen": one.after,
        "closed_fen": one.closed.difference,
        "reading": one.closed.reading,
        "after_by_kind_fen": dict(one.by_kind),
        "honest_cost_fen": one.honest_cost,
        "honest_losers": one.honest_losers,
    }


def _each(leaks: Leaks) -> list[tuple[str, str, dict[str, Spread]]]:
    return [
        (
            one.kind, one.rule,
            dict(zip(_LEAKS, (one.fen, one.points, one.cheats_fen, one.honest_fen), strict=True)),
        )
        for one in leaks.leaks
    ]  # fmt: skip


def _leak_row(one: tuple[str, str, dict[str, Spread]]) -> dict[str, Any]:
    kind, rule, figures = one
    return {"kind": kind, "rule": rule} | _flat(figures)


def _tried_row(one: Tried) -> dict[str, Any]:
    figures = (one.before, one.after, one.closed.difference, one.honest_cost, one.honest_losers)
    row = {"change": one.changes[0].id, "against": " ".join(one.changes[0].kinds)}
    row["recommended"] = "yes" if one.worth else "no"
    return row | _flat(dict(zip(_TRIED, figures, strict=True)))


def _flat(figures: Mapping[str, Spread]) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for name, spread in figures.items():
        values = dict(spread)
        for statistic in STATISTICS:
            value = values[statistic]
            found[f"{name}_{statistic}"] = value if isinstance(value, float) else None
    return found


def _write(
    path: Path, rows: Sequence[Mapping[str, Any]], words: Sequence[str], figures: Sequence[str]
) -> None:
    """Write rows as CSV and as Parquet beside it."""
    numbers = [f"{name}_{statistic}" for name in figures for statistic in STATISTICS]
    write_rows(path.with_suffix(".csv"), rows, [*words, *numbers])
    table = {
        name: pa.array([row[name] for row in rows], pa.utf8() if name in words else pa.float64())
        for name in (*words, *numbers)
    }
    pq.write_table(pa.table(table), path.with_suffix(".parquet"))
