"""The bench command and the two sides it measures."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from loadtests.bench import kernel
from loadtests.bench._sides import alternate, machine, spread, versions
from loadtests.served import shipped_season
from rules.compiling.compiled import compile_rules
from rules.season.season_file import load_season
from ui.commands.bench import command


def test_sides_take_turns_and_change_who_starts() -> None:
    calls: list[tuple[str, int]] = []

    def side(name: str, number: int) -> float:
        calls.append((name, number))
        return float(number)

    ours, theirs = alternate([lambda n: side("a", n), lambda n: side("b", n)], 5)
    assert ours == theirs == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert calls[:4] == [("a", 0), ("b", 0), ("b", 1), ("a", 1)]


def test_a_median_of_too_few_is_refused() -> None:
    with pytest.raises(ValueError, match="rounds = 4"):
        alternate([float], 4)


def test_spread_and_machine_say_what_was_measured() -> None:
    assert spread([3.0, 1.0, 2.0]) == {"median": 2.0, "least": 1.0, "greatest": 3.0}
    assert machine()["cores"]
    assert set(versions("numpy", "redis")) == {"numpy", "redis"}


def test_every_benchmark_is_listed_with_its_first_line() -> None:
    answer = CliRunner().invoke(command, ["--help"])
    assert answer.exit_code == 0
    folder = Path(__file__).parents[2] / "loadtests" / "bench"
    names = [one.stem for one in folder.glob("*.py") if not one.stem.startswith("_")]
    assert "rank" in names
    for name in names:
        assert f"\n  {name} " in answer.output
    assert "ZREVRANK" in answer.output
    assert "_sides" not in answer.output


@pytest.mark.parametrize(
    "args",
    [
        ["nothing"],
        ["rank", "--rounds", "1"],
        ["rank", "--what"],
        ["kernel", "--rounds", "1"],
        ["kernel", "--members", "0"],
    ],
)
def test_bad_usage_leaves_with_2(args: list[str]) -> None:
    assert CliRunner().invoke(command, args).exit_code == 2


def test_the_reduced_file_keeps_earning_tiers_tasks_and_boards() -> None:
    path = shipped_season()
    season = load_season(path.read_text(encoding="utf-8"), str(path))
    less = kernel.reduced(season)
    for name in ("earning", "tiers", "tasks", "boards", "members"):
        assert getattr(less, name) == getattr(season, name)
    whole, reduced = compile_rules(season), compile_rules(less)
    assert whole.lot_rules.expire_after is not None
    assert reduced.lot_rules.expire_after is None
    assert whole.trigger_rules.all
    assert not reduced.trigger_rules.all
    assert reduced.crosses_members == ()


def test_the_kernel_is_measured_by_stage_size_and_type(capsys: pytest.CaptureFixture[str]) -> None:
    assert kernel.main(["--members", "40", "--days", "9"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["rounds"] == 5
    for side in ("whole", "reduced"):
        assert set(result["ns_an_event"][side]) == {"131072", "5000", "8"}
        for stages in result["ns_an_event"][side].values():
            assert all(stages[stage]["median"] > 0 for stage in kernel.STAGES)
    pair = result["kernel_ns"]
    ratio = pair["whole"]["median"] / pair["reduced"]["median"]
    assert result["ratio"] == pytest.approx(ratio, rel=0.01)
    assert result["types"]["purchase"]["events"] >= kernel.OF_TYPE_MIN
