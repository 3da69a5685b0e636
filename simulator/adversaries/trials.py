"""Trials: changed season files, played with the agents, held against the file as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from rules.season.season_file import SeasonErrors, load_season
from rules.season.season_models import Season
from simulator.adversaries.agent_figures import KINDS
from simulator.adversaries.closing import Change
from simulator.adversaries.mixed_run import Arm, MixedRun
from simulator.adversaries.study import Play, Study
from simulator.report.paired import Difference, difference
from simulator.report.spread import Spread, spread_of
from simulator.search.season_text import SeasonText

CLOSING_SEEDS_MAX: Final = 4
"""Changes are tried on the first seeds, at most so many."""
LOSES_FROM_FEN: Final = 100
TRIED_MAX: Final = 16


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


def kinds_gaps(
    honest: Sequence[MixedRun], cheats: Sequence[MixedRun], kinds: Sequence[str]
) -> list[float]:
    """Give the leak of some kinds of agents, seed by seed, fen."""

    def got(run: MixedRun) -> float:
        return sum(fen for (kind, _), fen in run.fen.items() if kind in kinds)

    return [got(bad) - got(good) for good, bad in zip(honest, cheats, strict=True)]


class Trials:
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
        before = kinds_gaps(self._honest, self._cheats, meant)
        after = kinds_gaps(honest, cheats, meant)
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
                kind: spread_of(kinds_gaps(honest, cheats, [kind]))
                for kind in KINDS
                if self._study.counts.get(kind)
            },
            cost,
            spread_of([float(np.count_nonzero(one >= LOSES_FROM_FEN)) for one in lost]),
            clear and closed.difference["mean"] > max(cost["mean"], LOSES_FROM_FEN),
        )
