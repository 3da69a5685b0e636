"""A season's phases survive a restart, and a kill, between any two of them: the same final hash."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import ray

from rules.compiling.compiled import compile_rules
from rules.decoding.events import decode_ndjson
from rules.season.season_file import load_season
from simulator.offline.replay import replay
from tests.chaos.era import replayed_hash
from tests.integration.live_fixtures import (
    SEASON,
    Live,
    StartLive,
    ndjson,
    ray_session,
    season_log,
    start_live,
    stop,
)
from tests.patience import looks

__all__ = ["ray_session", "start_live"]

WITHIN_S = 90.0
PHASES = ("open", "grace", "hold", "final")
OPENS = {"grace": "2026-06-19T16:00:00Z", "hold": "2026-06-20T16:00:00Z"}
"""Midnights in Shanghai at which the clock of the events enters a phase."""
FINAL = "2026-06-22T16:00:00Z"
Between = Callable[[Live], Live]


def event(name: str, kind: str, member: str, at: str, **fields: Any) -> dict[str, Any]:
    return {"event_id": name, "type": kind, "member": member, "at": at} | fields


def sale(name: str, member: str, at: str, amount: str = "40.00") -> dict[str, Any]:
    return event(name, "purchase", member, at, product="shop", amount=amount)


def phase_logs() -> dict[str, list[dict[str, Any]]]:
    """Late events and refunds around the end of every phase, each in the order they come."""
    late = "2026-06-19T15:59:59Z"
    open_log = season_log(600, members=40)
    open_log += [sale(f"last-{n}", f"m-{n:05d}", late, f"{20 + n}.00") for n in range(8)]
    return {
        "open": open_log,
        "grace": [
            sale("opens-grace", "m-00001", OPENS["grace"]),
            # Happened in the season, heard of after it: scores.
            sale("late-1", "m-00002", late, "77.00"),
            event("early-refund", "refund", "m-00003", OPENS["grace"], ref="late-2"),
            sale("late-2", "m-00003", late, "500.00"),
            event("refund-1", "refund", "m-00004", OPENS["grace"], ref="last-4", amount="10.00"),
            sale("late-1", "m-00002", late, "77.00"),
        ],
        "hold": [
            sale("opens-hold", "m-00005", OPENS["hold"]),
            # Heard of after the score's end: earns points and doesn't score.
            sale("too-late-to-score", "m-00006", late, "900.00"),
            # Refunds lower the score until the end.
            event("refund-2", "refund", "m-00007", OPENS["hold"], ref="last-7"),
            event("refund-3", "refund", "m-00002", OPENS["hold"], ref="late-1"),
        ],
        "final": [
            sale("opens-final", "m-00008", FINAL),
            event("refund-4", "refund", "m-00000", FINAL, ref="last-0"),
            event("out", "disqualify", "m-00001", FINAL),
            event("in", "reinstate", "m-00001", FINAL),
        ],
    }


def season_when(live: Live, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Read the season until something holds."""
    for look in looks(WITHIN_S, "the season to be so"):
        try:
            answer = live.http.get("/v1/season", params={"hours": 0})
        except httpx.HTTPError:
            continue
        if answer.status_code == httpx.codes.OK and holds(answer.json()):
            break
        look.saw = answer.text
    season: dict[str, Any] = answer.json()
    return season


def play(live: Live, between: Between) -> tuple[Live, str]:
    """Run a season through all its phases; gives the system that published, and the hash."""
    for phase, log in phase_logs().items():
        live.send(log, WITHIN_S)
        season_when(live, lambda season, phase=phase: season["phase"] == phase)  # type: ignore[misc]  # bound at once
        live = between(live)
        assert season_when(live, lambda season: bool(season["phase"]))["phase"] == phase
        live.send(log, WITHIN_S)  # whatever was acknowledged is a duplicate and changes nothing
    found = season_when(live, lambda season: season["standings_hash"] is not None)
    assert live.http.post("/v1/season/publish").json()["published"] is True
    live = between(live)
    kept = season_when(live, lambda season: season["standings_hash"] is not None)
    assert (kept["standings_hash"], kept["published"]) == (found["standings_hash"], True)
    live.send([event("after", "refund", "m-00005", FINAL, ref="last-5")])
    assert live.get("/v1/season", hours=0)["standings_hash"] == found["standings_hash"]
    return live, str(found["standings_hash"])


def offline_hash(out: Path) -> str:
    """Replay everything that was sent, each event once."""
    rules = compile_rules(load_season(SEASON))
    log = [event for part in phase_logs().values() for event in part]
    return str(replay(rules, lambda: [decode_ndjson(ndjson(log), rules.names)], out)[
        "standings_hash"
    ])  # fmt: skip


def pid_of(actor: Any) -> int:
    """Find an actor's process; one that is just coming back is waited for."""
    pid = 0
    for _ in looks(WITHIN_S, f"{actor} to be back"):
        with contextlib.suppress(ray.exceptions.RayActorError):
            pid = int(ray.get(actor.pid.remote(), timeout=WITHIN_S))
            break
    return pid


def killed(live: Live) -> Live:
    """Kill every process that holds anything; they come back by themselves."""
    system = live.system
    actors = [system.gateway, system.keeper, *system.members, *system.rankings]
    pids = [pid_of(actor) for actor in actors]
    if system.server is not None:
        system.server.kill()
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    return live


def test_kills_between_any_two_phases_leave_the_final_hash(
    start_live: StartLive, tmp_path: Path
) -> None:
    live = start_live(tmp_path / "data", shards=1)

    def kill_shard(live: Live) -> Live:
        os.kill(pid_of(live.system.members[0]), signal.SIGKILL)
        return live

    live, final_hash = play(live, kill_shard)

    assert final_hash == offline_hash(tmp_path / "out")


@pytest.mark.long
@pytest.mark.parametrize("way", ["restarted", "killed"])
def test_the_final_hash_is_that_of_an_undisturbed_season(
    way: str, start_live: StartLive, tmp_path: Path
) -> None:
    data = tmp_path / "data"

    def restarted(live: Live) -> Live:
        stop(live)
        return start_live(data, shards=None)

    undisturbed, wanted = play(start_live(tmp_path / "undisturbed"), lambda live: live)
    stop(undisturbed)

    live, final_hash = play(start_live(data), {"restarted": restarted, "killed": killed}[way])

    assert final_hash == wanted == offline_hash(tmp_path / "out")
    stop(live)
    assert replayed_hash(data / "season.toml", data / "archive") == wanted
