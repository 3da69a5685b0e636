"""A replay whose log is read by a process of its own: the same bytes, and faults told as ever."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from loadtests.served import shipped_season
from rules.decoding.events import Names, decode_ndjson
from rules.judging.results import Outcome
from simulator.offline.aside import LARGE_BYTES, LARGE_TEXT_BYTES, worth_it
from simulator.offline.log_reading import LogReading
from simulator.offline.reading import ReadAside, ReadingEndedError
from ui.commands import main


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.mark.parametrize("by_time", [(), ("--sort",)])
def test_the_files_are_the_same_to_the_byte(tmp_path: Path, by_time: tuple[str, ...]) -> None:
    season, log = shipped_season(), tmp_path / "log.ndjson"
    assert run("traffic", season, "--out", log, "--members", 300, "--days", 20).exit_code == 0
    lines = log.read_bytes().splitlines(keepends=True)
    # What can't be read, what comes twice, what is late, and a coupon that members share.
    lines[50:50] = [b"no event\n", lines[3], b'{"event_id": "x", "type": "purchase"}\n']
    claim = {"event_id": "c", "type": "claim", "member": "m00000001", "coupon": "wash"}
    lines.append(json.dumps({**claim, "at": "2026-06-20T10:00:00+08:00"}).encode() + b"\n")
    log.write_bytes(b"".join([*lines, *lines[:40]]))
    for workers in (1, 2):
        done = run(
            "replay", season, log, "--out", tmp_path / str(workers), "--workers", workers, *by_time
        )
        assert done.exit_code == 0, done.output
    here = {path.name: path.read_bytes() for path in (tmp_path / "1").iterdir()}
    assert here == {path.name: path.read_bytes() for path in (tmp_path / "2").iterdir()}
    told = json.loads(here["summary.json"])
    assert told["events"] == len(lines) + 40
    assert told["status"]["duplicate"] > 0
    assert told["reasons"]["bad_field"] >= 2


def test_what_goes_wrong_there_is_told_here(tmp_path: Path) -> None:
    log = tmp_path / "log.parquet"
    log.write_bytes(b"PAR1 and nothing more")
    done = run("replay", shipped_season(), log, "--out", tmp_path / "out", "--workers", 2)
    assert done.exit_code == 2
    assert f"{log}: can't be read as .parquet" in done.stderr


def test_a_reader_that_dies_is_told_with_the_fix(tmp_path: Path) -> None:
    log = tmp_path / "log.ndjson"
    event = {"type": "check_in", "member": "a", "at": "2026-06-02T10:00:00Z"}
    log.write_text("".join(json.dumps({**event, "event_id": str(n)}) + "\n" for n in range(9)))
    names = Names(None, frozenset(), 0, 2**60)
    asked = ReadAside(LogReading((str(log),), None, names), tmp_path)

    def answer_after_its_end() -> None:
        with asked:
            (decoded, hashes), *more = asked
            assert not more
            assert hashes is not None
            assert decoded.columns.equals(decode_ndjson(log.read_bytes(), names).columns)
            np.testing.assert_array_equal(decoded.place, np.arange(9))
            asked.kill()
            while True:
                asked.answer(decoded, Outcome.empty(9))

    with pytest.raises(ReadingEndedError, match="--workers 1"):
        answer_after_its_end()


def test_only_a_large_log_is_worth_a_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1}, raising=False)
    logs = []
    for name, size in (("a.parquet", LARGE_BYTES // 2), ("b.csv", LARGE_TEXT_BYTES // 2)):
        with (tmp_path / name).open("wb") as file:
            file.truncate(size)
        logs.append(str(tmp_path / name))
    assert worth_it(logs)
    assert not worth_it(logs[:1])
    assert not worth_it(["package:nothing/here.csv"])
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0}, raising=False)
    assert not worth_it(logs)
