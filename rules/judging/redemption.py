"""Redemption: active points for an item of the catalogue, in one step."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rules.judging.coding import Events
from rules.judging.fulfilment import Fulfilment
from rules.judging.points import draw
from rules.judging.results import Outcome
from rules.notices.level_notices import tell_rise
from rules.notices.notice_book import named
from rules.season.season_models import CatalogueItem
from rules.table.member_table import MemberTable
from rules.table.tallies import REDEMPTION

Int64s = npt.NDArray[np.int64]


def apply_redemptions(table: MemberTable, events: Events, at: Int64s, outcome: Outcome) -> None:
    """Apply redemptions of distinct members, at int64[k] rows of the batch.

    Each is judged and draws from stock and budgets by itself, in order; what the members pay and
    get is then written for all of them together.
    """
    bought: list[tuple[int, CatalogueItem]] = []
    for place, name in zip(at.tolist(), events.texts("item", at), strict=True):
        item = table.rules.catalogue.get(name or "")
        if item is None:
            known = ", ".join(table.rules.catalogue) or "nothing"
            note = f"item = {name or ''!r}: the catalogue has {known}"
            outcome.refuse_one(place, "unknown_item", note)
        elif not _refused(table, int(events.row[place]), item, place, outcome):
            table.pools.take(table.rules.item_draws[item.id])
            bought.append((place, item))
    if bought:
        _pay(table, events, bought, outcome)
        _give(table, events, bought, outcome)
        _tell(table, events, bought, outcome)


def _pay(
    table: MemberTable, events: Events, bought: list[tuple[int, CatalogueItem]], outcome: Outcome
) -> None:
    """Take the points of what is bought off the members."""
    at = np.array([place for place, _ in bought], dtype=np.int64)
    points = np.array([item.points for _, item in bought], dtype=np.int64)
    rows = events.row[at]
    draw(table, rows, points)
    table.members.redeemed[rows] += points
    words = np.array([table.tallies.items.number(item.id) for _, item in bought], dtype=np.int64)
    table.tallies.count(REDEMPTION, events.day[at], points, words)
    outcome.points[at] = -points


def _tell(
    table: MemberTable, events: Events, bought: list[tuple[int, CatalogueItem]], outcome: Outcome
) -> None:
    """Let the members know."""
    if table.notices is None:
        return
    for place, item in bought:
        told = {"item": item.id, "points": item.points, **named("item_name", item.name)}
        told |= outcome.details.get(place, {})
        rows = events.row[place : place + 1]
        table.notices.note(table, "redeemed", rows, int(events.at_us[place]), told)


def _refused(
    table: MemberTable, row: int, item: CatalogueItem, place: int, outcome: Outcome
) -> bool:
    """Refuse what can't be had: its tier, its price, its stock, its budget, in this order."""
    members, rules = table.members, table.rules
    level = int(members.level[row])
    if item.tier_up is not None and level > rules.levels.index(item.tier_up):
        note = f"the member is {rules.levels[level]}, above {item.tier_up}"
        outcome.refuse_one(place, "tier_held", note)
        return True
    active = int(members.active[row])
    if active < item.points:
        note = f"{item.id} takes {item.points} points; the member has {active}"
        outcome.refuse_one(place, "insufficient_points", note)
        return True
    short = table.pools.short(rules.item_draws[item.id])
    if short is not None:
        stock = short.measure == "stock"
        reason = "out_of_stock" if stock else "budget_exhausted"
        note = f"{'stock' if stock else 'budget'} {short.id} has too little left for {item.id}"
        outcome.refuse_one(place, reason, note)
        return True
    return False


def _give(
    table: MemberTable, events: Events, bought: list[tuple[int, CatalogueItem]], outcome: Outcome
) -> None:
    """Hand out what was bought: coupons by template together, goods and levels one by one."""
    coupons: dict[str, list[int]] = {}
    for place, item in bought:
        row, at_us = int(events.row[place]), int(events.at_us[place])
        if item.coupon is not None:
            coupons.setdefault(item.coupon, []).append(place)
        if item.goods is not None:
            event_id, cost_fen = events.text("event_id", place), item.goods.unit_cost_fen
            table.fulfilments.append((row, Fulfilment(event_id, item.id, at_us, cost_fen)))
        if item.tier_up is not None:
            level = table.rules.levels.index(item.tier_up)
            rises = level > int(table.members.level[row])
            _buy_level(table, row, level, at_us)
            if rises:
                table.triggers.risen(table, events, np.array([place]))
    for name, places in coupons.items():
        at = np.array(places, dtype=np.int64)
        made = table.coupon_book.issue(
            table, table.rules.coupon_places[name], events.row[at], events.at_us[at],
            events.texts("event_id", at), "redeem", claimed=True,
        )  # fmt: skip
        for place, coupon in zip(places, made.tolist(), strict=True):
            outcome.details[place] = table.coupon_book.told(table.rules, coupon)


def _buy_level(table: MemberTable, row: int, level: int, at_us: int) -> None:
    """Put a member on a bought level; the next review passes over them there."""
    members = table.members
    if level > members.level[row]:
        bought = np.array([level], dtype=np.int16)
        tell_rise(table, np.array([row]), bought, np.array([at_us]))
        members.level[row] = level
        members.level_since_us[row] = at_us
    members.trial_until_us[row] = 0
    members.bought_level[row] = level + 1
