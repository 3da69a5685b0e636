"""Campaigns: pushes that people decide on while the season runs.

Who is held out, and who is in which arm, is decided by the same hash as a trigger's holdout,
with the campaign's id. Members are served in the order of their ids' bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rules.compiling.clauses import MemberClauses, attribute_holds
from rules.compiling.pool_rules import Draw
from rules.coupons.firings import ALONE
from rules.coupons.holdout import below, lot
from rules.coupons.triggers import by_id
from rules.decoding.identity import hash_strings
from rules.judging.segments import segment_bits_of
from rules.notices.notice_book import named
from rules.season.campaign_models import Campaign, OrderRefused, decode_campaign
from rules.season.where import MemberWhere

if TYPE_CHECKING:
    from rules.table.member_table import MemberTable

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

HELD_OUT: Final = 0


class Campaigns:
    """The campaigns that ran: by id its fields, and when."""

    def __init__(self) -> None:
        self.ran: dict[str, dict[str, Any]] = {}

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Copy what ran."""
        return {"ran": np.frombuffer(json.dumps(self.ran).encode(), dtype=np.uint8)}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Fill from state()."""
        self.ran = json.loads(state["ran"].tobytes())


@dataclass(frozen=True, slots=True)
class Plan:
    """What a campaign would do now: n members in the order they are served.

    rows int64[n]; arm int64[n], from 1, HELD_OUT for nobody's; reached bool[n] is false where
    a budget has nothing left. unknown counts the listed ids that no member has.
    """

    rows: Int64s
    arm: Int64s
    reached: Bools
    unknown: int

    def of_arm(self, arm: int) -> Int64s:
        """List the rows of those an arm gives its coupon to."""
        rows: Int64s = self.rows[(self.arm == arm) & self.reached]
        return rows


def take_campaign(table: MemberTable, order: Mapping[str, Any], at_us: int) -> dict[str, Any]:
    """Run the `campaign` of an order and tell what it did, or why it was `refused`."""
    try:
        campaign = decode_campaign(order["campaign"])
        check_campaign(table, campaign)
    except OrderRefused as why:
        return {"refused": str(why)}
    plan = plan_of(table, campaign)
    told = _told(table, campaign, plan)
    _carry_out(table, campaign, plan, at_us)
    table.campaigns.ran[campaign.id] = {"campaign": order["campaign"], "at_us": at_us}
    return told


def preview_fields(table: MemberTable, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Tell what a campaign, given by its fields, would do now; see preview().

    Raises:
        OrderRefused: where the fields can't be read, or check_campaign() refuses.
    """
    campaign = decode_campaign(fields)
    check_campaign(table, campaign)
    return preview(table, campaign)


def check_campaign(table: MemberTable, campaign: Campaign) -> None:
    """Refuse a campaign that names what isn't there, or has the id of another.

    Raises:
        OrderRefused: with everything that is wrong.
    """
    rules, wrong = table.rules, []
    if campaign.id in table.campaigns.ran:
        wrong.append(f"id: campaign {campaign.id} ran before: choose another id")
    if any(campaign.id == trigger.id for trigger in rules.trigger_rules.all):
        wrong.append(f"id: {campaign.id} is a trigger: choose another id")
    segments = (campaign.segment,) if campaign.segment is not None else ()
    named = (
        ("coupon", tuple(arm.coupon for arm in campaign.parts), tuple(rules.coupons)),
        ("segment", segments + campaign.where.segment, rules.segments),
        ("tier", campaign.where.tier, rules.levels),
        ("kind", campaign.where.kind, rules.kinds),
    )
    for what, names, known in named:
        for name in names:
            if name not in known:
                there = ", ".join(known) or "none"
                wrong.append(f"{what} {name}: the season file has {there}")
    if wrong:
        raise OrderRefused("; ".join(wrong))


def preview(table: MemberTable, campaign: Campaign) -> dict[str, Any]:
    """Tell what a campaign would do now: members of each arm, budgets, most it can cost (fen)."""
    return _told(table, campaign, plan_of(table, campaign))


def _told(table: MemberTable, campaign: Campaign, plan: Plan) -> dict[str, Any]:
    rules, arms = table.rules, []
    cost_fen: int | None = 0
    takes: dict[int, int] = {}
    for number, arm in enumerate(campaign.parts, start=1):
        issued = len(plan.of_arm(number))
        face_fen = rules.coupons[arm.coupon].face_value_fen
        arm_fen = None if face_fen is None else face_fen * issued
        cost_fen = None if cost_fen is None or arm_fen is None else cost_fen + arm_fen
        for pool, amount in _draws(table, arm.coupon):
            takes[pool] = takes.get(pool, 0) + amount * issued
        members = int((plan.arm == number).sum())
        arms.append(
            {
                "id": arm.id,
                "coupon": arm.coupon,
                "members": members,
                "issued": issued,
                "skipped": members - issued,
                "cost_fen": arm_fen,
            }
        )
    pools = rules.pool_rules.pools
    return {
        "campaign": campaign.id,
        "members": len(plan.rows),
        "unknown": plan.unknown,
        "held_out": int((plan.arm == HELD_OUT).sum()),
        "issued": int((plan.reached & (plan.arm != HELD_OUT)).sum()),
        "skipped": int((~plan.reached).sum()),
        "cost_fen": cost_fen,
        "arms": arms,
        "budgets": [
            {
                "id": pools[pool].id,
                "measure": pools[pool].measure,
                "takes": taken,
                "left": table.pools.left(pool),
            }
            for pool, taken in sorted(takes.items())
        ],
    }


