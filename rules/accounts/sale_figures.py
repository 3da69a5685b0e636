"""Figures of a sale: its rules, multipliers, ceiling, floors and cap, as data and as sentences."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from rules.accounts.breakdown import (
    Version,
    bits_of,
    exact_text,
    named_bits,
    version_of,
    without_ceiling,
    worth,
)
from rules.accounts.explain_texts import named, told
from rules.accounts.posting import Posting, litres_text, money_text
from rules.compiling.patterns import Factors
from rules.season.season_models import Season
from rules.table.member_table import MemberTable

Line = dict[str, Any]


def figures(table: MemberTable, sale: Posting, bonus: int) -> tuple[dict[str, Any], list[Line]]:
    """Explain what a purchase or top-up earned, goals apart: figures and the lines that say them.

    bonus is what was credited beside the base, after the cap.
    """
    version = version_of(table, sale.rules_hash)
    if version is None:
        return {}, [told("unknown_version")]
    earning, factors = bits_of(sale)
    whole = worth(version, sale, earning, factors)
    raw, factor = exact_text(whole.base_raw), exact_text(whole.factor)
    cut = whole.total - sale.points - bonus
    found: dict[str, Any] = {
        "base_raw": raw,
        "factor": factor,
        "total": whole.total,
        "cap_cut": cut,
    }
    if version.season is None:
        found |= {
            "earning": [{"id": name} for name in named_bits(earning, version.earning_ids)],
            "multipliers": [{"id": name} for name in named_bits(factors, version.factor_ids)],
        }
        named_ids = {
            group: ", ".join(rule["id"] for rule in found[group]) or "–"
            for group in ("earning", "multipliers")
        }
        matched = {"earning": named_ids["earning"], "factors": named_ids["multipliers"]}
        lines: list[Line] = [told("past_version", **matched)]
    else:
        found["earning"] = _earning(version, version.season, sale, earning)
        found["multipliers"] = _multipliers(version.season, factors)
        lines = [rule.pop("line") for rule in found["earning"]]
        lines += _why_nothing(table, sale, earning)
        lines += [rule.pop("line") for rule in found["multipliers"]]
        found |= _ceiling(version.season, factors)
        if found["factor_before_ceiling"] != factor:
            before, ceiling = found["factor_before_ceiling"], found["ceiling"] or "0"
            lines.append(told("ceiling", before=before, ceiling=ceiling))
    product = exact_text(whole.base_raw * whole.factor)
    split = {"total": whole.total, "base": whole.base, "bonus": whole.total - whole.base}
    total = told("total", raw=raw, factor=factor, product=product, **split)
    lines.append(total | {"points": whole.total})
    if cut:
        cap = told("cap", cap=table.rules.member_day_cap, cut=cut)
        lines.append(cap | {"points": -cut})
    return found, lines


def _earning(version: Version, season: Season, sale: Posting, bits: int) -> list[Line]:
    """List the earning rules that matched, each with what it gives by itself."""
    found = []
    for at, rule in enumerate(season.earning):
        if not bits >> at & 1:
            continue
        by_litre = rule.per.litres_ml is not None
        per = litres_text(rule.per.litres_ml or 0) if by_litre else ""
        unit = "L" if by_litre else "¥"
        quantity = litres_text(sale.litres_ml or 0)
        if not by_litre:
            per, quantity = money_text(rule.per.amount_fen or 0), money_text(sale.amount_fen or 0)
        raw = exact_text(worth(version, sale, 1 << at, 0).base_raw)
        shown = {
            "rate": exact_text(Fraction(rule.points)),
            "per": f"{per} L" if by_litre else f"¥{per}",
            "quantity": f"{quantity} L" if by_litre else f"¥{quantity}",
            "raw": raw,
        }
        name = named(rule.name, rule.id)
        line = told("earning", rule=name, **shown)
        found.append(
            {"id": rule.id, "name": name, "points": shown["rate"], "per": per, "unit": unit}
            | {"quantity": quantity, "raw": raw, "line": line}
        )
    return found


def _why_nothing(table: MemberTable, sale: Posting, earning: int) -> list[Line]:
    if earning:
        return []
    by_card = sale.type == "purchase" and sale.pay == "card" and not table.rules.card_earns
    return [told("card" if by_card else "no_earning")]


def _multipliers(season: Season, bits: int) -> list[Line]:
    """List the multipliers that matched, and which of their group counted."""
    factors = without_ceiling(season)
    found = []
    for at, rule in enumerate(season.multiplier):
        if not bits >> at & 1:
            continue
        group = sum(
            1 << other
            for other, one in enumerate(season.multiplier)
            if bits >> other & 1 and one.group == rule.group
        )
        counts = _counts(season, factors, group, at)
        name, factor = named(rule.name, rule.id), exact_text(Fraction(rule.factor))
        line = told("counted" if counts else "lost", rule=name, factor=factor, group=rule.group)
        found.append(
            {"id": rule.id, "name": name, "group": rule.group, "factor": factor}
            | {"counted": counts, "group_factor": exact_text(_factor(factors, group)), "line": line}
        )
    return found


def _counts(season: Season, factors: Factors, group: int, at: int) -> bool:
    """Tell whether a multiplier counts among those of its group; of equal greatest ones the first.

    Where the greatest counts, one that changes nothing when left out has lost.
    """
    if season.multiplying.within_group != "max":
        return True
    whole = _factor(factors, group)
    first = next(
        place
        for place in range(len(season.multiplier))
        if group >> place & 1 and _factor(factors, 1 << place) == whole
    )
    return first == at


def _factor(factors: Factors, bits: int) -> Fraction:
    above, below = factors.look_up(np.array([bits], dtype=np.uint64))
    return Fraction(int(above[0]), int(below[0]))


def _ceiling(season: Season, bits: int) -> dict[str, Any]:
    ceiling = season.multiplying.ceiling
    return {
        "factor_before_ceiling": exact_text(_factor(without_ceiling(season), bits)),
        "ceiling": None if ceiling is None else exact_text(Fraction(ceiling)),
    }
