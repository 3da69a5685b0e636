"""The next season opens on a running system, beside the one before."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import ray
from click.testing import CliRunner

from tests.integration.live_fixtures import (
    SEASON,
    Live,
    StartLive,
    ray_session,
    start_live,
    stop,
)
from tests.patience import looks
from ui.commands import main

__all__ = ["ray_session", "start_live"]

NEXT = (
    SEASON.replace('id = "test-season"', 'id = "next-season"')
    .replace("2026-06-20T00:00:00", "2026-08-01T00:00:00")
    .replace("2026-06-01T00:00:00", "2026-06-20T00:00:00")
    .replace('points = 1\nper = { litres = "1" }', 'points = 2\nper = { litres = "1" }')
)


def buy(number: int, member: str, day: int, hour: int = 4) -> dict[str, Any]:
    at = datetime(2026, 6, 1, hour, tzinfo=UTC) + timedelta(days=day - 1)
    fields = {"product": "92", "litres": "10", "amount": "75.00", "at": at.isoformat()}
    return {"event_id": f"b-{number}", "type": "purchase", "member": member} | fields


def scores(live: Live, **parameters: str) -> dict[str, int]:
    return {row["member"]: row["score"] for row in live.board("overall", **parameters)}


def wait_for_season(live: Live, season: str) -> dict[str, Any]:
    for look in looks(60, f"{season} to open"):
        answer = live.http.get("/v1/season", params={"hours": 0})
        if answer.status_code == httpx.codes.OK and answer.json()["season"] == season:
            break
        look.saw = answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.long
def test_two_seasons_overlap_and_the_older_ends_under_its_own_id(
    start_live: StartLive, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    live = start_live(data)
    live.post([buy(1, "a", 18), buy(2, "b", 18), buy(3, "b", 19)])
    put = live.http.put("/v1/season/rules", content=NEXT.encode(), timeout=120)
    assert put.status_code == httpx.codes.OK, put.text
    assert put.json()["opens"].startswith("2026-06-19T16:00:00")
    season = live.get("/v1/season", hours=0)
    assert (season["season"], season["upcoming"]["season"]) == ("test-season", "next-season")
    # 20 June in Shanghai begins on 19 June, 16:00 UTC.
    assert live.post(buy(4, "a", 20))["results"][0]["points"] == 20
    season = wait_for_season(live, "next-season")
    assert season["older"]["season"] == "test-season"
    assert season["older"]["phase"] == "grace"
    assert scores(live) == {"a": 20}
    before = scores(live, season="test-season")
    assert set(before) == {"a", "b"}
    late = buy(5, "c", 19, hour=10)
    assert live.post(late)["results"][0]["points"] == 20
    assert scores(live, season="test-season") == before | {"c": 20}
    assert scores(live) == {"a": 20}
    os.kill(ray.get(live.system.members[0].pid.remote()), signal.SIGKILL)
    os.kill(ray.get(live.system.rankings[0].pid.remote()), signal.SIGKILL)
    refund = {"event_id": "r-1", "type": "refund", "member": "b", "ref": "b-2"}
    answer = live.post(refund | {"at": buy(0, "", 21)["at"]})
    assert answer["results"][0]["points"] < 0
    after = scores(live, season="test-season")
    assert after["b"] == before["b"] + answer["results"][0]["points"]
    assert scores(live) == {"a": 20}
    assert live.get("/v1/members/a")["active"] == before["a"] + 20
    stop(live)

    again = start_live(data, shards=None, season_text=NEXT)
    assert scores(again) == {"a": 20}
    assert scores(again, season="test-season") == after
    final = again.http.post("/v1/season/finalise", timeout=120)
    assert final.status_code == httpx.codes.OK, final.text
    older = final.json()["older"]
    assert (older["phase"], older["published"]) == ("final", False)
    assert older["standings_hash"]
    published = again.http.post("/v1/season/publish").json()
    assert published["older"]["published"] is True
    assert published["phase"] == "open"
    last = again.http.post("/v1/season/finalise", timeout=120).json()
    assert (last["season"], last["phase"]) == ("next-season", "final")
    stop(again)

    files = [str(path) for path in sorted((data / "archive").rglob("*.parquet"))]
    out = tmp_path / "out"
    replayed = CliRunner().invoke(
        main, ["replay", str(data / "season.toml"), *files, "--out", str(out)]
    )
    assert replayed.exit_code == 0, replayed.output
    summary = (out / "summary.json").read_text(encoding="utf-8")
    assert last["standings_hash"] in summary
    assert older["standings_hash"] in summary
