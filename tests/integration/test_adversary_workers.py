"""Any number of Ray workers tells the same leaks."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.unit.agents_season import PLAIN, REFERRAL, WELCOME
from ui.commands import main


@pytest.mark.long
def test_one_and_two_workers_tell_the_same_leaks(tmp_path: Path) -> None:
    season = tmp_path / "small.toml"
    season.write_text(PLAIN + REFERRAL + WELCOME, encoding="utf-8")
    found = {}
    for workers in ("1", "2"):
        out = tmp_path / workers
        done = CliRunner().invoke(
            main,
            ["adversaries", str(season), "--members", "30", "--agents", "5", "--seeds", "2",
             "--workers", workers, "--out", str(out), "--json"],
        )  # fmt: skip
        assert done.exit_code == 0, done.output
        found[workers] = json.loads(done.stdout.splitlines()[-1])
    assert found["1"] == found["2"]
    for name in ("closes.toml", "leaks.csv", "closings.csv", "report.html"):
        one, two = ((tmp_path / workers / name).read_bytes() for workers in ("1", "2"))
        assert one == two, name
