import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from rules.decoding.events import Decoded, Names, concat, decode_arrow, decode_ndjson
from simulator.log.log_files import LogProblem
from simulator.log.logs import (
    ARROW_TYPE,
    NDJSON_TYPE,
    TablePart,
    read_log,
    read_log_parts,
    regroup,
)
from simulator.log.mapping import MissingColumn
from simulator.log.mapping_file import load_mapping

NAMES = Names(frozenset({"92"}), frozenset({"private", "taxi"}), 0, 2 * 10**15)
MAPPING = """format = 1
[fields]
event_id = "till.id"
type = { value = "check_in" }
member = "who"
at = "when"
"""


def events(count: int) -> list[dict[str, Any]]:
    return [
        {
            "event_id": f"e{n}",
            "type": "enrol" if n % 5 == 0 else "purchase",
            "member": f"m{n % 3}",
            "at": f"2026-06-19T12:{n % 60:02d}:00+08:00",
            "product": "e85" if n % 7 == 3 else "92",
            "litres": f"{n}.250",
            "amount": f"{n}.25",
            "attributes.kind": "taxi" if n % 5 == 0 else None,
        }
        for n in range(count)
    ]


def write(folder: Path, name: str, items: list[dict[str, Any]]) -> str:
    path = folder / name
    table = pa.Table.from_pylist(items)
    if name.endswith(".csv"):
        lines = [",".join(items[0]), *(",".join(str(v or "") for v in e.values()) for e in items)]
        path.write_text("\n".join(lines) + "\n", "utf-8")
    elif name.endswith((".ndjson", ".jsonl")):
        with path.open("w", encoding="utf-8") as file:
            for item in items:
                kind = item["attributes.kind"]
                given = {name: value for name, value in item.items() if "." not in name}
                file.write(
                    json.dumps(given | ({"attributes": {"kind": kind}} if kind else {})) + "\n"
                )
    elif name.endswith(".parquet"):
        pa.parquet.write_table(table, path, row_group_size=7)
    else:
        make = pa.ipc.new_stream if name.endswith("arrows") else pa.ipc.new_file
        with make(str(path), table.schema) as writer:
            writer.write_table(table, max_chunksize=7)
    return str(path)


def together(
    parts: list[Decoded],
) -> tuple[list[dict[str, Any]], list[int], list[tuple[int, str, str]]]:
    columns = concat([part.columns for part in parts]).to_pylist()
    places = [place for part in parts for place in part.place.tolist()]
    refused = [(r.place, r.event_id, r.reason) for part in parts for r in part.refused]
    return columns, places, refused


@pytest.mark.parametrize("chunk_rows", [1, 4, 1_000])
@pytest.mark.parametrize(
    "name", ["a.csv", "a.jsonl", "a.parquet", "a.arrow", "a.arrows", "a.feather"]
)
def test_all_formats_and_chunks_give_the_same(tmp_path: Path, name: str, chunk_rows: int) -> None:
    items = events(23)
    expected = together(list(read_log([write(tmp_path, "z.ndjson", items)], None, NAMES)))
    assert len(expected[0]) + len(expected[2]) == 23
    assert [place for place, _, _ in expected[2]] == [3, 17]
    parts = list(read_log([write(tmp_path, name, items)], None, NAMES, chunk_rows))
    assert together(parts) == expected
    assert all(part.received <= chunk_rows for part in parts)


def test_places_go_on_over_several_logs(tmp_path: Path) -> None:
    paths = [write(tmp_path, "a.csv", events(4)), write(tmp_path, "b.ndjson", events(5))]
    _, places, refused = together(list(read_log(paths, None, NAMES)))
    assert sorted([*places, *(place for place, _, _ in refused)]) == list(range(9))
    assert [place for place, _, _ in refused] == [3, 7]


def test_csv_rows_that_cannot_be_read_keep_their_place(tmp_path: Path) -> None:
    good = b"e%d,check_in,m,2026-06-19T12:00:00Z\n"
    body = b"\xef\xbb\xbfevent_id,type,member,at\n" + good % 0 + b"too,few\n" + good % 2
    body += b'"quoted, and\nbroken",check_in,m,2026-06-19T12:00:00Z\n' + b"\xff,check_in,m,x\n"
    body += good % 5 + b"a,b,c,d,e\n"
    path = tmp_path / "a.csv"
    path.write_bytes(body)
    for chunk_rows in (1, 2, 100):
        columns, places, refused = together(list(read_log([str(path)], None, NAMES, chunk_rows)))
        assert [row["event_id"] for row in columns] == ["e0", "e2", "e5"]
        assert places == [0, 2, 5]
        assert [place for place, _, _ in refused] == [1, 3, 4, 6]
    sentences = [r.sentence for part in read_log([str(path)], None, NAMES) for r in part.refused]
    assert sentences[0] == "row 3 has 2 cells, the header 4; give every row the same"
    assert "control character" in sentences[1]
    assert "is not UTF-8" in sentences[2]
    assert "has 5 cells" in sentences[3]


