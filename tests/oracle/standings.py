"""Sort members and companies by the official order and hand out the prizes."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from tests.oracle.conditions import Who, member_holds
from tests.oracle.member import Member
from tests.oracle.plan import Plan, Table, fen

NEVER_US = 2**63 - 1


@dataclass(frozen=True)
class Row:
    """Give one line of a board; on a team board the team's id stands in `member`."""

    rank: int
    member: str
    score: int
    tier: str
    tasks_completed_at_us: int | None
    active_days: int


@dataclass(frozen=True)
class PrizeRow:
    """Give one prize won: the prize's place, the winner's rank, and what it costs."""

    board: str
    place: int
    rank: int
    member: str
    reward: str
    unit_cost_fen: int
    tax_fen: int


@dataclass
class Standing:
    """Hold what the official order compares."""

    id: str
    score: int
    tier: str
    tasks_completed_at_us: int | None
    active_days: int


@dataclass
class Ranked:
    """Hold a member with what conditions see of them, as they stand or stood."""

    member: Member
    who: Who


def score_of(plan: Plan, member: Member) -> int:
    """Sum the kinds of points that the season counts, floored at 0."""
    return max(0, sum(member.score[kind] for kind in plan.score_kinds))


def excluded(plan: Plan, who: Who) -> bool:
    """Say whether the season leaves a member out of every board."""
    return plan.exclude is not None and member_holds(plan.exclude, who)


def official(plan: Plan, standing: Standing) -> tuple[Any, ...]:
    """Give the key of the official order: score, tie-breaks, id by bytes."""
    at_us = standing.tasks_completed_at_us
    keys = {
        "tasks_completed_at": NEVER_US if at_us is None else at_us,
        "active_days": -standing.active_days,
    }
    ties = tuple(keys[name] for name in plan.tie_break)
    return (-standing.score, *ties, standing.id.encode())


def member_standing(plan: Plan, member: Member) -> Standing:
    """Give one member's standing."""
    return Standing(
        member.id,
        score_of(plan, member),
        plan.levels[member.level].id,
        member.tasks_completed_at_us,
        len(member.active_on),
    )


def team_standings(plan: Plan, members: list[Member], attribute: str) -> list[Standing]:
    """Add members up by an attribute: scores and days sum, the earliest completion counts."""
    teams: dict[str, Standing] = {}
    for member in members:
        team_id = member.attributes.get(attribute)
        if not isinstance(team_id, str) or not team_id:
            continue
        own = member_standing(plan, member)
        team = teams.setdefault(team_id, Standing(team_id, 0, "", None, 0))
        team.score += own.score
        team.active_days += own.active_days
        ends = [
            at_us
            for at_us in (team.tasks_completed_at_us, own.tasks_completed_at_us)
            if at_us is not None
        ]
        team.tasks_completed_at_us = min(ends, default=None)
    return list(teams.values())


def board_rows(plan: Plan, rows: Collection[Ranked], board_id: str) -> list[Row]:
    """Give the rows of one board, ranks 1 upwards without sharing."""
    board: Table = next(each for each in plan.boards if each["id"] == board_id)
    where = board.get("where", {})
    members = [
        row.member for row in rows if not excluded(plan, row.who) and member_holds(where, row.who)
    ]
    if "team" in board:
        entries = team_standings(plan, members, board["team"])
    else:
        entries = [member_standing(plan, member) for member in members]
    entries = [entry for entry in entries if entry.score >= 1]
    entries.sort(key=lambda entry: official(plan, entry))
    return [
        Row(place, entry.id, entry.score, entry.tier, entry.tasks_completed_at_us,
            entry.active_days)
        for place, entry in enumerate(entries, start=1)
    ]  # fmt: skip


def unit_cost_fen(plan: Plan, reward: Table) -> int:
    """Give a reward's unit cost; a coupon costs at most its face value, points nothing yet."""
    if reward["kind"] != "coupon":
        return fen(reward.get("unit_cost", 0))
    coupon = plan.coupons[reward["coupon"]]
    if coupon["kind"] == "percent":
        return fen(coupon.get("max_off", 0))
    return fen(coupon["unit_cost" if coupon["kind"] == "gift" else "off"])


def places_of(ranks: str) -> range:
    """Read the ranks of a prize: "1" or "4-10"."""
    first, _, last = ranks.partition("-")
    return range(int(first), int(last or first) + 1)


def prize_rows(plan: Plan, rows: Collection[Ranked], barred: set[str]) -> list[PrizeRow]:
    """Allocate the prizes: the k-th eligible member takes the prize of rank k."""
    teams = {board["id"] for board in plan.boards if "team" in board}
    winners: set[tuple[bool, str]] = set()
    given: list[PrizeRow] = []
    for board_id in dict.fromkeys(prize["board"] for prize in plan.prizes):
        is_team = board_id in teams
        eligible = [
            row
            for row in board_rows(plan, rows, board_id)
            if row.score >= plan.prize_rules.get("min_score", 1)
            and (is_team or row.member not in barred)
            and not (plan.prize_rules.get("one_per_member") and (is_team, row.member) in winners)
        ]
        of_board = [prize for prize in plan.prizes if prize["board"] == board_id]
        places = {place: prize for prize in of_board for place in places_of(prize["ranks"])}
        for place, row in enumerate(eligible, start=1):
            if place not in places:
                continue
            winners.add((is_team, row.member))
            reward = plan.rewards[places[place]["reward"]]
            cost_fen = unit_cost_fen(plan, reward)
            # A fifth of the cost; half a fen is rounded up.
            tax_fen = (cost_fen * 2 + 5) // 10 if reward.get("tax") == "programme_pays_20" else 0
            given.append(
                PrizeRow(board_id, place, row.rank, row.member, places[place]["reward"],
                         cost_fen, tax_fen)
            )  # fmt: skip
    return given


def member_columns(plan: Plan, member: Member) -> dict[str, Any]:
    """Give the columns of members.csv: litres in millilitres, amount in fen."""
    return {
        "member": member.id,
        "kind": member.attributes["kind"],
        "tier": plan.levels[member.level].id,
        "active": member.active,
        "debt": member.debt,
        "earned_base": member.earned["base"],
        "earned_bonus": member.earned["bonus"],
        "earned_task": member.earned["task"],
        "adjusted": member.adjusted,
        "redeemed": member.redeemed,
        "expired": member.expired,
        "reversed": member.reversed,
        "litres": member.metrics["litres"],
        "amount": member.metrics["amount"],
        "visits": member.metrics["visits"],
    }
