import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from tests.unit.agents_season import PLAIN, WELCOME
from ui.commands import main


def adversaries(*args: str | Path) -> Result:
    return CliRunner().invoke(main, ["adversaries", *map(str, args)])


@pytest.fixture(scope="module")
def season(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("season") / "small.toml"
    path.write_text(PLAIN + WELCOME, encoding="utf-8")
    return path


def test_leaks_are_told_and_a_file_that_closes_them_is_written(
    season: Path, tmp_path: Path
) -> None:
    log = tmp_path / "log.parquet"
    done = adversaries(season, "--members", "20", "--agents", "2", "--kind", "ring", "--seeds", "1",
                       "--out", tmp_path, "--log", log, "--json")  # fmt: skip
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout.splitlines()[-1])
    assert told == json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert told["agents"] == {"ring": 2}
    assert told["kinds"]["ring"]["leak_fen"]["mean"] > 1000
    assert set(told["leak_fen"]) == {"mean", "low", "high", "p50", "p95"}
    assert "ring" in done.output
    assert told["verdict"]["en"][0] in done.output
    rules = [row["rule"] for row in told["leaks"]]
    assert "triggers.enrol-welcome" in rules
    table = pq.read_table(tmp_path / "leaks.parquet").to_pylist()
    assert [row["rule"] for row in table] == rules
    assert (tmp_path / "leaks.csv").read_text(encoding="utf-8").count("\n") == len(rules) + 1
    tried = [row["change"] for row in pq.read_table(tmp_path / "closings.parquet").to_pylist()]
    assert 'coupons.welcome.min_spend = "100.00"' in tried
    changed = (tmp_path / "closes.toml").read_text(encoding="utf-8")
    assert 'id = "club"                         # small' in changed
    assert "<svg" in (tmp_path / "report.html").read_text(encoding="utf-8")
    again = CliRunner().invoke(
        main, ["replay", str(season), str(log), "--out", str(tmp_path / "replayed"), "--json"]
    )
    assert again.exit_code == 0, again.output
    assert json.loads(again.stdout.splitlines()[-1])["events"] == pq.read_metadata(log).num_rows


def test_without_agents_nothing_leaks(season: Path, tmp_path: Path) -> None:
    out = tmp_path / "none"
    done = adversaries(season, "--members", "20", "--agents", "0", "--seeds", "2", "--json",
                       "--out", out)  # fmt: skip
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["leaks"] == []
    assert told["leak_fen"]["mean"] == told["cost_gap_fen"]["mean"] == 0
    assert not (out / "closes.toml").exists()
    plain = CliRunner().invoke(
        main, ["simulate", str(season), "--members", "20", "--seeds", "2", "--json",
               "--out", str(tmp_path / "plain")]
    )  # fmt: skip
    cost = json.loads(plain.stdout.splitlines()[-1])["cost_total_fen"]
    assert told["cost_without_agents_fen"] == cost


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--agents", "many"], "--agents many: must be a number up to 100,000, or a share"),
        (["--agents", "101%"], "--agents 101%: must be"),
        (["--kind", "thief"], "--kind thief: must be one of ring, refund_cycling"),
        (["--figures", "none.toml"], "name a readable file of agents' figures"),
        (["--log", "log.xlsx"], "extension '.xlsx'"),
    ],
)
def test_bad_input_is_refused_and_named(
    season: Path, tmp_path: Path, args: list[str], expected: str
) -> None:
    done = adversaries(season, "--members", "20", "--out", tmp_path, *args)
    assert done.exit_code == 2
    assert expected in done.output


def test_every_fault_of_the_figures_is_told(season: Path, tmp_path: Path) -> None:
    path = tmp_path / "agents.toml"
    path.write_text("format = 1\n[ring]\naccounts = { value = 1 }\n[gang]\n", encoding="utf-8")
    done = adversaries(season, "--members", "20", "--out", tmp_path, "--figures", path)
    assert done.exit_code == 2
    assert "gang: unknown section; known: ring" in done.output
    assert "ring.accounts = {'value': 1}: must be { value, unit, range, source }" in done.output
    assert "coupon_races.tills: missing" in done.output
