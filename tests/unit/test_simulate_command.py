import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from tests.unit.simulated import SEASON, SHORT
from ui.commands import _simulating, main


def simulate(*args: str | Path) -> Result:
    return CliRunner().invoke(main, ["simulate", *map(str, args)])


@pytest.fixture(scope="module")
def season(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("season") / "short.toml"
    path.write_text(SEASON.read_text(encoding="utf-8").replace(*SHORT), encoding="utf-8")
    return path


def test_a_season_is_simulated_and_its_log_replays_to_the_same(
    season: Path, tmp_path: Path
) -> None:
    out, log = tmp_path / "out", tmp_path / "log.parquet"
    done = simulate(season, "--members", "200", "--seeds", "2", "--seed", "5", "--out", out,
                    "--log", log, "--json")  # fmt: skip
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["seeds"] == [5, 6]
    assert told == json.loads((out / "summary.json").read_text(encoding="utf-8"))
    for name in ("prizes.csv", "tiers.csv", "months.csv", "months.parquet"):
        assert (out / name).exists()
    events = pq.read_metadata(log).num_rows
    again = CliRunner().invoke(
        main, ["replay", str(season), str(log), "--out", str(tmp_path / "replayed"), "--json"]
    )
    summary = json.loads(again.stdout.splitlines()[-1])
    assert summary["events"] == events
    first = simulate(season, "--members", "200", "--seeds", "1", "--seed", "5", "--json",
                     "--out", tmp_path / "one")  # fmt: skip
    alone = json.loads(first.stdout.splitlines()[-1])
    assert alone["events"]["mean"] == events
    points = {name: alone[f"points_{name}"]["mean"] for name in ("redeemed", "expired")}
    assert points == {name: summary["points"][name] for name in points}
    assert alone["visits"]["low"] is None


def test_effects_are_switched_off_by_name(season: Path, tmp_path: Path) -> None:
    done = simulate(season, "--members", "100", "--seeds", "1", "--no-effect", "all", "--json",
                    "--out", tmp_path)  # fmt: skip
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["effects"] == []
    assert told["lift_litres_share"]["mean"] == 0
    one = simulate(season, "--members", "100", "--seeds", "1", "--no-effect", "goal", "--json",
                   "--out", tmp_path)  # fmt: skip
    assert "goal" not in json.loads(one.stdout.splitlines()[-1])["effects"]


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--no-effect", "luck"], "--no-effect: effect 'luck': must be one of goal,"),
        (["--until", "tomorrow"], "--until = tomorrow: must be a time with offset"),
        (["--until", "2026-05-01T00:00:00+08:00"], "must lie after 2026-05-31T16:00:00"),
        (["--log", "log.xlsx"], "extension '.xlsx': must be one of .parquet"),
        (["--population", "no-such.toml"], "no-such.toml"),
        (["--members", "0"], "0 is not in the range"),
    ],
)
def test_bad_input_is_refused_and_named(
    season: Path, tmp_path: Path, args: list[str], expected: str
) -> None:
    done = simulate(season, "--out", tmp_path, *args)
    assert done.exit_code == 2
    assert expected in done.output


def test_a_missing_season_is_refused(tmp_path: Path) -> None:
    done = simulate(tmp_path / "none.toml", "--out", tmp_path)
    assert done.exit_code == 2
    assert "name a readable season file" in done.output


@pytest.mark.parametrize(
    ("members", "runs", "free", "workers"),
    [
        (1_000, 8, 10**12, 1),
        (100_000, 8, 10**12, 5),
        (10_000_000, 2, 10**11, 2),
        (10_000_000, 2, 10**9, 1),
        (1_000_000, 8, None, 5),
    ],
)
def test_runs_are_shared_by_as_many_processes_as_memory_has_room_for(
    members: int, runs: int, free: int | None, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: set(range(5)), raising=False)
    monkeypatch.setattr(_simulating, "free_bytes", lambda: free)
    assert _simulating.workers_for(members, runs) == workers
