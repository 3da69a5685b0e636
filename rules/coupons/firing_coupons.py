"""Firing coupons: which coupon each firing of a trigger or campaign issued, and what it cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rules.coupons.coupon_book import SOURCES, USED
from rules.reporting.coupon_reports import use_costs_fen

if TYPE_CHECKING:
    from rules.table.member_table import MemberTable

Int64s = npt.NDArray[np.int64]


def coupons_of_firings(table: MemberTable, chosen: Int64s) -> dict[str, npt.NDArray[Any]]:
    """Find the coupon each firing issued: to the member, at the instant, of its template.

    Where two triggers gave a member the same at one instant, the first firing has the first
    coupon. One handed on later is still the one it was issued to first.
    """
    firings, book = table.triggers.firings, table.coupon_book
    column = firings.columns
    given = chosen[~column.held_out[chosen]]
    sources = [SOURCES.index("trigger"), SOURCES.index("campaign")]
    pushed = np.flatnonzero(np.isin(book.source[: book.size], sources))
    instants = np.sort(np.concatenate([book.issued_us[pushed], column.at_us[given]]))
    issued = book.taker[pushed].astype(np.int64) << 32
    issued |= np.searchsorted(instants, book.issued_us[pushed])
    fired = column.row[given].astype(np.int64) << 32
    fired |= np.searchsorted(instants, column.at_us[given])
    width = max(1, len(table.rules.season.coupons))
    _, number = np.unique(np.concatenate([issued, fired]), return_inverse=True)
    of_coupons = _nth(number[: len(pushed)] * width + book.template[pushed])
    of_firings = _nth(number[len(pushed) :] * width + _template_of(table, given))
    order = np.lexsort(of_coupons[::-1])
    place = _find(of_coupons[0][order], of_coupons[1][order], *of_firings)
    found = place >= 0
    coupon = pushed[order[place[found]]]
    used = book.status[coupon] == USED
    sums = {name: np.zeros(len(chosen), dtype=np.int64) for name in ("issued", "used", "cost_fen")}
    where = np.flatnonzero(~column.held_out[chosen])[found]
    sums["issued"][where] = 1
    sums["used"][where] = used
    sums["cost_fen"][where] = use_costs_fen(table, coupon) * used
    return sums


def _nth(keys: Int64s) -> tuple[Int64s, Int64s]:
    """Tell of each key how often it came before: the keys and int64[n]."""
    order = np.argsort(keys, kind="stable")
    begins = np.searchsorted(keys[order], keys[order])
    nth = np.empty(len(keys), dtype=np.int64)
    nth[order] = np.arange(len(keys)) - begins
    return keys, nth


def _find(keys: Int64s, nth: Int64s, wanted: Int64s, wanted_nth: Int64s) -> Int64s:
    """Find (key, nth) among those sorted by both: int64[n], -1 where it isn't."""
    first = np.searchsorted(keys, wanted)
    place = first + wanted_nth
    inside = place < len(keys)
    held = np.zeros(len(wanted), dtype=np.bool_)
    held[inside] = (keys[place[inside]] == wanted[inside]) & (
        nth[place[inside]] == wanted_nth[inside]
    )
    return np.where(held, place, -1)


def _template_of(table: MemberTable, firings: Int64s) -> Int64s:
    """Tell the template each firing issued, int64[n]; -1 where the file has its trigger no more."""
    column, ids = table.triggers.firings.columns, table.triggers.firings.ids
    template = np.full(len(firings), -1, dtype=np.int64)
    for number in np.unique(column.trigger[firings]).tolist():
        mine = column.trigger[firings] == number
        by_arm = np.array(_templates(table, ids[number]) or [-1], dtype=np.int64)
        template[mine] = by_arm[np.maximum(column.arm[firings[mine]].astype(np.int64) - 1, 0)]
    return template


def _templates(table: MemberTable, name: str) -> list[int]:
    """List the templates of a campaign's arms, or the one of a trigger of the running file."""
    places = table.rules.coupon_places
    ran = table.campaigns.ran.get(name)
    if ran is not None:
        arms = ran["campaign"].get("arms") or [ran["campaign"]]
        return [places.get(arm["coupon"], -1) for arm in arms]
    return [rule.template for rule in table.rules.trigger_rules.all if rule.id == name]
