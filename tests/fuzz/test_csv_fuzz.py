"""Fuzz of recorded logs: a spoiled CSV is replayed or refused in words, never with a traceback."""

from __future__ import annotations

import csv
import io
import random
import secrets
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.fuzz.mutator import mutated
from tests.integration.live_fixtures import SEASON, season_log
from ui.commands.replay import command

SHORT, LONG = 8, 400


def play(folder: Path, chosen: int, rounds: int) -> None:
    season = folder / "season.toml"
    season.write_text(SEASON, encoding="utf-8")
    columns = ["event_id", "type", "member", "at", "product", "litres", "amount", "ref"]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(season_log(40, members=8))
    good = text.getvalue().encode()
    dice = random.Random(chosen)
    for number in range(rounds):
        log = folder / "log.csv"
        log.write_bytes(mutated(good, dice))
        words = [str(season), str(log), "--out", str(folder / f"out-{number}")]
        done = CliRunner().invoke(command, words)
        where = (chosen, number, done.output[-500:])
        assert done.exception is None or isinstance(done.exception, SystemExit), where
        assert done.exit_code in (0, 1, 2), where
        assert "Traceback" not in done.output, where


def test_a_spoiled_log_is_replayed_or_refused(tmp_path: Path) -> None:
    chosen = secrets.randbelow(2**32)
    print(f"seed {chosen}")
    play(tmp_path, chosen, SHORT)


@pytest.mark.long
@pytest.mark.timeout(1_800)
def test_many_spoiled_logs_are_replayed_or_refused(tmp_path: Path) -> None:
    chosen = secrets.randbelow(2**32)
    print(f"seed {chosen}")
    play(tmp_path, chosen, LONG)
