"""Recorded answers about the season file: the one in force, and what a draft of it says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request

import ui
from tests.ui.fixture_api import problem, rfc3339
from tests.ui.fixture_reports import ADMIN_KEY

TEXT = (Path(ui.__file__).parents[1] / "seasons" / "summer-2026.toml").read_text(encoding="utf-8")
TERMS = {
    "zh": "# 2026 夏季加油赛 条款\n\n## 1. 总则\n\n- 由加油俱乐部主办。\n\n"
    "## 2. 积分\n\n- 每升 92 号汽油得 1 分（gasoline）。\n",
    "en": "# Terms of Summer 2026 fuel season\n\n## 1. General\n\n- Run by Fuel Club.\n\n"
    "## 2. Points\n\n- Each litre of 92 earns 1 point (gasoline).\n",
}
LINT = [
    {
        "path": "earning.top-up",
        "line": 74,
        "kind": "top-up-twice",
        "severity": "warning",
        "message": "top-up earns points and so does spending from the card: 5 points a 100 yuan",
        "leak_points": 120,
        "leak_yuan": "1.20",
    },
    {
        "path": "checkout",
        "line": 268,
        "kind": "point-value",
        "severity": "note",
        "message": "a point is worth 0.01 yuan at checkout",
    },
]
WORSE = {
    "path": "earning.gasoline.points",
    "effect": "worse",
    "zh": "积分规则 gasoline：每升由 2 分改为 1 分",
    "en": "Earning rule gasoline: 1 point a litre instead of 2",
}
BETTER = {
    "path": "multiplier.night.factor",
    "effect": "better",
    "zh": "倍率 night：由 1.2 倍改为 1.5 倍",
    "en": "Multiplier night: 1.5 times instead of 1.2",
}


def told(text: str, version: int, now: datetime) -> dict[str, Any]:
    """Judge by plain marks: `broken` is an error, `worse` and `better` are changes."""
    body: dict[str, Any] = {
        "season": "summer-2026",
        "version": version,
        "rules_hash": "5f3a",
        "changed": False,
        "errors": [],
        "lint": LINT,
        "diff": [],
        "adverse": [],
    }
    if "broken" in text:
        line = text[: text.index("broken")].count("\n") + 1
        error = {
            "file": "rules",
            "line": line,
            "path": "tiers.levels.gold.entry",
            "value": '"broken"',
            "problem": "must be a table",
            "fix": 'write { any = { litres = "300" } }',
        }
        return body | {"rules_hash": None, "errors": [error], "lint": [], "terms": None}
    diff = [one for mark, one in (("worse", WORSE), ("better", BETTER)) if mark in text]
    tiers = {
        "review_at": rfc3339(now + timedelta(days=9)),
        "moves": [
            {"now": "silver", "then": "silver", "members": 4100},
            {"now": "gold", "then": "gold", "members": 1210},
            {"now": "gold", "then": "silver", "members": 212},
            {"now": "silver", "then": "gold", "members": 31},
        ],
        "months_missing": 0,
    }
    changed = bool(diff)
    adverse = [one for one in diff if one["effect"] == "worse"]
    body |= {"changed": changed, "diff": diff, "adverse": adverse}
    return body | {"terms": TERMS, "tiers": tiers}


def add_rules(api: FastAPI, state: dict[str, Any]) -> None:
    """Serve the season file; a version put in force is remembered until `choose`."""

    @api.get("/v1/season/rules")
    async def get_rules() -> Any:
        texts = [TEXT, *state.setdefault("texts", [])]
        since = rfc3339(datetime.now(UTC) - timedelta(hours=1))
        history = [
            {"version": at, "rules_hash": f"{at:04x}", "since": None if at == 1 else since}
            for at in range(1, len(texts) + 1)
        ]
        body = {"season": "summer-2026", "version": len(texts), "rules_hash": "5f3a"}
        return body | {"text": texts[-1], "history": history}

    @api.put("/v1/season/rules")
    async def put_rules(
        request: Request, dry_run: bool = False, accept_adverse: bool = False
    ) -> Any:
        if not dry_run and request.headers["authorization"] != f"Bearer {ADMIN_KEY}":
            return problem(403, "not-allowed", "The role analyst may not do this; it takes admin.")
        text = (await request.body()).decode()
        texts = state.setdefault("texts", [])
        body = told(text, 1 + len(texts), datetime.now(UTC))
        if texts and texts[-1] == text:
            body |= {"changed": False, "diff": [], "adverse": []}
        if not dry_run:
            body = {name: value for name, value in body.items() if name not in ("terms", "tiers")}
        if body["errors"] and not dry_run:
            return problem(422, "rules-refused", "the file has errors", errors=body["errors"])
        if body["adverse"] and not dry_run and not accept_adverse:
            detail = "1 of the changes takes something from members after the start"
            return problem(409, "adverse", detail, adverse=body["adverse"])
        if body["changed"] and not dry_run:
            texts.append(text)
            body["version"] += 1
        return body | {"dry_run": dry_run}
