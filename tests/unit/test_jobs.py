"""Jobs of a running system: a search that begins again, and cheats as the command finds them."""

import json
from pathlib import Path

import msgspec
from click.testing import CliRunner

from actors.simulations import Simulation
from tests.unit.agents_season import PLAIN, WELCOME
from tests.unit.tuned_season import SEASON, SPACE
from ui.answers.leak import Leaks
from ui.commands import main
from ui.jobs import KEPT, simulate
from ui.jobs.adversaries import STAGES


def search(folder: Path) -> tuple[list[tuple[int, int, str]], dict[str, object]]:
    """Do the search of a folder; gives what progress was told, and the summary."""
    out = folder / "files"
    out.mkdir(exist_ok=True)
    told: list[tuple[int, int, str]] = []
    asked = Simulation(
        "5d1f03a9c2e7", "tune", "spring", ("spring",), "CNY", 20, 8, 1, asked_us=1,
        objective="min:cost_total_fen", budgets=("active_members>=50%",), trials=4, effort="quick",
    )  # fmt: skip
    simulate(asked, folder, out, lambda *step: told.append(step))
    return told, json.loads((out / "summary.json").read_text(encoding="utf-8"))


def test_a_search_tells_its_stages_and_goes_on_with_the_runs_it_has(tmp_path: Path) -> None:
    (tmp_path / "season.toml").write_text(SEASON, encoding="utf-8")
    (tmp_path / "space.toml").write_text(SPACE, encoding="utf-8")
    told, summary = search(tmp_path)
    stages = list(dict.fromkeys(what for _, _, what in told))
    assert stages[:2] == ["screen", "search"]
    assert stages[-1] == "confirm"
    assert all(done <= total for done, total, _ in told)
    kept = tmp_path / KEPT
    lines = kept.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + int(str(summary["runs"]))
    # Ended while a run was being written: the attempt after it makes only what is missing.
    kept.write_text("\n".join(lines[:-3]) + "\n" + lines[-3][:40], encoding="utf-8")
    again, same = search(tmp_path)
    assert same == summary
    assert len(again) < len(told)
    # Runs of another version don't fit: they are made anew.
    kept.write_text('{"made_with": "another"}\n', encoding="utf-8")
    assert search(tmp_path)[1] == summary


def test_adversaries_find_what_the_command_line_finds_and_tell_their_stages(
    tmp_path: Path,
) -> None:
    out = tmp_path / "files"
    out.mkdir()
    season = tmp_path / "season.toml"
    season.write_text(PLAIN + WELCOME, encoding="utf-8")
    asked = Simulation(
        "5d1f03a9c2e7", "adversaries", "small", ("small",), "CNY", 20, 1, 1, asked_us=1,
        agents=2, agent_kinds=("ring",), closing=True,
    )  # fmt: skip
    told: list[tuple[int, int, str]] = []
    simulate(asked, tmp_path, out, lambda *step: told.append(step))
    stages = list(dict.fromkeys(what for _, _, what in told))
    assert stages == list(STAGES[: len(stages)])
    assert len(stages) >= 2, "what closes it was tried"
    args = ["--members", "20", "--agents", "2", "--kind", "ring", "--seeds", "1", "--json"]
    by_hand = CliRunner().invoke(
        main, ["adversaries", str(season), *args, "--out", str(tmp_path / "by-hand")]
    )
    assert by_hand.exit_code == 0, by_hand.output
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert summary == json.loads(by_hand.stdout.splitlines()[-1])
    assert summary["leaks"][0]["name"]["zh"]
    closes = (out / "closes.toml").read_bytes()
    assert closes == (tmp_path / "by-hand" / "closes.toml").read_bytes()
    decoded = msgspec.json.decode(msgspec.json.encode(summary), type=Leaks)
    assert decoded.closes is not None
