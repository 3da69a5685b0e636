"""Backup, restore, repartition and upgrade of real data folders: the standings stay the same."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tarfile
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from actors.backup import BackupDamaged, verify, write_backup
from actors.folder_store import open_folder
from actors.repartition import repartition
from actors.restore import restore_backup
from actors.store.errors import FolderFormat, FolderInUse, StoreUnavailable
from actors.store.folder import FORMAT
from tests.integration.live_fixtures import (
    SEASON,
    Live,
    StartLive,
    ndjson,
    purchase,
    ray_session,
    season_log,
    start_live,
    stop,
)
from tests.integration.test_live_recovery import finalised_hash, offline_hash, send_all
from ui.commands import main

__all__ = ["ray_session", "start_live"]

FORMAT_1 = Path(__file__).with_name("folder-format-1.tar.gz")


def forecourt(*words: str) -> tuple[int, dict[str, Any], str]:
    """Run a command with --json; returns its exit code, its object and its stderr."""
    found = CliRunner().invoke(main, [*words, "--json"])
    last = found.stdout.strip().splitlines()[-1:] or ["{}"]
    return found.exit_code, json.loads(last[0]), found.stderr


def scores(live: Live) -> list[tuple[int, str, int]]:
    rows = live.get("/v1/standings/overall", limit=1000)["rows"]
    return [(row["rank"], row["member"], row["score"]) for row in rows]


def backed_up(data: Path, out: Path) -> None:
    with open_folder(data, beside_running=True) as store:
        write_backup(store, out)


@pytest.mark.long
def test_a_backup_under_load_holds_everything_acknowledged_before_it(
    start_live: StartLive, tmp_path: Path
) -> None:
    log = season_log(4_000)
    live = start_live(tmp_path / "data")
    # Snapshots and an archive are there, and a tail behind them.
    send_all(live, log[:1_000], lambda _: None)
    stop(live)
    live = start_live(tmp_path / "data", shards=None)
    send_all(live, log[1_000:2_000], lambda _: None)
    sender = threading.Thread(target=send_all, args=(live, log[2_000:3_000], lambda _: None))
    sender.start()
    code, told, errors = forecourt(
        "backup", str(tmp_path / "data"), "--out", str(tmp_path / "b.backup")
    )
    sender.join(120)
    assert code == 0, errors
    assert told["running"] is True
    stop(live)
    code, told, errors = forecourt(
        "restore", str(tmp_path / "b.backup"), "--data", str(tmp_path / "again")
    )
    assert code == 0, errors
    again = start_live(tmp_path / "again", shards=None)
    answer = again.http.post(
        "/v1/events?results=all",
        content=ndjson(log[:2_000]),
        headers={"Content-Type": "application/x-ndjson"},
    ).json()
    assert answer["duplicate"] == 2_000
    send_all(again, log[2_000:], lambda _: None)
    assert finalised_hash(again) == offline_hash(log, tmp_path / "out")


@pytest.mark.long
def test_a_stopped_folder_is_backed_up_with_its_keys_and_final_list(
    start_live: StartLive, tmp_path: Path
) -> None:
    log = season_log(750)
    live = start_live(tmp_path / "data")
    send_all(live, log, lambda _: None)
    made = live.http.post("/v1/keys", json={"role": "till"}).json()
    final = finalised_hash(live)
    stop(live)
    code, told, errors = forecourt(
        "backup", str(tmp_path / "data"), "--out", str(tmp_path / "b.backup")
    )
    assert (code, told["running"]) == (0, False), errors
    restore_backup(tmp_path / "b.backup", tmp_path / "again")
    again = start_live(tmp_path / "again", shards=None)
    assert again.get("/v1/season")["standings_hash"] == final
    answer = again.http.post(
        "/v1/events", json=log[0], headers={"Authorization": f"Bearer {made['key']}"}
    )
    assert answer.json()["results"][0]["status"] == "duplicate"


def test_damage_and_wrong_targets_are_refused_in_words(
    start_live: StartLive, tmp_path: Path
) -> None:
    live = start_live(tmp_path / "data", shards=1)
    send_all(live, season_log(250), lambda _: None)
    file = tmp_path / "b.backup"
    backed_up(tmp_path / "data", file)
    whole = file.read_bytes()

    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("kept")
    code, _, errors = forecourt("restore", str(file), "--data", str(tmp_path / "full"))
    assert code == 2
    assert "is not empty: give a new folder" in errors
    assert (tmp_path / "full" / "mine.txt").read_text() == "kept"

    for number, size in enumerate((0, 10, len(whole) // 2, len(whole) - 1)):
        cut = tmp_path / f"cut-{number}"
        cut.write_bytes(whole[:size])
        code, _, errors = forecourt("restore", str(cut), "--data", str(tmp_path / "new"))
        assert code == 2, size
        assert "restore another backup" in errors or "no backup" in errors
        assert not (tmp_path / "new").exists()
    turned = tmp_path / "turned"
    middle = len(whole) // 2
    turned.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    with pytest.raises(BackupDamaged):
        verify(turned)

    code, _, errors = forecourt("restore", str(tmp_path / "none"), "--data", str(tmp_path / "new"))
    assert code == 2
    assert "no such file" in errors
    code, _, errors = forecourt("backup", str(tmp_path / "data"), "--out", str(file))
    assert code == 2
    assert "is there already" in errors
    code, _, errors = forecourt("backup", str(tmp_path / "full"), "--out", str(tmp_path / "x"))
    assert code == 2
    assert "is no data folder" in errors
    code, _, errors = forecourt("repartition", str(tmp_path / "data"), "--shards", "2")
    assert code == 2
    assert "in use by process" in errors


@pytest.mark.long
def test_a_newer_backup_names_the_version_to_install(
    start_live: StartLive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = start_live(tmp_path / "data", shards=1)
    stop(live)
    monkeypatch.setattr("actors.backup.FOLDER_FORMAT", FORMAT + 1)
    backed_up(tmp_path / "data", tmp_path / "b.backup")
    monkeypatch.setattr("actors.backup.FOLDER_FORMAT", FORMAT)
    with pytest.raises(BackupDamaged, match=r"install forecourt .* or newer"):
        restore_backup(tmp_path / "b.backup", tmp_path / "again")
    assert not (tmp_path / "again").exists()


@pytest.mark.long
def test_a_dead_server_makes_no_backup_and_then_one(start_live: StartLive, tmp_path: Path) -> None:
    live = start_live(tmp_path / "data", shards=1)
    send_all(live, season_log(250), lambda _: None)
    server = live.system.server
    assert server is not None
    server.kill(signal.SIGSTOP)
    file = tmp_path / "b.backup"
    with pytest.raises(StoreUnavailable), open_folder(tmp_path / "data", beside_running=True):
        pass
    assert not file.exists()
    server.kill(signal.SIGCONT)
    backed_up(tmp_path / "data", file)
    assert verify(file).shards[0].seq > 0


@pytest.mark.long
def test_one_three_two_shards_give_the_same_standings(
    start_live: StartLive, tmp_path: Path
) -> None:
    log = season_log(3_000)
    data = tmp_path / "data"
    live = start_live(data, shards=1)
    send_all(live, log[:1_000], lambda _: None)
    stop(live)
    live = start_live(data, shards=None)
    send_all(live, log[1_000:1_250], lambda _: None)
    before = scores(live)
    stop(live)

    code, told, errors = forecourt("repartition", str(data), "--shards", "3")
    assert code == 0, errors
    assert (told["shards_before"], told["shards"]) == (1, 3)
    assert Path(told["kept"]).is_dir()
    live = start_live(data, shards=None)
    assert len(live.system.members) == 3
    assert scores(live) == before
    send_all(live, log[1_000:2_000], lambda _: None)
    before = scores(live)
    stop(live)

    moved = repartition(data, 2)
    assert moved.kept.name == "data.shards-3"
    live = start_live(data, shards=2)
    assert scores(live) == before
    send_all(live, log[1_500:], lambda _: None)
    assert finalised_hash(live) == offline_hash(log, tmp_path / "out")
    stop(live)
    with pytest.raises(ValueError, match="not 2, which the folder has"):
        repartition(data, 2)
    repartition(data, 1)
    live = start_live(data, shards=None)
    assert live.get("/v1/season")["phase"] == "final"
    # Every start went on from the snapshot that was there.
    for written in (data / "logs").glob("member-*.log"):
        assert "of another version" not in written.read_text()


@pytest.mark.long
def test_a_closed_season_keeps_its_end_on_other_shards(
    start_live: StartLive, tmp_path: Path
) -> None:
    log = season_log(1_500)
    data = tmp_path / "data"
    live = start_live(data, shards=2)
    send_all(live, log[:1_000], lambda _: None)
    ends = live.http.post("/v1/season/close").json()["ends"]
    answer = live.http.post(
        "/v1/events", content=ndjson(log[1_000:]), headers={"Content-Type": "application/x-ndjson"}
    )
    assert answer.json()["rejected"] > 0
    before = scores(live)
    stop(live)
    repartition(data, 3)
    live = start_live(data, shards=None)
    assert live.get("/v1/season")["ends"] == ends
    assert scores(live) == before


KILLED = """
import os, signal, sys
from pathlib import Path
import actors.repartition as it

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

