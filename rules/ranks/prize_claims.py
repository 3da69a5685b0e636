"""Prize claims: who has won what for good, and how each prize reaches its winner.

Who wins follows from all boards together, which no single table knows. An order tells a table
its members' awards once the list is published; claims are then judged here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from rules.judging.coding import Events
from rules.judging.points import pay_in
from rules.judging.results import Outcome
from rules.notices.prize_notices import tell_state, tell_winners
from rules.ranks.prize_desk import Won, prize_id
from rules.season.season_models import Reward
from rules.table.member_table import MemberTable

Int64s = npt.NDArray[np.int64]

STEPS: Final[Mapping[str, tuple[str, ...]]] = {
    "": ("claimed",),
    "claimed": ("sent", "ready", "collected"),
    "sent": ("delivered", "returned"),
    "returned": ("sent",),
    "ready": ("collected",),
}
"""What may follow each state of a claim; `delivered` and `collected` are the end."""
DONE: Final = ("delivered", "collected")


def take_awards(table: MemberTable, order: Mapping[str, Any], at_us: int) -> dict[str, Any]:
    """Learn who has won what: an order with `deadline_us` and `awards` of all tables' members.

    A later list moves prizes nobody has claimed, as when a winner was disqualified since.
    """
    desk = table.prize_desk
    desk.open, desk.deadline_us = True, int(order["deadline_us"])
    listed: dict[str, Won] = {}
    for award in order["awards"]:
        row = table.row_of(str(award["member"]))
        if row >= 0:
            name = prize_id(award["board"], award["place"])
            listed[name] = Won(row, award["board"], award["place"], award["rank"], award["reward"])
    season = str(order.get("season", desk.season))
    same = season == desk.season
    claimed = {name: won for name, won in desk.won.items() if won.state and same}
    desk.season = season
    before, desk.won = desk.won, listed | claimed
    tell_winners(table, before, at_us)
    return {"awards": len(desk.won)}


def apply_prize_claims(table: MemberTable, events: Events, at: Int64s, outcome: Outcome) -> None:
    """Apply claims of prizes and the steps that follow, at int64[k] rows of the batch."""
    for place in at.tolist():
        name = events.text("item", place)
        won = _won(table, events, place, name, outcome)
        if won is None:
            continue
        said = msgspec.json.decode(events.text("attributes", place) or "{}")
        step = str(said.get("state", "claimed"))
        if step not in STEPS.get(won.state, ()):
            now = won.state or "not claimed yet"
            outcome.refuse_one(place, "claimed_already", f"{name} is {now}: {step} can't follow")
            continue
        if step == "claimed" and not _claim(table, events, place, won, said, outcome):
            continue
        won.state, won.changed_us = step, int(events.at_us[place])
        outcome.details[place] = {"prize": name, "reward": won.reward, "state": won.state}
        tell_state(table, name, won)


def _won(table: MemberTable, events: Events, place: int, name: str, outcome: Outcome) -> Won | None:
    """Find the member's prize, or refuse."""
    if not table.prize_desk.open:
        outcome.refuse_one(place, "not_final", f"{name}: the final list isn't published yet")
        return None
    won = table.prize_desk.won.get(name)
    if won is None or won.row != events.row[place]:
        outcome.refuse_one(place, "not_a_winner", f"{name} isn't this member's prize")
        return None
    if not won.state and table.members.disqualified[won.row]:
        outcome.refuse_one(place, "not_a_winner", f"{name} falls to the next: disqualified since")
        return None
    return won


def _claim(
    table: MemberTable,
    events: Events,
    place: int,
    won: Won,
    said: Mapping[str, Any],
    outcome: Outcome,
) -> bool:
    """Judge a first claim and hand out what needs no parcel; False when it is refused."""
    at_us = int(events.at_us[place])
    if at_us >= table.prize_desk.deadline_us:
        outcome.refuse_one(place, "too_late", "the time to claim prizes is over")
        return False
    reward = table.rules.season.rewards[won.reward]
    ways = reward.delivery if reward.kind == "goods" else ("",)
    delivery = str(said.get("delivery", ways[0]))
    if delivery not in ways:
        note = f"delivery = {delivery!r}: {won.reward} comes by {' or '.join(ways) or 'itself'}"
        outcome.refuse_one(place, "bad_field", note)
        return False
    if not _hand_out(table, events, place, won, reward, outcome):
        return False
    won.delivery, won.station = delivery, str(said.get("station", events.text("station", place)))
    won.claimed_us = at_us
    return True


def _hand_out(
    table: MemberTable, events: Events, place: int, won: Won, reward: Reward, outcome: Outcome
) -> bool:
    """Credit points or issue the coupon of a prize; goods are sent by hand."""
    rows, at_us = np.array([won.row]), events.at_us[place : place + 1]
    if reward.kind == "points":
        points = np.array([reward.points or 0])
        table.members.adjusted[rows] += points
        pay_in(table, rows, points, events.day[place : place + 1])
        outcome.points[place] = points[0]
    elif reward.kind == "coupon" and reward.coupon is not None:
        coupon = table.rules.coupons[reward.coupon]
        draws = table.rules.pool_rules.to_issue(coupon)
        short = table.pools.short(draws)
        if short is not None:
            note = f"budget {short.id} has too little left for {coupon.id}"
            outcome.refuse_one(place, "budget_exhausted", note)
            return False
        table.pools.take(draws)
        template = table.rules.season.coupons.index(coupon)
        cause = events.text("event_id", place)
        made = table.coupon_book.issue(table, template, rows, at_us, [cause], "prize", claimed=True)
        if table.notices is not None:
            told = {"source": "prize", "prize": prize_id(won.board, won.place)}
            table.notices.coupons(table, made, told)
    return True
