"""Whatever dies, nothing acknowledged is lost, nothing counts twice, and the hash stays."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
import ray

from actors.agreement import FolderMismatch
from actors.store.errors import FolderInUse
from rules.compiling.compiled import compile_rules
from rules.decoding.events import decode_ndjson
from rules.season.season_file import load_season
from simulator.offline.replay import replay
from tests.integration.live_fixtures import (
    SEASON,
    Live,
    StartLive,
    ndjson,
    purchase,
    ray_session,
    season_log,
    start_live,
    start_system,
    stop,
)
from tests.patience import looks

__all__ = ["ray_session", "start_live"]

BATCH = 250


def offline_hash(log: list[dict[str, Any]], out: Path) -> str:
    rules = compile_rules(load_season(SEASON))
    summary = replay(rules, lambda: [decode_ndjson(ndjson(log), rules.names)], out)
    return str(summary["standings_hash"])


def send_all(live: Live, log: list[dict[str, Any]], after: Callable[[int], None]) -> None:
    """Post the log in order; each body again until it is answered."""
    for start in range(0, len(log), BATCH):
        assert live.send(log[start : start + BATCH])["rejected"] == 0
        after(start // BATCH)


def finalised_hash(live: Live) -> str:
    answer = live.http.post("/v1/season/finalise", timeout=120)
    assert answer.status_code == httpx.codes.OK, answer.text
    season = answer.json()
    assert season["phase"] == "final"
    return str(season["standings_hash"])


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def test_kills_under_load_leave_the_hash(start_live: StartLive, tmp_path: Path) -> None:
    log = season_log(5_000)
    live = start_live(tmp_path / "data")
    server = live.system.server
    assert server is not None

    def after(batch: int) -> None:
        if batch == 4:
            kill(ray.get(live.system.members[0].pid.remote()))
        elif batch == 8:
            kill(ray.get(live.system.rankings[1].pid.remote()))
        elif batch == 12:
            server.kill()
        elif batch == 16:
            kill(ray.get(live.system.keeper.pid.remote()))

    send_all(live, log, after)
    assert finalised_hash(live) == offline_hash(log, tmp_path / "out")


@pytest.fixture(scope="module")
def shared(
    ray_session: None,  # noqa: ARG001  Ray has to be up
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Live]:
    running = start_system(tmp_path_factory.mktemp("shared"), shards=1)
    yield running
    stop(running)


def test_a_killed_gateway_serves_again(shared: Live) -> None:
    shared.post(purchase(1, "gate", 0))
    kill(ray.get(shared.system.gateway.pid.remote()))
    again = shared.send(purchase(1, "gate", 0))["results"][0]
    assert (again["status"], again["points"]) == ("duplicate", 10)


def test_a_killed_ranking_shard_is_refilled_while_idle(shared: Live) -> None:
    shared.post([purchase(100 + number, f"m-{number}", number) for number in range(20)])

    def ranks() -> list[tuple[int, str, int]]:
        return [(row["rank"], row["member"], row["score"]) for row in shared.board("overall")]

    before = ranks()
    assert len(before) >= 20
    kill(ray.get(shared.system.rankings[0].pid.remote()))
    assert ranks() == before


def test_a_stopped_store_refuses_and_then_goes_on(shared: Live) -> None:
    server = shared.system.server
    assert server is not None
    shared.post(purchase(201, "stop", 0))
    server.kill(signal.SIGSTOP)
    with shared.lines(2) as http, ThreadPoolExecutor(1) as pool:
        sent = pool.submit(shared.send, purchase(202, "stop", 1))
        for _ in looks(30, "readiness to end without a store"):
            if http.get("/readyz").status_code == httpx.codes.SERVICE_UNAVAILABLE:
                break
        server.kill(signal.SIGCONT)
        assert sent.result(60)["results"][0]["points"] == 10
    assert shared.get("/v1/members/stop")["active"] == 20


def test_a_restart_on_the_folder_continues(start_live: StartLive, tmp_path: Path) -> None:
    log = season_log(1_000)
    live = start_live(tmp_path / "data", shards=1)
    send_all(live, log[:500], lambda _: None)
    before = live.get("/v1/standings/overall", limit=1000)["rows"]
    stop(live)
    again = start_live(tmp_path / "data", shards=None)
    after = again.get("/v1/standings/overall", limit=1000)["rows"]
    assert [row["member"] for row in after] == [row["member"] for row in before]
    assert [row["score"] for row in after] == [row["score"] for row in before]
    send_all(again, log[250:], lambda _: None)
    expected = offline_hash(log, tmp_path / "out")
    assert finalised_hash(again) == expected
    stop(again)
    last = start_live(tmp_path / "data", shards=None)
    season = last.get("/v1/season")
    assert season["phase"] == "final"
    assert season["standings_hash"] == expected
    published = last.http.post("/v1/season/publish").json()
    assert published["published"] is True


def test_a_folder_in_use_or_of_other_settings_is_refused(
    start_live: StartLive, tmp_path: Path
) -> None:
    live = start_live(tmp_path / "data", shards=1)
    with pytest.raises(FolderInUse, match="in use by process"):
        start_live(tmp_path / "data", shards=1)
    stop(live)
    with pytest.raises(FolderMismatch, match="made with 1"):
        start_live(tmp_path / "data", shards=3)
    with pytest.raises(FolderMismatch, match="--clock events"):
        start_live(tmp_path / "data", clock="real", shards=1)
    other = SEASON.replace('factor = "2"', 'factor = "3"')
    with pytest.raises(FolderMismatch, match="rules_hash"):
        start_live(tmp_path / "data", shards=1, season_text=other)
