import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from simulator.play.run_result import FIGURES
from tests.unit.simulated import SEASON, SHORT
from ui.commands import main


def compare(*args: str | Path) -> Result:
    return CliRunner().invoke(main, ["compare", *map(str, args)])


@pytest.fixture(scope="module")
def season(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("season") / "short.toml"
    path.write_text(SEASON.read_text(encoding="utf-8").replace(*SHORT), encoding="utf-8")
    return path


def test_identical_files_differ_in_exactly_nothing(season: Path, tmp_path: Path) -> None:
    done = compare(season, season, "--members", "150", "--seeds", "2", "--out", tmp_path, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["identical"] is True
    assert told["verdict"]["en"][0].startswith("No difference: ")
    for name in FIGURES:
        if name != "members":
            one = told[name]
            assert [one[key] for key in ("mean", "low", "high", "p50", "p95")] == [0] * 5
    assert told["rules_hash"]["base"] == told["rules_hash"]["candidate"]


def test_two_files_are_compared_and_written(season: Path, tmp_path: Path) -> None:
    other = tmp_path / "no-discount.toml"
    text = season.read_text(encoding="utf-8")
    dropped = text.replace('discount = { category = "fuel", per_litre = "0.10" }\n', "")
    assert dropped != text
    other.write_text(dropped, encoding="utf-8")
    out = tmp_path / "out"
    done = compare(season, other, "--members", "150", "--seeds", "2", "--out", out, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert told == json.loads(done.stdout.splitlines()[-1])
    assert (told["base"], told["candidate"]) == ("short", "no-discount")
    assert told["cost_discounts_fen"]["mean"] < 0
    assert told["seeds"] == [1, 2]
    for name in ("differences", "movers", "tiers", "anyway", "prizes"):
        with (out / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            assert list(csv.DictReader(file)), name
    report = (out / "report.html").read_text(encoding="utf-8")
    assert "Gold" in report
    assert "http://" not in report
    assert "https://" not in report


def test_a_missing_file_is_refused(season: Path, tmp_path: Path) -> None:
    done = compare(season, tmp_path / "none.toml", "--out", tmp_path)
    assert done.exit_code == 2
    assert "name a readable season file" in done.output
