"""Triggers compiled: what they look at, what they issue, what it takes from the budgets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final

from rules.compiling.clauses import MemberClauses
from rules.compiling.pool_rules import Draw, PoolRules
from rules.season.duration import Duration
from rules.season.season_models import Season, Trigger
from rules.season.where import Where

EPOCH: Final = date(1970, 1, 1)
ON_EVENT: Final = ("enrol", "tier_up")


@dataclass(frozen=True, slots=True)
class TriggerRule:
    """One trigger of the file.

    template is the coupon's number; draws what issuing one takes. days are the local days at
    whose first instant a holiday trigger fires. memory is the trigger's column of
    Members.fired_us where it has to remember its last firing. who is None for everyone.
    """

    id: str
    on: str
    template: int
    draws: tuple[Draw, ...]
    days: frozenset[int]
    after: Duration | None
    cooldown: Duration | None
    memory: int | None
    who: MemberClauses | None
    holdout: Fraction


class TriggerRules:
    """The triggers of a season file, in file order, by what sets them off."""

    def __init__(
        self,
        season: Season,
        pools: PoolRules,
        days: Sequence[tuple[date, bool]],
        member_clauses: Callable[[Sequence[Where]], MemberClauses],
    ) -> None:
        templates = {coupon.id: number for number, coupon in enumerate(season.coupons)}
        self.all: list[TriggerRule] = []
        self.memories = 0
        for trigger in season.triggers:
            template = templates[trigger.issue]
            remembers = trigger.cooldown is not None or trigger.on == "dormant"
            self.all.append(
                TriggerRule(
                    id=trigger.id,
                    on=trigger.on,
                    template=template,
                    draws=tuple(pools.to_issue(season.coupons[template])),
                    days=_first_days(trigger, days),
                    after=trigger.after,
                    cooldown=trigger.cooldown,
                    memory=self.memories if remembers else None,
                    who=None if trigger.where.empty else member_clauses([trigger.where]),
                    holdout=trigger.holdout,
                )
            )
            self.memories += remembers
        self.on_enrol = [rule for rule in self.all if rule.on == "enrol"]
        self.on_tier_up = [rule for rule in self.all if rule.on == "tier_up"]
        self.at_ticks = [rule for rule in self.all if rule.on not in ON_EVENT]


def _first_days(trigger: Trigger, days: Sequence[tuple[date, bool]]) -> frozenset[int]:
    """Number the first local day of each span of dates, or of each run of public holidays."""
    if trigger.on != "holiday":
        return frozenset()
    if trigger.dates:
        return frozenset((span.first - EPOCH).days for span in trigger.dates)
    return frozenset(
        (day - EPOCH).days
        for (day, holiday), (_, before) in zip(days[1:], days, strict=False)
        if holiday and not before
    )
