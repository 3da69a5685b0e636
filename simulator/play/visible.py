"""Visible: what members can see of the programme at the beginning of a day.

The response model reads this and nothing else of the member table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from rules.compiling.calendar import months_of_days
from rules.compiling.compiled import Need
from rules.coupons.coupon_book import CLAIMED, ISSUED
from rules.judging.tiers import window_of
from rules.ranks.prizes import prize_places, unit_cost_fen
from rules.table.member_table import MemberTable
from simulator.people.keyed import Floats, Ints

Bools = npt.NDArray[np.bool_]

LONG_AGO_US: Final = -(2**60)
CUTOFF_BAND: Final = 2.5
"""Forecast errors from a cutoff within which members look at it."""


@dataclass(frozen=True, slots=True)
class Way:
    """How far members are on their way to something; all float64[n].

    share of the way from 0 to 1, and the visits that are missing by the member's own habit; a
    share of 0 where there is nothing to reach.
    """

    share: Floats
    visits: Floats


@dataclass(frozen=True, slots=True)
class Habit:
    """What one visit of each member usually comes to, float64[n]."""

    litres_ml: Floats
    amount_fen: Floats


@dataclass(frozen=True, slots=True)
class Cutoff:
    """The score of the last who would take one of a span of prizes now, and what it is worth."""

    score: int
    worth_fen: int


@dataclass(frozen=True, slots=True)
class Contest:
    """One board with prizes: its cutoffs from the best down, and who stands near them."""

    board: str
    cutoffs: tuple[Cutoff, ...]
    rows: Ints
    score: Ints


class Visible:
    """Looks at the table once a day, so that members act on what stood at its beginning."""

    def __init__(self, table: MemberTable) -> None:
        self._table = table
        self._season = table.rules.season
        count = len(table)
        self.last_reward_us = np.full(count, LONG_AGO_US, dtype=np.int64)
        self._level = table.members.level[:count].copy()
        self._goals = table.members.goal_held[:count].copy()
        self._coupons_seen = table.coupon_book.size
        self._firings_seen = len(table.triggers.firings)
        self._floor = 1
        self._spans = self._prize_spans()
        self.new_coupons = np.zeros(0, dtype=np.int64)

    def _prize_spans(self) -> dict[str, list[tuple[int, int]]]:
        """List, by board of members, the last place of each span and what a prize is worth, fen."""
        season = self._season
        teams = {board.id for board in season.boards if board.team is not None}
        boards = dict.fromkeys(prize.board for prize in season.prizes)
        spans: dict[str, list[tuple[int, int]]] = {}
        for board in boards:
            if board in teams:
                continue
            held: list[tuple[int, int]] = []
            for place, name in prize_places(season, board):
                reward = season.rewards[name]
                worth = unit_cost_fen(season, reward)
                if held and held[-1][1] == worth:
                    held[-1] = (place, worth)
                else:
                    held.append((place, worth))
            spans[board] = held
        return spans

    @property
    def has_contests(self) -> bool:
        """Tell whether any board of members has prizes."""
        return bool(self._spans)

    def look(self, now_us: int) -> None:
        """Note what came since the last look: rewards, and coupons in hand."""
        self._note_levels(now_us)
        self._note_goals(now_us)
        book = self._table.coupon_book
        made = np.arange(self._coupons_seen, book.size, dtype=np.int64)
        self._coupons_seen = book.size
        self.new_coupons = made[np.isin(book.status[made], (ISSUED, CLAIMED))]
        owner = book.member[made].astype(np.int64)
        known = owner < len(self.last_reward_us)
        np.maximum.at(self.last_reward_us, owner[known], book.issued_us[made[known]])

    def _note_levels(self, now_us: int) -> None:
        level = self._table.members.level[: len(self._level)]
        risen = np.flatnonzero(level > self._level)
        self.last_reward_us[risen] = now_us
        self._level[:] = level

    def _note_goals(self, now_us: int) -> None:
        if not self._goals.shape[1]:
            return
        held = self._table.members.goal_held[: len(self._goals)]
        got = np.flatnonzero((held & ~self._goals).any(axis=1))
        self.last_reward_us[got] = now_us
        self._goals[:] = held

    def levels(self, rows: Ints) -> npt.NDArray[np.int16]:
        """Tell the level of members, int16[n]."""
        return self._table.members.level[rows]

    def active(self, rows: Ints) -> Ints:
        """Tell the points that members can spend, int64[n]."""
        return self._table.members.active[rows]

    def scores(self, rows: Ints) -> Ints:
        """Tell the season score of members, int64[n]."""
        return self._table.members.score[rows]

    def to_next_level(self, rows: Ints, day: int, habit: Habit) -> Way:
        """Tell how far members are to the next level, in the window of a day's month.

        day counts from 1970.
        """
        rules = self._table.rules
        share, visits = np.zeros(len(rows)), np.full(len(rows), np.inf)
        if len(rules.tier_levels) < 2:
            return Way(share, visits)
        level = self._table.members.level[rows]
        month = months_of_days(np.array([day]))
        window = window_of(self._table, rows, np.broadcast_to(month, len(rows)))
        for place, target in enumerate(rules.tier_levels[1:]):
            here = np.flatnonzero(level == place)
            if target.entry.never or not len(here):
                continue
            sums = (window.litres_ml[here], window.amount_fen[here], window.visits[here])
            each = (habit.litres_ml[here], habit.amount_fen[here], np.ones(len(here)))
            share[here], visits[here] = _way(target.entry, sums, each)
        return Way(share, visits)

    def to_goals(self, rows: Ints, habit: Habit) -> list[Way]:
        """Tell how far members are to each goal of the season that they haven't reached."""
        ways = []
        for place, goal in enumerate(self._table.rules.goals):
            spent = self._table.members.season_fen[rows].astype(np.float64)
            share = np.clip(spent / max(goal.amount_fen, 1), 0.0, 1.0)
            share[self._table.members.goal_held[rows, place]] = 0.0
            missing = np.maximum(goal.amount_fen - spent, 0.0) / habit.amount_fen
            ways.append(Way(share, missing))
        return ways

    def contests(self, error_share: float) -> list[Contest]:
        """Read the boards that have prizes: cutoffs, and who stands within a band of them.

        error_share is the forecast error as a share of a cutoff. O(members) once.
        """
        members = self._table.members
        score = members.score[: members.size]
        near = np.flatnonzero(score >= self._floor)
        scope = self._in_scope(near)
        bits = {board.id: place for place, board in enumerate(self._table.rules.boards)}
        found, floors = [], []
        for board, spans in self._spans.items():
            here = near[(scope >> np.uint64(bits[board])) & np.uint64(1) != 0]
            last = min(spans[-1][0], len(here))
            if not last:
                continue
            order = np.sort(np.partition(-score[here], last - 1)[:last])
            cutoffs = tuple(
                Cutoff(int(-order[min(place, last) - 1]), worth) for place, worth in spans
            )
            least = cutoffs[-1].score * max(0.0, 1.0 - CUTOFF_BAND * error_share)
            floors.append(max(1, int(least)))
            here = here[score[here] >= least]
            found.append(Contest(board, cutoffs, here, score[here]))
        # Scores fall by refunds alone; half of the least is low enough for the next look.
        self._floor = max(1, min(floors, default=1) // 2)
        return found

    def _in_scope(self, rows: Ints) -> npt.NDArray[np.uint64]:
        """Tell the boards whose scope members are in, unless excluded, uint64[n] of bits."""
        rules = self._table.rules
        who = self._table.who(rows)
        scope = rules.board_scope.match(*who)
        if rules.excluded is not None:
            scope = scope * (rules.excluded.match(*who) == 0)
        return scope

    def recalled(self) -> Ints:
        """List the members whom a dormancy trigger sent something since last asked, int64[k]."""
        firings = self._table.triggers.firings
        column = firings.columns
        new = np.arange(self._firings_seen, len(firings), dtype=np.int64)
        self._firings_seen = len(firings)
        dormant = {one.id for one in self._season.triggers if one.on == "dormant"}
        numbers = [number for number, name in enumerate(firings.ids) if name in dormant]
        reached = np.isin(column.trigger[new], numbers) & ~column.held_out[new]
        return column.row[new[reached]].astype(np.int64)


def _way(need: Need, sums: tuple[Ints, ...], each: tuple[Floats, ...]) -> tuple[Floats, Floats]:
    """Tell the share of the way to thresholds, and the visits missing: the nearest, or all."""
    limits = (need.litres_ml, need.amount_fen, need.visits)
    shares, visits = [], []
    for limit, done, one in zip(limits, sums, each, strict=True):
        if limit is not None:
            shares.append(np.clip(done / max(limit, 1), 0.0, 1.0))
            visits.append(np.maximum(limit - done, 0) / one)
    if not shares:
        none = np.zeros(len(sums[0]))
        return none, none
    if need.every:
        return np.minimum.reduce(shares), np.maximum.reduce(visits)
    return np.maximum.reduce(shares), np.minimum.reduce(visits)