def test_a_csv_row_of_foreign_bytes_spoils_no_other(tmp_path: Path) -> None:
    rows = [b"1,check_in,a,2026-06-19T12:00:00Z", b"2,\xff\xfe", b"3,check_in,\xe9,x"]
    rows += [b"4,check_in,\xc3\xa9,2026-06-19T12:00:00Z", b"5,check_in,b,2026-06-19T12:00:00Z"]
    (tmp_path / "a.csv").write_bytes(b"\n".join([b"event_id,type,member,at", *rows]))
    (decoded,) = read_log([str(tmp_path / "a.csv")], None, NAMES)
    assert decoded.columns.column("member").to_pylist() == ["a", "é", "b"]
    assert decoded.place.tolist() == [0, 3, 4]
    assert [refusal.place for refusal in decoded.refused] == [1, 2]
    assert "row 3 has 2 cells" in decoded.refused[0].sentence
    assert "row 4 is not UTF-8" in decoded.refused[1].sentence


def test_ndjson_tells_the_line_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    lines = [json.dumps({**event, "attributes.kind": None}) for event in events(3)]
    path.write_text("\n".join([lines[0], "", lines[1], "junk", lines[2]]), "utf-8")
    for chunk_rows in (1, 2, 100):
        (refusal,) = [
            r for part in read_log([str(path)], None, NAMES, chunk_rows) for r in part.refused
        ]
        assert refusal.place == 2
        assert refusal.sentence.startswith("line 4 is not JSON")


