"""A server of recorded answers: the bodies `docs/http.md` documents, made by a fixed rule.

It holds no season and counts nothing. Tests of the pages' logic run against it over real HTTP,
because they need states a real season reaches only at its end (final, warming, a lost key). The
tests that prove pages and system together run against the gateway itself.
`PUT /recorded` chooses the state: {"phase", "fault", "bonus", "lag_s", "budget"}.
"""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from starlette.middleware.base import RequestResponseEndpoint

KEY = "recorded-analyst-key"
KEYS = (f"Bearer {KEY}", "Bearer recorded-admin-key")
MEMBERS = 128
HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
COMPANIES = ("Rapid Freight", "速达物流", "Harbour Cabs", "城际客运", "North Line", "蓝天配送")
REWARDS = {
    "phone": ({"zh": "旗舰手机", "en": "Flagship phone"}, "goods", "5999.00", "programme_pays_20"),
    "tablet": ({"zh": "平板电脑", "en": "Tablet"}, "goods", "3499.00", "none"),
    "watch": ({"zh": "智能手表", "en": "Watch"}, "goods", "1999.00", "winner_pays_20"),
    "fuel-voucher": ({"zh": "加油券 30 元", "en": "Fuel voucher ¥30"}, "coupon", "30.00", "none"),
}
PHASES = ("before", "open", "grace", "hold", "final")
CALM: dict[str, Any] = {
    "phase": "open",
    "fault": "",
    "bonus": 0,
    "lag_s": 0.2,
    "budget": "20000.00",
}


def rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def member_id(place: int) -> str:
    return f"m-{place * 7919 % 100000:06d}"


def reward_at(board: str, rank: int) -> str | None:
    if board == "overall" and rank <= 10:
        return ("phone", "tablet", "watch")[rank - 1] if rank <= 3 else "fuel-voucher"
    if board == "drivers" and rank <= 20:
        return "fuel-voucher"
    return None


def score_at(board: str, rank: int) -> int:
    """Ranks 5, 6 and 7 are level on points: their tie-breaks differ one key further each."""
    if rank in (6, 7):
        return score_at(board, 5)
    return round((8200 if board == "companies" else 6240) * 0.968**rank)


