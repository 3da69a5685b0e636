"""Small simulated runs that several tests share, each made once."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from rules.compiling.compiled import Rules, compile_rules
from rules.season.season_file import load_season
from simulator.people.population import Population
from simulator.people.population_file import shipped_population
from simulator.play.effects import ALL_EFFECTS, Effects
from simulator.play.play import Play
from simulator.play.run import simulate_run
from simulator.play.run_result import RunResult

SEASON = Path(__file__).parents[2] / "seasons" / "summer-2026.toml"
SHORT = ("ends = 2026-09-01T00:00:00", "ends = 2026-07-03T00:00:00")
DAYS = 32
MEMBERS = 400


@lru_cache(maxsize=8)
def rules_of(*changes: tuple[str, str]) -> Rules:
    """Compile the example season, cut to 32 days, with some of its text replaced."""
    text = SEASON.read_text(encoding="utf-8").replace(*SHORT)
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return compile_rules(load_season(text, "season.toml"))


@lru_cache(maxsize=1)
def population() -> Population:
    """Load the population that is shipped."""
    return shipped_population()


@lru_cache(maxsize=8)
def run_of(
    *changes: tuple[str, str], effects: Effects = ALL_EFFECTS, seed: int = 3, members: int = MEMBERS
) -> RunResult:
    """Play the example season, or a changed one."""
    return simulate_run(rules_of(*changes), population(), members, seed, effects=effects)


@lru_cache(maxsize=2)
def play_of(*changes: tuple[str, str], seed: int = 3) -> Play:
    """Play the example season and keep everything."""
    play = Play(rules_of(*changes), population(), MEMBERS, seed)
    play.run()
    return play
