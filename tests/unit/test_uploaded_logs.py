"""Uploaded logs: parts come in order, a few files are kept, and none grows too large."""

from pathlib import Path

import msgspec
import pytest

from actors.simulations import Simulation, SimulationShelf
from actors.uploaded_logs import BYTES_MAX, KEPT_MAX, UploadedLogs, UploadRefused


def test_parts_come_in_order_and_one_that_comes_again_is_refused(tmp_path: Path) -> None:
    logs = UploadedLogs(tmp_path)
    log = logs.begin("csv")
    assert logs.add(log, 0, b"abc") == 3
    assert logs.add(log, 3, b"de") == 5
    with pytest.raises(UploadRefused, match="5 bytes are there") as again:
        logs.add(log, 3, b"de")
    assert again.value.size == 5
    with pytest.raises(KeyError):
        logs.add("0" * 12, 0, b"abc")
    path = logs.find(log)
    assert path is not None
    assert path.read_bytes() == b"abcde"
    assert path.suffix == ".csv"
    # A simulation takes it along into its folder.
    shelf = SimulationShelf(tmp_path)
    one = Simulation(
        log, "calibrate", "summer", ("summer",), "CNY", 0, 0, 1, asked_us=1, log="log.csv"
    )
    shelf.add(one, {"season": "a = 1"}, path)
    assert (shelf.path(log) / "log.csv").read_bytes() == b"abcde"
    assert logs.find(log) is None
    assert shelf.load() == [one]
    shelf.save(msgspec.structs.replace(one, state="running"))
    assert (shelf.path(log) / "log.csv").exists(), "one that begins again needs it"
    shelf.save(msgspec.structs.replace(one, state="failed"))
    assert not (shelf.path(log) / "log.csv").exists()


def test_too_large_a_log_is_refused_with_the_limit_and_the_way(tmp_path: Path) -> None:
    logs = UploadedLogs(tmp_path)
    log = logs.begin("ndjson")
    path = logs.find(log)
    assert path is not None
    with path.open("r+b") as file:
        file.truncate(BYTES_MAX)
    with pytest.raises(UploadRefused, match="at most 64 MiB here; use `forecourt calibrate`"):
        logs.add(log, BYTES_MAX, b"x")


def test_logs_that_nobody_takes_make_way(tmp_path: Path) -> None:
    logs = UploadedLogs(tmp_path)
    begun = [logs.begin("parquet") for _ in range(KEPT_MAX + 1)]
    held = [log for log in begun if logs.find(log) is not None]
    assert len(held) == KEPT_MAX
    assert begun[-1] in held
