"""Upgrades of a data folder: every step in turn, interrupted ones again, none skipped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from actors.store.errors import FolderFormat
from actors.store.folder import FORMAT, FolderLock
from actors.store.upgrades import STEPS, upgrade
from tests.integration.live_fixtures import SEASON


def test_there_is_a_step_from_every_format() -> None:
    assert sorted(STEPS) == list(range(1, FORMAT))


def test_steps_run_in_turn_and_an_interrupted_one_runs_again(tmp_path: Path) -> None:
    ran: list[int] = []

    def second(folder: Path) -> None:
        ran.append(2)
        if ran.count(2) == 1:
            raise KeyboardInterrupt
        (folder / "done").write_text("yes")

    steps = {1: lambda _: ran.append(1), 2: second}
    with pytest.raises(KeyboardInterrupt):
        upgrade(tmp_path, 1, 3, steps)
    assert (tmp_path / "format").read_text() == "2\n"
    upgrade(tmp_path, 2, 3, steps)
    assert (ran, (tmp_path / "format").read_text()) == ([1, 2, 2], "3\n")


def test_a_missing_step_says_the_way(tmp_path: Path) -> None:
    with pytest.raises(FolderFormat, match="open it once with a version that reads format 1"):
        upgrade(tmp_path, 1, 2, {})


def test_format_1_gives_up_its_snapshots_and_gets_this_versions_hash(tmp_path: Path) -> None:
    (tmp_path / "format").write_text("1\n")
    (tmp_path / "season.toml").write_text(SEASON, encoding="utf-8")
    (tmp_path / "live.json").write_text(json.dumps({"season": "s", "rules_hash": "old"}))
    (tmp_path / "snapshots" / "shard-0").mkdir(parents=True)
    with FolderLock(tmp_path):
        assert (tmp_path / "format").read_text() == f"{FORMAT}\n"
    assert (tmp_path / "snapshots.format-1" / "shard-0").is_dir()
    assert len(json.loads((tmp_path / "live.json").read_text())["rules_hash"]) == 64


def test_a_season_file_that_no_longer_loads_stops_the_upgrade(tmp_path: Path) -> None:
    (tmp_path / "format").write_text("1\n")
    (tmp_path / "season.toml").write_text("format = 1\nnonsense = 2\n", encoding="utf-8")
    (tmp_path / "live.json").write_text("{}")
    with pytest.raises(FolderFormat, match="go on with the version that made the folder"):
        FolderLock(tmp_path).acquire()
    assert (tmp_path / "format").read_text() == "1\n"
