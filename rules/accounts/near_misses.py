"""Near misses: what one more thing would have given a purchase, and how far off it was.

Conditions are taken apart and matched one by one with the clauses that the kernel uses; tiers,
goals and minimum spends are near from a tenth of their threshold on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, Final

import numpy as np

from rules.accounts.breakdown import Version, bits_of, worth
from rules.accounts.explain_texts import LANGUAGES, named, told
from rules.accounts.net_purchases import Purchases
from rules.accounts.posting import Posting, litres_text, money_text
from rules.compiling.calendar import DAY_US, MINUTE_US
from rules.compiling.clauses import CLAUSES_MAX, event_holds
from rules.compiling.compiled import Rules
from rules.compiling.public_holidays import public_holidays
from rules.judging.tiers import holds
from rules.season.season_models import Earning, Hours, Multiplier, Where
from rules.season.where import DAY_MINUTES
from rules.wording.terms_words import Words

NEAR: Final = Fraction(1, 10)
"""Up to this part of a threshold missing is near."""
NOT_MISSED: Final = frozenset({"product", "category"})
"""Another product has its own earning rule: not buying it is nothing that was missed."""


class Situation:
    """How one purchase and its member stood, as conditions look at it."""

    def __init__(self, rules: Rules, sale: Posting) -> None:
        self.rules = rules
        wall_us = int(rules.calendar.wall(np.array([sale.at_us], dtype=np.int64))[0])
        days, time_us = divmod(wall_us, DAY_US)
        self.minute = time_us // MINUTE_US
        self.day = date(1970, 1, 1) + timedelta(days=days)
        season = rules.season
        station = season.stations.get(sale.station or "")
        own = {"region": station.region, "brand": station.brand} if station else {}
        fields = {name: text for name, text in own.items() if text is not None}
        self._station = (sale.station, fields | (station.fields if station else {}))
        product = season.products.get(sale.product or "")
        self._product = (sale.product, product.category if product else None)
        self._pay = sale.pay
        calendar = season.holidays
        self._holiday = calendar is not None and is_holiday(calendar.calendar, self.day)
        self._who = (
            np.array([rules.levels.index(sale.tier or rules.levels[0])], dtype=np.int16),
            np.array([rules.kinds.index(sale.member_kind or rules.kinds[0])], dtype=np.int16),
            np.array([sale.attribute_bits or 0], dtype=np.uint64),
            np.array([sale.segment_bits or 0], dtype=np.uint64) if rules.segments else None,
        )

    def holding(self, clauses: Sequence[Where]) -> list[bool]:
        """Tell which conditions hold here."""
        found: list[bool] = []
        for first in range(0, len(clauses), CLAUSES_MAX):
            part = clauses[first : first + CLAUSES_MAX]
            bits = int(self.rules.member_clauses(part).match(*self._who)[0])
            found += [
                bool(bits >> place & 1) and self._event_holds(where)
                for place, where in enumerate(part)
            ]
        return found

    def _event_holds(self, where: Where) -> bool:
        day = self.day, self._holiday
        return event_holds(where, self._product, self._station, self._pay, day, self.minute)

    def failing(self, where: Where) -> list[tuple[str, Where]]:
        """Take a condition apart and list what of it doesn't hold: each key, and it alone."""
        parts = apart(where)
        holding = self.holding([alone for _, alone in parts])
        return [part for part, holds in zip(parts, holding, strict=True) if not holds]


def is_holiday(country: str, day: date) -> bool:
    """Tell whether a day is a public holiday of a country."""
    return day in public_holidays(country, [day.year])


def apart(where: Where) -> list[tuple[str, Where]]:
    """Split a condition into conditions of one key each."""
    parts = []
    for key in type(where).model_fields:
        value = getattr(where, key)
        if key in ("station_fields", "attributes"):
            parts += [(name, _only(where, {key: {name: one}})) for name, one in value.items()]
        elif value not in ((), None):
            parts.append((key, _only(where, {key: value})))
    return parts


def _only(where: Where, keys: dict[str, Any]) -> Where:
    return type(where)().model_copy(update=keys)


def rule_misses(rules: Rules, version: Version, sale: Posting) -> list[dict[str, Any]]:
    """List the earning rules and multipliers that one condition kept from giving more."""
    season = rules.season
    if not rules.card_earns and sale.pay == "card" and sale.type == "purchase":
        return []
    situation = Situation(rules, sale)
    earning, factors = bits_of(sale)
    had = worth(version, sale, earning, factors).total
    found = []
    for at, rule in enumerate(season.earning):
        if rule.on == sale.type and not earning >> at & 1:
            gain = worth(version, sale, earning | 1 << at, factors).total - had
            found += _missed(situation, rule, "earning", gain, NOT_MISSED)
    for at, factor in enumerate(season.multiplier):
        if not factors >> at & 1:
            gain = worth(version, sale, earning, factors | 1 << at).total - had
            found += _missed(situation, factor, "multiplier", gain, frozenset())
    return found


