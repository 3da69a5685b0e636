"""Import into a live system and export from it: nothing lost, nothing twice, corrected rows in."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from tests.integration.live_fixtures import (
    ADMIN,
    Live,
    StartLive,
    ndjson,
    ray_session,
    season_log,
    start_live,
)
from tests.integration.test_live_recovery import finalised_hash, offline_hash
from ui.commands import main
from ui.commands._sending import Sender

__all__ = ["ray_session", "start_live"]

MAPPING = """
format = 1
[source]
time_zone = "Asia/Shanghai"
[fields]
event_id = "no"
type = { value = "purchase" }
member = { column = "card", prefix = "m-" }
at = "when"
station = "station"
product = { column = "grade", map = { "U92" = "92" } }
litres = "litres"
amount = "paid"
"""
MEMBERS = """
format = 1
rows = "members"
[source]
time_zone = "Asia/Shanghai"
[fields]
member = { column = "card", prefix = "m-" }
at = "since"
"attributes.kind" = "kind"
"attributes.company" = "fleet"
"""
BALANCES = """
format = 1
rows = "balances"
name = "opening-2026"
reason = "balance of the old system"
[source]
time_zone = "Asia/Shanghai"
[fields]
member = { column = "card", prefix = "m-" }
at = { value = "2026-06-01 00:00:00" }
points = "points"
"""


def forecourt(live: Live, *words: str | Path) -> tuple[int, dict[str, Any], str]:
    """Run a command against a system with --json; gives its exit code, object and stderr."""
    given = [*map(str, words), "--url", live.system.url, "--key", ADMIN, "--json"]
    found = CliRunner().invoke(main, given)
    last = found.stdout.strip().splitlines()[-1:] or ["{}"]
    return found.exit_code, json.loads(last[0]), found.stderr


def till_rows(count: int) -> list[dict[str, str]]:
    return [
        {
            "no": f"T{number}",
            "card": f"{number % 9}",
            "when": f"2026-06-0{1 + number * 5 // count} 08:{number % 60:02d}:00",
            "station": "S1",
            "grade": "U92",
            "litres": "10.5",
            "paid": "80.00",
            "note": 'a, "b"',
        }
        for number in range(count)
    ]


def write_csv(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_bad_rows_are_kept_aside_corrected_and_taken(start_live: StartLive, tmp_path: Path) -> None:
    live = start_live(tmp_path / "data", shards=1)
    mapping = tmp_path / "till.toml"
    mapping.write_text(MAPPING, encoding="utf-8")
    log = tmp_path / "till.csv"
    rows = till_rows(300)
    rows[7]["grade"] = "KEROSENE"
    rows[20]["litres"] = "ten"
    rows[250]["when"] = "1999-01-01 08:00:00"
    rows[40] = rows[39] | {"paid": "81.00"}
    rows[41] = rows[38]
    write_csv(log, rows)
    with log.open("a", encoding="utf-8") as file:
        file.write("T999,3,2026-06-05 09:00:00\n")

    code, told, errors = forecourt(live, "import", log, "--mapping", mapping)
    assert code == 0, errors
    assert (told["received"], told["accepted"], told["refused"], told["set_aside"]) == (
        301, 296, 1, 4,
    )  # fmt: skip
    assert told["status"]["duplicate"] == 1
    assert told["reasons"] == {"bad_field": 2, "bad_time": 1, "conflict": 1, "unknown_product": 1}
    report = told["quality"]
    assert (report["duplicates"], report["conflicting_duplicates"]) == (1, 1)
    assert report["repeats"] == [
        {"first": {"file": str(log), "line": 41}, "again": {"file": str(log), "line": 42}}
    ]
    assert report["unknown_products"] == {"KEROSENE": 1}

    bad = Path(told["bad"])
    with bad.open(newline="", encoding="utf-8") as file:
        kept = {int(row["import_line"]): row for row in csv.DictReader(file)}
    assert sorted(kept) == [9, 22, 42, 252, 302]
    assert kept[9]["import_reason"] == "unknown_product"
    assert kept[9]["note"] == 'a, "b"'
    assert kept[302]["import_text"] == "T999,3,2026-06-05 09:00:00"
    assert "has 3 cells" in kept[302]["import_sentence"]

    # The file as it is gives the same refusals; corrected it goes in with the same mapping.
    code, again, _ = forecourt(live, "import", bad, "--mapping", mapping)
    assert (code, again["accepted"], again["refused"] + again["set_aside"]) == (0, 0, 5)
    kept[9]["grade"] = "U92"
    kept[22]["litres"] = "10"
    kept[252]["when"] = "2026-06-05 10:00:00"
    write_csv(bad, [kept[9], kept[22], kept[252]])
    code, again, _ = forecourt(live, "import", bad, "--mapping", mapping)
    assert (code, again["accepted"], again["bad"]) == (0, 3, None)

    # All of it once more changes nothing.
    before = live.get("/v1/standings/overall")["rows"]
    code, again, _ = forecourt(live, "import", log, "--mapping", mapping)
    assert (code, again["status"]["applied"], again["status"]["duplicate"]) == (0, 0, 296)
    after = live.get("/v1/standings/overall")["rows"]
    assert [row["score"] for row in after] == [row["score"] for row in before]
    assert bad.with_name(bad.name + ".1").exists()


def test_members_and_balances_go_in_once(start_live: StartLive, tmp_path: Path) -> None:
    live = start_live(tmp_path / "data", shards=1)
    (tmp_path / "members.toml").write_text(MEMBERS, encoding="utf-8")
    (tmp_path / "balances.toml").write_text(BALANCES, encoding="utf-8")
    people = [
        {"card": "1", "since": "2026-05-01 10:00:00", "kind": "taxi", "fleet": "c-1"},
        {"card": "2", "since": "2026-05-01 10:00:00", "kind": "private", "fleet": ""},
        {"card": "3", "since": "2026-05-01 10:00:00", "kind": "king", "fleet": ""},
    ]
    write_csv(tmp_path / "members.csv", people)
    held = [{"card": "1", "points": "500"}, {"card": "2", "points": "20"}]
    (tmp_path / "balances.ndjson").write_text("\n".join(json.dumps(one) for one in held))
    for _ in range(2):
        code, told, errors = forecourt(
            live, "import", tmp_path / "members.csv", "--mapping", tmp_path / "members.toml"
        )
        assert (code, told["accepted"], told["set_aside"]) == (0, 2, 1), errors
        code, told, errors = forecourt(
            live, "import", tmp_path / "balances.ndjson", "--mapping", tmp_path / "balances.toml"
        )
        assert (code, told["accepted"]) == (0, 2), errors
    assert live.get("/v1/members/m-1")["active"] == 500
    assert live.get("/v1/members/m-1")["kind"] == "taxi"
    assert live.get("/v1/members/m-2")["active"] == 20

    # Another figure under the same name is a conflict, never added; a changed member is updated.
    (tmp_path / "balances.ndjson").write_text(json.dumps({"card": "1", "points": "700"}))
    code, told, _ = forecourt(
        live, "import", tmp_path / "balances.ndjson", "--mapping", tmp_path / "balances.toml"
    )
    assert (code, told["refused"], told["reasons"]) == (0, 1, {"conflict": 1})
    write_csv(
        tmp_path / "members.csv", [people[0] | {"fleet": "c-2", "since": "2026-06-01 09:00:00"}]
    )
    forecourt(live, "import", tmp_path / "members.csv", "--mapping", tmp_path / "members.toml")
    exported = live.get("/v1/members/m-1/export")
    assert exported["attributes"] == {"kind": "taxi", "company": "c-2"}
    assert exported["account"]["active"] == 500
    kinds = [(event["type"], event.get("ref")) for event in exported["events"]]
    assert ("adjust", "balance of the old system") in kinds
    assert kinds.count(("enrol", None)) == 2


@pytest.mark.long
def test_an_interrupted_import_goes_on_and_adds_up(
    start_live: StartLive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = start_live(tmp_path / "data", shards=2)
    log = tmp_path / "log.ndjson"
    events = season_log(2_000)
    events[10] = events[10] | {"at": "yesterday"}
    events[1_500] = events[1_500] | {"type": "dance"}
    log.write_bytes(ndjson(events))
    monkeypatch.setattr("simulator.log.intake.CHUNK_ROWS", 500)
    sent: list[int] = []
    whole = Sender.post

    def dies(self: Sender, *arguments: Any, **named: Any) -> dict[str, Any]:
        if len(sent) == 2:
            raise KeyboardInterrupt
        sent.append(1)
        return whole(self, *arguments, **named)

    monkeypatch.setattr(Sender, "post", dies)
    code, _, _ = forecourt(live, "import", log)
    assert code != 0
    monkeypatch.setattr(Sender, "post", whole)
    # What was written but not noted any more is dropped again.
    bad = tmp_path / "log.ndjson.bad.ndjson"
    with bad.open("a", encoding="utf-8") as file:
        file.write('{"half a row')
    code, told, errors = forecourt(live, "import", log)
    assert code == 0, errors
    assert told["went_on_after"] == 1_000
    assert (told["received"], told["accepted"], told["set_aside"]) == (2_000, 1_998, 2)
    assert told["quality"]["rows"] == 2_000
    kept = [json.loads(line) for line in bad.read_text().splitlines()]
    assert [row["import_line"] for row in kept] == ["11", "1501"]
    assert kept[0]["at"] == "yesterday"
    good = [event for place, event in enumerate(events) if place not in (10, 1_500)]
    assert finalised_hash(live) == offline_hash(good, tmp_path / "out")
    assert not list(tmp_path.glob("*.sent-*.json"))


@pytest.mark.long
def test_a_dry_run_sends_nothing(start_live: StartLive, tmp_path: Path) -> None:
    live = start_live(tmp_path / "data", shards=1)
    log = tmp_path / "log.ndjson"
    log.write_bytes(ndjson([*season_log(200), {"event_id": "x"}]))
    code, told, _ = forecourt(
        live, "import", log, "--dry-run", "--report", tmp_path / "report.json"
    )
    assert (code, told["received"], told["set_aside"], told["sent"]) == (0, 201, 1, False)
    assert json.loads((tmp_path / "report.json").read_text())["rows"] == 201
    assert live.get("/v1/standings/overall")["total"] == 0
    code, _, errors = forecourt(live, "import", log, "--bad", tmp_path / "bad.csv")
    assert code == 2
    assert "has objects, not columns" in errors


@pytest.mark.long
def test_an_export_is_whole_and_can_be_imported(start_live: StartLive, tmp_path: Path) -> None:
    live = start_live(tmp_path / "data", shards=2)
    events = season_log(750)
    live.http.post(
        "/v1/events", content=ndjson(events), headers={"Content-Type": "application/x-ndjson"}
    )
    out = tmp_path / "out"
    code, told, errors = forecourt(live, "export", "--out", out)
    assert code == 0, errors
    assert told["rows"]["events"] == 750
    members = pq.read_table(out / "members.parquet").to_pylist()
    shown = {row["member"]: live.get(f"/v1/members/{row['member']}") for row in members[:5]}
    for row in members[:5]:
        assert row["active"] == shown[row["member"]]["active"]
        assert str(row["litres"]) == shown[row["member"]]["litres"]
    standings = pq.read_table(out / "standings.parquet").to_pylist()
    board = [row for row in standings if row["board"] == "overall"]
    live_rows = live.get("/v1/standings/overall", limit=1000)["rows"]
    assert [row["member"] for row in board] == [row["member"] for row in live_rows]
    assert (out / "coupons.csv").read_text().startswith("code,coupon,member,status,")
    assert not list(out.glob(".*"))

    other = start_live(tmp_path / "other", shards=1)
    for file in ("events.csv", "events.parquet"):
        code, told, errors = forecourt(other, "import", out / file)
        assert (code, told["accepted"], told["bad"]) == (0, 750, None), errors
    assert finalised_hash(other) == offline_hash(events, tmp_path / "replayed")


@pytest.mark.long
def test_exports_are_an_admins(start_live: StartLive, tmp_path: Path) -> None:
    live = start_live(tmp_path / "data", shards=1)
    for role in ("till", "app", "analyst"):
        answer = live.http.get("/v1/export/members", headers=live.as_role(role))
        assert answer.status_code == httpx.codes.FORBIDDEN
        answer = live.http.get("/v1/members/m-1/export", headers=live.as_role(role))
        assert answer.status_code == httpx.codes.FORBIDDEN
    assert live.http.get("/v1/export/secrets").status_code == httpx.codes.NOT_FOUND
    assert live.http.get("/v1/members/nobody/export").status_code == httpx.codes.NOT_FOUND
    code, _, errors = forecourt(live, "export", "--out", tmp_path / "x", "--member", "nobody")
    assert code == 1
    assert "no member" in errors
