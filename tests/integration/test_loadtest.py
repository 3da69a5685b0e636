"""A load test of a real system: its audit passes, and fails once the ledger says otherwise."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from loadtests import audit
from loadtests.served import Served, program, shipped_season

Done = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with Served(shipped_season(), shards=2) as running:
        yield running


@pytest.fixture(scope="module")
def run(served: Served, tmp_path_factory: pytest.TempPathFactory) -> tuple[Done, Path]:
    """One short load test, whose ledger is kept."""
    folder = tmp_path_factory.mktemp("load")
    result = load(served, folder, "--users", "5", "--minutes", "0.15", "--members", "60")
    return result, folder


def load(served: Served, folder: Path, *options: str, key: str = "") -> Done:
    words = ["--url", served.url, "--key", key or served.key, "--scored", "--json", *options]
    words += ["--report", str(folder / "report.html"), "--ledger", str(folder / "ledger")]
    return subprocess.run(
        [program(), "loadtest", *words], capture_output=True, text=True, check=False
    )


def test_a_run_is_audited_and_passes(run: tuple[Done, Path]) -> None:
    result, folder = run
    assert result.returncode == 0, result.stderr[:3000]
    told = json.loads(result.stdout.splitlines()[-1])
    assert told["passed"]
    assert told["audit"]["acknowledged"] > 20
    checks = {check["check"]: check for check in told["audit"]["checks"]}
    assert checks["acknowledged events sent again"]["compared"] == told["audit"]["acknowledged"]
    assert checks["members' points"]["compared"] == 2 * told["audit"]["members"]
    assert checks["order of board overall"]["compared"] > 0
    assert not any(check["differences"] for check in checks.values())
    named = {figure["name"] for figure in told["figures"]}
    assert {"POST /v1/events one", "GET /v1/standings/{board}", "GET /v1/prizes"} <= named
    assert "<html" in (folder / "report.html").read_text(encoding="utf-8")


def first_applied(lines: list[dict[str, Any]]) -> dict[str, Any]:
    return next(line for line in lines if line.get("status") == "applied" and line["points"] > 0)


def lose_an_acknowledged_event(lines: list[dict[str, Any]]) -> None:
    # The users were told of an event that the system doesn't hold.
    event = first_applied(lines)["event"]
    ghost = event | {"event_id": event["event_id"] + "-never-sent"}
    lines.append({"event": ghost, "status": "applied", "points": 3, "reason": ""})


def change_the_points(lines: list[dict[str, Any]]) -> None:
    first_applied(lines)["points"] += 1


def forget_an_answer(lines: list[dict[str, Any]]) -> None:
    # The system counts an event that no user sent.
    lines.remove(first_applied(lines))


@pytest.mark.parametrize(
    ("tamper", "checks"),
    [
        (change_the_points, {"acknowledged events sent again", "members' points"}),
        (forget_an_answer, {"members' points"}),
        # Sending the ghost again applies it, so it comes last.
        (lose_an_acknowledged_event, {"acknowledged events sent again"}),
    ],
)
def test_a_tampered_ledger_fails_the_audit(
    tamper: Any,
    checks: set[str],
    run: tuple[Done, Path],
    served: Served,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (kept,) = (run[1] / "ledger").glob("ledger-*.ndjson")
    lines = [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()]
    tamper(lines)
    (tmp_path / kept.name).write_text(
        "".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8"
    )
    monkeypatch.setenv("FORECOURT_KEY", served.key)
    assert audit.main(["--ledger", str(tmp_path), "--url", served.url]) == 1
    assert "audit FAILED" in capsys.readouterr().out
    found = json.loads((tmp_path / "audit.json").read_text(encoding="utf-8"))["checks"]
    assert {check["check"] for check in found if check["differences"]} >= checks


def test_an_unanswered_event_is_settled_by_the_audit(
    run: tuple[Done, Path],
    served: Served,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (kept,) = (run[1] / "ledger").glob("ledger-*.ndjson")
    event = first_applied(
        [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()]
    )["event"]
    fresh = event | {"event_id": event["event_id"] + "-no-answer", "member": "load-settled"}
    (tmp_path / "ledger-a-1.ndjson").write_text(json.dumps({"event": fresh}) + "\n")
    monkeypatch.setenv("FORECOURT_KEY", served.key)
    assert audit.main(["--ledger", str(tmp_path), "--url", served.url, "--scored"]) == 0
    told = json.loads((tmp_path / "audit.json").read_text(encoding="utf-8"))
    assert told["acknowledged"] == 1


def test_a_wrong_key_is_said_plainly(served: Served, tmp_path: Path) -> None:
    result = load(served, tmp_path, key="not-a-key")
    assert result.returncode == 1
    assert "401: The key is not known" in result.stderr
    assert json.loads(result.stdout.splitlines()[-1])["passed"] is False


def test_a_used_ledger_is_not_written_over(run: tuple[Done, Path], served: Served) -> None:
    result = load(served, run[1])
    assert result.returncode == 1
    assert "holds the ledger of another run" in result.stderr


@pytest.mark.long
@pytest.mark.parametrize("shape", ["ramp", "spike"])
def test_two_workers_load_together_and_one_audit_judges_both(
    shape: str, served: Served, tmp_path: Path
) -> None:
    course = ["--shape", shape, "--workers", "2", "--users", "10", "--minutes", "0.4"]
    result = load(served, tmp_path, *course, "--members", "60")
    assert result.returncode == 0, result.stderr[-3000:]
    told = json.loads(result.stdout.splitlines()[-1])
    assert told["passed"]
    assert (told["shape"], told["workers"]) == (shape, 2)
    ledgers = sorted((tmp_path / "ledger").glob("ledger-*.ndjson"))
    assert len(ledgers) == 2
    events = []
    for ledger in ledgers:
        lines = [json.loads(line) for line in ledger.read_text(encoding="utf-8").splitlines()]
        events.append({line["event"]["event_id"] for line in lines if "event" in line})
    assert all(events)
    assert not events[0] & events[1]
    assert told["audit"]["acknowledged"] > 20
    assert "<html" in (tmp_path / "report.html").read_text(encoding="utf-8")
