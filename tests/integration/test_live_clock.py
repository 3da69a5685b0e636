"""The real clock moves the phases; closing a season early ends it for good."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.integration.live_fixtures import SEASON, Live, StartLive, ray_session, start_live
from tests.patience import looks

__all__ = ["ray_session", "start_live"]


def season_around_now(ends_in_s: float) -> str:
    """A season that began two days ago, in UTC, without grace or hold."""
    now = datetime.now(tz=UTC).replace(tzinfo=None, microsecond=0)
    text = SEASON.replace("Asia/Shanghai", "UTC")
    text = text.replace("2026-06-01T00:00:00", (now - timedelta(days=2)).isoformat())
    ends = now + timedelta(seconds=ends_in_s)
    text = text.replace("2026-06-20T00:00:00", ends.isoformat())
    return text.replace('late_events = "1d"\n', "").replace('refund_hold = "2d"\n', "")


def purchase_now(number: int) -> dict[str, Any]:
    return {
        "event_id": f"n-{number}",
        "type": "purchase",
        "member": "m-1",
        "at": datetime.now(tz=UTC).isoformat(),
        "product": "shop",
        "amount": "100.00",
    }


def wait_for_final(live: Live, within_s: float) -> dict[str, Any]:
    for look in looks(within_s, "the season to be final"):
        season: dict[str, Any] = live.get("/v1/season", hours=0)
        if season["standings_hash"]:
            break
        look.saw = season
    return season


@pytest.mark.long
def test_the_keeper_ends_an_idle_season(start_live: StartLive, tmp_path: Path) -> None:
    live = start_live(tmp_path / "data", clock="real", season_text=season_around_now(30))
    assert live.post(purchase_now(1))["results"][0]["points"] in (100, 200)
    early = purchase_now(2) | {"at": (datetime.now(tz=UTC) + timedelta(minutes=6)).isoformat()}
    assert live.post(early)["results"][0]["reason"] == "too_early"
    refused = live.http.post("/v1/season/finalise")
    assert refused.status_code == 409
    assert "real" in refused.json()["detail"]
    season = wait_for_final(live, 60)
    assert season["phase"] == "final"
    rows = live.get("/v1/standings/overall")["rows"]
    assert [row["member"] for row in rows] == ["m-1"]


def test_close_ends_the_season_now_and_for_good(start_live: StartLive, tmp_path: Path) -> None:
    text = season_around_now(7 * 24 * 3600)
    live = start_live(tmp_path / "data", clock="real", season_text=text, shards=1)
    live.post(purchase_now(1))
    before = live.get("/v1/standings/overall")["rows"][0]["score"]
    closed = live.http.post("/v1/season/close")
    assert closed.status_code == 200, closed.text
    season = wait_for_final(live, 30)
    assert season["ends"] < datetime.now(tz=UTC).isoformat()
    live.post(purchase_now(2))
    assert live.get("/v1/standings/overall")["rows"][0]["score"] == before
    assert live.http.post("/v1/season/publish").json()["published"] is True
    live.http.close()
    live.system.stop()
    again = start_live(tmp_path / "data", clock="real", season_text=text, shards=None)
    kept = again.get("/v1/season")
    assert (kept["phase"], kept["published"]) == ("final", True)
    assert kept["standings_hash"] == season["standings_hash"]
    assert kept["ends"] == season["ends"]