setattr(it, sys.argv[2], die)
it.repartition(Path(sys.argv[1]), 3)
"""


@pytest.mark.long
@pytest.mark.parametrize("step", ["_deal", "_compare", "swap", "sync_folder"])
def test_a_kill_at_any_step_leaves_a_whole_folder(
    start_live: StartLive, tmp_path: Path, step: str
) -> None:
    data = tmp_path / "data"
    live = start_live(data, shards=1)
    send_all(live, season_log(500), lambda _: None)
    before = scores(live)
    stop(live)
    killed = subprocess.run([sys.executable, "-c", KILLED, str(data), step], check=False)
    assert killed.returncode == -signal.SIGKILL
    swapped = step == "sync_folder"
    assert json.loads((data / "live.json").read_text())["shards"] == (3 if swapped else 1)
    if not swapped:
        repartition(data, 3)
    live = start_live(data, shards=3)
    assert scores(live) == before


@pytest.mark.long
def test_a_folder_of_format_1_goes_on_under_this_version(
    start_live: StartLive, tmp_path: Path
) -> None:
    with tarfile.open(FORMAT_1) as tar:
        tar.extractall(tmp_path, filter="data")
    data = tmp_path / "data"
    assert (data / "format").read_text() == "1\n"
    log = season_log(600, members=40)
    live = start_live(data, shards=None, season_text=SEASON)
    assert (data / "format").read_text() == f"{FORMAT}\n"
    assert (data / "snapshots.format-1").is_dir()
    answer = live.http.post(
        "/v1/events", content=ndjson(log[:550]), headers={"Content-Type": "application/x-ndjson"}
    ).json()
    assert answer["duplicate"] == 550
    live.post(log[550:])
    assert finalised_hash(live) == offline_hash(log, tmp_path / "out")


@pytest.mark.long
def test_a_folder_of_format_1_is_upgraded_before_it_is_repartitioned(tmp_path: Path) -> None:
    with tarfile.open(FORMAT_1) as tar:
        tar.extractall(tmp_path, filter="data")
    moved = repartition(tmp_path / "data", 3)
    assert (moved.shards_before, moved.events, moved.members) == (2, 550, 40)


@pytest.mark.long
def test_another_servers_address_is_refused(
    start_live: StartLive, tmp_path: Path, valkey_url: str
) -> None:
    live = start_live(tmp_path / "data", shards=1)
    send_all(live, season_log(250), lambda _: None)
    stop(live)
    code, _, errors = forecourt(
        "backup", str(tmp_path / "data"), "--out", str(tmp_path / "b"), "--redis-url", valkey_url
    )
    assert code == 1
    assert "the server is not this folder's" in errors
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
    with pytest.raises(FolderFormat, match="no data folder"), open_folder(tmp_path):
        pass


@pytest.mark.long
def test_a_backup_goes_into_a_server_of_ones_own_once(
    start_live: StartLive, tmp_path: Path, valkey_url: str
) -> None:
    log = season_log(500)
    live = start_live(tmp_path / "data", shards=2)
    send_all(live, log, lambda _: None)
    before = scores(live)
    backed_up(tmp_path / "data", tmp_path / "b.backup")
    stop(live)
    restore_backup(tmp_path / "b.backup", tmp_path / "again", valkey_url)
    with pytest.raises(FolderInUse, match="holds a log of test-season already"):
        restore_backup(tmp_path / "b.backup", tmp_path / "third", valkey_url)
    again = start_live(tmp_path / "again", shards=None, redis_url=valkey_url)
    assert scores(again) == before
    assert httpx.get(f"{again.system.url}/readyz", trust_env=False).status_code == httpx.codes.OK


POOLED = (
    SEASON
    + """
[[catalogue]]
id = "mug"
points = 10
goods = { unit_cost = "10.00", stock = 7 }
"""
)


@pytest.mark.long
def test_stock_that_ran_out_stays_taken_by_whom_it_was(
    start_live: StartLive, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    live = start_live(data, shards=1, season_text=POOLED)
    events = [purchase(number, f"m-{number}", number) for number in range(12)]
    for number in range(12):
        wanted = {"event_id": f"r-{number}", "type": "redeem", "member": f"m-{number}"}
        events.append(wanted | {"at": purchase(0, "", 100 + number)["at"], "item": "mug"})
    first = [one["status"] for one in live.post(events)["results"]]
    assert first[12:] == ["applied"] * 7 + ["rejected"] * 5
    stop(live)
    for shards in (3, 2, 1):
        repartition(data, shards)
    repartition(data, 2)
    live = start_live(data, shards=2, season_text=POOLED)
    again = live.post(events)["results"]
    assert [one["status"] for one in again[:19]] == ["duplicate"] * 19
    assert {one.get("reason") for one in again[19:]} == {"out_of_stock"}
