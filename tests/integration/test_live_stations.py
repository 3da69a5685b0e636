"""The register of stations over HTTP, and who a draft of the season file moves."""

from __future__ import annotations

from pathlib import Path

import httpx

from tests.integration.live_fixtures import (
    SEASON,
    StartLive,
    purchase,
    ray_session,
    start_live,
)

__all__ = ["ray_session", "start_live"]

REGISTER = """\
[stations.S1]
region = "north"
brand = "sun"
lanes = 4
[stations.S2]
region = "south"
closed = 2026-06-02
[[prices]]
product = "92"
from = 2026-05-01
price = "7.62"
margin = { per_litre = "1.05" }
[[prices]]
product = "92"
from = 2026-06-02
region = "south"
price = "7.55"
"""


def test_everyone_sees_prices_and_only_analysts_and_admins_see_margins(
    start_live: StartLive, tmp_path: Path
) -> None:
    live = start_live(tmp_path / "data", shards=1, season_text=SEASON + REGISTER)
    live.post(purchase(1, "m-1", 0))
    for role in ("till", "app"):
        answer = live.http.get("/v1/stations", headers=live.as_role(role)).json()
        assert answer["stations"][0]["prices"] == {"92": {"price": "7.62"}}
        assert "margin" not in str(answer)
    told = live.http.get(
        "/v1/stations", params={"day": "2026-06-02"}, headers=live.as_role("analyst")
    ).json()
    assert (told["day"], told["currency"]) == ("2026-06-02", "CNY")
    assert told["stations"][1] == {
        "id": "S2", "region": "south", "brand": None, "opened": None, "closed": "2026-06-02",
        "fields": {}, "open": False,
        "prices": {"92": {"price": "7.55", "margin": {"per_litre": "1.05"}}},
    }  # fmt: skip
    assert told["everywhere"] == {"92": {"price": "7.62", "margin": {"per_litre": "1.05"}}}
    north = live.get("/v1/stations", region="north", history="true")
    assert [row["id"] for row in north["stations"]] == ["S1"]
    assert north["stations"][0]["fields"] == {"lanes": "4"}
    assert [row["price"] for row in north["price_rows"]] == ["7.62", "7.55"]
    wrong = live.http.get("/v1/stations", params={"day": "June"})
    assert wrong.status_code == httpx.codes.UNPROCESSABLE_ENTITY


def test_a_dry_run_counts_who_would_move_over_all_shards(
    start_live: StartLive, tmp_path: Path
) -> None:
    live = start_live(tmp_path / "data", shards=2)
    for number in range(12):
        live.post(purchase(number, f"m-{number}", number))
    harder = SEASON.replace(
        'entry = { any = { litres = "100" } }', "entry = { any = { visits = 1 } }"
    )
    told = live.http.put(
        "/v1/season/rules", content=harder.encode(), params={"dry_run": "true"}, timeout=120
    ).json()
    assert told["errors"] == []
    assert told["tiers"] == {
        "review_at": "2026-06-30T16:00:00.000000Z",
        "moves": [{"now": "silver", "then": "gold", "members": 12}],
        "months_missing": 0,
    }
    assert "gold" in told["terms"]["en"]
    assert live.get("/v1/season/rules")["version"] == 1
