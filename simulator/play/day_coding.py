"""Day coding: numbers a day's acts for the kernel, as rules.coding does for a batch of text.

Members are known by their rows and ids by what they are made of, so no text is hashed; text is
written only where the kernel asks for a cell. What comes out is judged exactly as the same events
read from a log are: only the identities' keys are other numbers.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rules.compiling.calendar import DAY_US, MINUTE_US, months_of_days
from rules.compiling.compiled import TYPE_CODES
from rules.judging.coding import (
    ALL_LEFT,
    NAMED_FEN,
    NAMED_ML,
    NO_ORDER,
    TOP_UP,
    Events,
    in_season_of,
    may_earn,
)
from rules.table.member_table import MemberTable
from rules.table.tallies import DAYS_BEFORE_EPOCH, WORD_BITS
from simulator.people.keyed import Ints
from simulator.people.setting import Setting
from simulator.play.acts import NONE, PURCHASE, USE, Acts, Details, Line, Writer, Written

UInt64s = npt.NDArray[np.uint64]

REFUND: Final = TYPE_CODES["refund"]

_MEMBER: Final = np.uint64(0x9E3779B97F4A7C15)
_ACT: Final = np.uint64(0xD1B54A32D192ED03)
_MIX_A: Final = np.uint64(0xBF58476D1CE4E5B9)
_MIX_B: Final = np.uint64(0x94D049BB133111EB)


class DayCoder:
    """Numbers acts for one table, whose row m is member m's.

    referred bool[members] marks whom a referral may name: with it the table keeps only the sales
    that a refund or a referral will ask for, as the run's acts are all there is; without it, all.
    """

    def __init__(
        self, table: MemberTable, setting: Setting, writer: Writer, seed: int,
        referred: npt.NDArray[np.bool_] | None = None,
    ) -> None:  # fmt: skip
        rules = table.rules
        products = [*setting.fuels, *setting.shop]
        self._table, self._writer = table, writer
        # Each has one more at the end, for acts that name none: place NONE.
        self._product = _codes(products, rules.products)
        self._station = _codes(setting.stations, rules.stations)
        self._sold = _numbers(products, table.tallies.products)
        self._where = _numbers(setting.stations, table.tallies.stations)
        self._card = rules.pays["card"]
        self._seed = np.uint64(seed)
        self._referred = referred

    def events(self, acts: Acts, details: Details) -> Events:
        """Number acts in order of time, stamped by their own time."""
        table, rules = self._table, self._table.rules
        kind = acts.kind.astype(np.int64)
        wall_us = rules.calendar.wall(acts.at_us)
        day = wall_us // DAY_US
        product, pay = self._product[acts.product], np.where(acts.by_card, self._card, 0)
        known_day = np.clip(day, rules.first_day, rules.last_day) - rules.first_day
        minute = (wall_us - day * DAY_US) // MINUTE_US
        codes = (product, self._station[acts.station], pay, known_day, minute)
        base = (day + DAYS_BEFORE_EPOCH) << 1 | (kind == TOP_UP)
        cell = (base << WORD_BITS | self._sold[acts.product]) << WORD_BITS
        named = np.where(acts.amount_fen != NONE, NAMED_FEN, ALL_LEFT)
        named[(acts.amount_fen == NONE) & (acts.litres_ml != NONE)] = NAMED_ML
        place = (acts.number << 2 | acts.series) << 4
        keys = self._keys(acts.member, place | acts.line)
        refs = self._refs(acts, place)
        written: Any = Written(self._writer, acts, details)
        return Events(
            batch=written,
            own_row=acts.member,
            row=table.resolve(acts.member),
            type=kind,
            at_us=acts.at_us,
            stamp_us=acts.at_us,
            day=day,
            month=months_of_days(day),
            cell=cell | self._where[acts.station],
            in_season=in_season_of(table, acts.at_us),
            quantity_ml=np.maximum(acts.litres_ml, 0),
            amount_fen=np.maximum(acts.amount_fen, 0),
            fuel=rules.fuel[product],
            named=named.astype(np.int8),
            points=_points(acts, details),
            score=acts.score.astype(np.int64),
            earning_bits=rules.earning_events.match(*codes) & may_earn(rules, kind, pay),
            factor_bits=rules.factor_events.match(*codes),
            key_a=keys[0],
            key_b=keys[1],
            ref_a=refs[0],
            ref_b=refs[1],
            fingerprint=np.zeros(len(acts), dtype=np.uint64),
            order=self._orders(acts, kind, place),
            sale=np.full(len(acts), -1, dtype=np.int32),
            lasting=self._lasting(acts, kind),
        )

    def _lasting(self, acts: Acts, kind: Ints) -> npt.NDArray[np.bool_] | None:
        """Mark the sales that something will ask for; None for whatever there is."""
        if self._referred is None:
            return None
        lasting = acts.lasting.copy()
        first = np.flatnonzero(self._referred[acts.member] & (kind == PURCHASE))
        lasting[first] |= self._table.members.first_order[acts.member[first]] == 0
        return lasting

    def _keys(self, member: Ints, act: Ints) -> tuple[UInt64s, UInt64s]:
        """Mix members and their acts into identities of two lanes, uint64[n] each."""
        lane_a = _mixed((member.astype(np.uint64) + self._seed) * _MEMBER + np.uint64(1))
        lane_a ^= act.astype(np.uint64) * _ACT
        lane_a = _mixed(lane_a)
        return lane_a, _mixed(lane_a + _MEMBER)

    def _refs(self, acts: Acts, place: Ints) -> tuple[UInt64s, UInt64s]:
        """Give what refunds take back: the fuel line of their visit; anything else is nothing."""
        refunds = np.flatnonzero(acts.kind == REFUND)
        lanes = [np.zeros(len(acts), dtype=np.uint64) for _ in range(2)]
        if len(refunds):
            keys = self._keys(acts.member[refunds], place[refunds] | Line.FUEL)
            for lane, key in zip(lanes, keys, strict=True):
                lane[refunds] = key
        return lanes[0], lanes[1]

    def _orders(self, acts: Acts, kind: npt.NDArray[np.int64], place: Ints) -> UInt64s:
        """Number the orders of purchases and uses: one a visit."""
        order = np.full(len(acts), NO_ORDER, dtype=np.uint64)
        tilled = np.flatnonzero((kind == PURCHASE) | (kind == USE))
        order[tilled] = self._keys(acts.member[tilled], place[tilled] | 15)[1]
        return order


def _mixed(words: UInt64s) -> UInt64s:
    words ^= words >> np.uint64(30)
    words *= _MIX_A
    words ^= words >> np.uint64(27)
    words *= _MIX_B
    words ^= words >> np.uint64(31)
    return words


def _codes(names: Any, codes: dict[str, int]) -> Ints:
    return np.array([*(codes.get(name, 0) for name in names), 0], dtype=np.int64)


def _numbers(names: Any, words: Any) -> Ints:
    return np.array([*(words.number(name) for name in names), 0], dtype=np.int64)


def _points(acts: Acts, details: Details) -> Ints:
    points = np.zeros(len(acts), dtype=np.int64)
    told = np.flatnonzero(acts.more != NONE)
    if len(told):
        given = np.array([one or 0 for one in details.points], dtype=np.int64)
        points[told] = given[acts.more[told]]
    return points
