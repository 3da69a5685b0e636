"""Statements: every posting of a member in order, with the balance after it, and what it adds to.

Totals are summed from the postings alone, so that they can be held against the member table.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any, Final

from rules.accounts.breakdown import cuts, named_bits, version_of
from rules.accounts.explain import day_text, expires_at, kind_text
from rules.accounts.explain_texts import told
from rules.accounts.posting import Posting, instant_text, litres_text, money_text
from rules.table.member_table import MemberTable

TOTAL_OF: Final = {
    "base": "earned_base",
    "bonus": "earned_bonus",
    "task": "earned_task",
    "goal": "earned_task",
    "referral": "earned_task",
    "adjusted": "adjusted",
    "redeemed": "redeemed",
    "checkout": "redeemed",
    "expired": "expired",
    "reversed": "reversed",
}
LOWERING: Final = frozenset({"redeemed", "expired", "reversed"})
"""Totals that are counted upwards while their postings are below zero."""
POINT_TOTALS: Final = tuple(dict.fromkeys(TOTAL_OF.values()))


def statement(
    table: MemberTable,
    member: str,
    postings: Sequence[Posting],
    first: int = 0,
    limit: int | None = None,
) -> dict[str, Any] | None:
    """Write a member's statement, entries from the first on; None when the member is unknown."""
    row = table.row_of(member)
    if row < 0 or not table.members.listed[row]:
        return None
    totals, held = totals_of(postings), _held(table, row)
    opening = {name: held[name] - totals[name] for name in totals}
    start = held["active"] - held["debt"] - sum(one.points for one in postings)
    balances = list(accumulate((one.points for one in postings), initial=start))
    last = len(postings) if limit is None else min(len(postings), first + limit)
    return {
        "member": member,
        "active": held["active"],
        "debt": held["debt"],
        "score": int(table.members.score[row]),
        "total": len(postings),
        "opening": {"balance": start} | opening if any(opening.values()) else None,
        "entries": _entries(table, postings, balances, first, last),
        "next_cursor": str(last) if last < len(postings) else None,
        "totals": {name: totals[name] + opening[name] for name in totals},
        "score_by_kind": score_by_kind(postings),
        "expiring": expiring(table, row),
    }


def totals_of(postings: Sequence[Posting]) -> dict[str, int]:
    """Add postings up under the names of members.csv."""
    totals = dict.fromkeys(POINT_TOTALS, 0)
    for one in postings:
        name = TOTAL_OF[one.kind]
        totals[name] += -one.points if name in LOWERING else one.points
    return totals


def score_by_kind(postings: Sequence[Posting]) -> dict[str, int]:
    """Add up what each kind of posting did to the season score."""
    found: dict[str, int] = {}
    for one in postings:
        if one.score:
            found[one.kind] = found.get(one.kind, 0) + one.score
    return found


def expiring(table: MemberTable, row: int) -> list[dict[str, Any]]:
    """List what will expire when, if nothing more happens."""
    carried = int(table.members.slack[row])
    found = []
    for day, points in table.lots.by_expiry(row).items():
        carried += points
        if carried > 0:
            at_us = table.rules.calendar.midnight(day)
            found.append(
                {
                    "last_day": day_text(day - 1),
                    "expires_at": instant_text(at_us),
                    "points": carried,
                }
            )
            carried = 0
    return found


def _held(table: MemberTable, row: int) -> dict[str, int]:
    """Read a member's sums from the table under the names of members.csv."""
    members = table.members
    names = ("active", "debt", *POINT_TOTALS)
    columns = {name: "reversed_points" if name == "reversed" else name for name in names}
    return {name: int(getattr(members, column)[row]) for name, column in columns.items()}


def _entries(
    table: MemberTable, postings: Sequence[Posting], balances: Sequence[int], first: int, last: int
) -> list[dict[str, Any]]:
    shown = range(first, last)
    bonus = {(one.member, one.event_id): one.points for one in postings if one.kind == "bonus"}
    sales = [postings[at] for at in shown if postings[at].is_sale]
    taken = cuts(table, sales, [bonus.get((one.member, one.event_id), 0) for one in sales])
    cut_of = dict(zip(((one.member, one.event_id) for one in sales), taken, strict=True))
    found = []
    for at in shown:
        one = postings[at]
        before, after = balances[at], balances[at + 1]
        entry = {
            "at": instant_text(one.at_us),
            "stamp": instant_text(one.stamp_us),
            "kind": one.kind,
            "text": kind_text(table, one),
            "points": one.points,
            "balance": after,
            "debt_repaid": max(0, min(-before, one.points)),
            "score": one.score,
            "event_id": one.event_id,
            "type": one.type,
            "rule": one.rule,
            "ref": one.ref,
            "day": None if one.day is None else day_text(one.day),
            "expires_at": None if one.day is None else expires_at(table, one.day),
        }
        if one.is_sale:
            entry |= _sale_entry(table, one, cut_of[one.member, one.event_id])
        found.append(entry)
    return found


def _sale_entry(table: MemberTable, sale: Posting, cut: int | None) -> dict[str, Any]:
    version = version_of(table, sale.rules_hash)
    known = {
        "rules": [] if version is None else named_bits(sale.earning_bits or 0, version.earning_ids),
        "multipliers": []
        if version is None
        else named_bits(sale.factor_bits or 0, version.factor_ids),
    }
    return known | {
        "station": sale.station,
        "product": sale.product,
        "litres": litres_text(sale.litres_ml or 0),
        "amount": money_text(sale.amount_fen or 0),
        "tier": sale.tier,
        "cap_cut": cut,
    }


def lines(found: dict[str, Any], language: str) -> list[str]:
    """Write a statement as lines for a terminal."""
    opening, sums = found["opening"], found["totals"].items()
    carried = told("kind.opening")[language]
    return [
        *([f"{'':20} {'':9} {opening['balance']:>10,}  {carried}"] if opening else []),
        *(_line(entry, language) for entry in found["entries"]),
        "  ".join(f"{name} {total:,}" for name, total in sums if total),
        *(
            told("expiring", points=lot["points"], last=lot["last_day"])[language]
            for lot in found["expiring"]
        ),
    ]


def _line(entry: dict[str, Any], language: str) -> str:
    moved = f"{entry['points']:>+9,} {entry['balance']:>10,}"
    text = f"{entry['at'][:19]}Z {moved}  {entry['text'][language]}  {entry['event_id'] or ''}"
    return text.rstrip()
