"""A recorded search: what it found, and every file it tried."""

from __future__ import annotations

from typing import Any

AIM = "max:margin_fen"
CHANGES = [
    {"path": "multiplier.member-day.factor", "today": '"2"', "best": '"1.5"'},
    {"path": "tiers.levels.gold.discount.per_litre", "today": '"0.10"', "best": '"0.05"'},
    {"path": "prizes.overall.1.reward", "today": '"phone"', "best": '"tablet"'},
]
SAID = {
    "zh": [
        "会员日（member-day）：由 2 倍改为 1.5 倍",
        "等级金卡（gold）：每升优惠由 0.10 元改为 0.05 元",
        "总榜第 1 名：由旗舰手机改为平板电脑",
    ],
    "en": [
        "Multiplier member day (member-day): 1.5 times instead of 2 times",
        "Level gold (gold): ¥0.05 off a litre instead of ¥0.10",
        "Overall, rank 1: tablet instead of Flagship phone",
    ],
}
VERDICT = {
    "zh": [
        "改动 3 个取值，扣除奖励后的毛利增加 2.63 万元（8 个新种子）。",
        "守住 p95(cost_total_fen)<=100%：8.51 万元，允许 11.2 万元。",
    ],
    "en": [
        "Changing 3 values leaves ¥26.3k more margin after rewards (8 fresh seeds).",
        "It keeps p95(cost_total_fen)<=100%: ¥85.1k of ¥112k allowed.",
    ],
}


def spread(mean: float, half: float) -> dict[str, Any]:
    return {"mean": mean, "low": mean - half, "high": mean + half, "p50": mean,
            "p95": mean + half / 2}  # fmt: skip


def figure(base: float, candidate: float, half: float) -> dict[str, Any]:
    mean = candidate - base
    reading = "unclear" if abs(mean) < half else "more" if mean > 0 else "less"
    if not half:
        reading = "none"
    sides = {"base": spread(base, 2 * half), "candidate": spread(candidate, 2 * half)}
    return spread(mean, half) | sides | {"reading": reading, "more_seeds": None}


FIGURES = {
    "margin_fen": figure(68_210_000, 70_840_000, 530_000),
    "cost_total_fen": figure(11_131_680, 8_502_400, 420_000),
    "margin_gain_fen": figure(6_420_000, 6_419_000, 61_000),
    "roi": figure(-0.423, -0.245, 0.03),
    "lift_litres_share": figure(0.0312, 0.0309, 0.0011),
    "active_members": figure(1830, 1829, 2.5),
    "anyway_share": figure(0.918, 0.902, 0.004),
    "breakage_share": figure(0.112, 0.112, 0.0),
    "coupons_used": figure(812, 797, 21),
    "points_earned": figure(3_120_400, 2_818_220, 40_400),
    "visits": figure(14_210, 14_190, 60),
}
FOUND: dict[str, Any] = {
    "season": "summer-2026",
    "members": 1000,
    "objective": AIM,
    "outcome": "better",
    "verdict": VERDICT,
    "best": {"file": 9, "changes": CHANGES, "said": SAID},
    "difference": FIGURES["margin_fen"],
    "searched_difference": spread(2_940_000, 500_000),
    "budgets": [
        {"budget": "p95(cost_total_fen)<=100%", "limit": 11_200_000, "value": 8_510_000,
         "today": 11_200_000, "kept": True},
        {"budget": "p05(active_members)>=98%", "limit": 1786, "value": 1822, "today": 1823,
         "kept": True},
    ],
    "figures": FIGURES,
    "tried": 14,
    "invalid": 1,
    "runs": 92,
    "rungs": [2, 4, 8],
    "result_hash": "9be1" * 16,
}  # fmt: skip
NOTHING_BETTER: dict[str, Any] = FOUND | {
    "outcome": "today",
    "verdict": {"zh": ["保留现行文件：试过的 14 份都不更好。"],
                "en": ["Keep today's file: none of the 14 files tried is better."]},
    "best": {"file": 0, "changes": [], "said": {"zh": [], "en": []}},
    "difference": None,
    "searched_difference": None,
    "figures": None,
}  # fmt: skip
BEST = "# A full season file: every section.\nformat = 1\n# better\n"
_HEAD = "file,stage,seeds,feasible,why,best,on_front,changes,cost_total_p95_fen,margin_mean_fen"


def trials_csv(found: dict[str, Any] = FOUND) -> str:
    """Lay out the files tried: more cost leaves less margin, but for one that is best."""
    best = (found["best"] or {}).get("file")
    lines = [_HEAD]
    for file in range(16):
        cost = 11_200_000 - 240_000 * file + 90_000 * (file * 7 % 5)
        margin = 68_210_000 + 190_000 * file - 160_000 * (file * 3 % 7)
        stage = "today" if file == 0 else "screen" if file < 8 else "search"
        if file == 5:
            lines.append(f"{file},invalid,0,invalid,order,False,False,2,,")
            continue
        kept = "no" if file in (3, 11) else "yes"
        front = file in (9, 14, 15)
        lines.append(f"{file},{stage},4,{kept},,{file == best},{front},{file % 4},{cost},{margin}")
    return "\n".join(lines) + "\n"
