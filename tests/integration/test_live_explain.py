"""Statements, waterfalls and why a rank over HTTP, also after a crash, as the offline command."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
import ray
from click.testing import CliRunner

from actors.gateway.auth import sign_token
from actors.handles import NAMESPACE
from tests.integration.live_fixtures import (
    SEASON,
    Live,
    StartLive,
    ndjson,
    ray_session,
    season_log,
    start_live,
)
from tests.patience import looks
from ui.commands import main

__all__ = ["ray_session", "start_live"]

MEMBERS = 40
FORBIDDEN, NOT_FOUND = 403, 404


def send(live: Live, events: list[dict[str, Any]]) -> None:
    headers = {"Content-Type": "application/x-ndjson"}
    answer = live.http.post("/v1/events", content=ndjson(events), headers=headers)
    assert answer.status_code == httpx.codes.OK, answer.text


def statements(live: Live) -> dict[str, Any]:
    found = {}
    for number in range(MEMBERS):
        member = f"m-{number:05d}"
        answer = live.get(f"/v1/members/{member}/statement")
        del answer["as_of"]
        assert answer["opening"] is None
        held = live.get(f"/v1/members/{member}")
        assert (answer["active"], answer["debt"]) == (held["active"], held["debt"])
        assert answer["totals"]["earned_base"] == held["earned"]["base"]
        assert sum(answer["score_by_kind"].values()) == held["score"]
        if answer["entries"]:
            assert answer["entries"][-1]["balance"] == held["active"] - held["debt"]
        found[member] = answer
    return found


def kill_members(live: Live) -> None:
    """Kill both member shards and wait until they answer again."""
    for shard in range(2):
        name = live.system.settings.name(f"member-{shard}")
        handle: Any = ray.get_actor(name, namespace=NAMESPACE)
        pid: int = ray.get(handle.pid.remote())
        os.kill(pid, signal.SIGKILL)
    for number in range(MEMBERS):
        for _ in looks(60, "the member shards to come back"):
            if live.http.get(f"/v1/members/m-{number:05d}").status_code == httpx.codes.OK:
                break


@pytest.mark.long
def test_statements_survive_a_crash_and_equal_the_offline_ones(
    start_live: StartLive, tmp_path: Path
) -> None:
    log = season_log(1_500, MEMBERS)
    live = start_live(tmp_path / "data")
    send(live, log[:700])
    live.system.stop()  # leaves a snapshot and journal files
    live = start_live(tmp_path / "data")
    send(live, log[700:])
    before = statements(live)
    kill_members(live)
    assert statements(live) == before
    assert any((tmp_path / "data").glob("**/journal/shard-*/*.parquet"))
    check_roles(live)
    check_pages(live, before)
    check_why(live)
    check_offline(live, log, tmp_path)
    live.system.stop()
    # As after a restore, or in a folder older than journals: built from the log's first entry.
    shutil.rmtree(tmp_path / "data" / "journal")
    assert statements(start_live(tmp_path / "data")) == before


def check_roles(live: Live) -> None:
    app, till = live.as_role("app"), live.as_role("till")
    token = sign_token("m-00001", live.keys["app.secret"], int(time.time()) + 600)
    own = {**app, "X-Member-Token": token}
    for path in ("statement", "events/p-41"):
        for headers, member, expected in (
            (till, "m-00001", FORBIDDEN),
            (app, "m-00001", FORBIDDEN),
            (own, "m-00002", FORBIDDEN),
        ):
            found = live.http.get(f"/v1/members/{member}/{path}", headers=headers)
            assert found.status_code == expected, (path, member, found.text)
    mine = live.http.get("/v1/members/m-00001/statement", headers=own)
    assert mine.status_code == httpx.codes.OK
    analyst = live.http.get("/v1/members/m-00001/statement", headers=live.as_role("analyst"))
    assert analyst.json()["entries"] == mine.json()["entries"]
    why = live.http.get("/v1/standings/overall/why/m-00001", headers=own)
    if why.status_code == httpx.codes.OK:
        for side in ("ahead", "behind"):
            if why.json()[side]:
                assert "•••" in why.json()[side]["member"]
    assert live.http.get("/v1/members/nobody/statement").status_code == NOT_FOUND
    assert live.http.get("/v1/members/m-00001/events/never").status_code == NOT_FOUND
    assert live.http.get("/v1/standings/overall/why/nobody").status_code == NOT_FOUND


def check_pages(live: Live, whole: dict[str, Any]) -> None:
    member = max(whole, key=lambda one: whole[one]["total"])
    path = f"/v1/members/{member}/statement"
    entries, cursor = [], "0"
    while cursor is not None:
        page = live.get(path, limit=7, cursor=cursor)
        entries += page["entries"]
        cursor = page["next_cursor"]
    assert entries == whole[member]["entries"]


def check_why(live: Live) -> None:
    rows = live.get("/v1/standings/overall")["rows"]
    for place, row in enumerate(rows):
        why = live.get(f"/v1/standings/overall/why/{row['member']}")
        assert (why["rank"], why["score"]) == (row["rank"], row["score"])
        assert sum(why["score_by_kind"].values()) == row["score"]
        if place:
            ahead = rows[place - 1]
            assert why["ahead"]["member"] == ahead["member"]
            if ahead["score"] > row["score"]:
                assert (why["ahead"]["by"], why["ahead"]["gap"]) == (
                    "score",
                    ahead["score"] - row["score"],
                )
            assert 0 <= why["to_rise"]["points"] - (ahead["score"] - row["score"]) <= 1
        else:
            assert why["ahead"] is None
    teams = live.get("/v1/standings/companies")["rows"]
    assert live.get(f"/v1/standings/companies/why/{teams[0]['member']}")["rank"] == 1


def check_offline(live: Live, log: list[dict[str, Any]], folder: Path) -> None:
    """Hold the command against a running system and against the recorded log."""
    season, recorded = folder / "season.toml", folder / "log.ndjson"
    season.write_text(SEASON)
    recorded.write_bytes(ndjson(log))
    event = next(one for one in reversed(log) if one["type"] == "purchase")
    until = log[-1]["at"]
    asked = [event["member"], event["event_id"]]
    reach = ["--url", live.system.url, "--key", live.as_role("admin")["Authorization"][7:]]
    for what in (asked[:1], asked):
        online = run_explain([*what, *reach])
        offline = run_explain([str(season), str(recorded), *what, "--until", until])
        online.pop("as_of")
        assert online == offline
    assert offline["near_misses"] is not None


def run_explain(arguments: list[str]) -> dict[str, Any]:
    done = CliRunner().invoke(main, ["explain", *arguments, "--json"])
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
