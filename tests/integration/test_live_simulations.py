"""Simulations of a running system: asked over HTTP, made by a process of their own."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import ray
from click.testing import CliRunner

from actors.simulation_work import NICENESS
from tests.integration.live_fixtures import SEASON, Live, ray_session, start_system, stop
from tests.patience import looks
from ui.client import Client
from ui.commands import main
from ui.jobs import SIMULATE
from ui.parts.simulate_tiers import flows_of, tiers_of

__all__ = ["ray_session"]

WITHIN_S = 120.0
LONG = {"members": 200_000, "seeds": 8}
"""Runs for minutes: every test that asks for it ends it."""


@pytest.fixture(scope="module")
def live(ray_session: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:  # noqa: ARG001  it has to be up
    running = start_system(tmp_path_factory.mktemp("data"), shards=1, simulator=SIMULATE)
    yield running
    stop(running)


def awaited(found: Callable[[], Any], what: str) -> Any:
    for _ in looks(WITHIN_S, what):
        if value := found():
            break
    return value


def asked(live: Live, **wanted: Any) -> str:
    answer = live.http.post("/v1/simulations", json=wanted, headers=live.as_role("analyst"))
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert answer.headers["location"] == f"/v1/simulations/{told['id']}"
    assert told["state"] == "queued"
    return str(told["id"])


def in_state(live: Live, simulation: str, *states: str) -> dict[str, Any]:
    def found() -> dict[str, Any] | None:
        told: dict[str, Any] = live.get(f"/v1/simulations/{simulation}")
        return told if told["state"] in states else None

    value: dict[str, Any] = awaited(found, f"{simulation} is {states}")
    return value


def its_process() -> psutil.Process | None:
    """Find the process that simulates; Ray names it after its task."""
    for one in psutil.Process().children(recursive=True):
        try:
            if one.cmdline()[:1] == ["ray::simulate"]:
                return one
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return None


def test_what_is_asked_is_what_the_command_line_gives(live: Live, tmp_path: Path) -> None:
    wanted = {"members": 60, "seeds": 2, "until": "2026-06-08T00:00:00+08:00"}
    once = asked(live, budget="5.00", draws=1, **wanted)
    other = SEASON.replace("points = 2\n", "points = 3\n")
    both = asked(live, kind="compare", candidate=other, candidate_name="generous", **wanted)
    told = in_state(live, once, "done", "failed")
    assert told["state"] == "done", told["reason"]
    path = tmp_path / "season.toml"
    path.write_text(SEASON, encoding="utf-8")
    args = ["--members", "60", "--seeds", "2", "--until", "2026-06-08T00:00:00+08:00", "--json"]
    args += ["--budget", "5.00", "--draws", "1"]
    by_hand = CliRunner().invoke(main, ["simulate", str(path), *args, "--out", str(tmp_path)])
    assert by_hand.exit_code == 0, by_hand.output
    assert told["summary"] == json.loads(by_hand.stdout.splitlines()[-1])
    assert {"report.html", "flows.csv", "flows.parquet", "summary.json"} < set(told["files"])
    report = live.http.get(told["report"])
    assert report.headers["content-type"].startswith("text/html")
    assert report.headers["content-security-policy"].startswith("sandbox")
    assert report.content == (tmp_path / "report.html").read_bytes()
    flows = live.http.get(f"/v1/simulations/{once}/files/flows.csv")
    assert flows.content == (tmp_path / "flows.csv").read_bytes()
    assert live.http.get(f"/v1/simulations/{once}/files/asked.json").status_code == 404
    compared = in_state(live, both, "done", "failed")
    assert compared["state"] == "done", compared["reason"]
    assert compared["names"] == ["test-season", "generous"]
    assert "generous" in " ".join(compared["summary"]["verdict"]["en"])
    # The pages read both as they are.
    pages = Client(live.system.url, live.keys["analyst"])
    alone, paired = pages.simulation(once), pages.simulation(both)
    assert alone.summary is not None
    assert paired.summary is not None
    assert alone.summary.prizes
    assert alone.summary.net_gain_fen is not None
    assert paired.summary.margin_fen.base is not None
    table = pages.simulation_file(both, "tiers.csv")
    moves = flows_of(table, "base", "candidate", tiers_of(table))
    assert sum(one.members for one in moves) == 60
    pages.close()
    listed = [one["id"] for one in live.get("/v1/simulations")["simulations"]]
    assert listed[:2] == [both, once]
    # What is over is removed by the same call that cancels.
    gone = live.http.delete(f"/v1/simulations/{once}", headers=live.as_role("analyst"))
    assert gone.json() == {"id": once, "removed": True}
    assert live.http.get(f"/v1/simulations/{once}").status_code == 404


def test_what_cannot_be_simulated_is_refused_with_every_reason(live: Live) -> None:
    def refused(status: int, **wanted: Any) -> dict[str, Any]:
        answer = live.http.post("/v1/simulations", json=wanted)
        assert answer.status_code == status, answer.text
        body: dict[str, Any] = answer.json()
        return body

    broken = SEASON.replace("points = 1\nper = { litres", "points = -1\nper = { litres")
    worse = SEASON.replace('factor = "2"', 'factor = "two"').replace("format = 1", "format = 9")
    body = refused(400, kind="compare", season=broken, candidate=worse)
    assert body["type"] == "urn:forecourt:season-errors"
    lines = {(one["file"], one["line"]) for one in body["errors"]}
    at = broken[: broken.index("points = -1")].count("\n") + 1
    assert ("season", at) in lines
    assert {file for file, _ in lines} == {"season", "candidate"}
    assert all(one["fix"] for one in body["errors"])
    assert "second season file" in refused(422, kind="compare")["detail"]
    assert "4,000,000" in refused(422, members=200_000, seeds=64)["detail"]
    assert "offset" in refused(422, until="2026-06-08")["detail"]
    assert "must lie after" in refused(422, until="2036-06-08T00:00:00Z")["detail"]
    assert "memebrs" in refused(422, memebrs=10)["detail"]
    for role in ("till", "app"):
        answer = live.http.post("/v1/simulations", json={}, headers=live.as_role(role))
        assert answer.status_code == 403
    # A population is read where it is used: its errors are the reason of a failure.
    told = in_state(live, asked(live, members=10, population="rate = 1"), "done", "failed")
    assert told["state"] == "failed"
    assert "population" in told["reason"]
    names = [one["name"] for one in live.get("/v1/simulations/seasons")["seasons"]]
    assert {"completejourney-2017", "summer-2026"} <= set(names)
    assert not [name for name in names if "." in name], "mappings and spaces are no seasons"


def test_a_log_comes_in_parts_and_what_cannot_be_fitted_says_why(live: Live) -> None:
    path, analyst = "/v1/simulations/logs", live.as_role("analyst")
    rows = "event_id,type,member,at,product,amount\n" + "".join(
        f"e{nth},purchase,m{nth},2026-06-02T10:00:00+08:00,shop,5.00\n" for nth in range(4)
    )
    half = len(rows) // 2
    begun = live.http.post(f"{path}?format=csv", content=rows[:half], headers=analyst)
    assert begun.status_code == 201, begun.text
    log = begun.json()["log"]
    assert begun.json()["bytes"] == half
    rest = f"{path}/{log}?offset={half}"
    whole = live.http.post(rest, content=rows[half:], headers=analyst).json()
    assert whole["bytes"] == len(rows)
    again = live.http.post(rest, content=rows[half:], headers=analyst)
    assert (again.status_code, again.json()["bytes"]) == (409, len(rows)), "it is there already"
    assert live.http.post(f"{path}/{'0' * 12}?offset=0", content="x").status_code == 404
    assert live.http.post(f"{path}?format=xlsx", content="x").status_code == 422
    for role in ("till", "app"):
        refused = live.http.post(f"{path}?format=csv", content="x", headers=live.as_role(role))
        assert refused.status_code == 403
    beside = 'format = 1\n[fields]\n[[join]]\nfile = "../asked.json"\n'
    other = live.http.post(f"{path}?format=csv", content=rows).json()["log"]
    joined = asked(live, kind="calibrate", log=other, mapping=beside)
    fitted = asked(live, kind="calibrate", log=log)
    taken = live.http.post("/v1/simulations", json={"kind": "calibrate", "log": log})
    assert taken.status_code == 404
    assert "taken already" in taken.json()["detail"]
    own = live.http.post("/v1/simulations", json={"kind": "calibrate", "mapping": beside})
    assert "give its `log`" in own.json()["detail"]
    told = in_state(live, fitted, "done", "failed")
    assert "fills are what is fitted" in told["reason"]
    told = in_state(live, joined, "done", "failed")
    assert told["state"] == "failed"
    assert "simulations/" not in told["reason"], "where it lies is nobody's business"


UNTIL = "2026-06-03T12:00:00+08:00"
SPACE = """\
format = 1
[[vary]]
path = "multiplier.member-day.factor"
choices = ["1", "2"]
"""


def test_a_search_is_what_the_command_line_gives(live: Live, tmp_path: Path) -> None:
    space = tmp_path / "space.toml"
    space.write_text(SPACE, encoding="utf-8")
    path = tmp_path / "season.toml"
    path.write_text(SEASON, encoding="utf-8")
    told = in_state(
        live,
        asked(live, kind="tune", space=SPACE, members=20, trials=2, effort="quick", until=UNTIL,
              objective="min:points_earned", budgets=["active_members>=50%"]),
        "done", "failed",
    )  # fmt: skip
    assert told["state"] == "done", told["reason"]
    args = ["--members", "20", "--trials", "2", "--effort", "quick", "--json", "--until", UNTIL,
            "--objective", "min:points_earned", "--budget", "active_members>=50%",
            "--workers", "1"]  # fmt: skip
    out = tmp_path / "out"
    by_hand = CliRunner().invoke(
        main, ["tune", str(path), "--space", str(space), *args, "--out", str(out)]
    )
    assert by_hand.exit_code == 0, by_hand.output
    assert told["summary"] == json.loads(by_hand.stdout.splitlines()[-1])
    assert told["runs"] >= told["summary"]["runs"], "what was planned is no fewer than were made"
    assert told["seeds"] == 8
    for name in ("report.html", "best.toml", "trials.csv", "pareto.csv"):
        answer = live.http.get(f"/v1/simulations/{told['id']}/files/{name}")
        assert answer.content == (out / name).read_bytes(), name
    pages = Client(live.system.url, live.keys["analyst"])
    found = pages.simulation(told["id"]).found
    offers = pages.tuning_offers(None)
    pages.close()
    assert found is not None
    assert found.best is not None
    assert [one.path for one in found.best.changes] == ["multiplier.member-day.factor"]
    assert {"multiplier.member-day.factor", "prizes.overall.1.reward"} <= {
        one.path for one in offers.offers
    }


def test_a_search_that_cannot_be_is_refused_at_once_with_its_lines(live: Live) -> None:
    def refused(**wanted: Any) -> dict[str, Any]:
        answer = live.http.post("/v1/simulations", json={"kind": "tune", "space": SPACE} | wanted)
        assert answer.status_code == 422, answer.text
        body: dict[str, Any] = answer.json()
        return body

    wrong = refused(space=SPACE.replace("member-day", "memberday"))
    assert wrong["type"] == "urn:forecourt:space-errors"
    [error] = wrong["errors"]
    assert (error["file"], error["line"]) == ("space", 3)
    assert "did you mean multiplier.member-day.factor" in error["fix"]
    assert "Line 3" in wrong["detail"]
    much = refused(members=200_000, effort="full", trials=100)
    assert "at most 4,000,000 beside a running season; lower members to" in much["detail"]
    assert "forecourt tune" in much["detail"]
    assert "space: tune needs" in refused(space=None)["detail"]
    assert "draws: tune doesn't take it" in refused(draws=4)["detail"]
    other = live.http.post("/v1/simulations", json={"kind": "simulate", "trials": 9})
    assert "trials: simulate doesn't take it" in other.json()["detail"]
    listed = live.get("/v1/simulations")["simulations"]
    assert not [one for one in listed if one["kind"] == "tune" and one["state"] != "done"]


def test_a_simulation_gives_way_is_cancelled_and_survives_the_gateway(live: Live) -> None:
    first = asked(live, **LONG)
    second = asked(live, **LONG)
    assert live.get(f"/v1/simulations/{second}")["ahead"] == 1
    awaited(lambda: in_state(live, first, "running")["progress"], "progress is told")
    process = awaited(its_process, "its process")
    assert process.nice() == NICENESS
    # Killed, as by a machine without memory: it has failed, and the next one starts.
    process.send_signal(signal.SIGKILL)
    told = in_state(live, first, "failed")
    assert "its process ended" in told["reason"]
    in_state(live, second, "running")
    process = awaited(its_process, "its process")
    # The gateway dies: the next one begins what ran again, once, and takes events meanwhile.
    os.kill(ray.get(live.system.gateway.pid.remote()), signal.SIGKILL)

    def again() -> bool:
        try:
            answer = live.http.get(f"/v1/simulations/{second}")
        except httpx.HTTPError:
            return False
        return answer.status_code == 200 and answer.json()["state"] == "running"

    awaited(again, "the gateway is back")
    awaited(lambda: not process.is_running(), "the first attempt has ended")
    # As many as may wait, then no more.
    waiting = []
    while True:
        answer = live.http.post("/v1/simulations", json=LONG)
        if answer.status_code != 201:
            break
        waiting.append(answer.json()["id"])
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    limits = live.get("/v1/simulations")["limits"]
    assert len(waiting) == limits["waiting"]
    for one in [*waiting, second]:
        assert live.http.delete(f"/v1/simulations/{one}").json()["state"] == "cancelled"
    awaited(lambda: its_process() is None, "its process has ended")
    assert in_state(live, asked(live, members=10, seeds=1), "done", "failed")["state"] == "done"
