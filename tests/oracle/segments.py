"""Decide which segments a member is in, from the figures a member has as they stand."""

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.oracle.conditions import attribute_holds, one_of
from tests.oracle.member import METRICS, Member, no_metrics
from tests.oracle.plan import Plan

RECENT = re.compile(r"(visits|litres|amount)_([1-9][0-9]{0,2})d")
SCALE = {"litres": 1000, "amount": 100, "visits": 1}


def metric(plan: Plan, member: Member, name: str, today: date) -> Any:
    """Give a computed figure of a member, or None where the name is an attribute or unknown."""
    if name == "active":
        return Decimal(member.active)
    if name == "score":
        return Decimal(sum(member.score[kind] for kind in plan.score_kinds))
    if name in METRICS:
        return Decimal(member.metrics[name]) / SCALE[name]
    found = RECENT.fullmatch(name)
    if found:
        total = no_metrics()
        first = today - timedelta(days=int(found[2]) - 1)
        for day, metrics in member.day_metrics.items():
            if first <= day <= today:
                for each in METRICS:
                    total[each] += metrics[each]
        return Decimal(total[found[1]]) / SCALE[found[1]]
    if name == "recency_days" and member.last_purchase_us is not None:
        return Decimal((today - plan.zone.day(member.last_purchase_us)).days)
    return None


def is_metric(name: str) -> bool:
    """Say whether a key of a segment is a computed figure."""
    return name in ("active", "score", "recency_days", *METRICS) or bool(RECENT.fullmatch(name))


def segments_of(plan: Plan, member: Member, today: date) -> frozenset[str]:
    """Name the segments whose every key holds for a member."""
    tier = plan.levels[member.level].id
    inside = []
    for name, where in plan.offers.segments.items():
        for key, wanted in where.items():
            if key == "tier":
                holds = one_of(wanted, tier)
            elif is_metric(key):
                holds = attribute_holds(wanted, metric(plan, member, key, today))
            else:
                holds = attribute_holds(wanted, member.attributes.get(key))
            if not holds:
                break
        else:
            inside.append(name)
    return frozenset(inside)