def test_mapped_ndjson_keeps_the_place_of_lines_it_cannot_read(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(MAPPING, "utf-8")
    mapping = load_mapping(tmp_path / "m.toml")
    path = tmp_path / "a.jsonl"
    line = '{"till":{"id":%d},"who":"m","when":"2026-06-19T12:00:00Z"}'
    path.write_text("\n".join([line % 1, "junk", "[1]", line % 2, '{"who":"m"}']), "utf-8")
    for chunk_rows in (1, 2, 100):
        columns, places, refused = together(list(read_log([str(path)], mapping, NAMES, chunk_rows)))
        assert [row["event_id"] for row in columns] == ["1", "2"]
        assert places == [0, 3]
        assert [place for place, _, _ in refused] == [1, 2, 4]
    (part,) = read_log([str(path)], mapping, NAMES)
    assert part.refused[0].sentence == "line 2 is not a JSON object; send one a line"


def test_parts_can_be_posted(tmp_path: Path) -> None:
    items = events(6)
    (lines,) = read_log_parts([write(tmp_path, "a.ndjson", items)], None)
    kind, body = lines.to_body()
    assert kind == NDJSON_TYPE
    (table,) = read_log_parts([write(tmp_path, "a.parquet", items)], None)
    other_kind, stream = table.to_body()
    assert other_kind == ARROW_TYPE
    assert together([decode_arrow(stream, NAMES)]) == together([decode_ndjson(body, NAMES)])


def test_problems_name_the_file_and_the_fix(tmp_path: Path) -> None:
    def said(*paths: str) -> str:
        with pytest.raises((LogProblem, MissingColumn)) as caught:
            list(read_log(list(paths), None, NAMES))
        return str(caught.value)

    assert said(str(tmp_path / "no.csv")).endswith("no such file; check the path")
    assert "extension '.xls': must be one of .csv" in said("log.xls")
    assert "no package 'nothere_x' is installed" in said("package:nothere_x/a.csv")
    for name in ("a.parquet", "a.arrow", "a.feather"):
        (tmp_path / name).write_bytes(b"nonsense")
        assert f"can't be read as {Path(name).suffix}" in said(str(tmp_path / name))
    (tmp_path / "empty.csv").write_bytes(b"")
    assert "is empty" in said(str(tmp_path / "empty.csv"))
    (tmp_path / "twice.csv").write_bytes(b"at,at\n1,2\n")
    assert "column 'at' stands twice" in said(str(tmp_path / "twice.csv"))
    twice = pa.Table.from_arrays([pa.array(["1"])] * 2, names=["at", "at"])
    with pa.ipc.new_file(str(tmp_path / "twice.arrow"), twice.schema) as file:
        file.write_table(twice)
    assert "column 'at' stands twice" in said(str(tmp_path / "twice.arrow"))
    (tmp_path / "folder.csv").mkdir()
    assert "is a folder; name a file in it" in said(str(tmp_path / "folder.csv"))
    (tmp_path / "other.csv").write_bytes(b"id,member\n1,2\n")
    assert "no column event_id, type, at (it has member)" in said(str(tmp_path / "other.csv"))


def test_a_mapping_that_names_no_column_of_the_log_is_told(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(MAPPING, "utf-8")
    (tmp_path / "a.csv").write_bytes(b"who,when\n1,2\n")
    with pytest.raises(
        MissingColumn, match=r"a\.csv: no column till\.id; it has when, who|who, when"
    ):
        list(read_log([str(tmp_path / "a.csv")], load_mapping(tmp_path / "m.toml"), NAMES))


def test_a_joined_file_must_have_one_row_a_key(tmp_path: Path) -> None:
    join = '[[join]]\nfile = "b.csv"\non = "who"\ncolumns = ["x"]\n'
    (tmp_path / "m.toml").write_text(MAPPING.replace("[fields]", join + "[fields]"), "utf-8")
    (tmp_path / "a.csv").write_bytes(b"who,when,till.id\n1,2,3\n")
    (tmp_path / "b.csv").write_bytes(b"who,x\n1,2\n1,3\n")
    with pytest.raises(LogProblem, match="who is not unique"):
        list(read_log([str(tmp_path / "a.csv")], load_mapping(tmp_path / "m.toml"), NAMES))
    (tmp_path / "b.csv").write_bytes(b"who,y\n1,2\n")
    with pytest.raises(MissingColumn, match=r"b\.csv: no column x"):
        list(read_log([str(tmp_path / "a.csv")], load_mapping(tmp_path / "m.toml"), NAMES))


@pytest.mark.parametrize("sizes", [[3, 0, 9, 1], [1, 1, 1], [20], []])
def test_regrouped_parts_hold_the_same_rows(sizes: list[int]) -> None:
    parts = []
    for number, size in enumerate(sizes):
        ids = [f"{number}-{row}" for row in range(size)]
        broken = {size - 1: f"broken {ids[-1]}"} if size else {}
        parts.append(TablePart(pa.table({"event_id": pa.array(ids, pa.string())}), broken))

    grouped = list(regroup(iter(parts), 4))

    def rows(all_parts: list[TablePart]) -> list[tuple[str, str | None]]:
        return [
            (event_id, part.broken.get(row))
            for part in all_parts
            for row, event_id in enumerate(part.table.column("event_id").to_pylist())
        ]

    tables = [part for part in grouped if isinstance(part, TablePart)]
    assert len(tables) == len(grouped)
    assert rows(tables) == rows(parts)
    assert [part.table.num_rows for part in tables[:-1]] == [4] * len(tables[:-1])


def test_a_json_array_is_read_like_its_lines(tmp_path: Path) -> None:
    events = [{"event_id": f"e{n}", "type": "check_in", "member": "m"} for n in range(5)]
    for number, event in enumerate(events):
        event["at"] = f"2026-06-0{number + 1}T08:00:00Z"
    events.append({"event_id": "odd", "type": "check_in"})
    (tmp_path / "log.json").write_text(json.dumps(events, indent=2))
    (tmp_path / "log.ndjson").write_text("".join(json.dumps(event) + "\n" for event in events))
    (tmp_path / "one.json").write_text(json.dumps(events[0], indent=1))
    names = Names(None, frozenset({"private"}), 0, 2**62)

    def read(name: str) -> list[Decoded]:
        return list(read_log([str(tmp_path / name)], None, names, chunk_rows=4))

    array, lines = read("log.json"), read("log.ndjson")
    assert concat([one.columns for one in array]) == concat([one.columns for one in lines])
    assert [r for one in array for r in one.refused] == [r for one in lines for r in one.refused]
    assert sum(one.received for one in read("one.json")) == 1
    (tmp_path / "bad.json").write_text('[{"event_id": 1},')
    with pytest.raises(LogProblem, match="is no JSON array of events"):
        read("bad.json")
