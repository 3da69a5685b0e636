"""A new version of the season file on a running system: who sees it when, and what survives."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest
import ray
from click.testing import CliRunner

from actors.agreement import FolderMismatch
from tests.integration.live_fixtures import (
    ADMIN,
    SEASON,
    Live,
    StartLive,
    purchase,
    ray_session,
    season_log,
    start_live,
    stop,
)
from ui.commands import main

__all__ = ["ray_session", "start_live"]

# Double points for shop goods, half a point a litre, a board more, one tier less.
SECOND = (
    SEASON.replace('points = 1\nper = { litres = "1" }', 'points = "0.5"\nper = { litres = "1" }')
    .replace('points = 1\nper = { amount = "1.00" }', 'points = 2\nper = { amount = "1.00" }')
    .replace(
        '[[boards]]\nid = "companies"',
        '[[boards]]\nid = "privates"\nwhere = { kind = ["private"] }\n[[boards]]\nid = "companies"',
    )
)
THIRD = SECOND.replace("points = 2\nlimit", "points = 5\nlimit").replace(
    '[[boards]]\nid = "taxis"\nwhere = { kind = ["taxi"] }\n', ""
)


def put(live: Live, text: str, **parameters: str) -> httpx.Response:
    return live.http.put("/v1/season/rules", content=text.encode(), params=parameters, timeout=120)


def accepted(live: Live, text: str) -> dict[str, Any]:
    answer = put(live, text, accept_adverse="true")
    assert answer.status_code == httpx.codes.OK, answer.text
    told: dict[str, Any] = answer.json()
    return told


def send(live: Live, log: list[dict[str, Any]]) -> None:
    for start in range(0, len(log), 250):
        assert live.send(log[start : start + 250])["rejected"] == 0


def points_of(live: Live, event: dict[str, Any]) -> int:
    points: int = live.post(event)["results"][0]["points"]
    return points


def rows(live: Live, board: str) -> list[tuple[int, str, int]]:
    found = live.board(board, limit=1000)
    return [(row["rank"], row["member"], row["score"]) for row in found]


def replayed_hash(data: Path, out: Path) -> str:
    """Replay the archive of a folder with the file it began with."""
    files = [str(path) for path in sorted((data / "archive").rglob("*.parquet"))]
    answer = CliRunner().invoke(
        main, ["replay", str(data / "season.toml"), *files, "--out", str(out)]
    )
    assert answer.exit_code == 0, answer.output
    return (out / "summary.json").read_text(encoding="utf-8")


@pytest.mark.long
def test_versions_survive_kills_and_a_restart_and_replay_at_their_place(
    start_live: StartLive, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    log = season_log(3_000)
    live = start_live(data)
    send(live, log[:1_000])
    told = accepted(live, SECOND)
    assert (told["version"], told["changed"]) == (2, True)
    os.kill(ray.get(live.system.members[0].pid.remote()), signal.SIGKILL)
    send(live, log[1_000:1_500])
    os.kill(ray.get(live.system.rankings[1].pid.remote()), signal.SIGKILL)
    os.kill(ray.get(live.system.keeper.pid.remote()), signal.SIGKILL)
    send(live, log[1_500:2_000])
    privates = rows(live, "privates")
    assert privates
    assert accepted(live, THIRD)["version"] == 3
    assert live.http.get("/v1/standings/taxis").status_code == httpx.codes.NOT_FOUND
    assert rows(live, "privates") == privates
    send(live, log[2_000:2_500])
    before = rows(live, "overall")
    stop(live)

    again = start_live(data, shards=None, season_text=SECOND)  # any version opens the folder
    assert rows(again, "overall") == before
    found = again.get("/v1/season/rules")
    assert found["version"] == 3
    assert found["text"] == THIRD
    assert [one["version"] for one in found["history"]] == [1, 2, 3]
    send(again, log[2_250:])
    final = again.http.post("/v1/season/finalise", timeout=120).json()
    assert final["phase"] == "final"
    stop(again)
    assert final["standings_hash"] in replayed_hash(data, tmp_path / "out")
    with pytest.raises(FolderMismatch, match="season rules FILE"):
        start_live(data, shards=None, season_text=THIRD.replace("points = 5", "points = 6"))


def test_an_old_sale_is_refunded_by_the_rules_of_its_time(
    start_live: StartLive, tmp_path: Path
) -> None:
    live = start_live(tmp_path / "data", shards=1)
    assert points_of(live, purchase(1, "m-1", 0)) == 10
    accepted(live, SECOND)
    assert points_of(live, purchase(2, "m-1", 1)) == 5
    refund = {"event_id": "r-1", "type": "refund", "member": "m-1", "ref": "p-1"}
    refund |= {"at": purchase(3, "m-1", 2)["at"], "litres": "4.000"}
    assert points_of(live, refund) == -4
    assert points_of(live, refund | {"event_id": "r-2", "ref": "p-2"}) == -2


def test_what_cannot_change_is_refused_and_named(start_live: StartLive, tmp_path: Path) -> None:
    live = start_live(tmp_path / "data", shards=1)
    live.post(purchase(1, "m-1", 0))
    wrong = SECOND.replace("2026-06-01T00:00:00", "2026-05-01T00:00:00").replace(
        "Asia/Shanghai", "Asia/Tokyo"
    )
    refused = put(live, wrong)
    assert refused.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    problems = " ".join(error["problem"] for error in refused.json()["errors"])
    assert "programme.timezone" in problems
    assert "season.starts" in problems
    unreadable = put(live, SECOND.replace('points = "0.5"', 'pints = "0.5"'))
    assert unreadable.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert any("pints" in error["path"] for error in unreadable.json()["errors"])
    dry = put(live, wrong, dry_run="true")
    assert dry.status_code == httpx.codes.OK
    assert len(dry.json()["errors"]) >= 2
    told = put(live, SECOND, dry_run="true").json()
    assert told["changed"] is True
    assert any(one["path"].startswith("earning.fuel") for one in told["adverse"])
    adverse = put(live, SECOND)
    assert adverse.status_code == httpx.codes.CONFLICT
    assert [one["path"] for one in adverse.json()["adverse"]] == [
        one["path"] for one in told["adverse"]
    ]
    assert put(live, SEASON).json()["changed"] is False
    assert live.get("/v1/season/rules")["version"] == 1
    analyst = live.as_role("analyst")
    for dry_run, answered in (("true", httpx.codes.OK), ("false", httpx.codes.FORBIDDEN)):
        path, asked = "/v1/season/rules", {"dry_run": dry_run}
        tried = live.http.put(path, content=SECOND.encode(), params=asked, headers=analyst)
        assert tried.status_code == answered, tried.text
    reader = live.as_role("till")
    assert live.http.get("/v1/season/rules", headers=reader).status_code == 403
    assert live.http.put("/v1/season/rules", content=b"x", headers=reader).status_code == 403


@pytest.mark.long
def test_the_command_puts_a_file_in_force(start_live: StartLive, tmp_path: Path) -> None:
    live = start_live(tmp_path / "data", shards=1)
    live.post(purchase(1, "m-1", 0))
    file = tmp_path / "second.toml"
    file.write_text(SECOND, encoding="utf-8")
    arguments = ["season", "rules", str(file), "--url", live.system.url, "--key", ADMIN]
    dry = CliRunner().invoke(main, [*arguments, "--dry-run"])
    assert dry.exit_code == 0, dry.output
    assert "version 1 stays in force" in dry.output
    done = CliRunner().invoke(main, [*arguments, "--accept-adverse"])
    assert done.exit_code == 0, done.output
    assert "version 2 is in force" in done.output
    file.write_text(SECOND.replace("Asia/Shanghai", "Asia/Tokyo"), encoding="utf-8")
    refused = CliRunner().invoke(main, arguments)
    assert refused.exit_code == 2
    assert "programme.timezone" in refused.output
