"""A running season is forecast from its log, over HTTP, and judged once it is final."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
from click.testing import CliRunner

from actors.merged_history import MergedHistory
from rules.decoding.instants import read_instant
from rules.ranks.standings import board_rows
from simulator.log.event_log import log_table
from simulator.outlook.fork import Fork
from simulator.people.population_file import load_population
from simulator.play.play import Play
from tests.integration.live_fixtures import ADMIN, Live, StartLive, ray_session, start_live
from tests.unit.simulated import SEASON, SHORT, population, rules_of
from ui.client import Client
from ui.commands import main
from ui.commands.forecast import _download, _entries
from ui.jobs import SIMULATE

__all__ = ["ray_session", "start_live"]

MEMBERS = 40
HALF = 17
WITHIN_S = 120.0
ARROW = {"Content-Type": "application/vnd.apache.arrow.stream"}


def log() -> list[pa.Table]:
    """A simulated season as a system takes it, a table a day with events."""
    batches: list[pa.RecordBatch] = []
    Play(rules_of(), population(), MEMBERS, 31, write=batches.append).run()
    return [log_table(one, rules_of().timezone) for one in batches if one.num_rows]


def send(live: Live, days: list[pa.Table]) -> None:
    whole = pa.concat_tables(days).unify_dictionaries().combine_chunks()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, whole.schema) as writer:
        writer.write_table(whole)
    answer = live.http.post("/v1/events", content=sink.getvalue().to_pybytes(), headers=ARROW)
    assert answer.status_code == httpx.codes.OK, answer.text
    told = answer.json()
    assert told["received"] == whole.num_rows
    assert told["rejected"] == 0, told


def run(live: Live, key: str, *words: str) -> Any:
    found = CliRunner().invoke(
        main, ["forecast", "--url", live.system.url, "--key", key, "--json", *words]
    )
    assert found.exit_code == 0, found.output
    return json.loads(found.output.strip().splitlines()[-1])


def finished(live: Live, **wanted: Any) -> dict[str, Any]:
    """Have the system's simulator do something and await what it found."""
    answer = live.http.post("/v1/simulations", json=wanted, headers=live.as_role("analyst"))
    assert answer.status_code == httpx.codes.CREATED, answer.text
    ends_s = time.monotonic() + WITHIN_S
    while time.monotonic() < ends_s:
        told: dict[str, Any] = live.get(f"/v1/simulations/{answer.json()['id']}")
        if told["state"] in ("done", "failed"):
            assert told["state"] == "done", told["reason"]
            return told
        time.sleep(0.05)
    raise AssertionError(f"{wanted}: not within {WITHIN_S} s")


