"""Recorded forecasts: three made in June, their chances, and how they were judged at the end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import FastAPI

from tests.ui.fixture_api import COMPANIES, member_id, problem, reward_at, rfc3339, score_at

FIRST = datetime(2026, 6, 10, 16, tzinfo=UTC)
DAYS_APART = 5
TOTAL = "cost_total_fen"
COSTS = {
    "cost_discounts_fen": (1_930_000, 5_820_000),
    "cost_coupons_fen": (310_000, 934_000),
    "cost_redeemed_fen": (1_210_000, 4_130_000),
    "cost_liability_fen": (0, 1_070_000),
    "cost_prizes_fen": (0, 1_149_700),
    "cost_tax_fen": (0, 119_980),
}


def us_of(at: datetime) -> int:
    return int(at.timestamp()) * 1_000_000


def made_us(place: int) -> int:
    return us_of(FIRST + timedelta(days=DAYS_APART * place, hours=9))


def band(middle: float, half: float) -> dict[str, float]:
    return {"p5": middle - half, "p50": middle, "p95": middle + half}


def costs(place: int) -> dict[str, Any]:
    """Forecasts made later are surer, and somewhat dearer."""
    half, more = 0.12 / (place + 1), 1 + 0.02 * place
    told = {
        name: {"so_far": so_far, **band(whole * more, whole * half)}
        for name, (so_far, whole) in COSTS.items()
    }
    whole = sum(one["p50"] for one in told.values())
    so_far = sum(so_far for so_far, _ in COSTS.values())
    return told | {TOTAL: {"so_far": so_far, **band(whole, whole * half)}}


def chance(rank: int) -> dict[str, Any]:
    board = "companies" if rank == 4 else "overall"
    share = max(0.05, 1 - 0.06 * (rank - 1))
    now = score_at("overall", rank)
    return {
        "holder": COMPANIES[1] if rank == 4 else member_id(rank),
        "team": rank == 4,
        "chance": share,
        "low": max(0.0, share - 0.16),
        "high": min(1.0, share + 0.12),
        "score_now": None if rank == 4 else now,
        "score": None if rank == 4 else band(now * 2.4, now * 0.3),
        "boards": {board: share},
    }


def prize(board: str, first: int, last: int) -> dict[str, Any]:
    score = score_at(board, last) * 2.2
    return {
        "board": board, "first_place": first, "last_place": last,
        "reward": reward_at(board, last), "given": last - first + 1,
        "cutoff": band(score, score * 0.12),
    }  # fmt: skip


def forecast(place: int, count: int) -> dict[str, Any]:
    as_of = FIRST + timedelta(days=DAYS_APART * place)
    return {
        "format": 1,
        "season": "summer-2026",
        "rules_hash": "c0de" * 16,
        "as_of": rfc3339(as_of),
        "ends": "2026-08-31T16:00:00.000000Z",
        "made_at": rfc3339(as_of + timedelta(hours=9)),
        "made_us": made_us(place),
        "made": [made_us(one) for one in range(count)],
        "members": 2000,
        "events": 48_210,
        "runs": 20,
        "seeds": list(range(1, 21)),
        "simulation": "",
        "costs": costs(place),
        "budgets": [
            {"id": "season-prizes", "measure": "cost", "limit": 1_500_000, "used": 1_269_680,
             "used_p95": 1_269_680, "covers_prizes": True,
             "runs_out": {"share": 0.0, "low": 0.0, "high": 0.16}},
            {"id": "washes", "measure": "count", "limit": 400, "used": 391, "used_p95": 400,
             "covers_prizes": False, "runs_out": {"share": 0.65, "low": 0.43, "high": 0.82}},
        ],
        "prizes": [prize("overall", *places) for places in ((1, 1), (2, 2), (3, 3), (4, 10))]
        + [prize("drivers", 1, 20)],
        "places": [],
        "chances": [chance(rank) for rank in range(1, 25)],
    }  # fmt: skip


def judged() -> dict[str, Any]:
    end_fen = costs(2)[TOTAL]["p50"] * 1.06
    rows = []
    for place in range(3):
        found = costs(place)[TOTAL]
        rows.append(
            {"made_us": made_us(place), "as_of_us": us_of(FIRST) + place * 5 * 86_400_000_000,
             "runs": 20, "cost_fen": end_fen, "cost_band": found,
             "cost_inside": {TOTAL: found["p5"] <= end_fen <= found["p95"]},
             "winners": 30, "winners_in_band": 26 + place, "winners_named": 24}
        )  # fmt: skip
    hits = sum(one["cost_inside"][TOTAL] for one in rows)
    return {
        "season": "summer-2026",
        "forecasts": rows,
        "coverage": {
            "forecasts": 3,
            "cost_inside": {TOTAL: {"share": hits / 3, "low": 0.2, "high": 0.94}},
            "winners": 90,
            "winners_in_band_share": 0.9,
            "winners_named_share": 0.8,
            "cost_error_share": -0.05,
        },
    }


def add_forecasts(api: FastAPI, state: dict[str, Any]) -> None:
    """Serve forecasts: three unless `forecasts` says how many."""

    @api.get("/v1/forecast")
    async def get_forecast(made: int | None = None) -> Any:
        count = state.get("forecasts", 3)
        if not count:
            return problem(404, "no-forecast", "No forecast of this season was made yet.")
        places = [one for one in range(count) if made in (None, made_us(one))]
        if not places:
            return problem(404, "no-forecast", f"No forecast was made at {made}.")
        return forecast(places[-1], count)
