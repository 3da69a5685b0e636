"""Rows on their way in: where they stand, what they say, and the file of those not taken."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rules.decoding.event_columns import Names
from rules.decoding.events import decode_arrow
from simulator.log.intake import BadRows, Original, own_columns, read_intake
from simulator.log.mapping_file import MappingErrors, load_mapping

NAMES = Names(None, frozenset({"private"}), 0, 2**52)
MAPPING = """
format = 1
[source]
delimiter = ";"
[[keep]]
column = "kind"
equals = "fuel"
[fields]
event_id = "no"
type = { value = "purchase" }
member = "card"
at = "when"
amount = "paid"
product = "grade"
litres = "litres"
"""


def rows_of(count: int) -> list[str]:
    kinds = ["fuel", "shop"]
    return [
        f"{number};{kinds[number % 2]};c{number};2026-06-01T08:00:00Z;10.00;92;1.5"
        for number in range(count)
    ]


def test_mapped_csv_rows_know_their_lines_and_cells(tmp_path: Path) -> None:
    log, mapping = tmp_path / "log.csv", tmp_path / "m.toml"
    mapping.write_text(MAPPING, encoding="utf-8")
    rows = rows_of(6)
    rows[2] = rows[2].replace("10.00", "ten")
    rows.insert(3, "broken;row")
    log.write_text("no;kind;card;when;paid;grade;litres\n" + "\n".join(rows) + "\n")
    (intake,) = list(read_intake([str(log)], load_mapping(mapping)))
    assert intake.line.tolist() == [2, 4, 5, 7]
    assert intake.passed_over == 3
    decoded = intake.decode(NAMES)
    assert [one.place for one in decoded.refused] == [1, 2]
    bad = intake.originals(np.array([1, 2]))
    assert bad[0].cells["paid"] == "ten"
    assert bad[0].cells["kind"] == "fuel"
    assert (bad[1].line, bad[1].text) == (5, "broken;row")
    kind, body = intake.to_body(decoded.place)
    assert kind.endswith("arrow.stream")
    assert decode_arrow(body, NAMES).columns.column("event_id").to_pylist() == ["0", "4"]


def test_lines_keep_their_numbers_over_blank_ones(tmp_path: Path) -> None:
    log = tmp_path / "log.ndjson"
    good = {"event_id": "1", "type": "check_in", "member": "m", "at": "2026-06-01T08:00:00Z"}
    log.write_text(f"{json.dumps(good)}\n\nnot json\n{json.dumps(good | {'event_id': '2'})}\n")
    (intake,) = list(read_intake([str(log)], None))
    assert intake.line.tolist() == [1, 3, 4]
    assert [one.place for one in intake.decode(NAMES).refused] == [1]
    assert intake.originals(np.array([1]))[0].text == "not json"
    _, body = intake.to_body(np.array([0, 2]))
    assert [json.loads(line)["event_id"] for line in body.splitlines()] == ["1", "2"]


def test_table_files_show_any_column_as_text(tmp_path: Path) -> None:
    log = tmp_path / "log.parquet"
    table = pa.table({"event_id": ["1"], "type": ["dance"], "member": ["m"], "tags": [["a", "b"]],
                      "at": ["2026-06-01T08:00:00Z"], "amount": [1.5]})  # fmt: skip
    pq.write_table(table, log)
    (intake,) = list(read_intake([str(log)], None))
    (shown,) = intake.originals(np.array([0]))
    assert shown.cells["tags"] == '["a", "b"]'
    assert shown.cells["amount"] == "1.5"
    assert own_columns(str(log), None) == table.column_names


def test_bad_rows_of_csv_are_whole_cells_again(tmp_path: Path) -> None:
    bad = BadRows(tmp_path / "bad.csv", ["a", "b", "import_line"], ";", 0)
    bad.add("log.csv", [(Original(5, {"a": 'x;"y"', "b": "1"}, ""), "bad_field", "no; not that")])
    bad.add("log.csv", [(Original(6, {}, "torn;row;here"), "bad_field", "three cells")])
    with bad.path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    assert [row["a"] for row in rows] == ['x;"y"', ""]
    assert [row["import_text"] for row in rows] == ["", "torn;row;here"]
    assert bad.rows == 2


def test_bad_lines_keep_their_objects(tmp_path: Path) -> None:
    bad = BadRows(tmp_path / "bad.ndjson", [], ",", 0)
    bad.add("log.ndjson", [(Original(1, {}, '{"event_id": 7, "x": [1]}'), "bad_field", "why")])
    bad.add("log.ndjson", [(Original(2, {}, "{torn"), "bad_field", "why")])
    first, second = (json.loads(line) for line in bad.path.read_text().splitlines())
    assert (first["event_id"], first["x"], first["import_line"]) == (7, [1], "1")
    assert second["import_text"] == "{torn"


def test_what_was_written_behind_the_note_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    bad = BadRows(path, ["a"], ",", 0)
    bad.add("f", [(Original(1, {"a": "1"}, ""), "r", "s")])
    size = bad.size
    bad.add("f", [(Original(2, {"a": "2"}, ""), "r", "s")])
    again = BadRows(path, ["a"], ",", size)
    again.add("f", [(Original(3, {"a": "3"}, ""), "r", "s")])
    assert [line[0] for line in path.read_text().splitlines()] == ["a", "1", "3"]


def made(folder: Path, text: str, rows: str) -> list[dict[str, object]]:
    (folder / "m.toml").write_text(text, encoding="utf-8")
    (folder / "rows.csv").write_text(rows, encoding="utf-8")
    found = read_intake([str(folder / "rows.csv")], load_mapping(folder / "m.toml"))
    return [row for intake in found for row in intake.decode(NAMES).columns.to_pylist()]


MEMBERS = (
    'format = 1\nrows = "members"\n[fields]\nmember = "id"\nat = "since"\n"attributes.n" = "n"\n'
)
BALANCES = (
    'format = 1\nrows = "balances"\nname = "opening"\nreason = "taken over"\n'
    '[fields]\nmember = "id"\nat = "since"\npoints = "p"\n'
)


def test_members_become_enrolments_with_ids_of_their_rows(tmp_path: Path) -> None:
    header, since = "id,since,n\n", "2026-06-01T00:00:00Z"
    first = made(tmp_path, MEMBERS, f"{header}a,{since},x\nb,{since},y\n")
    assert [row["type"] for row in first] == ["enrol", "enrol"]
    assert first[0]["attributes"] == '{"n":"x"}'
    again = made(tmp_path, MEMBERS, f"{header}b,{since},y\na,{since},z\n")
    assert again[0]["event_id"] == first[1]["event_id"]
    assert again[1]["event_id"] != first[0]["event_id"]


def test_balances_become_adjustments_with_one_id_and_their_reason(tmp_path: Path) -> None:
    rows = made(tmp_path, BALANCES, "id,since,p\na,2026-06-01T00:00:00Z,-5\n")
    (row,) = rows
    assert (row["type"], row["event_id"], row["ref"]) == ("adjust", "opening-balance", "taken over")
    assert row["points"] == -5


def test_rows_of_members_or_balances_lack_nothing_they_need(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(BALANCES.replace('points = "p"\n', ""), encoding="utf-8")
    with pytest.raises(MappingErrors, match="lacks points; rows that are balances need them"):
        load_mapping(tmp_path / "m.toml")
    (tmp_path / "m.toml").write_text(MEMBERS + 'type = "x"\n', encoding="utf-8")
    with pytest.raises(MappingErrors, match="rows that are members are enrols"):
        load_mapping(tmp_path / "m.toml")