def _missed(
    situation: Situation, rule: Earning | Multiplier, what: str, gain: int, never: frozenset[str]
) -> list[dict[str, Any]]:
    if gain <= 0:
        return []
    failing = situation.failing(rule.where)
    if len(failing) != 1:
        return []
    key, alone = failing[0]
    if key in never:
        return []
    season = situation.rules.season
    condition = {language: Words(season, language).where(alone) for language in LANGUAGES}
    miss: dict[str, Any] = {"what": what, "id": rule.id, "key": key, "gain": gain}
    shown = {"rule": named(rule.name, rule.id), "condition": condition, "gain": gain}
    if key != "hours":
        return [miss | {"text": told("near.rule", **shown)}]
    early, minutes = minutes_off(alone.hours, situation.minute)
    side = "near.rule_early" if early else "near.rule_late"
    return [miss | {"minutes": minutes, "text": told(side, minutes=minutes, **shown)}]


def minutes_off(spans: Sequence[Hours], minute: int) -> tuple[bool, int]:
    """Tell whether a minute of the day is before the nearest span, else after, and how far.

    >>> minutes_off([Hours(22 * 60, 6 * 60)], 21 * 60 + 48)
    (True, 12)
    >>> minutes_off([Hours(22 * 60, 6 * 60)], 6 * 60)
    (False, 1)
    """
    before = min((span.start_minute - minute) % DAY_MINUTES for span in spans)
    after = min((minute - span.end_minute) % DAY_MINUTES for span in spans) + 1
    return (True, before) if before <= after else (False, after)


def tier_misses(rules: Rules, sale: Posting, bought: Purchases) -> list[dict[str, Any]]:
    """List the tiers above that a purchase nearly reached."""
    if len(rules.tier_levels) < 2 or sale.type != "purchase":
        return []
    window = bought.window(rules, sale.at_us)
    reached = [at for at, one in enumerate(rules.tier_levels) if holds(one.entry, window)[0]]
    level = max(*reached, rules.levels.index(sale.tier or rules.levels[0]))
    found = []
    for place in range(level + 1, len(rules.tier_levels)):
        entry = rules.tier_levels[place].entry
        missing = {
            metric: (threshold - value, threshold)
            for metric, threshold, value in (
                ("litres", entry.litres_ml, int(window.litres_ml[0])),
                ("amount", entry.amount_fen, int(window.amount_fen[0])),
                ("visits", entry.visits, int(window.visits[0])),
            )
            if threshold is not None and value < threshold
        }
        near = {metric for metric, (lack, most) in missing.items() if lack <= most * NEAR}
        if entry.never or (entry.every and len(near) < len(missing)):
            continue
        assert rules.season.tiers is not None
        one = rules.season.tiers.levels[place]
        for metric in sorted(near):
            lack = _quantity(metric, missing[metric][0])
            text = told(f"near.tier.{metric}", rule=named(one.name, one.id), missing=lack)
            miss = {"what": "tier", "id": one.id, "key": metric, "missing": lack, "text": text}
            found.append(miss)
    return found


def _quantity(metric: str, value: int) -> str | int:
    if metric == "litres":
        return litres_text(value).rstrip("0").rstrip(".")
    return money_text(value) if metric == "amount" else value


def goal_misses(rules: Rules, sale: Posting, bought: Purchases) -> list[dict[str, Any]]:
    """List the goals that the season's net purchases nearly reach."""
    if sale.type != "purchase" or not rules.starts_us <= sale.at_us < rules.ends_us:
        return []
    spent_fen = bought.season_fen(rules)
    found = []
    for goal in rules.season.tasks:
        if goal.goal is None or not 0 < goal.goal.amount_fen - spent_fen <= (
            goal.goal.amount_fen * NEAR
        ):
            continue
        missing = money_text(goal.goal.amount_fen - spent_fen)
        text = told("near.goal", rule=named(goal.name, goal.id), missing=missing)
        found.append({"what": "goal", "id": goal.id, "missing": missing, "text": text})
    return found


def coupon_misses(rules: Rules, sale: Posting, order: Sequence[Posting]) -> list[dict[str, Any]]:
    """List the coupons whose minimum spend an order's eligible lines nearly come to."""
    priced = [coupon for coupon in rules.season.coupons if coupon.min_spend_fen]
    if sale.type != "purchase" or not priced:
        return []
    eligible_fen = [0] * len(priced)
    for line in order:
        holds = Situation(rules, line).holding([coupon.where for coupon in priced])
        for at, held in enumerate(holds):
            eligible_fen[at] += (line.amount_fen or 0) * held
    found = []
    for coupon, spent_fen in zip(priced, eligible_fen, strict=True):
        lack_fen = (coupon.min_spend_fen or 0) - spent_fen
        if not 0 < lack_fen <= (coupon.min_spend_fen or 0) * NEAR:
            continue
        missing = money_text(lack_fen)
        text = told("near.coupon", rule=named(coupon.name, coupon.id), missing=missing)
        found.append({"what": "coupon", "id": coupon.id, "missing": missing, "text": text})
    return found
