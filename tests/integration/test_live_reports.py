"""Reports over HTTP: from a running system with two shards, and the same from a replay."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from tests.integration.live_fixtures import (
    ADMIN,
    SEASON,
    Live,
    purchase,
    ray_session,
    start_system,
    stop,
)
from ui.commands import main

__all__ = ["ray_session"]

COUPONS = """
[[coupons]]
id = "shop-5"
kind = "amount_off"
off = "5.00"
where = { product = ["shop"] }
[[triggers]]
on = "enrol"
issue = "shop-5"
holdout = "0.5"
"""
TEXT = (SEASON + COUPONS).replace(
    '[products.92]\ncategory = "fuel"',
    '[products.92]\ncategory = "fuel"\nmargin = { per_litre = "1.00" }',
)
DAY_MINUTES = 24 * 60


def log() -> list[dict[str, Any]]:
    """Enrol forty members; each buys twice, four refund, ten use their coupon, some answer."""
    enrolled = [
        {**purchase(n, f"m{n}", n), "event_id": f"enrol-{n}", "type": "enrol"} for n in range(40)
    ]
    for event in enrolled:
        for name in ("product", "litres", "amount"):
            del event[name]
    bought = [
        {**purchase(100 + n, f"m{n % 40}", 100 + 40 * n), "station": f"S{n % 3}"} for n in range(80)
    ]
    refunds = [
        {
            "event_id": f"refund-{n}",
            "type": "refund",
            "member": f"m{n}",
            "at": bought[79]["at"],
            "ref": f"p-{100 + n}",
            "litres": "4",
        }
        for n in range(4)
    ]
    surveys = [
        {
            "event_id": f"survey-{n}",
            "type": "survey",
            "member": f"m{n % 3}",
            "at": bought[40 + n]["at"],
            "station": "S0",
            "ref": f"p-{100 + n % 3}",
            "score": score,
        }
        for n, score in enumerate([3, 9, 6, 8, 10, 6])
    ]
    lines = [{"product": "shop", "amount": "20.00"}]
    uses = [
        {
            "event_id": f"use-{n}",
            "type": "use",
            "member": f"m{n}",
            "at": bought[79]["at"],
            "coupon": "shop-5",
            "order": f"o{n}",
            "lines": lines,
            "station": "S1",
        }
        for n in range(10)
    ]
    return sorted(enrolled + bought, key=lambda event: event["at"]) + surveys + uses + refunds


@pytest.fixture(scope="module")
def live(ray_session: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:  # noqa: ARG001  Ray has to be up
    started = start_system(tmp_path_factory.mktemp("reports"), season_text=TEXT)
    told = started.post(log(), results="all")
    answers = [one["status"] for one in told["results"]]
    assert answers.count("applied") > 100
    yield started
    stop(started)


def rows(live: Live, name: str, **parameters: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = live.get(f"/v1/reports/{name}", **parameters)["rows"]
    return found


def test_reports_of_a_running_system(live: Live) -> None:
    listed = {one["name"]: one["by"] for one in live.get("/v1/reports")["reports"]}
    for name, ways in listed.items():
        for by in ways:
            assert live.get(f"/v1/reports/{name}", by=by)["by"] == by

    sold, discounted = rows(live, "sales")
    assert (sold["product"], sold["purchases"], sold["refunds"]) == ("92", 80, 4)
    assert (sold["net_litres"], sold["margin_yuan"]) == ("784.000", "784.00")
    assert (discounted["product"], discounted["purchases"]) == ("shop", 0)
    stations = {row["station"]: row for row in rows(live, "stations")}
    assert stations["S0"]["answers"] == 6
    assert sum(row["purchases"] for row in stations.values()) == 80
    assert rows(live, "sales", to="2026-05-31") == []
    [satisfied] = rows(live, "satisfaction")
    # m0 complains (3), is better pleased (8); m2 complains (6) and again (6).
    assert (satisfied["complaints"], satisfied["followed_up"]) == (3, 1)

    [coupon] = rows(live, "coupons")
    assert coupon["issued"] > coupon["used"] > 0
    assert coupon["discount_yuan"] == discounted["discount_yuan"] == f"{5 * coupon['used']}.00"
    assert (coupon["order_before_yuan"], coupon["order_paid_yuan"]) == ("20.00", "15.00")
    [effect] = rows(live, "campaigns")
    assert effect["treated"] == coupon["issued"] == effect["issued"]
    assert effect["treated"] + effect["held_out"] == 40
    assert effect["share_increment"] == 0
    assert effect["share_increment_low"] < 0 < effect["share_increment_high"]

    awarded = rows(live, "prizes")
    assert {row["reward"]: row["prizes"] for row in awarded} == {"phone": 1, "mug": 2}
    assert {row["state"] for row in awarded} == {"provisional"}


def test_reports_in_every_format_and_as_the_replay_writes_them(live: Live, tmp_path: Path) -> None:
    ndjson = tmp_path / "log.ndjson"
    ndjson.write_text("".join(json.dumps(event) + "\n" for event in log()))
    season = tmp_path / "season.toml"
    season.write_text(TEXT)
    out = tmp_path / "out"
    last = max(event["at"] for event in log())
    arguments = ["replay", str(season), str(ndjson), "--out", str(out), "--until", last]
    ran = CliRunner().invoke(main, arguments)
    assert ran.exit_code == 0, ran.output
    assert not (out / "reports").exists()
    ran = CliRunner().invoke(main, [*arguments, "--reports"])
    assert ran.exit_code == 0, ran.output

    for name in ("sales", "stations", "trend", "coupons", "campaigns", "points", "members"):
        answer = live.http.get(f"/v1/reports/{name}", params={"format": "csv"})
        assert answer.headers["content-type"].startswith("text/csv")
        assert answer.content == (out / "reports" / f"{name}.csv").read_bytes(), name
    answer = live.http.get("/v1/reports/sales", params={"format": "parquet"})
    table = pq.read_table(io.BytesIO(answer.content))
    assert table.equals(pq.read_table(out / "reports" / "sales.parquet"))
    assert table.column("net_litres").to_pylist() == [Decimal("784.000"), Decimal("0.000")]

    file = tmp_path / "sales.csv"
    command = ["report", "sales", "--url", live.system.url, "--key", ADMIN, "--out", str(file)]
    ran = CliRunner().invoke(main, command)
    assert ran.exit_code == 0, ran.output
    assert file.read_bytes() == (out / "reports" / "sales.csv").read_bytes()


def test_offers_and_refusals(live: Live) -> None:
    offers = live.get("/v1/members/m1/offers")["offers"]
    assert [one["coupon"] for one in offers] == ["shop-5"]
    assert set(offers[0]["reason"]) == {"zh", "en"}
    assert live.http.get("/v1/members/nobody/offers").status_code == httpx.codes.NOT_FOUND

    assert live.http.get("/v1/reports/none").status_code == httpx.codes.NOT_FOUND
    for parameters in ({"by": "moon"}, {"from": "June"}, {"split": "2026-06-05"}):
        answer = live.http.get("/v1/reports/sales", params=parameters)
        assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY, answer.text
    till = live.as_role("till")
    for path in ("/v1/reports", "/v1/reports/sales", "/v1/members/m1/offers"):
        assert live.http.get(path, headers=till).status_code == httpx.codes.FORBIDDEN
    assert live.http.get("/v1/reports", headers=live.as_role("analyst")).is_success
