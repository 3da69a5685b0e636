from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from rules.decoding.events import Names
from simulator.log.logs import read_log
from simulator.log.mapping_file import Mapping, MappingErrors, load_mapping

NAMES = Names(None, frozenset({"private"}), 0, 2 * 10**15)
FIELDS = """
[fields]
event_id = "id"
type = { value = "purchase" }
member = { column = "who", prefix = "h" }
at = "when"
amount = { column = "paid", factor = "1" }
"""
HEAD = "format = 1\n" + FIELDS


def mapping_of(folder: Path, text: str) -> Mapping:
    path = folder / "log.mapping.toml"
    path.write_text(text, "utf-8")
    return load_mapping(path)


def rows(folder: Path, mapping: str, csv: str) -> list[dict[str, Any]]:
    """Read one CSV text through a mapping; refusals as their sentence."""
    (folder / "log.csv").write_text(csv, "utf-8")
    found: dict[int, dict[str, Any]] = {}
    for decoded in read_log([str(folder / "log.csv")], mapping_of(folder, mapping), NAMES):
        items = [
            {name: value for name, value in row.items() if value is not None}
            for row in decoded.columns.to_pylist()
        ]
        found |= dict(zip(decoded.place.tolist(), items, strict=True))
        found |= {refusal.place: {"refused": refusal.sentence} for refusal in decoded.refused}
    return [found[place] for place in sorted(found)]


