"""Explanations: where the points of one event come from, and what it just missed.

Read from the member table and the member's postings; nothing is judged again but by the tables
that judged it. The statement of a member is in rules.statement, ranks in rules.why_rank.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa

from rules.accounts.breakdown import version_of
from rules.accounts.explain_texts import named, told
from rules.accounts.near_misses import coupon_misses, goal_misses, rule_misses, tier_misses
from rules.accounts.net_purchases import Purchases
from rules.accounts.posting import Posting, instant_text, litres_text, money_text, rows_of
from rules.accounts.sale_figures import Line, figures
from rules.decoding.identity import hash_strings
from rules.table.ledger import identity_keys
from rules.table.member_table import MemberTable

EPOCH_DAY: Final = date(1970, 1, 1)


def waterfall(
    table: MemberTable, member: str, postings: Sequence[Posting], event_id: str
) -> dict[str, Any] | None:
    """Explain one event of a member, whose postings are given in order; None when unknown."""
    mine = [one for one in postings if one.event_id == event_id]
    if not mine:
        return _without_postings(table, member, event_id)
    sale = next((one for one in mine if one.is_sale), None)
    found = _head(member, mine)
    steps: list[Line] = found["steps"]
    if sale is not None:
        bonus = sum(one.points for one in mine if one.kind == "bonus")
        parts, lines = figures(table, sale, bonus)
        found |= _sold(sale, bonus) | parts
        steps += lines
    other = [one for one in mine if one.kind not in ("base", "bonus")]
    steps += [kind_text(table, one) | {"points": one.points} for one in other]
    found["goals"] = [{"id": one.rule, "points": one.points} for one in other if one.kind == "goal"]
    found["debt_repaid"] = _repaid(postings, mine)
    if found["debt_repaid"]:
        steps.append(told("debt", points=found["debt_repaid"]))
    found["lot"] = _lot(table, mine)
    if found["lot"] is not None:
        steps.append(told("lot", day=found["lot"]["day"], last=found["lot"]["last_day"]))
    found["reversals"] = _reversals(table, postings, event_id)
    for taken in found["reversals"]:
        text = told("reversal", at=taken["at"], event=taken["event_id"], points=taken["points"])
        steps.append(text | {"points": taken["points"]})
    found["near_misses"] = [] if sale is None else near_misses(table, sale, mine, postings)
    return found


def near_misses(
    table: MemberTable, sale: Posting, mine: Sequence[Posting], postings: Sequence[Posting]
) -> list[Line]:
    """List what a purchase just missed: rules, tiers, goals, coupons' minimum spends.

    Under a version of the rules that has ended nothing of this is known any more.
    """
    rules = table.rules
    version = version_of(table, sale.rules_hash)
    if version is None or version.season is None:
        return []
    upto = postings[: postings.index(mine[-1]) + 1]
    bought = Purchases(upto)
    order = [
        one
        for one in upto
        if one is sale or (one.is_sale and sale.order is not None and one.order == sale.order)
    ]
    return [
        *rule_misses(rules, version, sale),
        *tier_misses(rules, sale, bought),
        *goal_misses(rules, sale, bought),
        *coupon_misses(rules, sale, order),
    ]


def kind_text(table: MemberTable, one: Posting) -> dict[str, str]:
    """Say what a posting is, in both languages."""
    key = f"kind.{one.kind}"
    if one.kind == "reversed" and one.rule is not None:
        key = "kind.reversed_goal"
    elif one.kind == "reversed" and one.type is None:
        key = "kind.reversed_referral"
    tasks = {task.id: task.name for task in table.rules.season.tasks}
    rule = named(tasks.get(one.rule or ""), one.rule or one.type or "")
    return told(key, rule=rule, item=one.item or one.coupon or "")


def expires_at(table: MemberTable, day: int) -> str | None:
    """Tell when points of a local day expire; None for never."""
    expiry = table.lots.expiry_of(day)
    return None if expiry is None else instant_text(table.rules.calendar.midnight(expiry))


def day_text(day: int) -> str:
    """Write a local day as a date."""
    return (EPOCH_DAY + timedelta(days=day)).isoformat()


def _head(member: str, mine: Sequence[Posting]) -> dict[str, Any]:
    first = mine[0]
    return {
        "member": member,
        "event_id": first.event_id,
        "type": first.type,
        "at": instant_text(first.at_us),
        "points": sum(one.points for one in mine),
        "score": sum(one.score for one in mine),
        "station": first.station,
        "pay": first.pay,
        "order": first.order,
        "ref": first.ref,
        "steps": [],
    }


def _sold(sale: Posting, bonus: int) -> dict[str, Any]:
    return {
        "product": sale.product,
        "litres": litres_text(sale.litres_ml or 0),
        "amount": money_text(sale.amount_fen or 0),
        "tier": sale.tier,
        "base": sale.points,
        "bonus": bonus,
    }


def _repaid(postings: Sequence[Posting], mine: Sequence[Posting]) -> int:
    """Tell how much of what an event gave repaid debt."""
    before = sum(one.points for one in postings[: postings.index(mine[0])])
    given = sum(one.points for one in mine if one.points > 0)
    return min(max(0, -before), given)


def _lot(table: MemberTable, mine: Sequence[Posting]) -> dict[str, str] | None:
    """Tell the lot that an event's points are in, where points expire."""
    day = next((one.day for one in mine if one.points > 0), None)
    expiry = None if day is None else table.lots.expiry_of(day)
    if day is None or expiry is None:
        return None
    expires = instant_text(table.rules.calendar.midnight(expiry))
    return {"day": day_text(day), "last_day": day_text(expiry - 1), "expires_at": expires}


