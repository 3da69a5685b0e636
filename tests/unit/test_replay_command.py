"""The replay command's answers to bad input."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from ui.commands import main

SEASON = """format = 1
[programme]
id = "p"
timezone = "UTC"
[[earning]]
id = "all"
on = "purchase"
points = 1
per = { amount = "1.00" }
[season]
id = "s"
starts = 2026-06-01T00:00:00
ends = 2026-07-01T00:00:00
"""
EVENT = '{"event_id": "1", "type": "check_in", "member": "a", "at": "2026-06-02T10:00:00Z"}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "season.toml").write_text(SEASON, "utf-8")
    (tmp_path / "log.ndjson").write_text(EVENT, "utf-8")
    return tmp_path


def test_a_season_file_may_start_with_a_byte_order_mark(folder: Path) -> None:
    (folder / "season.toml").write_text(SEASON, "utf-8-sig")
    parts = [folder / "season.toml", folder / "log.ndjson", "--out", folder / "out", "--json"]
    done = CliRunner().invoke(main, ["replay", *map(str, parts)])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout.splitlines()[-1])["events"] == 1


@pytest.mark.parametrize(
    ("season", "log", "told"),
    [
        ("none.toml", "log.ndjson", "name a readable season file"),
        ("log.ndjson", "log.ndjson", "isn't valid TOML"),
        ("season.toml", "none.csv", "no such file; check the path"),
    ],
)
def test_bad_input_is_told_as_json_too(folder: Path, season: str, log: str, told: str) -> None:
    parts = [folder / season, folder / log, "--out", folder / "out", "--json"]
    done = CliRunner().invoke(main, ["replay", *map(str, parts)])
    assert done.exit_code == 2
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["ok"] is False
    assert told in answer["errors"][0]["problem"]
    assert told in done.stderr


def test_a_folder_that_cannot_be_written_is_a_failure_with_its_fix(folder: Path) -> None:
    log = folder / "log.ndjson"
    parts = [folder / "season.toml", log, "--out", log, "--json"]
    done = CliRunner().invoke(main, ["replay", *map(str, parts)])
    assert done.exit_code == 1
    assert done.stderr.endswith("name a folder that can be written\n")
    assert json.loads(done.stdout.splitlines()[-1])["ok"] is False


def test_the_next_season_is_replayed_beside_the_one_before(folder: Path) -> None:
    following = SEASON.replace('id = "s"', 'id = "t"').replace("2026-07-01", "2026-08-01")
    following = following.replace("2026-06-01", "2026-07-01").replace("points = 1", "points = 2")
    (folder / "first.toml").write_text(
        SEASON + 'late_events = "2d"\nrefund_hold = "2d"\n', encoding="utf-8"
    )
    (folder / "next.toml").write_text(following, encoding="utf-8")
    buy = '{"event_id": "%s", "type": "purchase", "member": "a", "amount": "10", "at": "%s"}\n'
    times = {"1": "2026-06-30T10:00:00Z", "2": "2026-07-01T08:00:00Z", "3": "2026-06-30T11:00:00Z"}
    log = "".join(buy % pair for pair in times.items())
    (folder / "log.ndjson").write_text(log, encoding="utf-8")
    parts = [folder / "first.toml", folder / "log.ndjson", "--next", folder / "next.toml"]
    parts += ["--out", folder / "out", "--json"]
    done = CliRunner().invoke(main, ["replay", *map(str, parts)])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout.splitlines()[-1])
    assert (told["season"], told["older"]["season"]) == ("t", "s")
    assert told["points"]["active"] == 50
    rows = [
        (folder / "out" / name).read_text("utf-8").splitlines()[1]
        for name in ("standings-overall.csv", "s/standings-overall.csv")
    ]
    assert [row.split(",")[:3] for row in rows] == [["1", "a", "20"], ["1", "a", "30"]]

    overlapping = following.replace("2026-07-01", "2026-06-15")
    (folder / "next.toml").write_text(overlapping, encoding="utf-8")
    refused = CliRunner().invoke(main, ["replay", *map(str, parts)])
    assert refused.exit_code == 2
    assert "s runs until" in refused.stderr


TIERS = """[tiers]
[[tiers.levels]]
id = "silver"
[[tiers.levels]]
id = "gold"
entry = { any = { visits = 2 } }
"""


def test_a_preview_tells_who_would_move_tier_under_another_file(folder: Path) -> None:
    (folder / "season.toml").write_text(SEASON + TIERS, "utf-8")
    (folder / "new.toml").write_text(SEASON + TIERS.replace("visits = 2", "visits = 1"), "utf-8")
    buying = EVENT.replace("check_in", "purchase").replace("}", ', "amount": "10.00"}')
    (folder / "log.ndjson").write_text(
        buying + buying.replace('"a"', '"b"') + buying.replace('"1"', '"2"'), "utf-8"
    )
    parts = [folder / "season.toml", folder / "log.ndjson", "--out", folder / "out"]
    parts += ["--until", "2026-06-20T00:00:00Z", "--preview", folder / "new.toml", "--json"]
    done = CliRunner().invoke(main, ["replay", *map(str, parts)])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout.splitlines()[-1])["tier_preview"]
    assert told["review_at"] == "2026-07-01T00:00:00.000000Z"
    assert told["moves"] == [
        {"now": "gold", "then": "gold", "members": 1},
        {"now": "silver", "then": "gold", "members": 1},
    ]
    assert "  now, season.toml  then, new.toml  members" in done.stdout
    assert "  silver            gold                  1\n" in done.stdout
    bad = CliRunner().invoke(main, ["replay", *map(str, parts[:-2]), str(folder / "none.toml")])
    assert bad.exit_code == 2
