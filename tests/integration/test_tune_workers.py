"""Any number of Ray workers gives the same search."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.unit.tuned_season import folder_space
from ui.commands import main


@pytest.mark.long
def test_one_and_two_workers_find_the_same(tmp_path: Path) -> None:
    season, space = folder_space(tmp_path)
    found: dict[str, dict[str, Any]] = {}
    for workers in ("1", "2"):
        out = tmp_path / workers
        done = CliRunner().invoke(
            main,
            ["tune", str(season), "--space", str(space), "--members", "30", "--trials", "2",
             "--effort", "quick", "--workers", workers, "--out", str(out), "--json"],
        )  # fmt: skip
        assert done.exit_code == 0, done.output
        found[workers] = json.loads(done.stdout.splitlines()[-1])
    assert found["1"] == found["2"]
    for name in ("best.toml", "trials.csv", "pareto.csv", "report.html"):
        one, two = ((tmp_path / workers / name).read_bytes() for workers in ("1", "2"))
        assert one == two, name
