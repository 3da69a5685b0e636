"""Gains: what agents got out of a season, by the rule it came from.

Points count at what they are worth when spent (`rules.advice.point_value`), as `reward_fen` of
members does: less what was reversed, with what stays owed to the programme (debt) as a line of
its own.
Coupons count what they took off or what their gift costs, tiers what they took off, prizes their
unit cost with tax.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rules.accounts.breakdown import Version, bits_of, named_bits, version_of, worth
from rules.accounts.posting import Posting, read
from rules.advice.point_value import fen_per_point
from rules.season.season_models import Season
from rules.table.member_table import MemberTable
from simulator.adversaries.crowd import Crowd
from simulator.play.run_result import RunResult

CLAWBACK: Final = "points.clawback"
EXPIRY: Final = "points.expire_after"


@dataclass(slots=True)
class Gain:
    """What came from one rule: points, where it gave points, and its cost in fen."""

    points: float = 0.0
    fen: float = 0.0


Gains = dict[tuple[str, str], Gain]
"""By kind of agent and rule, a path of the season file such as `tasks.check-in`."""


def gains_of(crowd: Crowd, table: MemberTable, result: RunResult) -> Gains:
    """Add up what the agents of a played run have got."""
    found: Gains = defaultdict(Gain)
    worth_fen = float(fen_per_point(table.rules.season))
    by_member: dict[str, list[Posting]] = defaultdict(list)
    for one in read(crowd.postings):
        by_member[one.member].append(one)
    for account, kind in crowd.kind_of.items():
        for rule, points in points_by_rule(table, by_member.get(account, [])).items():
            found[kind, rule].points += points
        row = table.row_of(account)
        if row >= 0 and table.members.debt[row]:
            found[kind, CLAWBACK].points += int(table.members.debt[row])
    for gain in found.values():
        gain.fen = gain.points * worth_fen
    for (account, rule), fen in crowd.coupon_fen.items():
        found[crowd.kind_of[account], rule].fen += fen
    for (account, level), fen in crowd.till.tier_fen.items():
        if fen:
            found[crowd.kind_of[account], f"tiers.{level}"].fen += fen
    for prize in result.tables["prizes"].to_pylist():
        winner = crowd.kind_of.get(prize["holder"])
        if winner is not None:
            rule = f"prizes.{prize['board']}.{prize['reward']}"
            found[winner, rule].fen += prize["unit_cost_fen"] + prize["tax_fen"]
    return dict(found)


def points_by_rule(table: MemberTable, postings: Sequence[Posting]) -> dict[str, float]:
    """Split one account's points over the rules they came from; reversals go where they came from.

    They add up to what is active, redeemed and checked out, less the debt.
    """
    found: dict[str, float] = defaultdict(float)
    shares: dict[str, dict[str, float]] = defaultdict(dict)
    sales = {one.event_id: one for one in postings if one.is_sale}
    for one in postings:
        if one.kind in ("base", "bonus"):
            sale = sales[one.event_id]
            for rule, share in _shares(table, sale, one.kind).items():
                found[rule] += one.points * share
                held = shares[str(one.event_id)]
                held[rule] = held.get(rule, 0.0) + one.points * share
        elif one.kind in ("task", "goal"):
            found[f"tasks.{one.rule}"] += one.points
        elif one.kind == "expired":
            found[EXPIRY] += one.points
        elif one.kind == "reversed":
            _reverse(found, one, shares.get(str(one.ref), {}))
        elif one.kind == "referral":
            found["referral"] += one.points
    return {rule: points for rule, points in found.items() if points}


def _reverse(found: dict[str, float], one: Posting, given: dict[str, float]) -> None:
    """Take a reversal from what gave the points."""
    if one.rule is not None:
        found[f"tasks.{one.rule}"] += one.points
    elif one.type != "refund":
        found["referral"] += one.points
    else:
        whole = sum(given.values())
        for rule, points in given.items():
            found[rule] += one.points * points / whole if whole else 0.0


def _shares(table: MemberTable, sale: Posting, kind: str) -> dict[str, float]:
    """Share a sale's base over its earning rules, or its bonus over its multipliers."""
    version = version_of(table, sale.rules_hash)
    if version is None or version.season is None:
        return {}
    earning, factors = bits_of(sale)
    if kind == "base":
        weights = _earning(version, sale, earning)
    else:
        weights = counted(version.season, named_bits(factors, version.factor_ids))
    whole = sum(weights.values())
    return {rule: weight / whole for rule, weight in weights.items()} if whole else {}


def _earning(version: Version, sale: Posting, bits: int) -> dict[str, float]:
    names = named_bits(bits, version.earning_ids)
    if len(names) == 1:
        return {f"earning.{names[0]}": 1.0}
    return {
        f"earning.{name}": float(worth(version, sale, 1 << at, 0).base_raw)
        for at, name in enumerate(version.earning_ids)
        if bits >> at & 1
    }


def counted(season: Season, names: Iterable[str]) -> dict[str, float]:
    """Weigh the multipliers that counted by what each adds to the factor of 1.

    Within a group of `max` only the greatest counts, the first of equal ones.
    """
    groups: dict[str, dict[str, float]] = defaultdict(dict)
    for one in season.multiplier:
        if one.id in names:
            groups[one.group][one.id] = max(float(one.factor) - 1.0, 0.0)
    found: dict[str, float] = {}
    for group in groups.values():
        held = group
        if season.multiplying.within_group == "max":
            best = max(group, key=lambda name: group[name])
            held = {best: group[best]}
        found |= {f"multiplier.{name}": weight for name, weight in held.items() if weight}
    return found
