"""Recorded answers about one member: card, coupons, statement, explanations, rank."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import FastAPI, Response

from tests.ui.fixture_api import MEMBERS, member_id, problem, rfc3339, row, total_of

ENTRIES = 31
"""Odd, so that the last page of the statement is a short one."""
CARD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 340 214" font-family="sans-serif">'
    '<rect width="340" height="214" rx="14" fill="#0b4f4a"/>'
    '<text x="20" y="42" fill="#fff" font-size="20">{programme}</text>'
    '<text x="20" y="184" fill="#d7efe9" font-size="15">{points}</text>'
    '<rect x="172" y="50" width="150" height="150" rx="6" fill="#fff"/></svg>'
)
NAMES = {
    "fuel-100-10": ({"zh": "加油满100减10", "en": "10 off fuel over 100"}, "amount_off"),
    "shop-80": (None, "percent"),
    "wash": ({"zh": "免费洗车", "en": "Free car wash"}, "gift"),
}
STATUSES = ("claimed", "issued", "redeemed", "expired", "redeemed", "reserved")


def known() -> dict[str, int]:
    return {member_id(place): place for place in range(1, MEMBERS + 1)}


def member(who: str, now: datetime) -> dict[str, Any]:
    place = known()[who]
    held = coupons(now)
    return {
        "member": who,
        "name": f"m-•••{who[-2:]}",
        "kind": "private",
        "tier": "gold",
        "next_tier": {
            "id": "platinum",
            "missing": {"litres": "301.500", "amount": "1200.00"},
            "needs": {"litres": "900.000", "amount": "7000.00"},
        },
        "active": 830,
        "debt": 0,
        "pending": 100,
        "score": 900,
        "active_days": 21,
        "litres": "1482.310",
        "amount": "11562.02",
        "visits": 41,
        "earned": {"base": 1482, "bonus": 733, "task": 268},
        "adjusted": -20,
        "redeemed": 1000,
        "expired": 571,
        "reversed": 62,
        "coupons": {
            status: sum(one["status"] == status for one in held) for status in sorted(set(STATUSES))
        },
        "fulfilments": [],
        "boards": {"overall": {"rank": place, "score": 900, "gap_to_prize": 41, "prize": None}},
        "as_of": rfc3339(now),
    }


def coupons(now: datetime) -> list[dict[str, Any]]:
    listed = []
    for place, status in enumerate(STATUSES):
        template = tuple(NAMES)[place % len(NAMES)]
        name, kind = NAMES[template]
        used = status == "redeemed"
        listed.append(
            {
                "code": f"7K3M9PQ2X4TW{place}",
                "coupon": template,
                "name": name,
                "kind": kind,
                "status": status,
                "issued_at": rfc3339(now - timedelta(days=40 - place)),
                "expires_at": rfc3339(now + timedelta(days=-3 if status == "expired" else 50)),
                "claimed_at": rfc3339(now - timedelta(days=30)) if status != "issued" else None,
                "used_at": rfc3339(now - timedelta(days=2, hours=place)) if used else None,
                "off": "10.00" if used else "0.00",
            }
        )
    return listed


def entries(now: datetime) -> list[dict[str, Any]]:
    """Purchases with a bonus posting each, a refund and a redemption among the last."""
    listed: list[dict[str, Any]] = []
    balance = 400
    for at in range(ENTRIES):
        kind, points, text = "base", 30 + at, {"zh": "消费基础积分", "en": "base points"}
        if at % 3 == 1:
            kind, points, text = "bonus", 15, {"zh": "奖励积分", "en": "bonus points"}
        if at == ENTRIES - 2:
            kind, points = "redeemed", -1000
            text = {"zh": "兑换 coupon-10", "en": "redeemed for coupon-10"}
        balance += points
        listed.append(
            {
                "at": rfc3339(now - timedelta(days=ENTRIES - at, hours=3)),
                "stamp": rfc3339(now - timedelta(days=ENTRIES - at)),
                "kind": kind,
                "text": text,
                "points": points,
                "balance": balance,
                "debt_repaid": 0,
                "score": max(0, points),
                "event_id": f"p-{at - (at % 3 == 1):03d}",
                "type": "redeem" if kind == "redeemed" else "purchase",
                "rule": None,
                "ref": None,
                "day": None,
                "expires_at": rfc3339(now + timedelta(days=330)),
            }
            | (
                {"station": "S001", "product": "95", "litres": "35.200", "amount": "281.60"}
                if kind == "base"
                else {}
            )
        )
    return listed


def explained(who: str, event_id: str, now: datetime) -> dict[str, Any]:
    return {
        "member": who,
        "event_id": event_id,
        "type": "purchase",
        "at": rfc3339(now - timedelta(days=2)),
        "points": 276,
        "score": 276,
        "station": "S001",
        "pay": None,
        "order": None,
        "ref": None,
        "product": "95",
        "litres": "35.200",
        "amount": "281.60",
        "tier": "gold",
        "base": 35,
        "bonus": 41,
        "base_raw": "35.2",
        "factor": "3",
        "total": 105,
        "cap_cut": 29,
        "goals": [{"id": "spend-2000", "points": 200}],
        "debt_repaid": 0,
        "lot": {"day": "2026-06-19", "expires_at": rfc3339(now + timedelta(days=363))},
        "reversals": [],
        "steps": [
            {
                "zh": "gasoline：每 1 L 得 1 分，35.200 L → 35.2",
                "en": "gasoline: 1 points per 1 L, 35.200 L → 35.2",
            },
            {
                "zh": "倍率 member-day ×2（组 day）",
                "en": "multiplier member-day ×2 (group day)",
            },
            {"zh": "倍率 gold ×1.5（组 tier）", "en": "multiplier gold ×1.5 (group tier)"},
            {
                "zh": "35.2 × 3 = 105.6，取整 105：基础 35，奖励 70",
                "en": "35.2 × 3 = 105.6, rounded down to 105: base 35, bonus 70",
                "points": 105,
            },
            {
                "zh": "当日上限 3000 分，削减 29",
                "en": "the day's cap of 3000 points cuts off 29",
                "points": -29,
            },
            {"zh": "目标 spend-2000", "en": "goal spend-2000", "points": 200},
        ],
        "near_misses": [
            {
                "what": "multiplier",
                "id": "night",
                "key": "hours",
                "gain": 7,
                "minutes": 12,
                "text": {
                    "zh": "早了 12 分钟（时段 22:00-06:00），否则 night 多得 7 分",
                    "en": "12 minutes before night (hours 22:00-06:00), which gives 7 more points",
                },
            }
        ],
    }


def why(board: str, who: str, place: int) -> dict[str, Any]:
    def side(rank: int) -> dict[str, Any] | None:
        if not 1 <= rank <= total_of(board, "open"):
            return None
        other = row(board, rank, 0)
        gap = abs(other["score"] - row(board, place, 0)["score"])
        words = ("落后", "behind") if rank < place else ("领先", "ahead of")
        text = {
            "zh": f"比 {other['name']} {words[0]} {gap} 分",
            "en": f"{gap} points {words[1]} {other['name']}",
        }
        return other | {"by": "score", "gap": gap, "text": text}

    own = row(board, place, 0)
    ahead = side(place - 1)
    gap = 0 if ahead is None else int(ahead["gap"]) + 1
    return {
        "board": board,
        "as_of": rfc3339(datetime.now(UTC)),
        "version": 81234,
        "total": total_of(board, "open"),
        "rank": place,
        "member": who,
        "score": own["score"],
        "score_by_kind": {"base": own["score"] - 300, "bonus": 320, "goal": 40, "reversed": -60},
        "ahead": ahead,
        "behind": side(place + 1),
        "to_rise": {"zh": "第一名", "en": "nobody is ahead", "points": 0}
        if ahead is None
        else {
            "zh": f"再得 {gap} 分即升至第 {place - 1} 名",
            "en": f"{gap} more points reach rank {place - 1}",
            "points": gap,
            "rank": place - 1,
        },
    }


def add_member(api: FastAPI) -> None:
    """Serve the answers about members."""

    def unknown(who: str) -> Any:
        return problem(404, "unknown-member", f"member {who} is not known")

    @api.get("/v1/members/{who}")
    async def get_member(who: str) -> Any:
        return member(who, datetime.now(UTC)) if who in known() else unknown(who)

    @api.get("/v1/members/{who}/card.svg")
    async def get_card(who: str, lang: str = "zh") -> Any:
        if who not in known():
            return unknown(who)
        says = ("加油俱乐部", "830 积分") if lang == "zh" else ("Fuel Club", "830 points")
        drawn = CARD.format(programme=says[0], points=says[1])
        return Response(drawn, media_type="image/svg+xml")

    @api.get("/v1/members/{who}/lots")
    async def get_lots(who: str) -> Any:
        now = datetime.now(UTC)
        if who not in known():
            return unknown(who)
        days = ((19, 64), (54, 210), (118, 35), (203, 321), (361, 200))
        lots = [
            {"at": rfc3339(now + timedelta(days=after)), "points": points} for after, points in days
        ]
        return {"member": who, "as_of": rfc3339(now), "lots": lots}

    @api.get("/v1/members/{who}/coupons")
    async def get_coupons(who: str) -> Any:
        now = datetime.now(UTC)
        if who not in known():
            return unknown(who)
        return {"member": who, "as_of": rfc3339(now), "coupons": coupons(now)}

    @api.get("/v1/members/{who}/statement")
    async def get_statement(who: str, limit: int = 1000, cursor: str = "0") -> Any:
        now = datetime.now(UTC)
        if who not in known():
            return unknown(who)
        every = entries(now)
        first = int(cursor)
        last = min(len(every), first + limit)
        return {
            "member": who,
            "as_of": rfc3339(now),
            "active": 830,
            "debt": 0,
            "score": 900,
            "total": len(every),
            "opening": None,
            "entries": every[first:last],
            "next_cursor": str(last) if last < len(every) else None,
            "totals": {"earned_base": 1482, "earned_bonus": 733},
            "score_by_kind": {"base": 600, "bonus": 320},
            "expiring": [],
        }

    @api.get("/v1/members/{who}/events/{event_id}")
    async def get_event(who: str, event_id: str) -> Any:
        if who not in known():
            return unknown(who)
        if not event_id.startswith("p-"):
            return problem(404, "unknown-event", f"no event {event_id} of {who} was accepted")
        return explained(who, event_id, datetime.now(UTC))

    @api.get("/v1/standings/{board}/why/{who}")
    async def get_why(board: str, who: str) -> Any:
        place = known().get(who)
        if place is None or place > total_of(board, "open"):
            return problem(404, "not-on-board", f"{who} isn't ranked on {board}")
        return why(board, who, place)
