"""The rank benchmark end to end on a small board against a real server."""

import json

import pytest

from loadtests.bench.rank import main


def test_ranks_agree_with_the_sorted_set(capsys: pytest.CaptureFixture[str]) -> None:
    args = ["--members", "12000", "--asked", "300", "--changes", "2000", "--rounds", "5"]
    assert main(args) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["ranks"]["disagreements"] == 0
    assert result["ranks"]["zrevrank_s"]["median"] > 0
    assert result["ranks"]["forecourt_s"]["median"] > 0
    assert result["versions"]["server"]
