"""A recorded study of adversaries: two kinds that get something, one that is stopped."""

from __future__ import annotations

from typing import Any

from tests.ui.fixture_tuned import spread

CLOSES = 'format = 1\n# closed\n[programme]\nrefund_within = "7d"\n'


def kind(agents: int, leak_fen: float, half: float, refused: float) -> dict[str, Any]:
    return {
        "agents": agents,
        "accounts": spread(agents * 5 if not refused else agents, 0),
        "litres_ml": spread(agents * 900_000, 40_000),
        "leak_fen": spread(leak_fen, half),
        "leak_per_agent_fen": spread(leak_fen / agents, half / agents),
        "refused": spread(refused, 2),
    }


def rule(of: str, path: str, zh: str, en: str, leak_fen: float, half: float) -> dict[str, Any]:
    name = {"zh": zh, "en": en}
    return {"kind": of, "rule": path, "name": name, "leak_fen": spread(leak_fen, half),
            "points": spread(leak_fen, half)}  # fmt: skip


def closing(change: str, against: str, closed_fen: float, cost_fen: float) -> dict[str, Any]:
    return {
        "changes": change.split("; "), "against": [against], "recommended": closed_fen > cost_fen,
        "before_fen": spread(355_000, 30_000), "after_fen": spread(355_000 - closed_fen, 30_000),
        "closed_fen": spread(closed_fen, 12_000), "reading": "more", "after_by_kind_fen": {},
        "honest_cost_fen": spread(cost_fen, 900), "honest_losers": spread(31, 4),
    }  # fmt: skip


LEAKS: dict[str, Any] = {
    "season": "summer-2026",
    "members": 1000,
    "agents": {"ring": 6, "shared_cards": 6, "coupon_races": 6},
    "leak_fen": spread(355_400, 92_000),
    "kinds": {
        "ring": kind(6, 85_499, 8_000, 0),
        "shared_cards": kind(6, 270_004, 90_000, 0),
        "coupon_races": kind(6, -103, 60, 201),
    },
    "leaks": [
        rule("shared_cards", "tiers.platinum", "白金卡的折扣", "discount of Platinum", 241_000,
             80_000),
        rule("ring", "referral", "推荐奖励", "referral reward", 61_200, 5_000),
        rule("ring", "triggers.enrol-welcome", "自动发券 欢迎券", "coupon trigger Welcome", 24_300,
             4_000),
        rule("coupon_races", "coupons.fuel-100-10", "优惠券 满 100 减 10",
             "coupon 10 off 100", -103, 60),
    ],
    "crowding": {
        "prize_losers": spread(3.7, 1.1),
        "prize_lost_fen": spread(75_600, 21_000),
        "reward_lost_fen": spread(81_000, 22_000),
    },
    "already_stopped": {
        "kinds": ["coupon_races"],
        "refusals": [
            {"kind": "coupon_races", "type": "use", "reason": "coupon_spent",
             "count": spread(148, 9)},
            {"kind": "coupon_races", "type": "redeem", "reason": "insufficient_points",
             "count": spread(53, 4)},
        ],
    },
    "closings": [
        closing('referral.first_order_min = "300.00"', "ring", 73_500, 4_300),
        closing('points.member_day_cap = "500"', "shared_cards", 17_800, 25_400),
    ],
    "closes": closing(
        'referral.first_order_min = "300.00"; programme.refund_within = "7d"', "ring", 86_000, 6_988
    ) | {
        "said": {
            "zh": ["推荐：首单至少由 100 元改为 300 元", "退款期限由 180 天改为 7 天"],
            "en": ["Referral: a first order of ¥300 instead of ¥100",
                   "Refunds within 7 days instead of 180"],
        }
    },
    "verdict": {
        "zh": ["18 个作弊者比购买同样油量的诚实会员多得 3.55 千元，平均每个 197 元。",
               "现行规则已经挡住：抢券。"],
        "en": ["18 agents: ¥3.55k more than honest members get, ¥197 an agent.",
               "The season as it is already stops coupon races."],
    },
    "runs": 84,
    "result_hash": "1eaf" * 16,
}  # fmt: skip
TIGHT: dict[str, Any] = LEAKS | {
    "leak_fen": spread(-40, 90),
    "kinds": {"coupon_races": kind(6, -103, 60, 0)},
    "agents": {"coupon_races": 6},
    "leaks": [],
    "closings": [],
    "closes": None,
    "already_stopped": {"kinds": [], "refusals": []},
    "verdict": {"zh": ["作弊者没有多得。"], "en": ["Agents get no more than honest members do."]},
}
