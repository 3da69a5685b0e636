"""Public holidays that one process knows and others are handed."""

from __future__ import annotations

import pickle
import sys
from datetime import date
from pathlib import Path

import holidays
import pytest

from actors.settings import Settings
from rules.compiling import public_holidays as module
from rules.compiling.compiled import compile_rules
from rules.compiling.public_holidays import known_holidays, public_holidays, take_over
from rules.season.season_file import load_season

SUMMER = Path(__file__).parents[2] / "seasons" / "summer-2026.toml"


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_dates", {})


@pytest.mark.parametrize("country", ["CN", "US", "DE"])
def test_dates_are_those_of_the_package(country: str) -> None:
    years = range(2025, 2028)
    theirs = holidays.country_holidays(country, years=years)
    assert public_holidays(country, years) == frozenset(theirs)


def test_dates_handed_on_need_no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    before = public_holidays("CN", [2026])
    assert date(2026, 10, 1) in before
    known = known_holidays()
    monkeypatch.setattr(module, "_dates", {})
    take_over(known)
    monkeypatch.setitem(sys.modules, "holidays", None)
    assert public_holidays("CN", [2026]) == before
    with pytest.raises(ImportError):
        public_holidays("CN", [2027])


def test_settings_hand_on_what_the_season_file_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rules = compile_rules(load_season(SUMMER.read_text(encoding="utf-8"), str(SUMMER)))
    sent = pickle.dumps(
        Settings(
            season_path=str(tmp_path / "never-read.toml"),
            season_digest="d",
            data=str(tmp_path),
            redis_url="unix:///nowhere",
            shards=1,
            clock="events",
            host="127.0.0.1",
            port=1,
            season=pickle.dumps(rules.season),
            holidays=known_holidays(),
        )
    )
    # Ray keeps so little with the actor itself.
    assert len(sent) < 50_000
    monkeypatch.setattr(module, "_dates", {})
    monkeypatch.setitem(sys.modules, "holidays", None)
    taken: Settings = pickle.loads(sent)
    assert taken.rules.rules_hash == rules.rules_hash
    assert len({taken, pickle.loads(sent)}) == 1