def run(table: MemberTable, campaign: Campaign, at_us: int) -> Int64s:
    """Issue a campaign's coupons at an instant; returns the rows that got one, ascending.

    Who is held out is recorded too; whom the budgets have nothing left for is only counted.
    """
    return _carry_out(table, campaign, plan_of(table, campaign), at_us)


def _carry_out(table: MemberTable, campaign: Campaign, plan: Plan, at_us: int) -> Int64s:
    cause = f"campaign/{campaign.id}"
    given: list[Int64s] = [np.zeros(0, dtype=np.int64)]
    for number, arm in enumerate(campaign.parts, start=1):
        rows = plan.of_arm(number)
        template = list(table.rules.coupons).index(arm.coupon)
        at_each_us = np.full(len(rows), at_us)
        table.pools.take([(pool, each * len(rows)) for pool, each in _draws(table, arm.coupon)])
        made = table.coupon_book.issue(
            table, template, rows, at_each_us, [cause] * len(rows), "campaign", claimed=False
        )
        if table.notices is not None:
            said = named("message", arm.message or campaign.message)
            told = {"source": "campaign", "campaign": campaign.id, "arm": arm.id, **said}
            table.notices.coupons(table, made, told)
        given.append(rows)
    held = plan.arm == HELD_OUT
    arms = plan.arm if campaign.arms else np.full(len(plan.rows), ALONE)
    fired = plan.reached
    firings = table.triggers.firings
    firings.add(
        campaign.id, plan.rows[fired], np.full(int(fired.sum()), at_us), held[fired], arms[fired]
    )
    firings.skip(campaign.id, int((~fired).sum()))
    return np.sort(np.concatenate(given))


def plan_of(table: MemberTable, campaign: Campaign) -> Plan:
    """Decide whom a campaign reaches now, in which arm, and for whom the budgets suffice."""
    rows, unknown = _members(table, campaign)
    rows = by_id(table, rows)
    names = [table.member_ids[row] for row in rows.tolist()]
    numbers = lot(table.rules.season.programme.id, campaign.id, names)
    shares = accumulate((arm.share for arm in campaign.parts[:-1]), initial=campaign.holdout)
    arm = np.zeros(len(rows), dtype=np.int64)
    for bound in shares:
        arm += ~below(numbers, Fraction(bound))
    draws = [_draws(table, part.coupon) for part in campaign.parts]
    return Plan(rows, arm, _within_budgets(table, arm, draws), unknown)


def _draws(table: MemberTable, coupon: str) -> list[Draw]:
    return table.rules.pool_rules.to_issue(table.rules.coupons[coupon])


def _within_budgets(table: MemberTable, arm: Int64s, draws: list[list[Draw]]) -> Bools:
    """Tell whom the budgets suffice for, bool[n], when members draw in order."""
    counts = np.bincount(arm, minlength=len(draws) + 1).tolist()
    left: dict[int, int] = {}
    wanted: dict[int, int] = {}
    for number, takes in enumerate(draws, start=1):
        for pool, amount in takes:
            left[pool] = table.pools.left(pool)
            wanted[pool] = wanted.get(pool, 0) + amount * counts[number]
    reached = np.ones(len(arm), dtype=np.bool_)
    if all(wanted[pool] <= left[pool] for pool in left):
        return reached
    for place, number in enumerate(arm.tolist()):
        if number == HELD_OUT:
            continue
        takes = draws[number - 1]
        if any(amount > left[pool] for pool, amount in takes):
            reached[place] = False
            continue
        for pool, amount in takes:
            left[pool] -= amount
    return reached


def _members(table: MemberTable, campaign: Campaign) -> tuple[Int64s, int]:
    """Find the listed members a campaign is for, and count the ids given that nobody has."""
    members, unknown = table.members, 0
    chosen = members.listed[: members.size].copy()
    if campaign.members is not None:
        rows = table.find_rows(*hash_strings(pa.array(campaign.members, pa.utf8())))
        rows = table.resolve(rows)
        unknown = int((rows < 0).sum())
        named = np.zeros(members.size, dtype=np.bool_)
        named[rows[rows >= 0]] = True
        unknown += int((named & ~chosen).sum())
        chosen &= named
    rows = np.flatnonzero(chosen)
    if campaign.segment is not None:
        bit = np.uint64(1 << table.rules.segments.index(campaign.segment))
        rows = rows[segment_bits_of(table, rows) & bit != 0]
    if not campaign.where.empty:
        rows = rows[_matching(table, campaign.where, rows)]
    return rows, unknown


def _matching(table: MemberTable, where: MemberWhere, rows: Int64s) -> Bools:
    """Tell which members a condition holds for that the season file needn't know, bool[n]."""
    members, rules = table.members, table.rules
    tests = list(where.attributes.items())
    bits = np.zeros(len(rows), dtype=np.uint64)
    if tests:
        known: dict[int, int] = {}  # many members share one profile
        for place, row in enumerate(rows.tolist()):
            profile = table.attributes.get(row)
            if profile is None:
                continue
            found = known.get(id(profile))
            if found is None:
                found = known[id(profile)] = sum(
                    1 << number
                    for number, (name, wanted) in enumerate(tests)
                    if attribute_holds(profile.get(name), wanted)
                )
            bits[place] = found
    clauses = MemberClauses([where], rules.levels, rules.kinds, tests, rules.segments)
    segments = segment_bits_of(table, rows) if where.segment else None
    matching: Bools = clauses.match(members.level[rows], members.kind[rows], bits, segments) != 0
    return matching
