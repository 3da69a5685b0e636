"""The command on real runs: a few members over four days."""

import csv
import difflib
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from tests.unit.tuned_season import SEASON, SPACE, folder_space
from ui.commands import main

FEW = ("--members", "40", "--trials", "6", "--effort", "quick", "--workers", "1")


def tune(*args: str | Path) -> Result:
    return CliRunner().invoke(main, ["tune", *map(str, args)])


def summary_of(done: Result) -> dict[str, Any]:
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    season, space = folder_space(tmp_path_factory.mktemp("season"))
    # Without any points nobody would take a prize, and its worth wouldn't matter.
    space.write_text(SPACE.replace("low = 0", "low = 1"), encoding="utf-8")
    return season, space


@pytest.fixture(scope="module")
def cheapest(
    files: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], Path]:
    """Tune with every effect off: nothing given changes what anybody does."""
    season, space = files
    out = tmp_path_factory.mktemp("tuned")
    args = (season, "--space", space, "--no-effect", "all", "--out", out, "--json", *FEW)
    return summary_of(tune(*args, "--budget", "cost_total_fen<=100%")), out


def test_with_all_effects_off_the_cheapest_values_win(
    cheapest: tuple[dict[str, Any], Path],
) -> None:
    told, _ = cheapest
    assert told["outcome"] == "better"
    changes = {one["path"]: one["best"] for one in told["best"]["changes"]}
    assert changes["prizes.overall.1.reward"] == '"pen"'
    assert told["figures"]["lift_litres_share"]["candidate"]["mean"] == 0
    saved = told["figures"]["cost_total_fen"]
    assert told["difference"]["mean"] == pytest.approx(-saved["mean"])
    assert told["difference"]["mean"] >= 599_000
    assert told["seeds"] == {"search": [1, 8], "fresh": [9, 16]}
    assert [one["kept"] for one in told["budgets"]] == [True]


def test_best_toml_differs_only_where_tuned_and_passes_the_check(
    cheapest: tuple[dict[str, Any], Path],
) -> None:
    told, out = cheapest
    best = (out / "best.toml").read_text(encoding="utf-8")
    moved = [
        line
        for line in difflib.unified_diff(SEASON.splitlines(), best.splitlines(), n=0, lineterm="")
        if line[0] in "+-" and line[:3] not in ("+++", "---")
    ]
    assert len(moved) == 2 * len(told["best"]["changes"])
    for gone, come in zip(moved[::2], moved[1::2], strict=True):
        assert gone.split("=")[0].replace("-", "+", 1) == come.split("=")[0]
        assert gone.partition("#")[2] == come.partition("#")[2]
    checked = CliRunner().invoke(main, ["check", str(out / "best.toml")])
    assert checked.exit_code == 0, checked.output


def test_every_file_tried_is_told(cheapest: tuple[dict[str, Any], Path]) -> None:
    told, out = cheapest
    with (out / "trials.csv").open(encoding="utf-8", newline="") as file:
        trials = list(csv.DictReader(file))
    assert len(trials) == 1 + told["tried"] + told["invalid"]
    assert trials[0]["stage"] == "today"
    assert [one["best"] for one in trials].count("True") == 1
    assert {one["feasible"] for one in trials} <= {"yes", "no", "invalid"}
    for one in trials:
        assert bool(one["why"]) == (one["feasible"] != "yes")
        assert int(one["seeds"]) in (2, 4, 8)
    assert pq.read_table(out / "trials.parquet").num_rows == len(trials)
    with (out / "pareto.csv").open(encoding="utf-8", newline="") as file:
        front = list(csv.DictReader(file))
    assert [int(one["file"]) for one in front] == told["front"]
    assert json.loads((out / "summary.json").read_text(encoding="utf-8")) == told


def test_the_report_stands_alone_in_both_languages(
    cheapest: tuple[dict[str, Any], Path],
) -> None:
    told, out = cheapest
    report = (out / "report.html").read_text(encoding="utf-8")
    assert "http://" not in report
    assert "https://" not in report
    for language in ("zh", "en"):
        assert f'<main class="{language}"' in report
    assert told["verdict"]["en"][0].startswith("Changing ")
    assert told["verdict"]["zh"][0].startswith("改动")


def test_a_search_resumes_without_a_run_and_says_the_same(
    files: tuple[Path, Path], cheapest: tuple[dict[str, Any], Path], tmp_path: Path
) -> None:
    told, out = cheapest
    (tmp_path / "runs.ndjson").write_bytes((out / "runs.ndjson").read_bytes())
    season, space = files
    args = (season, "--space", space, "--no-effect", "all", "--out", tmp_path, "--json", *FEW)
    again = summary_of(tune(*args, "--budget", "cost_total_fen<=100%", "--resume"))
    assert again == told
    assert (tmp_path / "report.html").read_bytes() == (out / "report.html").read_bytes()
    refused = tune(*args, "--resume", "--members", "41")
    assert refused.exit_code == 2
    assert "leave --resume out" in refused.output


def test_a_budget_nothing_keeps_leaves_no_best_file(
    files: tuple[Path, Path], cheapest: tuple[dict[str, Any], Path], tmp_path: Path
) -> None:
    _, out = cheapest
    for name in ("runs.ndjson", "best.toml"):
        (tmp_path / name).write_bytes((out / name).read_bytes())
    season, space = files
    told = summary_of(
        tune(season, "--space", space, "--no-effect", "all", "--out", tmp_path, "--json", *FEW,
             "--budget", "active_members>=41", "--trials", "2", "--resume")
    )  # fmt: skip
    assert told["outcome"] == "none"
    assert told["best"] is None
    assert told["verdict"]["en"][0].startswith("None of the ")
    assert not (tmp_path / "best.toml").exists()


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--objective", "margin"), "did you mean margin_fen?"),
        (("--budget", "cost_total_fen<5"), "must be FIGURE<=LIMIT"),
        (("--no-effect", "goals"), "--no-effect: "),
        (("--trials", "1"), "--trials"),
    ],
)
def test_bad_options_are_refused(
    files: tuple[Path, Path], tmp_path: Path, args: tuple[str, ...], said: str
) -> None:
    season, space = files
    done = tune(season, "--space", space, "--out", tmp_path, *args)
    assert done.exit_code == 2
    assert said in done.output


def test_a_bad_space_is_refused_with_every_error(files: tuple[Path, Path], tmp_path: Path) -> None:
    season, _ = files
    space = tmp_path / "bad.toml"
    space.write_text(SPACE.replace("earning.fuel", "earning.fule").replace('"pen"', '"pan"'))
    done = tune(season, "--space", space, "--out", tmp_path / "out", "--json")
    assert done.exit_code == 2
    errors = json.loads(done.stdout.splitlines()[-1])["errors"]
    assert [one["path"] for one in errors] == ["vary.#1.path", "vary.#3.choices"]
    assert "did you mean earning.fuel.points" in errors[0]["fix"]
    assert not (tmp_path / "out").exists()


def test_the_example_space_fits_the_example_season() -> None:
    from simulator.search.search_space import read_space
    from simulator.search.season_text import SeasonText
    from tests.unit.simulated import SEASON as EXAMPLE

    space = EXAMPLE.with_name("summer-2026.space.toml")
    season = SeasonText(EXAMPLE.read_text(encoding="utf-8"))
    found = read_space(space.read_text(encoding="utf-8"), str(space), season, str(EXAMPLE))
    assert None not in found.home
    assert found.size > 100_000
