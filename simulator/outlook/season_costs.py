"""Season costs: what a season's rewards came to so far, or in all once it is over.

The kinds are those of a run's figures, so a forecast and the end of its season can be compared.
What tiers took off is as tills quote it, by each member's level.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from rules.advice.point_value import fen_per_point
from rules.coupons.coupon_book import USED
from rules.ranks.prizes import Award, prize_boards
from rules.ranks.standings import board_rows
from simulator.offline.replay import awards_of
from simulator.outlook.fork import Forked
from simulator.people.population import Population
from simulator.report.cost_answers import COSTS

SPENT: Final = ("cost_discounts_fen", "cost_coupons_fen", "cost_redeemed_fen")
"""Kinds that add up over time; the others are what the end of the season makes of them."""
TOTAL: Final = "cost_total_fen"


def spent_so_far(forked: Forked) -> dict[str, int]:
    """Add up what was given in this season until now, fen, by the kinds of SPENT."""
    table, season = forked.table, forked.table.rules.season
    book = table.coupon_book
    held = slice(0, book.size)
    used = np.flatnonzero((book.status[held] == USED) & (book.used_us[held] >= forked.since_us))
    template = book.template[used]
    gift = np.array([one.kind == "gift" for one in season.coupons] + [False])
    unit_fen = np.array([one.unit_cost_fen for one in season.coupons] + [0], dtype=np.int64)
    coupons = np.where(gift[template], unit_fen[template], book.off_fen[used]).sum()
    goods = sum(one.unit_cost_fen for _, one in table.fulfilments if one.at_us >= forked.since_us)
    found = (forked.seen.discount_fen, int(coupons), goods + forked.seen.checkout_fen)
    return dict(zip(SPENT, found, strict=True))


@dataclass(frozen=True, slots=True)
class SeasonEnd:
    """How a season ended: its costs by kind, fen, and who won what with which score."""

    costs: dict[str, int]
    awards: list[Award]
    scores: dict[tuple[str, int], int]
    """The winner's score by board and place."""


def end_of(forked: Forked, population: Population) -> SeasonEnd:
    """Tell how a season ended that was forked at its final instant."""
    table, rules = forked.table, forked.table.rules
    standing = table.standing()
    boards = {
        name: board_rows(standing, rules.boards, name, rules.levels, rules.tie_break)
        for name in {*prize_boards(rules.season)}
    }
    awards = awards_of(rules, boards, standing)
    owed = int(table.members.active[: len(table)].sum())
    spent_share = 1.0 - population.redeeming.breakage_share
    costs = spent_so_far(forked)
    costs["cost_liability_fen"] = round(owed * float(fen_per_point(rules.season)) * spent_share)
    costs["cost_prizes_fen"] = sum(one.unit_cost_fen for one in awards)
    costs["cost_tax_fen"] = sum(one.tax_fen for one in awards)
    costs[TOTAL] = sum(costs[name] for name in COSTS)
    scores: dict[tuple[str, int], int] = {}
    for name, rows in boards.items():
        score_of = dict(zip(rows.member, rows.score.tolist(), strict=True))
        scores |= {(name, one.place): score_of[one.member] for one in awards if one.board == name}
    return SeasonEnd(costs, awards, scores)
