"""Forecast files: summary.json, prizes.csv, chances.csv and report.html of a forecast."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from rules.season.season_models import Season
from simulator.offline.output_files import instant_text
from simulator.outlook.forecast import LISTED
from simulator.outlook.forecast_report import forecast_report
from simulator.report.answer_files import write_rows

CHANCES: Final = (
    "holder", "team", "chance", "low", "high", "score_now", "p5", "p50", "p95", "boards",
)  # fmt: skip
PRIZES: Final = ("board", "first_place", "last_place", "reward", "given", "p5", "p50", "p95")


def write_forecast(out: Path, told: Mapping[str, Any], season: Season) -> dict[str, Any]:
    """Write a forecast that was laid out, its names as they are to be seen; return the summary.

    summary.json lists the best chances, chances.csv all that are kept.
    """
    out.mkdir(parents=True, exist_ok=True)
    summary = {**told, "chances": told["chances"][:LISTED]}
    summary |= {"as_of": instant_text(told["as_of_us"]), "ends": instant_text(told["ends_us"])}
    text = json.dumps(summary, ensure_ascii=False, indent=2)
    (out / "summary.json").write_text(text + "\n", encoding="utf-8")
    prizes = [{**one, **one["cutoff"]} for one in told["prizes"]]
    write_rows(out / "prizes.csv", prizes, PRIZES)
    write_rows(out / "chances.csv", [_chance(one) for one in told["chances"]], CHANCES)
    (out / "report.html").write_text(forecast_report(told, season), encoding="utf-8")
    return summary


def _chance(one: Mapping[str, Any]) -> dict[str, Any]:
    score = one["score"] or {"p5": None, "p50": None, "p95": None}
    boards = " ".join(f"{name}={chance:.3g}" for name, chance in one["boards"].items())
    return {**one, **score, "team": "yes" if one["team"] else "", "boards": boards}
