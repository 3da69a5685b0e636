"""Where the long commands write: a folder that can't be made is said before the work."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from ui.commands import main
from ui.commands._simulating import progress

SUMMER = Path(__file__).parents[2] / "seasons" / "summer-2026.toml"
SPACE = SUMMER.with_name("summer-2026.space.toml")


@pytest.mark.parametrize(
    "words",
    [
        ["simulate", str(SUMMER)],
        ["compare", str(SUMMER), str(SUMMER)],
        ["tune", str(SUMMER), "--space", str(SPACE), "--objective", "max:margin_fen"],
        ["adversaries", str(SUMMER)],
    ],
    ids=lambda words: words[0],
)
def test_no_season_is_played_for_a_folder_that_cannot_be_made(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played: list[str] = []

    def noted(what: str) -> object:
        played.append(what)
        return progress(what)

    monkeypatch.setattr(f"ui.commands.{words[0]}.progress", noted)
    taken = tmp_path / "out"
    taken.write_text("a file", encoding="utf-8")
    result = CliRunner().invoke(main, [*words, "--members", "1", "--out", str(taken)])
    assert result.exit_code == 1, result.output
    assert f"error: {taken}: File exists; name a folder that can be written" in result.stderr
    assert not played