def _reversals(table: MemberTable, postings: Sequence[Posting], event_id: str) -> list[Line]:
    return [
        {
            "event_id": one.event_id,
            "at": instant_text(one.at_us),
            "points": one.points,
            "litres": litres_text(one.litres_ml or 0),
            "amount": money_text(one.amount_fen or 0),
            "goal": one.rule,
            "text": kind_text(table, one),
        }
        for one in postings
        if one.kind == "reversed" and one.ref == event_id
    ]


def _without_postings(table: MemberTable, member: str, event_id: str) -> dict[str, Any] | None:
    """Say of an accepted event that it moved no points; None when none has this id."""
    rows = np.array(rows_of(table, member), dtype=np.int64)
    hash_a, hash_b = hash_strings(pa.array([event_id], pa.utf8()))
    keys = identity_keys(rows, np.repeat(hash_a, len(rows)), np.repeat(hash_b, len(rows)))
    known = table.ledger.map.find(*keys)
    known = known[known >= 0]
    if not len(known):
        return None
    identities = table.ledger.identities
    return {
        "member": member,
        "event_id": event_id,
        "type": None,
        "at": instant_text(int(identities.at_us[known[0]])),
        "points": int(identities.points[known[0]]),
        "score": 0,
        "steps": [told("nothing")],
        "goals": [],
        "debt_repaid": 0,
        "lot": None,
        "reversals": [],
        "near_misses": [],
    }


def waterfall_lines(found: dict[str, Any], language: str) -> list[str]:
    """Write a waterfall as lines for a terminal."""
    bought = ", ".join(
        f"{found[name]}{unit}"
        for name, unit in (("product", ""), ("litres", " L"), ("amount", ""), ("tier", ""))
        if found.get(name)
    )
    head = f"{found['event_id']}  {found['type'] or ''}  {found['at']}  {bought}".rstrip()
    steps = [
        f"  {step[language]}" + (f"  [{step['points']:+,}]" if "points" in step else "")
        for step in found["steps"]
    ]
    missed = [f"  ~ {miss['text'][language]}" for miss in found["near_misses"]]
    return [head, *steps, *missed, f"= {found['points']:+,}"]