def us(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000


def test_constants_prefixes_and_rounding(tmp_path: Path) -> None:
    when = "2026-06-19T12:00:00Z"
    csv = f"id,who,when,paid,other\na,7,{when},1.005,x\nb,8,{when},1.0049,x\n"
    first, second = rows(tmp_path, HEAD, csv)
    assert first == {
        "event_id": "a",
        "type": "purchase",
        "member": "h7",
        "at_us": us("2026-06-19T12:00:00+00:00"),
        "amount_fen": 101,
    }
    assert second["amount_fen"] == 100


@pytest.mark.parametrize(
    ("factor", "cell", "millilitres"),
    [
        ("3.785411784", "10", 37_854),
        ("3.785411784", "10.25", 38_800),
        ("0.003785411784", "10250", 38_800),
        ("0.001", "35200.5", 35_201),
        ("0.001", "35200.4999999999999999", 35_200),
        ("1", " 7 ", 7_000),
        ("1", "x", None),
        ("1", "-1", None),
        ("1", "NaN", None),
        ("1", "1e400", None),
    ],
)
def test_factors_are_exact_and_round_half_up(
    tmp_path: Path, factor: str, cell: str, millilitres: int | None
) -> None:
    text = HEAD + f'litres = {{ column = "l", factor = "{factor}" }}\n'
    (row,) = rows(tmp_path, text, f"id,who,when,paid,l\na,7,2026-06-19T12:00:00Z,1,{cell}\n")
    assert row.get("litres_ml") == millilitres
    assert ("refused" in row) == (millilitres is None)


@pytest.mark.parametrize(
    ("source", "cell", "utc"),
    [
        ('time_zone = "UTC"', "2017-01-05 22:14:11", "2017-01-05T22:14:11+00:00"),
        ('time_zone = "Asia/Shanghai"', "2026-06-19T12:00:00", "2026-06-19T04:00:00+00:00"),
        ('time_zone = "Asia/Shanghai"', "2026-06-19T12:00:00Z", "2026-06-19T12:00:00+00:00"),
        # Clocks go back at 02:00: 01:30 occurs twice, the first is meant.
        ('time_zone = "America/New_York"', "2026-11-01 01:30:00", "2026-11-01T05:30:00+00:00"),
        # Clocks go forward at 02:00: 02:30 is skipped, and read with the winter offset.
        ('time_zone = "America/New_York"', "2026-03-08 02:30:00", "2026-03-08T07:30:00+00:00"),
        ('time_format = "%d/%m/%Y %H:%M"\ntime_zone = "UTC"', "19/06/2026 12:00",
         "2026-06-19T12:00:00+00:00"),
        ('time_format = "%Y%m%d %H%M%S %z"', "20260619 120000 +0800", "2026-06-19T04:00:00+00:00"),
        ("", "2026-06-19 12:00:00", None),
        ('time_format = "%d/%m/%Y"', "19/06/2026", None),
        ('time_zone = "UTC"', "soon", None),
    ],
)  # fmt: skip
def test_times(tmp_path: Path, source: str, cell: str, utc: str | None) -> None:
    text = f"format = 1\n[source]\n{source}\n" + FIELDS
    (row,) = rows(tmp_path, text, f"id,who,when,paid\na,7,{cell},1\n")
    if utc is None:
        assert "not an RFC 3339 time with an offset" in row["refused"]
    else:
        assert row["at_us"] == us(utc)


def test_timestamps_without_a_zone_take_the_logs(tmp_path: Path) -> None:
    local = pa.array([datetime(2026, 11, 1, 1, 30), None], pa.timestamp("ns"))
    table = pa.table({"id": ["a", "b"], "who": [7, 8], "when": local, "paid": [1.5, 2.25]})
    pa.parquet.write_table(table, tmp_path / "log.parquet")
    text = 'format = 1\n[source]\ntime_zone = "America/New_York"\n' + FIELDS
    (decoded,) = read_log([str(tmp_path / "log.parquet")], mapping_of(tmp_path, text), NAMES)
    assert decoded.columns.column("at_us").to_pylist() == [us("2026-11-01T05:30:00+00:00")]
    assert decoded.columns.column("member").to_pylist() == ["h7"]
    assert decoded.refused[0].sentence == "at is missing: every event needs one"


def test_filters_and_joins(tmp_path: Path) -> None:
    (tmp_path / "goods.csv").write_text(
        "sku,sort\n1,GASOLINE-REG\n2,BREAD\n3,GASOLINE-PREM\n", "utf-8"
    )
    text = (
        """format = 1
[[join]]
file = "goods.csv"
on = { log = "item", file = "sku" }
columns = ["sort"]
[[keep]]
column = "sort"
contains = ["REG", "PREM"]
[[keep]]
column = "n"
min = 2
max = 9.5
[[keep]]
column = "state"
equals = ["ok", 1]
"""
        + FIELDS
        + 'product = { column = "sort", map = { GASOLINE-REG = "92" }, default = "98" }\n'
        'pay = { columns = ["state", "n"], between = "/" }\n'
    )
    when = "2026-06-19T12:00:00Z"
    csv = "id,who,when,paid,item,n,state\n" + "".join(
        f"{name},7,{when},1,{item},{number},{state}\n"
        for name, item, number, state in [
            ("a", 1, 2, "ok"), ("b", 2, 2, "ok"), ("c", 3, 9.5, 1), ("d", 4, 2, "ok"),
            ("e", 1, 1.9, "ok"), ("f", 1, 9.51, "ok"), ("g", 1, "x", "ok"), ("h", 1, 2, "no"),
            ("i", 1, "", "ok"), ("j", "", 2, "ok"),
        ]
    )  # fmt: skip
    found = rows(tmp_path, text, csv)
    assert [(row["event_id"], row["product"], row["pay"]) for row in found] == [
        ("a", "92", "ok/2"),
        ("c", "98", "1/9.5"),
    ]


def test_a_map_lets_other_texts_pass_without_a_default(tmp_path: Path) -> None:
    text = HEAD + 'product = { column = "p", map = { U87 = "92" } }\n'
    when = "2026-06-19T12:00:00Z"
    csv = f"id,who,when,paid,p\na,1,{when},1,U87\nb,1,{when},1,U93\nc,1,{when},1,\n"
    assert [row.get("product") for row in rows(tmp_path, text, csv)] == ["92", "U93", None]


@pytest.mark.parametrize(
    ("text", "line", "key", "said"),
    [
        ("format = 2\n" + FIELDS, 1, "format", "2: input should be 1"),
        (FIELDS, 1, "format", "is missing"),
        ("format = 1\n", 1, "fields", "is missing"),
        ("format = 1\nformt = 2\n" + FIELDS, 2, "formt", "is no key of a mapping file"),
        ("format = 1\nfolder = '/'\n" + FIELDS, 2, "folder", "is no key of a mapping file"),
        ("format = 1\n[fields]\nevent_id = 'x'\n", 1, "mapping", "[fields] lacks type, member, at"),
        (HEAD + "litre = 'l'\n", 9, "fields.litre", "is no field of an event"),
        (HEAD + "attributes = 'l'\n", 9, "fields.attributes", "quote it"),
        (HEAD + "pay = {}\n", 9, "fields.pay", "comes from nothing"),
        (HEAD + "pay = {column='a',value='b'}\n", 9, "fields.pay", "column and value"),
        (HEAD + "pay = {value='b',prefix='c'}\n", 9, "fields.pay", "one value for all"),
        (HEAD + "pay = {column='b',factor='1'}\n", 9, "fields.pay.factor", "only litres"),
        (HEAD + "pay = {colunm='b'}\n", 9, "fields.pay", "no key of a mapping"),
        (HEAD + "litres = {column='b',factor=1.5}\n", 9, "fields.litres", "decimal text"),
        (HEAD + "litres = {column='b',factor='x'}\n", 9, "fields.litres", "decimal text"),
        ("format = 1\n[source]\ntime_zone = 'Mars/Base'\n" + FIELDS, 3, "source", "no time zone"),
        ("format = 1\n[[keep]]\ncolumn = 'a'\n" + FIELDS, 2, "keep.0", "tests nothing"),
        ("format = 1\n[[keep]]\nmin = 'a'\ncolumn = 'a'\n" + FIELDS, 3, "keep.0.min", "'a'"),
        ("format = 1\n[[join]]\nfile = 'a.csv'\non = 'b'\n" + FIELDS, 2, "join.0", "is missing"),
        ("format = \n", 1, "mapping", "is no TOML"),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_their_line(
    tmp_path: Path, text: str, line: int, key: str, said: str
) -> None:
    with pytest.raises(MappingErrors) as caught:
        mapping_of(tmp_path, text)
    told = [(error.line, error.key) for error in caught.value.errors if said in error.problem]
    assert told
    assert told[0][1].startswith(key)
    assert told[0][0] == line
    assert str(caught.value).startswith(f"{tmp_path / 'log.mapping.toml'}:")


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = "format = 1\nx = 1\n" + FIELDS + "litre = 'l'\npay = {}\n"
    with pytest.raises(MappingErrors) as caught:
        mapping_of(tmp_path, text)
    assert [error.line for error in caught.value.errors] == [2, 10, 11]


def test_a_missing_mapping_is_told(tmp_path: Path) -> None:
    with pytest.raises(MappingErrors, match=r"no\.toml:1: mapping: can't be read"):
        load_mapping(tmp_path / "no.toml")


def test_the_worked_example_of_the_guide_is_what_it_says(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "mapping.md").read_text("utf-8")
    mapping = mapping_of(tmp_path, guide.split("```toml\n")[1].split("```")[0])
    log = pa.table(
        {
            "basket_id": [31198570044, 1],
            "product_id": [6534178, 1],
            "household_id": [900, 900],
            "store_id": [404, 404],
            "quantity": [10250, 499],
            "sales_value": [22.89, 1.0],
            "transaction_timestamp": pa.array(["2017-01-05T22:14:11"] * 2).cast(pa.timestamp("ns")),
        }
    )
    pa.parquet.write_table(log, tmp_path / "log.parquet")
    (decoded,) = read_log([str(tmp_path / "log.parquet")], mapping, NAMES)
    (row,) = decoded.columns.to_pylist()
    assert row["event_id"] == "31198570044-6534178"
    assert (row["member"], row["product"], row["station"]) == ("h900", "gasoline", "404")
    assert (row["litres_ml"], row["amount_fen"]) == (38_800, 2_289)
    assert row["at_us"] == us("2017-01-05T22:14:11+00:00")
