"""Replay from files to files: one row per input row, any number of workers, archived stamps."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from rules.decoding.event_columns import stamp
from rules.decoding.events import Names, decode_ndjson
from ui.commands import main

SEASON = """
format = 1
[programme]
id = "p"
timezone = "Asia/Shanghai"
accept_late = "1d"
[products.92]
category = "fuel"
[[earning]]
id = "fuel"
on = "purchase"
points = 1
per = { litres = "1" }
[season]
id = "s"
starts = 2026-06-01T00:00:00
ends = 2026-07-01T00:00:00
[rewards.cup]
kind = "goods"
unit_cost = "12.50"
[[prizes]]
board = "overall"
ranks = "1"
reward = "cup"
"""


def purchase(number: int, member: str, at: str, litres: str) -> dict[str, Any]:
    return {
        "event_id": f"e{number}",
        "type": "purchase",
        "member": member,
        "at": at,
        "product": "92",
        "litres": litres,
        "amount": "10.00",
    }


LOG = [
    purchase(1, "a", "2026-06-02T10:00:00+08:00", "10"),
    purchase(2, "b", "2026-06-04T10:00:00+08:00", "20.5"),
    purchase(3, "a", "2026-06-02T11:00:00+08:00", "30"),
    {"event_id": "e4", "type": "purchase", "member": "a", "at": "yesterday", "product": "92"},
    purchase(1, "a", "2026-06-02T10:00:00+08:00", "10"),
    purchase(5, "b", "2026-06-04T12:00:00+08:00", "1"),
]


@pytest.fixture
def season(tmp_path: Path) -> Path:
    path = tmp_path / "season.toml"
    path.write_text(SEASON)
    return path


def write_log(path: Path, events: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines))


def test_one_result_row_per_input_row_in_the_order_applied(season: Path, tmp_path: Path) -> None:
    log = write_log(tmp_path / "log.ndjson", LOG)
    answer = run("replay", season, log, "--out", tmp_path / "out", "--json")
    assert answer.exit_code == 0, answer.output
    found = rows(tmp_path / "out" / "results.csv")
    assert [(row["event_id"], row["status"], row["points"], row["reason"]) for row in found] == [
        ("e1", "applied", "10", ""),
        ("e2", "applied", "20", ""),
        ("e3", "rejected", "0", "too_late"),
        ("e4", "rejected", "0", "bad_field"),
        ("e1", "duplicate", "10", ""),
        ("e5", "applied", "1", ""),
    ]
    summary = json.loads(answer.stdout.splitlines()[-1])
    assert summary == json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["status"]["rejected"] == 2
    assert summary["reasons"] == {"bad_field": 1, "too_late": 1}
    assert rows(tmp_path / "out" / "prizes.csv")[0]["member"] == "b"


def test_sorting_by_time_lets_late_events_in(season: Path, tmp_path: Path) -> None:
    log = write_log(tmp_path / "log.ndjson", LOG)
    assert run("replay", season, log, "--out", tmp_path / "out", "--sort").exit_code == 0
    found = rows(tmp_path / "out" / "results.csv")
    assert [row["event_id"] for row in found] == ["e1", "e1", "e3", "e2", "e5", "e4"]
    assert [row["status"] for row in found][1] == "duplicate"
    assert {row["member"]: row["active"] for row in rows(tmp_path / "out" / "members.csv")} == {
        "a": "40",
        "b": "21",
    }


def test_sorting_puts_refused_rows_at_their_time_too(season: Path, tmp_path: Path) -> None:
    """Over all logs, ties as they came; what has no readable time goes last."""
    nothing_sold = {"event_id": "x1", "type": "purchase", "member": "a", "product": "moon"}
    first = [
        purchase(2, "b", "2026-06-04T10:00:00+08:00", "20.5"),
        {"event_id": "e4", "type": "purchase", "member": "a", "at": "yesterday", "product": "92"},
        {**nothing_sold, "at": "2026-06-02T10:00:00+08:00", "amount": "1.00"},
    ]
    second = [
        {"event_id": "x2", "type": "moon", "member": "a", "at": "2026-06-03T10:00:00+08:00"},
        purchase(1, "a", "2026-06-02T10:00:00+08:00", "10"),
        {**nothing_sold, "event_id": "x3", "at": "1999-01-01T00:00:00Z", "amount": "1.00"},
        {**nothing_sold, "event_id": "x4"},
    ]
    logs = [write_log(tmp_path / f"{n}.ndjson", one) for n, one in enumerate((first, second))]
    assert run("replay", season, *logs, "--out", tmp_path / "out", "--sort").exit_code == 0
    found = [(row["event_id"], row["reason"]) for row in rows(tmp_path / "out" / "results.csv")]
    assert found == [
        ("x3", "unknown_product"),
        ("x1", "unknown_product"),
        ("e1", ""),
        ("x2", "unknown_type"),
        ("e2", ""),
        ("e4", "bad_field"),
        ("x4", "bad_field"),
    ]


def test_every_file_has_its_header_even_when_empty(season: Path, tmp_path: Path) -> None:
    log = write_log(tmp_path / "log.ndjson", [])
    assert run("replay", season, log, "--out", tmp_path / "out").exit_code == 0
    names = {path.name for path in (tmp_path / "out").iterdir()}
    tables = ("standings-overall", "prizes", "members", "coupons", "results")
    assert names == {f"{name}.{kind}" for name in tables for kind in ("csv", "parquet")} | {
        "summary.json"
    }
    for name in tables:
        header, rest = (tmp_path / "out" / f"{name}.csv").read_text().split("\n", 1)
        assert "," in header
        assert rest == ""


LEVELS = """
[tiers]
window_months = 1
[[tiers.levels]]
id = "silver"
[[tiers.levels]]
id = "gold"
entry = { any = { visits = 1 } }
"""


@pytest.mark.parametrize("until", [(), ("--until", "2026-06-15T00:00:00+08:00")])
def test_the_last_event_moves_the_clock_of_every_worker(
    tmp_path: Path, until: tuple[str, ...]
) -> None:
    season, log = tmp_path / "season.toml", tmp_path / "log.ndjson"
    season.write_text(SEASON + LEVELS, "utf-8")
    early = [purchase(n, f"m{n}", "2026-06-02T10:00:00+08:00", "10") for n in range(9)]
    # Long after the final instant, and seen by one worker alone.
    late = purchase(9, "late", "2026-09-02T10:00:00+08:00", "10")
    log.write_text("\n".join(json.dumps(event) for event in [*early, late]), "utf-8")
    for workers in (1, 3):
        out = tmp_path / f"out{workers}"
        done = run("replay", season, log, "--out", out, "--workers", workers, *until)
        assert done.exit_code == 0
        tiers = {row["member"]: row["tier"] for row in rows(out / "members.csv")}
        assert tiers == {f"m{n}": "silver" for n in range(9)} | {"late": "gold"}


def test_any_number_of_workers_writes_the_same_bytes(season: Path, tmp_path: Path) -> None:
    events = [
        purchase(number, f"m{number % 7}", f"2026-06-{1 + number // 8:02d}T08:00:00+08:00", "7.7")
        for number in range(160)
    ]
    log = write_log(tmp_path / "log.ndjson", events)
    for workers in (1, 3):
        out = tmp_path / f"out{workers}"
        assert run("replay", season, log, "--out", out, "--workers", workers).exit_code == 0
    for path in sorted((tmp_path / "out1").iterdir()):
        assert path.read_bytes() == (tmp_path / "out3" / path.name).read_bytes(), path.name


def test_an_archived_log_is_judged_at_its_own_stamps(season: Path, tmp_path: Path) -> None:
    events = [
        purchase(1, "a", "2026-06-02T10:00:00+08:00", "10"),
        purchase(2, "a", "2026-06-02T11:00:00+08:00", "10"),
    ]
    names = Names(frozenset({"92"}), frozenset({"private"}), 0, 2**62)
    body = "".join(json.dumps(event) + "\n" for event in events).encode()
    decoded = decode_ndjson(body, names)
    at_us = decoded.columns.column("at_us").to_numpy()
    # The second was judged two days after it happened.
    stamps = at_us + np.array([0, 2 * 86_400_000_000])
    table = pa.Table.from_batches([stamp(decoded.columns, stamps)])
    pq.write_table(table, tmp_path / "0-1.parquet")
    assert run("replay", season, tmp_path / "0-1.parquet", "--out", tmp_path / "out").exit_code == 0
    found = rows(tmp_path / "out" / "results.csv")
    assert [(row["status"], row["reason"]) for row in found] == [
        ("applied", ""),
        ("rejected", "too_late"),
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["no.toml", "log.ndjson"], "no.toml"),
        (["season.toml", "no.ndjson"], "no.ndjson"),
        (["season.toml", "log.ndjson", "--until", "2026-07-01"], "--until = 2026-07-01"),
    ],
)
def test_bad_input_is_named_and_leaves_with_2(
    season: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    write_log(tmp_path / "log.ndjson", LOG)
    monkeypatch.chdir(season.parent)
    answer = run("replay", *arguments, "--out", tmp_path / "out")
    assert answer.exit_code == 2
    assert said in answer.output


def test_until_stops_the_clock_before_the_end(season: Path, tmp_path: Path) -> None:
    log = write_log(tmp_path / "log.ndjson", LOG[:2])
    until = "2026-06-10T00:00:00+08:00"
    answer = run("replay", season, log, "--out", tmp_path / "out", "--until", until, "--json")
    assert json.loads(answer.stdout.splitlines()[-1])["clock"] == "2026-06-09T16:00:00.000000Z"


REFERRAL = '[referral]\nadvocate_points = 7\nhold = "1d"\n'


def test_where_members_share_something_one_table_is_used(season: Path, tmp_path: Path) -> None:
    season.write_text(SEASON + REFERRAL)
    at = "2026-06-02T09:00:00+08:00"
    events: list[dict[str, Any]] = [
        {"event_id": f"r{k}", "type": "referral", "member": "a", "at": at, "ref": f"m{k}"}
        for k in range(8)
    ]
    events += [purchase(k, f"m{k}", "2026-06-02T10:00:00+08:00", "10") for k in range(8)]
    log = write_log(tmp_path / "log.ndjson", events)
    for workers in (1, 3):
        out = tmp_path / f"out{workers}"
        done = run("replay", season, log, "--out", out, "--workers", workers)
        assert done.exit_code == 0, done.output
        assert ("members share referrals" in done.stderr) == (workers == 3)
        assert {row["member"]: row["earned_task"] for row in rows(out / "members.csv")}["a"] == "56"


def test_a_log_that_merges_members_is_replayed_with_one_table(season: Path, tmp_path: Path) -> None:
    at = "2026-06-03T09:00:00+08:00"
    events = [purchase(k, f"m{k}", "2026-06-02T10:00:00+08:00", "10") for k in range(8)]
    events += [
        {"event_id": f"g{k}", "type": "merge", "member": "m0", "at": at, "ref": f"m{k}"}
        for k in range(1, 8)
    ]
    log = write_log(tmp_path / "log.ndjson", events)
    for workers in (1, 3):
        out = tmp_path / f"out{workers}"
        done = run("replay", season, log, "--out", out, "--workers", workers)
        assert done.exit_code == 0, done.output
        assert ("the log merges members' records" in done.stderr) == (workers == 3)
        assert [row["active"] for row in rows(out / "members.csv")] == ["80"]
    for name in ("results.csv", "members.csv", "standings-overall.csv"):
        assert (tmp_path / "out1" / name).read_bytes() == (tmp_path / "out3" / name).read_bytes()


@pytest.mark.parametrize("workers", [1, 2])
def test_prizes_are_claimed_after_the_final_instant(
    season: Path, tmp_path: Path, workers: int
) -> None:
    def claim(number: int, member: str, at: str) -> dict[str, Any]:
        return {
            "event_id": f"c{number}",
            "type": "prize_claim",
            "member": member,
            "item": "overall:1",
            "at": at,
        }

    log = [
        purchase(1, "a", "2026-06-02T10:00:00+08:00", "10"),
        purchase(2, "b", "2026-06-02T10:00:00+08:00", "5"),
        claim(1, "a", "2026-06-10T13:00:00+08:00"),
        claim(2, "b", "2026-07-02T12:00:00+08:00"),
        claim(3, "a", "2026-07-02T12:00:00+08:00"),
        claim(4, "a", "2026-07-02T12:01:00+08:00"),
    ]
    path, out = write_log(tmp_path / "log.ndjson", log), tmp_path / "out"

    answer = run("replay", season, path, "--out", out, "--workers", workers)

    assert answer.exit_code == 0, answer.output
    found = rows(out / "results.csv")[2:]
    assert [(row["event_id"], row["status"], row["reason"]) for row in found] == [
        ("c1", "rejected", "not_final"),
        ("c2", "rejected", "not_a_winner"),
        ("c3", "applied", ""),
        ("c4", "rejected", "claimed_already"),
    ]
