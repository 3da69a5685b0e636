"""The command: what it takes apart, what it prints, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.unit.test_explain import SEASON, event, fuel
from ui.commands import main
from ui.commands.explain import split_arguments

DONE, FAILED, BAD_INPUT = 0, 1, 2


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    season, log = tmp_path / "season.toml", tmp_path / "log.ndjson"
    season.write_text(SEASON)
    events = [
        fuel("a", "02T12:00:00", "35.20"),
        event("x", "redeem", "03T15:00:00", item="mug"),
    ]
    log.write_text("".join(json.dumps(one) + "\n" for one in events))
    return str(season), str(log)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["explain", *arguments])


def test_an_event_of_a_recorded_log(files: tuple[str, str]) -> None:
    done = run(*files, "m", "a")
    assert done.exit_code == DONE, done.output
    shown = done.stdout.splitlines()
    assert shown[0].startswith("a  purchase  2026-06-02T04:00:00.000000Z  92, 35.200 L")
    assert "  multiplier member day ×2 (group day)" in shown
    assert shown[-1] == "= +70"


def test_a_statement_of_a_recorded_log(files: tuple[str, str]) -> None:
    done = run(*files, "m", "--json", "--until", "2026-06-04T00:00:00+08:00")
    assert done.exit_code == DONE, done.output
    found = json.loads(done.stdout.splitlines()[-1])
    assert [entry["balance"] for entry in found["entries"]] == [35, 70, 10]
    chinese = run(*files, "m", "--lang", "zh")
    assert "兑换 mug" in chinese.stdout


def test_what_is_unknown_or_missing_is_said(files: tuple[str, str]) -> None:
    season, log = files
    assert run(season, log, "nobody").exit_code == FAILED
    unknown = run(season, log, "m", "never")
    assert unknown.exit_code == FAILED
    assert "'never'" in unknown.stderr
    assert run(season, log).exit_code == BAD_INPUT
    assert run(season, "no-such-log", "m").exit_code == BAD_INPUT
    assert run(season, log, "m", "a", "more").exit_code == BAD_INPUT
    assert run("m", "a", "--url", "http://127.0.0.1:9").exit_code == BAD_INPUT


def test_the_last_argument_is_asked_about_even_if_a_file_has_its_name(
    files: tuple[str, str],
) -> None:
    season, log = files
    assert split_arguments((season, log, log)) == (Path(season), (log,), (log,))
    assert split_arguments((season, log, log, "m")) == (Path(season), (log, log), ("m",))