def test_a_season_is_forecast_while_it_runs_and_judged_at_its_end(
    start_live: StartLive, tmp_path: Path
) -> None:
    live = start_live(
        tmp_path / "data",
        season_text=SEASON.read_text(encoding="utf-8").replace(*SHORT),
        simulator=SIMULATE,
    )
    days = log()
    none = live.http.get("/v1/forecast")
    assert none.status_code == httpx.codes.NOT_FOUND
    first = CliRunner().invoke(main, ["forecast", "--url", live.system.url, "--key", ADMIN])
    assert first.exit_code == 2
    assert "nobody has come" in first.output
    too_early = live.http.post("/v1/simulations", json={"kind": "forecast"})
    assert too_early.status_code == httpx.codes.CONFLICT
    assert "simulate its file instead" in too_early.json()["detail"]
    send(live, days[:HALF])

    # The fork of both shards' logs is what the shards hold.
    files = []
    for shard in range(2):
        files.append((tmp_path / f"shard-{shard}").open("w+b"))
        _download(live.system.url, ADMIN, f"/v1/forecast/history/{shard}", files[-1])
    as_of_us = read_instant(live.get("/v1/season")["as_of"])
    assert as_of_us is not None
    fork = Fork(rules_of(), population(), as_of_us + 1)
    for item in MergedHistory([_entries(file) for file in files]).read():
        assert isinstance(item, pa.RecordBatch)
        fork.take(item)
    standing, rules = fork.end().table.standing(), rules_of()
    rows = board_rows(standing, rules.boards, "overall", rules.levels, rules.tie_break)
    page = live.get("/v1/standings/overall", limit=1000)["rows"]
    assert [(row["member"], row["score"], row["tier"]) for row in page] == list(
        zip(rows.member, rows.score.tolist(), rows.tier, strict=True)
    )
    for file in files:
        file.close()

    kept = run(live, ADMIN, "--seeds", "2", "--out", str(tmp_path / "out"))
    assert kept["as_of"] < live.get("/v1/season")["as_of"]
    assert (tmp_path / "out" / "report.html").stat().st_size > 10_000
    assert live.get("/v1/forecast") == kept
    held = {row["member"] for row in page}
    assert {one["holder"] for one in kept["chances"] if not one["team"]} <= held
    # An analyst sees masked names, and may make forecasts; an app may not.
    seen = live.http.get("/v1/forecast", headers=live.as_role("analyst")).json()
    assert not {one["holder"] for one in seen["chances"]} & held
    assert [one["chance"] for one in seen["chances"]] == [
        one["chance"] for one in kept["chances"][:100]
    ]
    second = run(live, live.keys["analyst"], "--seeds", "1", "--at", kept["as_of"])
    assert len(second["made"]) == 2
    # Beside the system, by its simulator: the same forecast, kept as well, its files masked.
    job = finished(live, kind="forecast", seeds=2)
    last = live.get("/v1/forecast")
    assert last["simulation"] == job["id"]
    own = {"made", "made_us", "made_at", "simulation"}
    assert {name: last[name] for name in last.keys() - own} == {
        name: kept[name] for name in kept.keys() - own
    }
    assert job["as_of"] == kept["as_of"]
    assert {"report.html", "chances.csv", "prizes.csv"} < set(job["files"])
    for name in job["files"]:
        text = live.http.get(f"/v1/simulations/{job['id']}/files/{name}").text
        assert not [member for member in held if member in text], name
    pages = Client(live.system.url, live.keys["analyst"])
    assert pages.forecast().costs["cost_total_fen"].p50 == last["costs"]["cost_total_fen"]["p50"]
    refused_early = live.http.post("/v1/simulations", json={"kind": "judge"})
    assert "are judged then" in refused_early.json()["detail"]
    for path in ("/v1/forecast", "/v1/forecast/start", "/v1/forecast/history/0"):
        refused = live.http.get(path, headers=live.as_role("app"))
        assert refused.status_code == httpx.codes.FORBIDDEN, path
    assert live.http.get("/v1/forecast/history/2").status_code == httpx.codes.NOT_FOUND
    assert live.http.get("/v1/forecast?made=7").status_code == httpx.codes.NOT_FOUND
    assert live.http.post("/v1/forecast", content=b"{}").status_code == 422

    early = CliRunner().invoke(
        main, ["forecast", "--url", live.system.url, "--key", ADMIN, "--judge"]
    )
    assert early.exit_code == 1
    assert "it is final at" in early.output
    send(live, days[HALF:])
    told = live.get("/v1/season")
    last = {"event_id": "last", "type": "reinstate", "member": page[0]["member"]}
    live.post(last | {"at": told["final_at"]})
    judged = run(live, ADMIN, "--judge")
    assert [one["runs"] for one in judged["forecasts"]] == [2, 1, 2]
    assert judged["coverage"]["forecasts"] == 3
    verdict = finished(live, kind="judge")
    # Members are fitted to the same log, personal values in it as tokens.
    fitted = finished(live, kind="calibrate")
    assert fitted["summary"]["members"] == MEMBERS
    taken = pages.simulation_file(fitted["id"], "population.toml").decode()
    assert load_population(taken, "fitted").kinds
    calibrated = pages.simulation(fitted["id"]).calibrated
    assert calibrated is not None
    assert calibrated.held_out is None, "a month has no weeks to spare"
    found = pages.simulation(verdict["id"]).judged
    pages.close()
    assert found is not None
    assert verdict["summary"]["coverage"] == judged["coverage"]
    assert [one.winners_in_band for one in found.forecasts] == [
        one["winners_in_band"] for one in judged["forecasts"]
    ]
    late = live.http.post("/v1/simulations", json={"kind": "forecast"})
    assert "there is nothing to foretell" in late.json()["detail"]
    prizes = live.get("/v1/prizes")
    assert judged["forecasts"][0]["winners"] == len(prizes["awards"])
    closed = CliRunner().invoke(main, ["forecast", "--url", live.system.url, "--key", ADMIN])
    assert closed.exit_code == 2
    assert "is over" in closed.output
