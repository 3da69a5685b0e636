"""Recorded answers about simulations: one in every state, and what the finished ones found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from tests.ui.fixture_api import problem, rfc3339
from tests.ui.fixture_calibrated import CALIBRATED, POPULATION, SHORT
from tests.ui.fixture_forecast import judged
from tests.ui.fixture_leaks import CLOSES, LEAKS, TIGHT
from tests.ui.fixture_rules import TEXT
from tests.ui.fixture_tuned import AIM, BEST, FOUND, NOTHING_BETTER, trials_csv
from ui.jobs import consult

(
    DONE,
    COMPARED,
    RUNNING,
    QUEUED,
    FAILED,
    TUNED,
    KEPT,
    SEARCHING,
    OUTLOOK,
    LEAKING,
    CLOSED,
    FITTED,
    FITTED_SHORT,
) = (f"{place:012x}" for place in (*range(1, 10), 0xB, 0xC, 0xD, 0xE))
NOBODY = "nobody has come yet: there is nothing to go on from; simulate the season file instead"
NOBODY_ZH = "还没有会员到站，没有可以推演的起点"
REASON = "summer-2026: no fuel is sold, and simulated members come for fuel"
FLOWS = """month,from,to,figure,mean,low,high,p50,p95
2026-06,silver,silver,members,1600,1571,1629,1600,1618
2026-06,silver,gold,members,345,322,368,345,358.5
2026-06,silver,platinum,members,55,47,63,55,59.5
2026-07,silver,silver,members,1180,1151,1209,1180,1199
2026-07,silver,gold,members,415,388,442,415,431
2026-07,gold,silver,members,155,139,171,155,164
2026-07,gold,gold,members,120,108,132,120,127
2026-07,gold,platinum,members,70.5,60,81,70.5,76
2026-07,platinum,platinum,members,55,47,63,55,59.5
"""
TIERS = """tier,figure,mean,low,high,p50,p95
silver,members,1335,1310,1360,1335,1350
gold,members,540,520,560,540,550
platinum,members,125,115,135,125,131
"""
TIERS_BETWEEN = """base,candidate,members_mean,members_low,members_high,members_p50,members_p95
silver,silver,1300,1280,1320,1300,1312
silver,gold,35,28,42,35,39
gold,gold,540,520,560,540,550
platinum,platinum,125,115,135,125,131
"""


def spread(mean: float, half: float, seeds: int = 4) -> dict[str, Any]:
    known = seeds > 1
    return {
        "mean": mean,
        "low": mean - half if known else None,
        "high": mean + half if known else None,
        "p50": mean,
        "p95": mean + half / 2,
    }


def change(base: float, candidate: float, half: float) -> dict[str, Any]:
    mean = candidate - base
    reading = "unclear" if abs(mean) < half else "more" if mean > 0 else "less"
    sides = {"base": spread(base, half), "candidate": spread(candidate, half)}
    return spread(mean, half) | sides | {"reading": reading, "more_seeds": None}


COSTS = {
    "cost_redeemed_fen": (4_210_000, 90_000),
    "cost_liability_fen": (1_080_000, 40_000),
    "cost_coupons_fen": (642_000, 31_000),
    "cost_discounts_fen": (3_930_000, 120_000),
    "cost_prizes_fen": (1_149_700, 0),
    "cost_tax_fen": (119_980, 0),
    "cost_total_fen": (11_131_680, 210_000),
    "margin_fen": (68_210_000, 900_000),
    "margin_gain_fen": (6_420_000, 700_000),
    "lift_litres_share": (0.0312, 0.004),
    "anyway_share": (0.918, 0.006),
}


def span(first: int, last: int, reward: str, score: int, winners: int, steady: float) -> Any:
    return {
        "board": "overall",
        "first_place": first,
        "last_place": last,
        "reward": reward,
        "given": spread(last - first + 1, 0),
        "cutoff": spread(score, score / 20) | {"p5": score * 0.95},
        "winners": winners,
        "steady": steady,
    }


def band(runs: int, net: float, half: float) -> dict[str, Any]:
    def quantiles(middle: float) -> dict[str, float]:
        return {"p5": middle - half, "p50": middle, "p95": middle + half}

    return {"runs": runs, "cost_total_fen": quantiles(11_131_680), "net_gain_fen": quantiles(net)}


SIMULATED = {name: spread(*value) for name, value in COSTS.items()} | {
    "days": 92,
    "result_hash": "5f3a" * 16,
    "net_gain_fen": spread(-4_711_680, 650_000),
    "verdict": {
        "zh": ["在这些假设下，活动收不回成本：净得 −4.71 万元。", "每 1 元奖励带回 0.58 元毛利。"],
        "en": [
            "The programme doesn't pay for itself under these assumptions: −¥47.1k is left.",
            "Each ¥1 of rewards brings back ¥0.58 of margin.",
        ],
    },
    "uncertainty": {
        "monte_carlo": band(4, -4_711_680, 400_000),
        "parameter": band(32, -4_600_000, 2_100_000),
        "model_form": {
            "goal": {"margin_gain_fen": spread(-5_100_000, 300_000)},
            "coupon": {"margin_gain_fen": spread(-410_000, 90_000)},
        },
    },
    "prizes": [
        span(1, 1, "phone", 12139, 2, 0.67),
        span(2, 2, "tablet", 9943, 3, 0.5),
        span(3, 3, "watch", 6471, 4, 0.17),
        span(4, 10, "fuel-voucher", 2863, 11, 0.81),
    ],
}
DIFFERENT = {
    name: change(mean, mean * 1.02 if name != "cost_total_fen" else mean * 1.2, half * 0.4)
    for name, (mean, half) in COSTS.items()
} | {
    "days": 92,
    "result_hash": "7c1d" * 16,
    "identical": False,
    "verdict": {
        "zh": ["无法判断哪份文件剩下更多毛利：差别在运气之内。", "再模拟 12 次可以判断。"],
        "en": [
            "The data can't tell which file leaves more margin: the difference is within luck.",
            "12 more seeds would settle it.",
        ],
    },
    "prizes_kept": spread(0.94, 0.03),
}
DIFFERENT["margin_fen"] = change(68_210_000, 68_340_000, 400_000)


def one(simulation: str, state: str, now: datetime, **more: Any) -> dict[str, Any]:
    asked = now - timedelta(minutes=9 - int(simulation[-1], 16) % 10)
    return {
        "id": simulation,
        "kind": "simulate",
        "state": state,
        "season": "summer-2026",
        "names": ["summer-2026"],
        "currency": "CNY",
        "members": 2000,
        "seeds": 4,
        "seed": 1,
        "until": None,
        "own_population": False,
        "asked": rfc3339(asked),
        "started": None if state == "queued" else rfc3339(asked),
        "ended": None,
        "progress": None,
        "reason": None,
        "report": None,
    } | more


def listed(state: dict[str, Any]) -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    progress = {"done": 138, "total": 368, "what": "days"}
    both = ["summer-2026", "double-tuesday"]
    search = {"kind": "tune", "members": 1000, "seeds": 8, "runs": 92, "trials": 14,
              "effort": "quick", "objective": AIM}  # fmt: skip
    fitted = {"kind": "calibrate", "members": 0, "seeds": 0}
    study = {"kind": "adversaries", "members": 1000, "agents": 18, "runs": 148}
    stage = {"done": 41, "total": 92, "what": "search"}
    outlook: dict[str, dict[str, Any]] = {
        "running": {"progress": {"done": 612, "total": 1460, "what": "days"}},
        "failed": {"reason": NOBODY, "reason_zh": NOBODY_ZH},
        "done": {"kind": "judge", "summary": judged()},
    }
    whole = [
        *(
            one(OUTLOOK, name, now, **{"kind": "forecast", "members": 0, "seeds": 20} | more)
            for name, more in outlook.items()
            if name == state.get("outlook")
        ),
        one(FITTED_SHORT, "done", now, summary=SHORT, **fitted),
        one(FITTED, "done", now, summary=CALIBRATED, **fitted),
        one(CLOSED, "done", now, summary=TIGHT, **study),
        one(LEAKING, "done", now, summary=LEAKS, **study),
        one(SEARCHING, "running", now, progress=stage, **search),
        one(KEPT, "done", now, summary=NOTHING_BETTER, **search),
        one(TUNED, "done", now, summary=FOUND, **search),
        one(FAILED, "failed", now, reason=REASON),
        one(QUEUED, "queued", now, ahead=1),
        one(RUNNING, "running", now, progress=progress),
        one(COMPARED, "done", now, kind="compare", names=both, summary=DIFFERENT),
        one(DONE, "done", now, summary=SIMULATED),
    ]
    gone = state.setdefault("gone", {})
    kept = [each for each in whole if gone.get(each["id"]) != "removed"]
    for each in kept:
        each["state"] = gone.get(each["id"], each["state"])
        each["ended"] = rfc3339(now) if each["state"] not in ("queued", "running") else None
    return [] if state.get("empty") else state.setdefault("asked", []) + kept


def add_simulations(api: FastAPI, state: dict[str, Any]) -> None:
    """Serve simulations; a cancelled or removed one is remembered until `choose`."""

    def found(simulation: str) -> dict[str, Any] | None:
        return next((each for each in listed(state) if each["id"] == simulation), None)

    missing = "There is no simulation of this id."

    @api.get("/v1/simulations")
    async def get_simulations() -> Any:
        if state.get("without"):
            return problem(404, "no-simulator", "This system was started without a simulator.")
        limits = {"members": 200_000, "seeds": 64, "draws": 256, "trials": 1000,
                  "member_seasons": 4_000_000, "agents": 100_000, "effects": 9, "effect_seeds": 4,
                  "arms": 3, "closings": 17, "closing_seeds": 4}  # fmt: skip
        brief = [
            {key: value for key, value in each.items() if key != "summary"}
            for each in listed(state)
        ]
        return {"simulations": brief, "limits": limits}

    @api.post("/v1/simulations")
    async def post_simulations(request: Request) -> Any:
        body = await request.json()
        errors = []
        for name in ("season", "candidate", "space"):
            text = body.get(name, "")
            if "broken" in text:
                line = text[: text.index("broken")].count("\n") + 1
                errors.append(
                    {"file": name, "line": line, "path": "tiers", "problem": "must be a table",
                     "fix": "write a table", "value": None}
                )  # fmt: skip
        state["body"] = body
        if errors:
            status = 422 if errors[0]["file"] == "space" else 400
            return problem(status, "season-errors", "errors; nothing was started", errors=errors)
        if state.get("full"):
            return problem(429, "too-many", "8 simulations wait already")
        now = datetime.now(UTC)
        if body.get("kind") in ("forecast", "judge", "calibrate"):
            body["members"] = 0
        names = ("kind", "members", "seeds", "trials", "effort", "objective")
        more = {name: body[name] for name in names if name in body}
        told = one("00000000000a", "queued", now, ahead=2, **more) | {"asked": rfc3339(now)}
        state.setdefault("asked", []).insert(0, told)
        return JSONResponse(told, 201)

    @api.post("/v1/simulations/logs")
    @api.post("/v1/simulations/logs/{log}")
    async def post_log(request: Request, log: str = "0" * 11 + "f", offset: int = 0) -> Any:
        if state.get("no_disk"):
            return problem(507, "problem", "The disk does not take it: No space left on device.")
        size = offset + len(await request.body())
        state["uploaded"] = size
        return JSONResponse({"log": log, "bytes": size, "bytes_max": 64 << 20}, 201)

    @api.get("/v1/simulations/seasons")
    async def get_seasons() -> Any:
        return {"seasons": [{"name": "summer-2026", "text": TEXT}]}

    @api.post("/v1/simulations/offers")
    async def post_offers(request: Request) -> Any:
        return consult("offers", {"season": (await request.json())["season"]}, {})

    @api.get("/v1/simulations/body")
    async def get_body() -> Any:
        return state.get("body", {})

    @api.get("/v1/simulations/{simulation}")
    async def get_simulation(simulation: str) -> Any:
        return found(simulation) or problem(404, "unknown-simulation", missing)

    @api.delete("/v1/simulations/{simulation}")
    async def delete_simulation(simulation: str) -> Any:
        each = found(simulation)
        if each is None:
            return problem(404, "unknown-simulation", missing)
        over = each["state"] not in ("queued", "running")
        state["gone"][simulation] = "removed" if over else "cancelled"
        return {"id": simulation, "removed": True} if over else found(simulation)

    @api.get("/v1/simulations/{simulation}/files/{name}")
    async def get_file(simulation: str, name: str) -> Response:
        if name == "report.html":
            return HTMLResponse("<!doctype html><title>Simulation</title>")
        if simulation in (TUNED, KEPT):
            found = FOUND if simulation == TUNED else NOTHING_BETTER
            files = {"best.toml": BEST, "trials.csv": trials_csv(found)}
            return Response(files.get(name, "file\n"), media_type="text/plain")
        if simulation == FITTED:
            return Response(POPULATION, media_type="text/plain")
        if simulation == LEAKING:
            return Response(CLOSES if name == "closes.toml" else "kind\n", media_type="text/plain")
        compared = simulation == COMPARED
        tables = {"flows.csv": FLOWS, "tiers.csv": TIERS_BETWEEN if compared else TIERS}
        return Response(tables.get(name, "figure,mean\n"), media_type="text/csv")
