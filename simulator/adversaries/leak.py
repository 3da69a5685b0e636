"""Leak: what agents get over their honest twins, by rule, and what changes of the file close.

Every figure is a difference of two runs on the same draws: the season with the agents cheating,
and with their honest twins, who need and buy the same fuel. A change of the file is judged by both
runs under the changed file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from rules.season_file import SeasonErrors, load_season
from rules.season_models import Season
from simulator.adversaries.agent_figures import KINDS, AgentFigures
from simulator.adversaries.closing import Change, changes_for
from simulator.adversaries.mixed_run import AgentJob, Arm, MixedRun
from simulator.paired import Difference, difference
from simulator.population import Population
from simulator.season_text import SeasonText
from simulator.spread import Spread, spread_of

Play = Callable[[Sequence[AgentJob]], list[MixedRun]]
CLOSING_SEEDS_MAX: Final = 4
"""Changes are tried on the first seeds, at most so many."""
WORTH_CLOSING: Final = 0.01
"""Leaks below this share of the largest, or below a yuan an agent, are told but not tried."""
LOSES_FROM_FEN: Final = 100
TRIED_MAX: Final = 16


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
class Tried:
    """One changed file: the leak before and after, and what it takes from honest members.

    before, after and closed are of the kinds of agents that the changes are meant against, for a
    prize that one kind no longer takes may go to another; by_kind is the leak after, of every
    kind. `worth` says that it closes more than it takes, and that the draws can tell.
    """

    changes: tuple[Change, ...]
    text: str
    season: Season
    before: Spread
    after: Spread
    closed: Difference
    by_kind: Mapping[str, Spread]
    honest_cost: Spread
    honest_losers: Spread
    worth: bool

    @property
    def net_fen(self) -> float:
        """Give what it closes less what it takes from honest members, on average."""
        return self.closed.difference["mean"] - self.honest_cost["mean"]


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


@dataclass(frozen=True, slots=True)
class Study:
    """What to play: a season file's text, members, agents by kind, seeds."""

    text: str
    path: str
    season: Season
    population: Population
    figures: AgentFigures
    members: int
    counts: Mapping[str, int]
    jobs: tuple[AgentJob, ...]
    """A job a seed; its season and arm are replaced."""
    rules_hash: str

    def of(self, season: Season, arm: Arm, seeds: int | None = None) -> list[AgentJob]:
        """List the jobs of a season and an arm over the first seeds; only ours may write a log."""
        first = self.jobs[:seeds]
        if season is self.season and arm == "cheats":
            return [replace(one, arm=arm) for one in first]
        return [replace(one, season=season, arm=arm, log=None) for one in first]


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
        tries = _Trials(study, play, honest, cheats)
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
        total_fen=spread_of(_kinds_gaps(honest, cheats, KINDS)),
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


def _kinds_gaps(
    honest: Sequence[MixedRun], cheats: Sequence[MixedRun], kinds: Sequence[str]
) -> list[float]:
    """Give the leak of some kinds of agents, seed by seed, fen."""

    def got(run: MixedRun) -> float:
        return sum(fen for (kind, _), fen in run.fen.items() if kind in kinds)

    return [got(bad) - got(good) for good, bad in zip(honest, cheats, strict=True)]


def _kinds(
    counts: Mapping[str, int], honest: Sequence[MixedRun], cheats: Sequence[MixedRun]
) -> list[KindLeak]:
    found = []
    for kind in KINDS:
        agents = counts.get(kind, 0)
        if not agents:
            continue
        gaps = _kinds_gaps(honest, cheats, [kind])
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


class _Trials:
    """Plays changed files and holds them against the file as it is, seed by seed."""

    def __init__(
        self, study: Study, play: Play, honest: Sequence[MixedRun], cheats: Sequence[MixedRun]
    ) -> None:
        self._study, self._play = study, play
        self._seeds = min(CLOSING_SEEDS_MAX, len(honest))
        self._honest, self._cheats = honest[: self._seeds], cheats[: self._seeds]
        self.made: list[MixedRun] = []

    def each(self, changes: Sequence[Change]) -> list[Tried]:
        """Try each change by itself; those that give no valid file are left out."""
        files: list[tuple[list[Change], str, Season]] = []
        for change in changes:
            found = self._file([change])
            if found is not None and len(files) < TRIED_MAX:
                files.append(([change], *found))
        return self._tell(files)

    def together(self, tried: Sequence[Tried]) -> Tried | None:
        """Try the changes that are worth it in one file; None where there are none."""
        chosen: dict[str, Tried] = {}
        for one in sorted(tried, key=lambda one: -one.net_fen):
            if one.worth:
                chosen.setdefault(one.changes[0].about, one)
        if len(chosen) < 2:
            return next(iter(chosen.values()), None)
        # What takes tables out comes last: it moves the places of those behind.
        changes = sorted(
            (one.changes[0] for one in chosen.values()), key=lambda one: one.id.endswith(" out")
        )
        found = self._file(changes)
        return None if found is None else self._tell([(changes, *found)])[0]

    def _file(self, changes: Sequence[Change]) -> tuple[str, Season] | None:
        """Make the file with changes; None where it isn't valid or nothing changes."""
        text = SeasonText(self._study.text).text
        for change in changes:
            text = change.edit(SeasonText(text))
        if text == SeasonText(self._study.text).text:
            return None
        try:
            return text, load_season(text, self._study.path)
        except SeasonErrors:
            return None

    def _tell(self, files: Sequence[tuple[list[Change], str, Season]]) -> list[Tried]:
        """Play files and say what each does."""
        arms: tuple[Arm, ...] = ("honest", "cheats")
        jobs = [
            job
            for _, _, season in files
            for arm in arms
            for job in self._study.of(season, arm, self._seeds)
        ]
        made = self._play(jobs)
        self.made += made
        count = self._seeds
        found = []
        for nth, (changes, text, season) in enumerate(files):
            first = 2 * nth * count
            honest, cheats = made[first : first + count], made[first + count : first + 2 * count]
            found.append(self._tried(changes, text, season, honest, cheats))
        return found

    def _tried(
        self, changes: Sequence[Change], text: str, season: Season,
        honest: Sequence[MixedRun], cheats: Sequence[MixedRun],
    ) -> Tried:  # fmt: skip
        meant = tuple(kind for kind in KINDS if any(kind in one.kinds for one in changes))
        if len(changes) > 1:
            meant = KINDS
        before = _kinds_gaps(self._honest, self._cheats, meant)
        after = _kinds_gaps(honest, cheats, meant)
        closed = difference(after, before)
        lost = [
            base.honest_reward_fen - run.honest_reward_fen
            for base, run in zip(self._honest, honest, strict=True)
        ]
        cost = spread_of([float(one.sum()) for one in lost])
        # One seed has no interval: it says what it says.
        clear = closed.reading == "more" or len(before) == 1
        return Tried(
            tuple(changes),
            text,
            season,
            spread_of(before),
            spread_of(after),
            closed,
            {
                kind: spread_of(_kinds_gaps(honest, cheats, [kind]))
                for kind in KINDS
                if self._study.counts.get(kind)
            },
            cost,
            spread_of([float(np.count_nonzero(one >= LOSES_FROM_FEN)) for one in lost]),
            clear and closed.difference["mean"] > max(cost["mean"], LOSES_FROM_FEN),
        )
