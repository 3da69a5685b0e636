"""Redemption: active points for an item of the catalogue, in one step."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rules.coding import Events
from rules.fulfilment import Fulfilment
from rules.level_notices import tell_rise
from rules.member_table import MemberTable
from rules.notice_book import named
from rules.points import draw
from rules.results import Outcome
from rules.season_models import CatalogueItem
from rules.tallies import REDEMPTION

Int64s = npt.NDArray[np.int64]


def apply_redemptions(table: MemberTable, events: Events, at: Int64s, outcome: Outcome) -> None:
    """Apply redemptions of distinct members, at int64[k] rows of the batch, one by one."""
    for place in at.tolist():
        _redeem(table, events, place, outcome)


def _redeem(table: MemberTable, events: Events, place: int, outcome: Outcome) -> None:
    name = events.text("item", place)
    item = table.rules.catalogue.get(name)
    if item is None:
        known = ", ".join(table.rules.catalogue) or "nothing"
        outcome.refuse_one(place, "unknown_item", f"item = {name!r}: the catalogue has {known}")
        return
    row = int(events.row[place])
    if _refused(table, row, item, place, outcome):
        return
    members = table.members
    rows = np.array([row])
    draw(table, rows, np.array([item.points]))
    members.redeemed[row] += item.points
    word = table.tallies.items.number(item.id)
    table.tallies.count(REDEMPTION, events.day[place : place + 1], np.array([item.points]), word)
    outcome.points[place] = -item.points
    _give(table, events, place, item, outcome)
    if table.notices is not None:
        told = {"item": item.id, "points": item.points, **named("item_name", item.name)}
        told |= outcome.details.get(place, {})
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
    table: MemberTable, events: Events, place: int, item: CatalogueItem, outcome: Outcome
) -> None:
    row, at_us = int(events.row[place]), int(events.at_us[place])
    event_id = events.text("event_id", place)
    table.pools.take(table.rules.item_draws[item.id])
    if item.coupon is not None:
        template, cause = table.rules.coupon_places[item.coupon], [event_id]
        made = table.coupon_book.issue(
            table, template, np.array([row]), np.array([at_us]), cause, "redeem", claimed=True
        )
        outcome.details[place] = table.coupon_book.told(table.rules, int(made[0]))
    if item.goods is not None:
        cost_fen = item.goods.unit_cost_fen
        table.fulfilments.append((row, Fulfilment(event_id, item.id, at_us, cost_fen)))
    if item.tier_up is not None:
        level = table.rules.levels.index(item.tier_up)
        rises = level > int(table.members.level[row])
        _buy_level(table, row, level, at_us)
        if rises:
            table.triggers.risen(table, events, np.array([place]))


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
