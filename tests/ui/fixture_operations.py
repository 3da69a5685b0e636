"""Recorded answers of how the system does, its audit trail and its keys."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import FastAPI, Request

from tests.ui.fixture_api import member_id, problem, rfc3339
from tests.ui.fixture_reports import ADMIN_KEY

SAMPLES = 360
PROCESSES = (
    # actor, shard, up, restarts, MiB, share of a core
    ("gateway", 0, True, 0, 168, 0.41),
    ("keeper", 0, True, 0, 92, 0.01),
    ("outbox", 0, True, 1, 101, 0.02),
    ("member", 0, True, 0, 412, 0.35),
    ("member", 1, True, 0, 398, 0.33),
    ("ranking", 0, True, 0, 240, 0.12),
    ("ranking", 1, False, 2, 236, None),
)
ROUTES = (
    ("/v1/events", 182_400, 12, 0, 4.1, 31.0),
    ("/v1/standings/{board}", 21_310, 3, 0, 6.2, 44.0),
    ("/v1/members/{member}", 8_240, 41, 0, 3.8, 28.0),
    ("/v1/season", 3_911, 0, 2, 5.0, 61.0),
    ("/v1/standings/{board}/stream", 212, 0, 0, None, None),
)
RESULTS = (
    ("applied", "", 911_204),
    ("duplicate", "", 3_120),
    ("limit_reached", "", 2_204),
    ("rejected", "unknown_product", 310),
    ("rejected", "too_late", 44),
    ("waiting", "", 12),
)


def operations(state: dict[str, Any]) -> dict[str, Any]:
    now = datetime.now(UTC)
    samples = [_sample(now, back) for back in range(SAMPLES - 1, -1, -1)]
    quiet = bool(state.get("empty"))
    return {
        "as_of": rfc3339(now),
        "version": 81234,
        "phase": state["phase"],
        "ready": state["fault"] != "store",
        "reasons": ["the store does not answer: connection refused"]
        if state["fault"] == "store"
        else [],
        "samples": samples[-1:] if quiet else samples,
        "results": []
        if quiet
        else [{"status": status, "reason": reason, "events": n} for status, reason, n in RESULTS],
        "routes": [
            dict(
                zip(
                    ("route", "requests", "refused", "failed", "p50_ms", "p99_ms"), one, strict=True
                )
            )
            for one in ROUTES
        ],
        "actors": [
            {
                "actor": actor,
                "shard": shard,
                "up": up,
                "restarts": restarts,
                "memory_bytes": mib << 20,
                "cpu_share": share,
                "uptime_s": 186_400.0 - 40_000 * restarts,
            }
            for actor, shard, up, restarts, mib, share in PROCESSES
        ],
        "shards": [_shard(number) for number in range(2)],
        "budgets": [] if quiet else _budgets(),
        "notices": {"waiting_entries": 3, "ways": {"file": {"sent": 4120, "capped": 88}}},
        "streams": {"readers": 212, "readers_max": 5000, "joined": 940, "resumed": 310, "late": 2},
        "store": None
        if state["fault"] == "store"
        else {
            "memory_bytes": 734 << 20,
            "log_bytes": 2_140 << 20,
            "clients": 14,
            "operations_per_s": 1210.0,
        },
        "load_reports": [] if quiet else _reports(now),
    }


def _sample(now: datetime, back: int) -> dict[str, Any]:
    wave = 1 + math.sin(back / 40) / 3 + math.sin(back / 7) / 12
    slow = 84.0 if back == 200 else 22.0 + 9 * math.sin(back / 11)
    return {
        "at": rfc3339(now - timedelta(seconds=5 * back)),
        "events_per_s": round(410 * wave, 2),
        "requests_per_s": round(122 * wave, 2),
        "p50_ms": round(4.2 * wave, 3),
        "p99_ms": round(slow, 3),
        "queued_events": 12 + back % 9,
        "log_lag_s": 0.012,
        "mirror_lag_s": 0.31,
    }


def _shard(number: int) -> dict[str, Any]:
    return {
        "shard": number,
        "members": 51_204 - number * 310,
        "starts": 3 + number,
        "log_entries": 812_411 - number * 1_204,
        "queued_events": 7 * number,
        "ranking_lag_entries": None if number else 0,
        "rank_delta_rows": 14,
        "mirror_lag_s": 0.31,
        "snapshot_age_s": None if number else 5_400.0,
        "snapshot_behind_events": 412_000,
    }


def _budgets() -> list[dict[str, Any]]:
    figures = (
        ("summer-coupons", "cost", None, "60000.00", "21340.50"),
        ("recall", "cost", "month", "8000.00", "7612.00"),
        ("wash", "count", None, "500", "412"),
        ("thermos", "stock", None, "300", "41"),
    )
    return [
        {
            "budget": budget,
            "measure": measure,
            "per": per,
            "limit": limit,
            "spent": spent,
            "left": f"{float(limit) - float(spent):.2f}"
            if measure == "cost"
            else str(int(limit) - int(spent)),
        }
        for budget, measure, per, limit, spent in figures
    ]


def _reports(now: datetime) -> list[dict[str, Any]]:
    passed = {
        "kind": "loadtest",
        "passed": True,
        "events": 48_210,
        "compared": 201_310,
        "differences": 0,
        "requests": 31_204,
        "per_s": 512.4,
        "p99_ms": 61.0,
    }
    return [
        {"name": "before-summer", "at": rfc3339(now - timedelta(days=1)), **passed},
        {
            "name": "first-try",
            "at": rfc3339(now - timedelta(days=3)),
            **passed,
            "passed": False,
            "differences": 2,
        },
        {"name": "torn", "at": rfc3339(now - timedelta(days=4)), "kind": "unreadable"},
        {
            "name": "rank",
            "at": rfc3339(now - timedelta(days=2)),
            "kind": "bench",
            "bench": "rank",
            "ratio": 26.1,
            "reach": 20.0,
        },
    ]


def audit(now: datetime) -> list[dict[str, Any]]:
    acts = (
        ("ab12cd34ef56", "admin", "season.publish", "", "done", 1),
        ("ab12cd34ef56", "admin", "key.make", "77aa01bc42de", "done", 1),
        ("ab12cd34ef56", "admin", "member.erase", member_id(17), "refused", 1),
        ("", "", "refused.no-key", "GET /v1/members/…", "refused", 14),
        ("ab12cd34ef56", "admin", "campaign.push", "recall-july", "unknown", 1),
    )
    return [
        {
            "id": f"{1_780_000_000_000 - at}-0",
            "at": rfc3339(now - timedelta(minutes=7 * at)),
            "key": key,
            "role": role,
            "act": act,
            "object": thing,
            "outcome": outcome,
            "times": times,
        }
        for at, (key, role, act, thing, outcome, times) in enumerate(acts)
    ]


def add_operations(api: FastAPI, state: dict[str, Any]) -> None:
    """Serve the answers; audit and keys for the admin's key only."""

    @api.get("/v1/operations")
    async def get_operations() -> dict[str, Any]:
        return operations(state)

    @api.get("/v1/audit")
    async def get_audit(request: Request) -> Any:
        if request.headers["authorization"] != f"Bearer {ADMIN_KEY}":
            return problem(403, "not-allowed", "The role analyst may not do this; it takes admin.")
        entries = [] if state.get("empty") else audit(datetime.now(UTC))
        return {"entries": entries, "next_before": None}

    @api.get("/v1/keys")
    async def get_keys(request: Request) -> Any:
        if request.headers["authorization"] != f"Bearer {ADMIN_KEY}":
            return problem(403, "not-allowed", "The role analyst may not do this; it takes admin.")
        now = datetime.now(UTC)
        made = rfc3339(now - timedelta(days=40))
        used = rfc3339(now - timedelta(minutes=2))
        return {
            "keys": [
                {"id": "ab12cd34ef56", "role": "admin", "label": "", "created": made},
                {
                    "id": "77aa01bc42de",
                    "role": "till",
                    "label": "S001 收银一",
                    "created": made,
                    "last_used": used,
                    "until": rfc3339(now + timedelta(days=300)),
                    "rate": "500/second",
                },
                {
                    "id": "51fe90aa31cc",
                    "role": "analyst",
                    "label": "pages of this system",
                    "created": made,
                    "last_used": used,
                },
            ]
        }
