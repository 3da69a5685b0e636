"""What members are told of their tier: up, down, and the end of a trial."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from rules.table.member_table import MemberTable

Int64s = npt.NDArray[np.int64]
Levels = npt.NDArray[np.int16]


def tell_rise(table: MemberTable, rows: Int64s, levels: Levels, at_us: Int64s) -> None:
    """Record that distinct members rise to levels, before their rows say so."""
    if table.notices is not None:
        _tell(table, rows, table.members.level[rows], levels, at_us)


class LevelWatch:
    """How members stood before a tick of the tiers, so that what it did can be told."""

    def __init__(self, table: MemberTable, midnight_us: int) -> None:
        members, rules = table.members, table.rules
        self._at_us = midnight_us
        self._before = members.level[: members.size].copy()
        until_us = members.trial_until_us[: members.size]
        ending = (until_us > 0) & (until_us <= midnight_us)
        self._ending = np.flatnonzero(ending & (self._before == (rules.trial_level or 0)))

    def tell(self, table: MemberTable, changed: Int64s) -> None:
        """Record trials that ended and levels that changed."""
        assert table.notices is not None
        names, level = table.rules.levels, table.members.level
        own = {
            "tier": [names[place] for place in level[self._ending].tolist()],
            "trial": [names[place] for place in self._before[self._ending].tolist()],
            "tier_name": _shown(table, level[self._ending]),
            "trial_name": _shown(table, self._before[self._ending]),
        }
        table.notices.note(table, "trial_ended", self._ending, self._at_us, {}, own)
        others = changed[~np.isin(changed, self._ending)]
        at_us = np.full(len(others), self._at_us)
        _tell(table, others, self._before[others], level[others], at_us)


def _tell(
    table: MemberTable, rows: Int64s, levels_from: Levels, levels_to: Levels, at_us: Int64s
) -> None:
    assert table.notices is not None
    names = table.rules.levels
    for kind, moved in (
        ("tier_up", levels_to > levels_from),
        ("tier_down", levels_to < levels_from),
    ):
        own = {
            "tier": [names[place] for place in levels_to[moved].tolist()],
            "from": [names[place] for place in levels_from[moved].tolist()],
            "tier_name": _shown(table, levels_to[moved]),
        }
        table.notices.note(table, kind, rows[moved], at_us[moved], {}, own)


def _shown(table: MemberTable, levels: Levels) -> list[dict[str, str] | None]:
    """Give the shown names of levels, None for those that the season file doesn't name."""
    tiers = table.rules.season.tiers
    names: list[dict[str, str] | None] = [None] * len(table.rules.levels)
    for place, level in enumerate(tiers.levels if tiers is not None else ()):
        if level.name is not None:
            names[place] = {"zh": level.name.zh, "en": level.name.en}
    return [names[place] for place in levels.tolist()]
