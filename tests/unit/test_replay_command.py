"""The replay command's answers to bad input."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from ui.commands import main

SEASON = """format = 1
[programme]
id = "p"
timezone = "UTC"
[[earning]]
id = "all"
on = "purchase"
points = 1
per = { amount = "1.00" }
[season]
id = "s"
starts = 2026-06-01T00:00:00
ends = 2026-07-01T00:00:00
"""
EVENT = '{"event_id": "1", "type": "check_in", "member": "a", "at": "2026-06-02T10:00:00Z"}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "season.toml").write_text(SEASON, "utf-8")
    (tmp_path / "log.ndjson").write_text(EVENT, "utf-8")
    return tmp_path


def test_a_season_file_may_start_with_a_byte_order_mark(folder: Path) -> None:
    (folder / "season.toml").write_text(SEASON, "utf-8-sig")
    parts = [folder / "season.toml", folder / "log.ndjson", "--out", folder / "out", "--json"]
    done = CliRunner().invoke(main, ["replay", *map(str, parts)])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout.splitlines()[-1])["events"] == 1


@pytest.mark.parametrize(
    ("season", "log", "told"),
    [
        ("none.toml", "log.ndjson", "name a readable season file"),
        ("log.ndjson", "log.ndjson", "isn't valid TOML"),
        ("season.toml", "none.csv", "no such file; check the path"),
    ],
)
def test_bad_input_is_told_as_json_too(folder: Path, season: str, log: str, told: str) -> None:
    parts = [folder / season, folder / log, "--out", folder / "out", "--json"]
    done = CliRunner().invoke(main, ["replay", *map(str, parts)])
    assert done.exit_code == 2
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["ok"] is False
    assert told in answer["errors"][0]["problem"]
    assert told in done.stderr


def test_a_folder_that_cannot_be_written_is_a_failure_with_its_fix(folder: Path) -> None:
    log = folder / "log.ndjson"
    parts = [folder / "season.toml", log, "--out", log, "--json"]
    done = CliRunner().invoke(main, ["replay", *map(str, parts)])
    assert done.exit_code == 1
    assert done.stderr.endswith("name a folder that can be written\n")
    assert json.loads(done.stdout.splitlines()[-1])["ok"] is False
