"""Stations: the register as listed, as a table, and as it is written into a season file."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rules.season.season_file import SeasonErrors, load_season
from rules.season.season_models import Station
from rules.season.station_csv import StationCsvErrors, read_station_csv, station_csv
from rules.season.station_register import price_rows, read_price_list, read_stations, register
from rules.season.station_writer import StationsNotWritable, write_stations
from tests.unit.test_price_list import HEAD, PRICES, day
from ui.commands.stations import command

TEXT = HEAD + PRICES
SUMMER = Path(__file__).parents[2] / "seasons" / "summer-2026.toml"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, catch_exceptions=False)


def test_the_register_tells_every_station_with_the_prices_of_a_day() -> None:
    rows = register(load_season(TEXT), date(2026, 6, 16), margins=True)
    assert rows[0] == {
        "id": "S1", "region": "north", "brand": None, "opened": None, "closed": None,
        "fields": {}, "open": True,
        "prices": {
            "92": {"price": "7.55", "margin": {"share": "0.10"}},
            "tea": {"price": None, "margin": {"share": "0.25"}},
        },
    }  # fmt: skip
    assert rows[1]["prices"]["95"] == {"price": "8.1234", "margin": None}
    plain = register(load_season(TEXT), date(2026, 6, 16), margins=False)
    assert plain[0]["prices"] == {"92": {"price": "7.55"}}


def test_a_price_list_can_be_told_and_read_again() -> None:
    season = load_season(TEXT.replace("[stations.S3]", "[stations.S3]\nopened = 2026-06-02"))
    rows = json.loads(json.dumps(register(season, date(2026, 6, 1), margins=False)))
    stations = read_stations(rows)
    assert stations == season.stations
    again = read_price_list(json.loads(json.dumps(price_rows(season))), stations)
    assert again.price_fen("92", "S1", day("2026-06-16")) == 755
    assert again.margin("92", "S1", day("2026-06-16")) is None


def test_a_table_says_what_each_column_means() -> None:
    found = read_station_csv(
        "\ufeffregion,station,opened,wash\r\nnorth,S1,2026-06-01,yes\r\n,S2,,\r\n\r\n"
    )
    assert found["S1"] == Station.model_validate(
        {"region": "north", "opened": "2026-06-01", "wash": "yes"}
    )
    assert found["S2"] == Station()
    assert list(found) == ["S1", "S2"]


@pytest.mark.parametrize(
    ("table", "wrong"),
    [
        ("", "line 1: the table is empty"),
        ("name,region\nS1,north\n", "line 1: no column is named station"),
        ("station,region,region\nS1,a,b\n", "line 1: region names two columns"),
        ("station,\nS1,a\n", "line 1: column 2 has no name"),
        ("station\nS1\nS1\n", "line 3: S1 stands twice"),
        ("station,region\n,north\n", "line 2: the id: must have 1 to 64 characters"),
        ("station,opened\nS1,June\n", "line 2: opened = June: must be a date; write 2026-06-09"),
        ("station\nS1,north\n", "line 2: 2 cells under 1 columns"),
        ('station\n"S1\n', "unexpected end of data"),
    ],
)
def test_a_bad_table_is_refused_by_line(table: str, wrong: str) -> None:
    with pytest.raises(StationCsvErrors) as caught:
        read_station_csv(table)
    assert wrong in caught.value.errors[0]


def test_all_errors_of_a_table_are_told_at_once() -> None:
    with pytest.raises(StationCsvErrors) as caught:
        read_station_csv("station,closed\nS1,x\n,\nS2,y\n ,z\n")
    assert [error.split(":")[0] for error in caught.value.errors] == ["line 2", "line 4", "line 5"]


def test_a_register_written_and_read_again_is_the_same() -> None:
    stations = {
        "S1": Station.model_validate({"region": '北, "east"', "closed": "2026-07-01", "wash": "1"}),
        "站 2": Station.model_validate({"brand": "sun", "lanes": 4}),
    }
    assert read_station_csv(station_csv(stations).decode()) == stations


def test_writing_changes_the_stations_and_nothing_else() -> None:
    text = SUMMER.read_text(encoding="utf-8")
    table = {
        "S002": Station.model_validate({"region": "west", "opened": "2026-06-01"}),
        "S010": Station.model_validate({"region": "south", "站长": "王"}),
        "S 3": Station(),
    }
    written = write_stations(text, table)
    assert (written.added, written.changed) == (("S 3", "S010"), ("S002",))
    assert (written.same, written.left) == ((), ("S001",))
    begin = text.index("[stations.S002]")
    end = text.index("\n# ---- points")
    assert written.text[:begin] == text[:begin]
    assert written.text[begin:] == (
        '[stations.S002]\nregion = "west"\nopened = 2026-06-01\n'
        '[stations."S 3"]\n[stations.S010]\nregion = "south"\n"站长" = "王"\n' + text[end:]
    )
    again = write_stations(written.text, table)
    assert again.text == written.text
    assert again.same == ("S002", "S 3", "S010")


def test_a_thousand_stations_are_written_in_the_order_of_their_ids() -> None:
    table = {f"S{number:04d}": Station(region=f"r{number % 7}") for number in range(999, -1, -1)}
    bare = TEXT.replace('[stations.S1]\nregion = "north"\n[stations.S2]\nregion = "south"\n', "")
    bare = bare.replace("[stations.S3]\n", "")[: -len(PRICES)]
    written = write_stations(bare, table)
    assert list(load_season(written.text).stations) == sorted(table)
    assert written.text.startswith(bare)
    assert write_stations(written.text, dict(reversed(table.items()))).text == written.text


def test_replacing_drops_the_others_unless_something_names_them() -> None:
    plain = HEAD.replace("[stations.S3]", "[stations.S3] # to go\nwash = true")
    written = write_stations(plain, {"S1": Station(region="north")}, replace=True)
    assert (written.same, written.dropped) == (("S1",), ("S2", "S3"))
    assert list(load_season(written.text).stations) == ["S1"]
    with pytest.raises(SeasonErrors, match="is no station of this file"):
        write_stations(TEXT, {"S1": Station(region="north")}, replace=True)


def test_stations_in_one_line_are_refused_with_the_way() -> None:
    inline = HEAD[: HEAD.index("[stations.S1]")] + HEAD[HEAD.index("[[earning]]") :]
    inline = inline.replace("[products.92]", '[stations]\nS1 = { region = "a" }\n[products.92]')
    with pytest.raises(StationsNotWritable, match=r"write it as \[stations.S1\]"):
        write_stations(inline, {"S1": Station(region="b")})


def test_the_command_lists_stations_with_prices(tmp_path: Path) -> None:
    file = tmp_path / "season.toml"
    file.write_text(TEXT, encoding="utf-8")
    listed = run(str(file), "--day", "2026-06-16", "--json")
    lines = listed.stdout.splitlines()
    assert lines[0] == "3 stations on 2026-06-16, prices in CNY"
    assert lines[1].split() == ["station", "region", "92", "95"]
    assert lines[2].split() == ["S1", "north", "7.55"]
    assert lines[3].split() == ["S2", "south", "7.62", "8.1234"]
    assert lines[5].split() == ["(elsewhere)", "7.62"]
    assert json.loads(lines[-1])["stations"][0]["prices"]["92"]["margin"] == {"share": "0.10"}
    assert run(str(file), "--csv").stdout.splitlines()[1] == "S1,north,,,"
    assert run(str(file), "--day", "June").exit_code == 2
    assert run().exit_code == 2


def test_the_command_brings_a_table_in_after_a_dry_run(tmp_path: Path) -> None:
    file, table = tmp_path / "season.toml", tmp_path / "stations.csv"
    file.write_bytes(TEXT.replace("\n", "\r\n").encode())
    table.write_text("station,region\nS4,east\nS3,east\n", encoding="utf-8")
    before = file.read_bytes()
    dry = run("--import", str(table), "--into", str(file), "--dry-run", "--json")
    assert dry.exit_code == 0
    assert file.read_bytes() == before
    told = json.loads(dry.stdout.splitlines()[-1])
    assert (told["added"], told["changed"], told["left"]) == (["S4"], ["S3"], ["S1", "S2"])
    assert run("--import", str(table), "--into", str(file)).exit_code == 0
    after = file.read_bytes()
    assert b'[stations.S3]\r\nregion = "east"\r\n[stations.S4]\r\nregion = "east"\r\n' in after
    assert after.count(b"\n") == after.count(b"\r\n")
    again = run("--import", str(table), "--into", str(file))
    assert "has all of it already" in again.stdout
    assert file.read_bytes() == after
    table.write_text("station,opened\nS4,x\n", encoding="utf-8")
    bad = run("--import", str(table), "--into", str(file), "--json")
    assert bad.exit_code == 2
    assert json.loads(bad.stdout)["ok"] is False
    assert file.read_bytes() == after
