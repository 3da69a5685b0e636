"""Check the files a replay wrote by plain arithmetic, with nothing of the product imported.

    python tests/programme/check_outputs.py SEASON.toml OUT_DIR

Prints what was checked; exits 1 and names every member, coupon or budget that is wrong.
"""

from __future__ import annotations

import csv
import json
import sys
import tomllib
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

EARNED = ("earned_base", "earned_bonus", "earned_task")
SPENT = ("redeemed", "expired", "reversed")
STATES = ("issued", "claimed", "reserved", "redeemed", "expired", "void")

Row = dict[str, str]


def rows(path: Path) -> list[Row]:
    """Read a CSV file."""
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def check_members(members: list[Row], summary: dict[str, Any]) -> list[str]:
    """Hold every member to conservation, and the summary to the members' sums."""
    wrong = []
    totals: Counter[str] = Counter()
    for row in members:
        points = {name: int(row[name]) for name in (*EARNED, "adjusted", *SPENT, "active", "debt")}
        totals.update(points)
        came = sum(points[name] for name in (*EARNED, "adjusted"))
        went = sum(points[name] for name in SPENT) + points["active"] - points["debt"]
        if came != went:
            wrong.append(f"member {row['member']}: {came} points came, {went} are accounted for")
        if points["active"] and points["debt"]:
            wrong.append(f"member {row['member']}: has active points and debt")
        if points["active"] < 0 or points["debt"] < 0:
            wrong.append(f"member {row['member']}: active or debt is below zero")
    for name, told in summary["points"].items():
        if totals[name] != told:
            wrong.append(f"summary points.{name} = {told}: the members add up to {totals[name]}")
    return wrong


def check_coupons(coupons: list[Row], season: dict[str, Any]) -> list[str]:
    """Hold every coupon to one use, within its life, for no more than it can be worth."""
    wrong = []
    templates = {one["id"]: one for one in season.get("coupons", [])}
    codes = Counter(row["code"] for row in coupons)
    wrong += [f"coupon {code}: stands {times} times" for code, times in codes.items() if times > 1]
    for row in coupons:
        used = row["status"] == "redeemed"
        off, template = Decimal(row["off"] or "0"), templates[row["coupon"]]
        if row["status"] not in STATES:
            wrong.append(f"coupon {row['code']}: status {row['status']}")
        if used != bool(row["used_at"]):
            wrong.append(f"coupon {row['code']}: is {row['status']}, used_at {row['used_at']!r}")
        if used and not row["issued_at"] <= row["used_at"] < row["expires_at"]:
            wrong.append(f"coupon {row['code']}: was used outside its life")
        most = template.get("off", template.get("max_off"))
        if most is not None and off > Decimal(most):
            wrong.append(f"coupon {row['code']}: took {off} off, at most {most}")
        if off and not used:
            wrong.append(f"coupon {row['code']}: took {off} off without being used")
    return wrong


def check_budgets(coupons: list[Row], season: dict[str, Any]) -> list[str]:
    """Hold every budget to its count and cost."""
    wrong = []
    templates = {one["id"]: one for one in season.get("coupons", [])}
    for budget in season.get("budgets", []):
        covered = [row for row in coupons if row["coupon"] in budget["covers"]]
        if budget.get("at", "issue") == "redeem":
            covered = [row for row in covered if row["status"] == "redeemed"]
            cost = sum((_cost(row, templates) for row in covered), Decimal(0))
        else:
            cost = sum((_face(templates[row["coupon"]]) for row in covered), Decimal(0))
        if "count" in budget and len(covered) > budget["count"]:
            wrong.append(f"budget {budget['id']}: {len(covered)} of {budget['count']}")
        if "cost" in budget and cost > Decimal(budget["cost"]):
            wrong.append(f"budget {budget['id']}: {cost} of {budget['cost']}")
    return wrong


def _face(template: dict[str, Any]) -> Decimal:
    if template["kind"] == "amount_off":
        return Decimal(template["off"])
    return Decimal(template.get("max_off" if template["kind"] == "percent" else "unit_cost", "0"))


def _cost(row: Row, templates: dict[str, Any]) -> Decimal:
    template = templates[row["coupon"]]
    return _face(template) if template["kind"] == "gift" else Decimal(row["off"] or "0")


def main(season_path: str, out: str) -> int:
    """Check everything; 0 when all holds."""
    season = tomllib.loads(Path(season_path).read_text(encoding="utf-8"))
    folder = Path(out)
    members, coupons = rows(folder / "members.csv"), rows(folder / "coupons.csv")
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    wrong = check_members(members, summary)
    wrong += check_coupons(coupons, season) + check_budgets(coupons, season)
    for line in wrong:
        print(line, file=sys.stderr)
    sums = {name: sum(int(row[name]) for row in members) for name in (*SPENT, "active", "debt")}
    states = dict(sorted(Counter(row["status"] for row in coupons).items()))
    print(f"{len(members)} members {sums}; {len(coupons)} coupons {states}; {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
