"""Synthetic traffic through the replay: what judging one event at a time gives, in any format."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.real.replay_files import Files, assert_same, judged, read_files
from ui.commands import replay, traffic

SEASON = Path(__file__).parents[2] / "seasons" / "summer-2026.toml"
FORMATS = ("ndjson", "csv", "parquet")
# Starts before the season and ends after it, over a month's end, a review and the final instant.
TRAFFIC = ["--members", "400", "--days", "122", "--start", "2026-05-20", "--seed", "20260520"]


def succeeded(result: Result) -> None:
    assert result.exit_code == 0, result.output


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("traffic")
    for name in FORMATS:
        log, out = folder / f"log.{name}", folder / name
        succeeded(CliRunner().invoke(traffic.command, [str(SEASON), *TRAFFIC, "--out", str(log)]))
        succeeded(CliRunner().invoke(replay.command, [str(SEASON), str(log), "--out", str(out)]))
    return folder


@pytest.fixture(scope="module")
def files(folder: Path) -> Files:
    return read_files(folder / "ndjson")


def events_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_replay_gives_what_judging_one_event_at_a_time_gives(folder: Path, files: Files) -> None:
    assert_same(files, judged(SEASON, events_of(folder / "log.ndjson")))


def test_every_format_of_a_log_replays_to_the_same_files(folder: Path) -> None:
    first, *others = (
        {
            path.name: path.read_bytes()
            for path in (folder / name).iterdir()
            if path.suffix == ".csv"
        }
        for name in FORMATS
    )
    assert len(first) >= 8
    assert all(other == first for other in others)


def test_the_traffic_exercises_the_rules(files: Files) -> None:
    status = Counter(row["status"] for row in files.results)
    reasons = Counter(row["reason"] for row in files.results)
    assert status["applied"] > 5_000
    assert status["duplicate"] > 5
    assert status["limit_reached"] > 50
    assert reasons["outside_season"] > 50
    assert "bad_field" not in reasons
    assert any(int(row["reversed"]) > 0 for row in files.members)
    assert {row["tier"] for row in files.members} == {"silver", "gold", "platinum"}
    assert {row["kind"] for row in files.members} > {"private", "taxi", "fleet"}
    assert all(len(files.standings[board]) > 2 for board in files.standings)
