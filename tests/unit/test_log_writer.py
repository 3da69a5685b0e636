"""Logs written as Parquet, CSV and NDJSON hold the same events, and a broken run leaves none."""

import csv
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from rules.season.season_file import load_season
from simulator.log.log_writer import LogWriter, UnknownLogFormat, ndjson_of
from simulator.people.population_file import shipped_population
from simulator.play.traffic import generate

SEASON_FILE = Path(__file__).parents[2] / "seasons" / "summer-2026.toml"


@pytest.fixture(scope="module")
def tables() -> list[pa.Table]:
    season = load_season(SEASON_FILE.read_text(encoding="utf-8"), SEASON_FILE.name)
    return list(generate(season, shipped_population(), 1_500, 12, seed=6))


def written(tables: list[pa.Table], path: Path) -> Path:
    with LogWriter(path) as log:
        for table in tables:
            log.write(table)
    assert log.events == sum(len(table) for table in tables)
    return path


def events_of(tables: list[pa.Table]) -> list[dict[str, Any]]:
    """Write the tables' events the plain way."""
    events = []
    for row in pa.concat_tables(tables).to_pylist():
        row["at"] = row["at"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        event = {
            name: str(value) if isinstance(value, Decimal) else value
            for name, value in row.items()
            if value is not None
        }
        attributes = {
            name.removeprefix("attributes."): event.pop(name)
            for name in list(event)
            if name.startswith("attributes.")
        }
        events.append({**event, "attributes": attributes} if attributes else event)
    return events


def test_ndjson_holds_each_event_as_one_object(tables: list[pa.Table], tmp_path: Path) -> None:
    path = written(tables, tmp_path / "log.ndjson")
    lines = path.read_bytes().split(b"\n")
    assert lines.pop() == b""
    assert [json.loads(line) for line in lines] == events_of(tables)


def test_csv_holds_the_same_events(tables: list[pa.Table], tmp_path: Path) -> None:
    path = written(tables, tmp_path / "log.csv")
    with path.open(encoding="utf-8", newline="") as stream:
        found = [{k: v for k, v in row.items() if v} for row in csv.DictReader(stream)]
    wanted = []
    for event in events_of(tables):
        attributes = event.pop("attributes", {})
        flat = {**event, **{f"attributes.{name}": value for name, value in attributes.items()}}
        wanted.append({name: str(value) for name, value in flat.items()})
    assert found == wanted


def test_parquet_holds_the_same_tables(tables: list[pa.Table], tmp_path: Path) -> None:
    path = written(tables, tmp_path / "log.parquet")
    read = pa.parquet.read_table(path)
    assert read.to_pylist() == pa.concat_tables(tables).to_pylist()
    assert read.schema.field("at").type == pa.timestamp("us", tz="Asia/Shanghai")


def test_ndjson_escapes_words_and_leaves_out_what_is_absent() -> None:
    words = pa.array(['say "hi"', None, "路\\n"]).dictionary_encode()
    at = pa.array([datetime(2026, 1, 1, tzinfo=UTC)] * 3, pa.timestamp("us", tz="UTC"))
    kind = pa.array([None, "{,", None]).dictionary_encode()
    table = pa.table({"station": words, "at": at, "attributes.kind": kind})
    assert [json.loads(line) for line in ndjson_of(table).splitlines()] == [
        {"station": 'say "hi"', "at": "2026-01-01T00:00:00Z"},
        {"at": "2026-01-01T00:00:00Z", "attributes": {"kind": "{,"}},
        {"station": "路\\n", "at": "2026-01-01T00:00:00Z"},
    ]


def test_ndjson_escapes_ids_and_leaves_an_order_s_lines_as_json() -> None:
    lines = ['[{"amount":"8.30","product":"shop"}]', None]
    table = pa.table({"event_id": ['7"', "b\\"], "coupon": ["10 折", None], "lines": lines})
    assert [json.loads(line) for line in ndjson_of(table).splitlines()] == [
        {"event_id": '7"', "coupon": "10 折", "lines": [{"amount": "8.30", "product": "shop"}]},
        {"event_id": "b\\"},
    ]


def test_ndjson_of_a_slice_and_of_nothing() -> None:
    table = pa.table({"event_id": ["a", "b", "c"], "score": pa.array([1, None, 3], pa.int8())})
    assert ndjson_of(table.slice(1, 2)) == b'{"event_id":"b"}\n{"event_id":"c","score":3}\n'
    assert ndjson_of(table.slice(0, 0)) == b""


@pytest.mark.parametrize("name", ["log.parquet", "log.csv", "log.ndjson"])
def test_a_broken_run_leaves_no_log_and_keeps_the_old_one(
    tables: list[pa.Table], tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(b"old")

    def break_off() -> None:
        with LogWriter(path) as log:
            log.write(tables[0])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        break_off()
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == [name]


def test_an_unknown_extension_is_refused() -> None:
    with pytest.raises(UnknownLogFormat, match=r"log.txt: extension '.txt': must be one of"):
        LogWriter(Path("log.txt"))
