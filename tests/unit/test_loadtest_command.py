"""What the loadtest command refuses before it loads anything."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from ui.commands.loadtest import USERS_MAX, command


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--users", "0"], "1<=x<="),
        (["--users", str(USERS_MAX + 1)], "1<=x<="),
        (["--minutes", "0"], "0<x<="),
        (["--url", "http://127.0.0.1:9"], "--url needs --key"),
        (["--report", "/no/such/folder/report.html"], "there is no folder"),
    ],
)
def test_bad_usage_leaves_with_2(words: list[str], said: str) -> None:
    result = CliRunner().invoke(command, words, env={"FORECOURT_KEY": "", "FORECOURT_URL": ""})
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_system_that_is_not_there_is_said_plainly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loadtests.run.REACH_WITHIN_S", 0.0)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        words = ["--url", url, "--key", "k", "--report", str(tmp_path / "r.html")]
        result = CliRunner().invoke(command, words)
    assert result.exit_code == 1
    assert f"{url} can't be reached" in result.stderr
    assert "forecourt serve" in result.stderr
