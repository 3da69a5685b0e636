"""`forecourt traffic`: the log it writes, its last line, and exit code 2 with a clear error."""

import json
from pathlib import Path

import pyarrow.parquet
import pytest
from click.testing import CliRunner

from ui.commands.traffic import command

SEASON = Path(__file__).parents[2] / "seasons" / "summer-2026.toml"


def run(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(command, [str(a) for a in arguments])
    return result.exit_code, result.stdout, result.stderr


def test_it_writes_a_log_and_tells_what_it_wrote(tmp_path: Path) -> None:
    log = tmp_path / "log.parquet"
    code, out, _ = run(
        SEASON, "--members", "200", "--days", "3", "--seed", "5", "--out", log, "--json"
    )
    assert code == 0
    told = json.loads(out.splitlines()[-1])
    rows = pyarrow.parquet.read_metadata(log).num_rows
    assert (told["events"], told["members"], told["days"], told["seed"]) == (rows, 200, 3, 5)
    assert rows > 200


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    logs = [tmp_path / name for name in ("a.ndjson", "b.ndjson", "c.ndjson")]
    for log, seed in zip(logs, ("1", "1", "2"), strict=True):
        assert run(SEASON, "--members", "100", "--days", "2", "--seed", seed, "--out", log)[0] == 0
    assert logs[0].read_bytes() == logs[1].read_bytes() != logs[2].read_bytes()


def test_start_moves_the_first_day(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    assert run(
        SEASON, "--members", "50", "--days", "1", "--start", "2026-07-15", "--out", log
    )[0] == 0  # fmt: skip
    text = log.read_text(encoding="utf-8")
    assert "2026-07-14T" in text or "2026-07-15T" in text
    assert "2026-06" not in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "log.txt"], "log.txt: extension '.txt': must be one of"),
        (["--out", "nowhere/log.csv"], "there is no folder nowhere: create it first"),
        (["--members", "0", "--out", "log.csv"], "members = 0: must be between 1 and"),
        (["--days", "0", "--out", "log.csv"], "days = 0: must be between 1 and 1000"),
        (["--seed", "-4", "--out", "log.csv"], "seed = -4: must be between 0 and"),
        (["--start", "2300-01-01", "--out", "log.csv"], "start = 2300-01-01: its year must be"),
        (["--population", "none.toml", "--out", "log.csv"], "none.toml: No such file"),
    ],
)
def test_bad_input_ends_with_code_2_and_says_what_to_do(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, error = run(SEASON, *arguments)
    assert code == 2
    assert message in error
    assert list(tmp_path.iterdir()) == []


def test_a_faulty_season_or_population_file_ends_with_code_2(tmp_path: Path) -> None:
    season = tmp_path / "season.toml"
    season.write_text(SEASON.read_text(encoding="utf-8").replace("steps_down = 1", "steps = 1"))
    code, _, error = run(season, "--out", tmp_path / "log.csv")
    assert code == 2
    assert "tiers.steps" in error
    population = tmp_path / "population.toml"
    population.write_text("format = 1\n")
    code, _, error = run(SEASON, "--population", population, "--out", tmp_path / "log.csv")
    assert code == 2
    assert "kinds: at least one is needed" in error
    assert not (tmp_path / "log.csv").exists()
