"""Run costs: what rewards came to, in all and by member: coupons, goods, prizes, points owed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rules.advice.point_value import fen_per_point
from rules.coupons.coupon_book import SOURCES, USED
from rules.ranks.prizes import Award
from rules.ranks.standings import BoardRows
from simulator.people.keyed import Ints
from simulator.play.final_boards import final_boards

if TYPE_CHECKING:
    from simulator.play.play import Play


@dataclass(frozen=True, slots=True)
class Costs:
    """Hold what a run's rewards cost, fen; arrays by member are int64[members].

    coupon_fen is what coupons took off; coupon_gift_fen the same without those bought with
    points. Pairs of (instants µs UTC, fen) tell when: used coupons, goods handed out.
    """

    awards: list[Award]
    boards: dict[str, BoardRows]
    rank: npt.NDArray[np.int32]
    arrived: npt.NDArray[np.bool_]
    points_before: Ints
    coupon_fen: Ints
    coupon_gift_fen: Ints
    goods_fen: Ints
    prize_fen: Ints
    coupon_times: tuple[Ints, Ints]
    goods_times: tuple[Ints, Ints]
    coupons_issued: int
    coupons_used: int
    checkout_total_fen: int
    goods_total_fen: int
    coupons_total_fen: int
    prizes_total_fen: int
    tax_total_fen: int
    liability_cost_fen: int
    refunded_fen: int

    @property
    def redeemed_total_fen(self) -> int:
        """Add up what was had for points."""
        return self.checkout_total_fen + self.goods_total_fen

    def total_fen(self, discounts_fen: int) -> int:
        """Add up all kinds of cost, with what tiers took off."""
        points = self.redeemed_total_fen + self.liability_cost_fen
        prizes = self.prizes_total_fen + self.tax_total_fen
        return points + self.coupons_total_fen + discounts_fen + prizes


def costs_of(play: Play) -> Costs:
    """Work out the costs of a played run."""
    rules, table, count = play.rules, play.table, len(play.persons)
    final = final_boards(table, count)
    awards = final.awards
    coupons = _coupons(play)
    goods = _goods(play)
    checkout_fen = int(play.account.day_checkout_fen.sum())
    worth = float(fen_per_point(rules.season))
    spent_share = 1.0 - play.population.redeeming.breakage_share
    refunded = table.tallies.refunded.sums()[1]
    return Costs(
        awards=awards,
        boards=final.boards,
        rank=final.rank,
        arrived=play.persons.members.first_day < play.days,
        points_before=play.points_before,
        coupon_fen=_by_member(coupons.row, coupons.cost_fen, count),
        coupon_gift_fen=_by_member(
            coupons.row[~coupons.bought], coupons.cost_fen[~coupons.bought], count
        ),
        goods_fen=_by_member(goods[0], goods[2], count),
        prize_fen=_prizes(play, awards, count),
        coupon_times=(coupons.used_us, coupons.cost_fen),
        goods_times=(goods[1], goods[2]),
        coupons_issued=coupons.issued,
        coupons_used=len(coupons.row),
        checkout_total_fen=checkout_fen,
        goods_total_fen=int(goods[2].sum()),
        coupons_total_fen=int(coupons.cost_fen.sum()),
        prizes_total_fen=sum(award.unit_cost_fen for award in awards),
        tax_total_fen=sum(award.tax_fen for award in awards),
        liability_cost_fen=round(play.account.months[-1].outstanding * worth * spent_share),
        refunded_fen=int(refunded[:, 2].sum()) if len(refunded) else 0,
    )


@dataclass(frozen=True, slots=True)
class _Coupons:
    """The coupons used during a run: member row, instant, cost, whether bought with points."""

    row: Ints
    used_us: Ints
    cost_fen: Ints
    bought: npt.NDArray[np.bool_]
    issued: int


def _coupons(play: Play) -> _Coupons:
    book, season = play.table.coupon_book, play.rules.season
    held = slice(0, book.size)
    used = np.flatnonzero((book.status[held] == USED) & (book.used_us[held] >= play.from_us))
    template = book.template[used]
    gift = np.array([one.kind == "gift" for one in season.coupons] + [False])
    unit_fen = np.array([one.unit_cost_fen for one in season.coupons] + [0], dtype=np.int64)
    return _Coupons(
        row=book.member[used].astype(np.int64),
        used_us=book.used_us[used],
        cost_fen=np.where(gift[template], unit_fen[template], book.off_fen[used]),
        bought=book.source[used] == SOURCES.index("redeem"),
        issued=int((book.issued_us[held] >= play.from_us).sum()),
    )


def _goods(play: Play) -> tuple[Ints, Ints, Ints]:
    """List the goods handed out during the run: member row, instant, cost, int64[k] each."""
    owed = [one for one in play.table.fulfilments if one[1].at_us >= play.from_us]
    rows = np.array([row for row, _ in owed], dtype=np.int64)
    at_us = np.array([one.at_us for _, one in owed], dtype=np.int64)
    return rows, at_us, np.array([one.unit_cost_fen for _, one in owed], dtype=np.int64)


def _by_member(rows: Ints, fen: Ints, count: int) -> Ints:
    found = np.zeros(count, dtype=np.int64)
    ours = rows < count
    np.add.at(found, rows[ours], fen[ours])
    return found


def _prizes(play: Play, awards: list[Award], count: int) -> Ints:
    """Give each member the cost of their prizes; a team's is nobody's."""
    found = np.zeros(count, dtype=np.int64)
    teams = {board.id for board in play.rules.boards if board.team is not None}
    for award in awards:
        row = -1 if award.board in teams else play.table.row_of(award.member)
        if 0 <= row < count:
            found[row] += award.unit_cost_fen + award.tax_fen
    return found
