"""The report on a log's quality: each finding, and where it stands."""

from __future__ import annotations

import json
from typing import Any

from rules.compiling.calendar import Calendar
from rules.decoding.event_columns import Names
from rules.decoding.events import decode_ndjson
from rules.season.price_list import PriceList
from rules.season.season_models import Price, Station
from simulator.log.quality import Quality, report_lines

NAMES = Names(frozenset({"92"}), frozenset({"private"}), 0, 2**52)


def event(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "event_id": f"e-{number}",
        "type": "purchase",
        "member": f"m-{number % 3}",
        "at": f"2026-06-{1 + number % 28:02d}T08:00:00+08:00",
        "station": "S1",
        "product": "92",
        "litres": "40",
        "amount": "300",
    } | fields


def reported(
    *files: list[dict[str, Any]],
    stations: dict[str, Station] | None = None,
    prices: PriceList | None = None,
) -> dict[str, Any]:
    quality = Quality(Calendar("Asia/Shanghai", 2026, 2026), stations, prices)
    for number, events in enumerate(files):
        quality.begin(f"file-{number}")
        for start in range(0, len(events), 7):
            body = "\n".join(json.dumps(one) for one in events[start : start + 7]).encode()
            quality.add(decode_ndjson(body, NAMES))
    return quality.report()


def test_an_empty_log_has_a_report() -> None:
    report = reported()
    assert (report["rows"], report["first"], report["gaps"]) == (0, None, [])
    assert next(report_lines(report)) == "0 rows: 0 events, none"


def test_counts_members_and_times_are_by_file() -> None:
    report = reported([event(0), event(1)], [event(2, type="check_in"), event(3)])
    assert (report["rows"], report["members"]) == (4, 3)
    assert report["by_type"] == {"check_in": 1, "purchase": 3}
    assert [(file["rows"], file["members"]) for file in report["files"]] == [(2, 2), (2, 2)]
    assert report["first"] == "2026-06-01T00:00:00.000000Z"
    assert report["files"][1]["last"] == "2026-06-04T00:00:00.000000Z"


def test_duplicates_are_told_from_conflicts_with_both_lines() -> None:
    first = [event(number) for number in range(10)]
    report = reported(first, [event(3), event(4, litres="41"), event(4, litres="42")])
    assert (report["duplicates"], report["conflicting_duplicates"]) == (1, 2)
    assert report["repeats"][0] == {
        "first": {"file": "file-0", "line": 5},
        "again": {"file": "file-1", "line": 2},
    }


def test_impossible_rows_and_unknown_names_are_named() -> None:
    events = [event(0), event(1, product="diesel"), event(2, litres="many"), event(3, station="X")]
    report = reported(events, stations={"S1": Station()})
    assert report["impossible"] == {"bad_field": 1, "unknown_product": 1}
    assert [row["line"] for row in report["impossible_rows"]] == [2, 3]
    assert report["unknown_products"] == {"diesel": 1}
    assert report["unknown_stations"] == {"X": 1}
    assert "unknown stations: X 1" in list(report_lines(report))


def test_stations_without_a_register_are_all_known() -> None:
    assert reported([event(0, station="X")])["unknown_stations"] == {}


def test_days_without_events_are_found_by_station_to_the_logs_end() -> None:
    days = [event(number) for number in (0, 1, 2, 6, 7)] + [event(27, station="S2")]
    days.append(event(3, station="S3"))
    report = reported(days)
    gaps = {gap["station"]: gap for gap in report["gaps"]}
    assert gaps["S1"]["days"] == 3 + 20
    assert gaps["S1"]["longest"] == {"from": "2026-06-09", "to": "2026-06-28", "days": 20}
    assert gaps["S3"]["longest"]["days"] == 24
    assert "S2" not in gaps


def test_outliers_stand_out_from_their_products_median() -> None:
    events = [event(number) for number in range(20)]
    events += [event(20, litres="400", amount="3000"), event(21, amount="900")]
    report = reported(events)
    (line,) = report["products"]
    assert (line["median_litres"], line["median_price"]) == ("40.000", "7.50")
    assert (line["litres_outliers"], line["price_outliers"]) == (1, 1)
    assert [one["line"] for one in report["outliers"]] == [21, 22]


def test_a_listed_price_is_what_a_purchase_is_held_against() -> None:
    row = {"product": "92", "from": "2026-06-10", "price": "7.50", "station": "S1"}
    prices = PriceList([Price.model_validate(row)], {"S1": Station()}, {}, 0)
    good = [event(number) for number in (9, 10, 11, 12)]
    bad = [event(13, amount="330"), event(14, amount="140"), event(2, amount="330")]
    report = reported(good, bad, [event(15, station="S2", amount="330")], prices=prices)
    (line,) = report["products"]
    assert (line["listed"], line["price_outliers"]) == (6, 2)
    assert [(one["file"], one["line"], one["odd"]) for one in report["outliers"]] == [
        ("file-1", 1, "92: 8.25 a litre, list 7.50"),
        ("file-1", 2, "92: 3.50 a litre, list 7.50"),
    ]
    assert any(line.endswith("; 6 have a listed price") for line in report_lines(report))


def test_events_at_closed_stations_are_told_by_day() -> None:
    station = Station.model_validate({"opened": "2026-06-03", "closed": "2026-06-06"})
    report = reported([event(number) for number in range(8)], stations={"S1": station})
    assert report["closed_stations"] == {
        "S1": {"days": 5, "from": "2026-06-01", "to": "2026-06-08"}
    }
    told = "station S1 has events on 5 days before it opened or after it closed"
    assert told in list(report_lines(report))


def test_few_purchases_have_no_outliers() -> None:
    report = reported([event(0), event(1, litres="4000", amount="30000")])
    assert report["products"][0]["litres_outliers"] == 0


def test_events_earlier_than_one_before_are_counted_over_files() -> None:
    assert reported([event(5)], [event(4), event(6), event(2)])["backwards"] == 2
