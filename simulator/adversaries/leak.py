"""Leak: what agents get over their honest twins, by rule, and what changes of the file close.

Every figure is a difference of two runs on the same draws: the season with the agents cheating,
and with their honest twins, who need and buy the same fuel. A change of the file is judged by both
runs under the changed file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rules.season.season_models import Season
from simulator.adversaries.agent_figures import KINDS, AgentFigures
from simulator.adversaries.closing import changes_for
from simulator.adversaries.mixed_run import Arm, MixedRun
from simulator.adversaries.study import Play, Study
from simulator.adversaries.trials import LOSES_FROM_FEN, Trials, Tried, kinds_gaps
from simulator.people.population import Population
from simulator.report.spread import Spread, spread_of
from simulator.search.season_text import SeasonText

WORTH_CLOSING: Final = 0.01
"""Leaks below this share of the largest, or below a yuan an agent, are told but not tried."""


@dataclass(frozen=True, slots=True)
class Leak:
    """What agents of a kind get by one rule over their honest twins; can be below 0."""

    kind: str
    rule: str
    points: Spread
    fen: Spread
    cheats_fen: Spread
    honest_fen: Spread


@dataclass(frozen=True, slots=True)
class KindLeak:
    """What all agents of a kind get over their honest twins, and what each one gets."""

    kind: str
    agents: int
    accounts: Spread
    litres_ml: Spread
    fen: Spread
    each_fen: Spread
    stopped: Spread


@dataclass(frozen=True, slots=True)
class Crowding:
    """Members of the population who get less because the agents cheat."""

    prize_losers: Spread
    prize_lost_fen: Spread
    reward_lost_fen: Spread


@dataclass(frozen=True, slots=True)
class Leaks:
    """All that the agents of a season file show."""

    season: Season
    population: Population
    figures: AgentFigures
    members: int
    counts: Mapping[str, int]
    seeds: tuple[int, ...]
    leaks: tuple[Leak, ...]
    kinds: tuple[KindLeak, ...]
    total_fen: Spread
    cost_gap_fen: Spread
    cost_without_fen: Spread
    crowding: Crowding
    stopped: Mapping[tuple[str, str, str], Spread]
    tried: tuple[Tried, ...]
    closed: Tried | None
    runs: int
    rules_hash: str
    result: str


def study_leaks(study: Study, play: Play, *, closing: bool = True) -> Leaks:
    """Play a season with agents, tell what leaks, and try what closes it."""
    seeds = len(study.jobs)
    arms: tuple[Arm, ...] = ("without", "honest", "cheats")
    made = play([job for arm in arms for job in study.of(study.season, arm)])
    without, honest, cheats = (made[nth * seeds : (nth + 1) * seeds] for nth in range(3))
    leaks = leaks_of(honest, cheats)
    tried: list[Tried] = []
    closed = None
    if closing:
        tries = Trials(study, play, honest, cheats)
        tried = tries.each(changes_for(SeasonText(study.text), study.season, _large(leaks)))
        closed = tries.together(tried)
        made += tries.made
    whole = hashlib.sha256(b"".join(run.digest() for run in made)).hexdigest()
    return Leaks(
        season=study.season,
        population=study.population,
        figures=study.figures,
        members=study.members,
        counts=study.counts,
        seeds=tuple(job.seed for job in study.jobs),
        leaks=tuple(leaks),
        kinds=tuple(_kinds(study.counts, honest, cheats)),
        total_fen=spread_of(kinds_gaps(honest, cheats, KINDS)),
        cost_gap_fen=spread_of(
            [bad.cost_fen - good.cost_fen for good, bad in zip(honest, cheats, strict=True)]
        ),
        cost_without_fen=spread_of([run.cost_fen for run in without]),
        crowding=_crowding(honest, cheats),
        stopped=_stopped(cheats),
        tried=tuple(tried),
        closed=closed,
        runs=len(made),
        rules_hash=study.rules_hash,
        result=whole,
    )


def leaks_of(honest: Sequence[MixedRun], cheats: Sequence[MixedRun]) -> list[Leak]:
    """Tell the leak of every kind and rule, the largest first; what never differs is left out."""
    keys = sorted({key for run in (*honest, *cheats) for key in run.fen})
    found = []
    for kind, rule in keys:
        good, bad = ([run.fen.get((kind, rule), 0.0) for run in runs] for runs in (honest, cheats))
        points = [
            one.points.get((kind, rule), 0.0) - other.points.get((kind, rule), 0.0)
            for one, other in zip(cheats, honest, strict=True)
        ]
        gaps = [one - other for one, other in zip(bad, good, strict=True)]
        if any(abs(gap) > 1e-6 for gap in gaps):
            found.append(
                Leak(kind, rule, spread_of(points), spread_of(gaps), spread_of(bad),
                     spread_of(good))
            )  # fmt: skip
    return sorted(found, key=lambda one: (-one.fen["mean"], one.kind, one.rule))


def _large(leaks: Sequence[Leak]) -> list[tuple[str, str]]:
    """Name the leaks worth closing, the largest first."""
    least = WORTH_CLOSING * max((one.fen["mean"] for one in leaks), default=0.0)
    return [(one.kind, one.rule) for one in leaks if one.fen["mean"] > max(least, LOSES_FROM_FEN)]


def _kinds(
    counts: Mapping[str, int], honest: Sequence[MixedRun], cheats: Sequence[MixedRun]
) -> list[KindLeak]:
    found = []
    for kind in KINDS:
        agents = counts.get(kind, 0)
        if not agents:
            continue
        gaps = kinds_gaps(honest, cheats, [kind])
        refused = [
            float(sum(count for key, count in run.stopped.items() if key[0] == kind))
            for run in cheats
        ]
        found.append(
            KindLeak(
                kind, agents, spread_of([float(run.accounts[kind]) for run in cheats]),
                spread_of([float(run.litres_ml[kind]) for run in cheats]), spread_of(gaps),
                spread_of([gap / agents for gap in gaps]), spread_of(refused),
            )
        )  # fmt: skip
    return found


def _crowding(honest: Sequence[MixedRun], cheats: Sequence[MixedRun]) -> Crowding:
    losers, prizes, rewards = [], [], []
    for good, bad in zip(honest, cheats, strict=True):
        lost = good.honest_prize_fen - bad.honest_prize_fen
        losers.append(float((lost > 0).sum()))
        prizes.append(float(lost.sum()))
        rewards.append(float((good.honest_reward_fen - bad.honest_reward_fen).sum()))
    return Crowding(spread_of(losers), spread_of(prizes), spread_of(rewards))


def _stopped(cheats: Sequence[MixedRun]) -> dict[tuple[str, str, str], Spread]:
    keys = sorted({key for run in cheats for key in run.stopped})
    return {key: spread_of([float(run.stopped.get(key, 0)) for run in cheats]) for key in keys}
