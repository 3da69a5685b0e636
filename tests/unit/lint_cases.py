"""A season without faults, and how the linter's findings on a changed one are looked up."""

from __future__ import annotations

from rules.advice.findings import Placed, placed
from rules.advice.lint import lint
from rules.season.season_file import load_season

SOUND = """\
format = 1
programme = { id = "club", timezone = "Asia/Shanghai" }
members = { kinds = ["private", "taxi", "staff"] }
season = { id = "june", starts = 2026-06-01T00:00:00, ends = 2026-07-01T00:00:00 }
card = { earn_on_spend = false }
checkout = { points = 100, amount = "1.00" }
holidays = { calendar = "CN" }
[products.92]
category = "fuel"
margin = { per_litre = "1.10" }
[products.tea]
category = "shop"
margin = { share = "0.25" }
[[earning]]
id = "fuel"
on = "purchase"
where = { category = "fuel" }
points = 1
per = { litres = "1" }
[[earning]]
id = "tea"
on = "purchase"
where = { category = "shop" }
points = 1
per = { amount = "1.00" }
[[tasks]]
id = "spend"
goal = { amount = "500.00" }
points = 50
"""
LEVELS = """\
[[tiers.levels]]
id = "silver"
[[tiers.levels]]
id = "gold"
entry = { any = { litres = "300" } }
keep = { any = { litres = "200" } }
[[tiers.levels]]
id = "platinum"
entry = { any = { litres = "900" } }
"""


def found(text: str, kind: str) -> list[Placed]:
    """List the warnings and notes of one kind."""
    return [one for one in placed(text, lint(load_season(text))) if one.finding.kind == kind]


def warned(text: str, kind: str) -> list[Placed]:
    """List the warnings of one kind."""
    return [one for one in found(text, kind) if one.finding.severity == "warning"]


def warning(text: str, kind: str) -> Placed:
    """Give the only warning of one kind."""
    (one,) = warned(text, kind)
    return one


def multiplier(name: str, factor: str, where: str = "", group: str = "day") -> str:
    """Write a multiplier."""
    condition = f"where = {{ {where} }}\n" if where else ""
    return f'[[multiplier]]\nid = "{name}"\ngroup = "{group}"\nfactor = "{factor}"\n{condition}'


def coupon(name: str, rest: str) -> str:
    """Write a coupon template that takes an amount off."""
    return f'[[coupons]]\nid = "{name}"\nkind = "amount_off"\n{rest}\n'


def trigger(name: str, rest: str = 'on = "birthday"') -> str:
    """Write a trigger that issues a coupon, with a budget for it."""
    budget = f'[[budgets]]\nid = "for-{name}"\ncovers = ["{name}"]\ncount = 1000\n'
    return f'[[triggers]]\nissue = "{name}"\n{rest}\n{budget}'