def row(board: str, rank: int, bonus: int) -> dict[str, Any]:
    team = board == "companies"
    done: datetime | None = datetime(2026, 6, 19, 4, tzinfo=UTC) - timedelta(hours=40 - rank)
    if rank == 7:
        done = datetime(2026, 6, 19, 4, tzinfo=UTC) - timedelta(hours=34)
    if rank == 9:
        done = None
    member = COMPANIES[rank - 1] if team else member_id(rank)
    nearest = {1: 0, 2: 1, 3: 2}.get(rank, 3 if rank <= 10 else 10)
    gap = 0 if nearest == 0 else score_at(board, nearest) - score_at(board, rank)
    prized = reward_at(board, 1) is not None
    if board == "drivers":
        gap = 0 if rank <= 20 else score_at(board, 20) - score_at(board, rank)
    return {
        "rank": rank,
        "member": member,
        "name": member if team else f"m-•••{member[-2:]}",
        "score": score_at(board, rank) + bonus,
        "tier": "" if team else ("platinum", "gold", "silver")[min(2, rank // 6)],
        "tasks_completed_at": None if done is None else rfc3339(done),
        "active_days": 28 - rank // 6,
        "change": None if rank == 12 else (3, 0, -1, 2, 0, -2, 1)[rank % 7],
        "gap_to_prize": gap if prized else None,
        "prize": reward_at(board, rank),
    }


def total_of(board: str, phase: str) -> int:
    if phase == "before":
        return 0
    return {"overall": MEMBERS, "drivers": 45, "companies": len(COMPANIES)}[board]


def season(state: dict[str, Any], hours: int | None) -> dict[str, Any]:
    now, phase = datetime.now(UTC), state["phase"]
    left = {"before": 5, "open": 62, "grace": 1, "hold": 4, "final": 0}[phase]
    starts = now + timedelta(days={"before": 5, "open": -30}.get(phase, -93), hours=4)
    ends = starts + timedelta(days=92)
    nexts = PHASES[PHASES.index(phase) + 1] if phase != "final" else None
    on_the_hour = now.replace(minute=0, second=0, microsecond=0)
    shown = 0 if phase == "before" else (30 * 24 if hours is None else hours)
    series = []
    for back in range(shown - 1, -1, -1):
        at = on_the_hour - timedelta(hours=back)
        local = (at.hour + 8) % 24
        day_share = (6, 2, 1, 1, 2, 8, 22, 40, 44, 30, 26, 28, 30, 27, 25, 26, 33, 46, 48, 38, 30)
        base = (*day_share, 22, 16, 10)[local]
        series.append([rfc3339(at), base * (240 if at.weekday() == 1 else 120) + back % 13 * 40])
    final = phase == "final"
    return {
        "season": "summer-2026",
        "programme": "fuel-club",
        "name": {"zh": "2026 夏季加油赛", "en": "Summer 2026 fuel season"},
        "currency": "CNY",
        "timezone": "Asia/Shanghai",
        "starts": rfc3339(starts),
        "ends": rfc3339(ends),
        "score_end": rfc3339(ends + timedelta(days=3)),
        "final_at": rfc3339(ends + timedelta(days=10)),
        "phase": phase,
        "clock": "real",
        "now": rfc3339(now),
        "as_of": rfc3339(now - timedelta(seconds=state["lag_s"])),
        "version": 81234,
        "boards": [
            {"id": board, "team": team, "total": total_of(board, phase)}
            for board, team in (("overall", None), ("drivers", None), ("companies", "company"))
        ],
        "levels": ["silver", "gold", "platinum"],
        "tie_break": ["tasks_completed_at", "active_days"],
        "standings_hash": HASH if final else None,
        "published": final,
        "points_per_hour": series,
        "cost": prizes(state)["total"],
        "budget": state["budget"],
        "next_change": nexts and {"phase": nexts, "at": rfc3339(now + timedelta(days=left))},
        "older": older(state["older"], now) if state.get("older") else None,
        "upcoming": upcoming(now) if state.get("upcoming") else None,
    }


def older(phase: str, now: datetime) -> dict[str, Any]:
    """The season before, in a phase of its own beside this one."""
    return {
        "season": "spring-2026",
        "name": {"zh": "2026 春季加油赛", "en": "Spring 2026 fuel season"},
        "starts": rfc3339(now - timedelta(days=92)),
        "ends": rfc3339(now - timedelta(days=4)),
        "score_end": rfc3339(now - timedelta(days=3)),
        "final_at": rfc3339(now + timedelta(days=3)),
        "phase": phase,
        "boards": [{"id": "overall", "team": None}, {"id": "companies", "team": "company"}],
        "standings_hash": HASH if phase == "final" else None,
        "published": phase == "final",
    }


def upcoming(now: datetime) -> dict[str, Any]:
    """The season whose file waits for its start."""
    name = {"zh": "2026 秋季加油赛", "en": "Autumn 2026 fuel season"}
    times = {
        "starts": rfc3339(now + timedelta(days=9)),
        "ends": rfc3339(now + timedelta(days=99)),
        "score_end": rfc3339(now + timedelta(days=100)),
        "final_at": rfc3339(now + timedelta(days=106)),
    }
    return older("before", now) | {"season": "autumn-2026", "name": name} | times


def prizes(state: dict[str, Any]) -> dict[str, Any]:
    final = state["phase"] == "final"
    awards: list[dict[str, Any]] = []
    for board, places in (("overall", 10), ("drivers", 20)):
        for place in range(1, places + 1) if state["phase"] != "before" else ():
            reward = reward_at(board, place) or ""
            name, kind, unit_cost, rule = REWARDS[reward]
            lead = score_at(board, place) - score_at(board, places + 1)
            member = member_id(place if board == "overall" else place + 10)
            awards.append(
                {
                    "board": board,
                    "place": place,
                    "rank": place if board == "overall" else place + 10,
                    "member": member,
                    "masked": f"m-•••{member[-2:]}",
                    "reward": reward,
                    "name": name,
                    "kind": kind,
                    "unit_cost": unit_cost,
                    "tax": "1199.80" if rule == "programme_pays_20" else "0.00",
                    "tax_rule": rule,
                    "lead": lead,
                    "daily_gain": 240,
                    "safe": True if final else lead > 240,
                }
            )
    unit = sum(float(award["unit_cost"]) for award in awards)
    tax = sum(float(award["tax"]) for award in awards)
    return {
        "as_of": rfc3339(datetime.now(UTC)),
        "version": 81234,
        "provisional": not final,
        "standings_hash": HASH if final else None,
        "awards": awards,
        "total": {
            "unit_cost": f"{unit:.2f}",
            "tax": f"{tax:.2f}",
            "total": f"{unit + tax:.2f}",
        },
    }


def claims(state: dict[str, Any]) -> dict[str, Any]:
    """Claims of the published list in every state there is."""
    listed: list[dict[str, Any]] = []
    states = ("won", "claimed", "sent", "delivered", "ready", "collected", "returned", "lapsed")
    now = datetime.now(UTC)
    for at, award in enumerate(prizes(state)["awards"]):
        stands = states[at % len(states)] if at < 16 else "won"
        touched = None if stands in ("won", "lapsed") else rfc3339(now - timedelta(hours=at + 1))
        pickup = stands in ("ready", "collected")
        listed.append(
            {
                "prize": f"{award['board']}:{award['place']}",
                "member": award["member"],
                "reward": award["reward"],
                "state": stands,
                "delivery": None if touched is None else ("pickup" if pickup else "post"),
                "station": "S001" if pickup else None,
                "claimed_at": touched,
                "changed_at": touched,
                "deadline": rfc3339(now + timedelta(days=30)),
            }
        )
    counts = {one: sum(claim["state"] == one for claim in listed) for one in states}
    return {"claims": listed, "states": {one: many for one, many in counts.items() if many}}


def problem(status: int, kind: str, detail: str, **more: Any) -> JSONResponse:
    headers = {"Retry-After": "2"} if status == 503 else None
    body = {"type": f"urn:forecourt:{kind}", "title": kind, "status": status, "detail": detail}
    return JSONResponse(body | more, status, headers=headers, media_type="application/problem+json")


def app() -> FastAPI:
    # Here, not on top: its bodies are made of those above.
    from tests.ui import (
        fixture_forecast,
        fixture_member,
        fixture_operations,
        fixture_reports,
        fixture_rules,
        fixture_simulations,
    )

    api, state = FastAPI(), dict(CALM)
    asked: list[str] = []

    @api.middleware("http")
    async def fault(request: Request, call_next: RequestResponseEndpoint) -> Response:
        if not request.url.path.startswith("/v1"):
            return await call_next(request)
        asked.append(f"{request.url.path}?{request.url.query}")
        if state["fault"] == "warming":
            reason = "member shard 1 of 2 is restoring its snapshot"
            return problem(503, "warming", "the season is being restored", reasons=[reason])
        if state["fault"] == "garbled":
            return PlainTextResponse("<html>another service</html>")
        if request.headers.get("authorization") not in KEYS or state["fault"] == "no-key":
            return problem(401, "no-key", "the key is not known; ask for one with role analyst")
        return await call_next(request)

    @api.put("/recorded")
    async def choose(wanted: dict[str, Any]) -> dict[str, Any]:
        state.clear()
        state.update(CALM | wanted)
        asked.clear()
        return state

    @api.get("/recorded/asked")
    async def what_was_asked() -> list[str]:
        return asked

    @api.get("/v1/season")
    async def get_season(hours: int | None = None) -> dict[str, Any]:
        return season(state, hours)

    @api.get("/v1/prizes")
    async def get_prizes() -> dict[str, Any]:
        return prizes(state)

    @api.get("/v1/prizes/claims")
    async def get_claims() -> dict[str, Any]:
        return claims(state)

    @api.post("/v1/ranks")
    async def post_ranks(body: dict[str, Any]) -> dict[str, Any]:
        places = {member_id(place): place for place in range(1, MEMBERS + 1)}
        ranks = {member: places.get(member) for member in body["members"]}
        return {"as_of": rfc3339(datetime.now(UTC)), "version": 81234, "ranks": ranks}

    @api.get("/v1/standings/{board}")
    async def get_standings(
        board: str,
        limit: int = 50,
        cursor: str = "0",
        around: str = "",
        span: int = 5,
        season: str = "",
    ) -> Any:
        if season not in ("", "spring-2026"):
            return problem(404, "unknown-season", f"There is no season {season} here.")
        if board not in ("overall", "drivers", "companies"):
            return problem(404, "unknown-board", f"board {board} is not in the season file")
        total = total_of(board, state["phase"])
        bonus = 5000 if season else state["bonus"]
        untold = ("change", "gap_to_prize", "prize") if season else ()
        focus = None
        first, last = int(cursor) + 1, min(total, int(cursor) + limit)
        if around:
            ranks = {row(board, rank, 0)["member"]: rank for rank in range(1, total + 1)}
            if around not in ranks:
                known = around in {member_id(place) for place in range(1, MEMBERS + 1)}
                kind = "not-on-board" if known else "unknown-member"
                return problem(404, kind, f"member {around} is not on board {board}")
            focus = ranks[around]
            first, last = max(1, focus - span), min(total, focus + span)
        return {
            "board": board,
            "as_of": rfc3339(datetime.now(UTC)),
            "version": 81234 + state["bonus"],
            "phase": state["phase"],
            "total": total,
            "rows": [
                {key: value for key, value in row(board, rank, bonus).items() if key not in untold}
                for rank in range(first, last + 1)
            ],
            "next_cursor": str(last) if last < total and not around else None,
            "cut_lines": []
            if season
            else {"overall": [1, 2, 3, 10], "drivers": [20]}.get(board, []),
            "focus": focus,
        }

    fixture_member.add_member(api)
    fixture_reports.add_reports(api, state)
    fixture_rules.add_rules(api, state)
    fixture_operations.add_operations(api, state)
    fixture_simulations.add_simulations(api, state)
    fixture_forecast.add_forecasts(api, state)
    return api


def main() -> None:
    """Serve on a free port of loopback and print it."""
    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    uvicorn.Server(uvicorn.Config(app(), log_level="warning")).run(sockets=[listening])


if __name__ == "__main__":
    main()
