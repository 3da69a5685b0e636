"""Recorded answers of segments, campaigns and reports, with the columns the reports have."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import pyarrow as pa
import pyarrow.parquet as pq
from fastapi import FastAPI, Query, Request, Response

from tests.ui.fixture_api import KEY, problem, rfc3339

ADMIN_KEY = "recorded-admin-key"
SEGMENTS = {"frequent": 2140, "infrequent": 913, "diesel": 655}
Rows = list[dict[str, Any]]


def coupons() -> Rows:
    figures = {
        "fuel-100-10": (5210, 3880, 1612, 880, 16120, 40120, 401200),
        "fuel-200-30": (940, 611, 205, 120, 6150, 7480, 81200),
        "shop-80": (3105, 1010, 402, 1420, 2411, 1805, 16200),
        "any-10": (88, 88, 41, 3, 410, 2210, 20800),
        "wash": (412, 300, 188, 60, 2820, 2600, 30100),
    }
    rows = []
    for coupon, (issued, claimed, used, expired, cost, margin, before) in figures.items():
        rows.append(
            {
                "coupon": coupon,
                "issued": issued,
                "claimed": claimed,
                "used": used,
                "expired": expired,
                "void": 2,
                "claim_rate": round(claimed / issued, 6),
                "usage_rate": round(used / claimed, 6),
                "conversion": round(used / issued, 6),
                "discount_yuan": f"{cost:.2f}",
                "cost_yuan": f"{cost:.2f}",
                "order_before_yuan": f"{before / used:.2f}",
                "order_paid_yuan": f"{(before - cost) / used:.2f}",
                "visit_without_yuan": "231.20",
                "repurchased": used // 2,
                "repurchase_rate": 0.5,
                "margin_yuan": f"{margin:.2f}",
                "return_on_cost": round((margin - cost) / cost, 6),
            }
        )
    return rows


def effects() -> Rows:
    listed = (
        ("recall-60", "dormant", "", 1841, 205, 0.241, 0.172, 0.013, 0.119, "2310.00"),
        ("night-july", "campaign", "fuel-100-10", 600, 133, 0.402, 0.381, -0.066, 0.106, "980.00"),
        ("night-july", "campaign", "shop-80", 601, 133, 0.396, 0.381, -0.072, 0.1, "410.50"),
        ("birthday-shop-80", "birthday", "", 212, 0, 0.31, None, None, None, "122.00"),
    )
    rows = []
    for name, kind, arm, treated, held, share, other, low, high, cost in listed:
        known = other is not None
        rows.append(
            {
                "id": name,
                "kind": kind,
                "arm": arm,
                "treated": treated,
                "treated_buyers": round(treated * share),
                "treated_share": share,
                "held_out": held,
                "held_out_buyers": round(held * (other or 0)),
                "held_out_share": other,
                "share_increment": round(share - other, 6) if other is not None else None,
                "share_increment_low": low,
                "share_increment_high": high,
                "spend_yuan": "61.20",
                "held_out_spend_yuan": "44.10" if known else None,
                "spend_increment_yuan": "17.10" if known else None,
                "spend_increment_low_yuan": "-2.30" if known else None,
                "spend_increment_high_yuan": "36.50" if known else None,
                "litres_increment": "2.140" if known else None,
                "issued": treated,
                "used": treated // 5,
                "cost_yuan": cost,
                "incremental_visits": 127.2 if known else None,
                "cost_per_incremental_visit_yuan": "18.16" if known else None,
                "incremental_margin_yuan": "3120.44" if known else None,
                "return_on_cost": 0.35 if known else None,
            }
        )
    return rows


def sold(key: dict[str, Any], purchases: int, litres: float, amount: float) -> dict[str, Any]:
    return key | {
        "purchases": purchases,
        "litres": f"{litres:.3f}",
        "amount_yuan": f"{amount:.2f}",
        "discount_yuan": f"{amount * 0.02:.2f}",
        "refunds": purchases // 90,
        "refunded_litres": f"{litres / 90:.3f}",
        "refunded_amount_yuan": f"{amount / 90:.2f}",
        "net_litres": f"{litres * 89 / 90:.3f}",
        "net_amount_yuan": f"{amount * 89 / 90:.2f}",
        "margin_yuan": f"{amount * 0.11:.2f}",
        "base_points": int(litres or amount),
        "bonus_points": int((litres or amount) * 0.4),
        "refunded_points": purchases // 90,
    }


def periods(by: str, now: datetime) -> list[str]:
    today = now.date()
    if by == "day":
        return [str(today - timedelta(days=back)) for back in range(29, -1, -1)]
    if by == "week":
        monday = today - timedelta(days=today.weekday())
        return [str(monday - timedelta(weeks=back)) for back in range(11, -1, -1)]
    return [f"2026-{month:02d}-01" for month in (3, 4, 5, 6, 7, 8)]


def sales(by: str, now: datetime) -> Rows:
    products = [
        ("92", "fuel", 4102, 151_200.5),
        ("95", "fuel", 2890, 110_410.0),
        ("0", "fuel", 611, 88_200.0),
        ("shop", "shop", 1990, 0.0),
        ("98", "fuel", 214, 8_000.0),
    ]
    if by == "product":
        return [
            sold({"product": name, "category": of}, many, litres, litres * 7.8 or many * 31.0)
            for name, of, many, litres in products
        ]
    keys = {"category": ["fuel", "shop"], "station": ["S001", "S002"], "total": ["total"]}.get(by)
    return [
        sold({by: key}, 700 + 90 * at, 26_000.0 + 900 * at, 203_000.0 + 7_000 * at)
        for at, key in enumerate(keys or periods(by, now))
    ]


def satisfaction(by: str, now: datetime) -> Rows:
    rows: Rows = []
    for at, week in enumerate(periods("week", now)):
        for place, station in enumerate(("S001", "S002")):
            key = {"station": station, "week": week}
            answers = 20 + at
            score = round(8.1 - place * 0.9 + at * 0.05 * (1 - 2 * place), 6)
            rows.append(
                {name: key[name] for name in ("station", "week") if name in by}
                | {
                    "answers": answers,
                    "mean_score": score,
                    "promoters": answers // 2,
                    "detractors": answers // 5,
                    "nps": 30.0,
                    "reviews": 8,
                    "complaints": 3,
                    "followed_up": 2,
                    "followed_up_share": 0.666667,
                }
            )
    return (
        rows
        if by == "station_week"
        else rows[:: 2 if by == "week" else 1][: 12 if by == "week" else 2]
    )


def liability(by: str) -> Rows:
    if by == "expires":
        return [
            {"expires_month": f"2027-{month:02d}-01", "outstanding_points": 31_000 + 900 * month}
            | {"value_yuan": f"{310 + 9 * month:.2f}"}
            for month in (3, 4, 5, 6, 7, 8)
        ]
    return [
        {
            "earned_month": f"2026-{month:02d}-01",
            "earned_points": 90_000 + 2_000 * month,
            "reversed_points": 900,
            "expired_points": 0,
            "outstanding_points": 12_000 * (month - 2),
            "used_points": 60_000 - 4_000 * month,
            "breakage": None,
            "last_expires_month": f"2027-{month:02d}-01",
            "value_yuan": f"{120 * (month - 2):.2f}",
        }
        for month in (3, 4, 5, 6, 7, 8)
    ]


def members(by: str) -> Rows:
    groups = {
        "kind": ("private", "taxi", "ride_hailing", "fleet"),
        "tier": ("silver", "gold", "platinum"),
        "recency": ("0-7 days", "8-30 days", "31-90 days", "91-180 days", "longer", "never"),
        "rfm": ("champions", "loyal"),
    }[by]
    return [
        {
            by: group,
            "members": 900 - 120 * at,
            "buyers": 800 - 110 * at,
            "bought_before": 700 - 100 * at,
            "bought_since": 610 - 90 * at,
            "lost": 90 - 10 * at,
            "churn": round((90 - 10 * at) / (700 - 100 * at), 6),
            "litres": f"{91_000 - 9_000 * at:.3f}",
            "amount_yuan": f"{700_000 - 80_000 * at:.2f}",
            "visits": 3_000 - 400 * at,
            "amount_per_member_yuan": f"{777 - 30 * at:.2f}",
            "active_points": 40_000 - 3_000 * at,
        }
        for at, group in enumerate(groups)
    ]


def trend(by: str, now: datetime) -> Rows:
    return [
        row
        | {
            "top_ups": 40,
            "top_up_amount_yuan": "20000.00",
            "active_members": 410 + 17 * (at % 5),
            "first_purchases": 31,
            "enrolments": 44,
            "redemptions": 12,
            "reviews": 3,
        }
        for at, row in enumerate(sales(by, now))
    ]


def stations() -> Rows:
    return [
        {"station": name, "region": region, "brand": ""}
        | sold({}, many, many * 31.0, many * 244.0)
        | {"answers": 212, "mean_score": score, "nps": nps}
        for name, region, many, score, nps in (
            ("S001", "north", 3110, 8.4, 41.2),
            ("S002", "south", 2780, 7.3, 12.5),
        )
    ]


def rows_of(name: str, by: str, now: datetime) -> tuple[str, Rows] | None:
    first = {"coupons": "coupon", "campaigns": "campaign", "recall": "campaign", "trend": "day"}
    first |= {"sales": "product", "service": "product", "stations": "station", "members": "kind"}
    first |= {"satisfaction": "station", "liability": "earned"}
    if name not in first:
        return None
    by = by or first[name]
    made: dict[str, Rows] = {
        "coupons": coupons(),
        "campaigns": effects(),
        "recall": effects()[:1],
        "stations": stations(),
    }
    if name in made:
        return by, made[name]
    if name == "sales":
        return by, sales(by, now)
    if name == "service":
        return by, sales(by, now)[-2:-1]
    if name == "trend":
        return by, trend(by, now)
    if name == "satisfaction":
        return by, satisfaction(by, now)
    return by, liability(by) if name == "liability" else members(by)


def planned(campaign: dict[str, Any], preview: bool) -> dict[str, Any]:
    people = SEGMENTS.get(campaign.get("segment", ""), 6500)
    held = round(people * float(campaign["holdout"]))
    arms = campaign.get("arms") or [{"id": "", "coupon": campaign["coupon"]}]
    each = (people - held) // len(arms)
    return {
        "preview": preview,
        "campaign": campaign["id"],
        "members": people,
        "held_out": held,
        "issued": each * len(arms),
        "skipped": people - held - each * len(arms),
        "cost": f"{each * len(arms) * 10:.2f}",
        "arms": [
            {"id": arm["id"], "coupon": arm["coupon"], "members": each, "issued": each}
            | {"skipped": 0, "cost": f"{each * 10:.2f}"}
            for arm in arms
        ],
        "budgets": [
            {"id": "coupons-count", "measure": "count", "takes": each, "left": 191_245},
            {"id": "coupons-cost", "measure": "cost", "takes": each * 1000, "left": 48_120_000},
        ],
        "unknown": 0,
    }


def add_reports(api: FastAPI, state: dict[str, Any]) -> None:
    """Serve segments, campaigns and reports; a campaign sent is remembered until `choose`."""

    @api.get("/v1/segments")
    async def get_segments() -> Any:
        listed = [{"id": name, "members": many} for name, many in SEGMENTS.items()]
        return {"as_of": rfc3339(datetime.now(UTC)), "segments": listed}

    @api.get("/v1/segments/{segment}")
    async def get_segment(segment: str, limit: int = 100) -> Any:
        if segment not in SEGMENTS:
            return problem(404, "unknown-segment", f"there is no segment {segment}")
        members = [f"m-{place:06d}" for place in range(limit)]
        body = {"id": segment, "as_of": rfc3339(datetime.now(UTC)), "count": SEGMENTS[segment]}
        return body | {"members": members}

    @api.get("/v1/campaigns")
    async def get_campaigns() -> Any:
        return {"campaigns": state.setdefault("campaigns", [])}

    @api.post("/v1/campaigns")
    async def post_campaign(request: Request, body: dict[str, Any]) -> Any:
        campaign = body["campaign"]
        ran = state.setdefault("campaigns", [])
        if campaign["id"] in [one["id"] for one in ran]:
            return problem(422, "refused", f"id: campaign {campaign['id']} ran before.")
        admin = request.headers["authorization"] == f"Bearer {ADMIN_KEY}"
        if not body["preview"] and not admin:
            return problem(403, "not-allowed", "The role analyst may not do this; it takes admin.")
        if not body["preview"]:
            ran.append(campaign | {"at": rfc3339(datetime.now(UTC))})
        return planned(campaign, body["preview"])

    @api.get("/v1/reports/{name}")
    async def get_report(
        name: str, by: str = "", made: Annotated[str, Query(alias="format")] = "json"
    ) -> Any:
        found = rows_of(name, by, datetime.now(UTC))
        if found is None:
            return problem(404, "unknown-report", f"there is no report {name}")
        by, rows = found
        if state.get("empty"):
            rows = []
        columns = list(rows[0]) if rows else [by]
        if made == "parquet":
            sink = pa.BufferOutputStream()
            pq.write_table(pa.Table.from_pylist(rows), sink)
            return Response(bytes(sink.getvalue()), media_type="application/vnd.apache.parquet")
        if made == "csv":
            lines = [",".join(columns)]
            lines += [
                ",".join("" if cell is None else str(cell) for cell in r.values()) for r in rows
            ]
            return Response("\n".join(lines) + "\n", media_type="text/csv")
        as_of = rfc3339(datetime.now(UTC))
        return {"report": name, "by": by, "as_of": as_of, "columns": columns, "rows": rows}


assert ADMIN_KEY != KEY
