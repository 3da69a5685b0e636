"""The season of the chaos runs: every rule that loses or doubles something shows."""

from datetime import UTC, datetime

from tests.season_parts import CHECK_IN, KINDS_AND_PRODUCTS, THREE_BOARDS

SEASON_ID = "chaos-season"
STARTS = datetime(2026, 5, 31, 16, 0, tzinfo=UTC)
"""Midnight of 1 June in Shanghai; the season lasts 19 days."""
BOARDS = ("overall", "taxis", "companies")
COUPONS = ("fuel-10", "any-5", "rare")
ITEMS = ("mug", "five", "bag")

SEASON = (
    """
format = 1
[programme]
id = "chaos-club"
timezone = "Asia/Shanghai"
accept_late = "1d"
"""
    + KINDS_AND_PRODUCTS
    + """
[points]
member_day_cap = 150
expire_after = "4d"
[[multiplier]]
id = "member-day"
group = "day"
where = { weekday = ["tue", "sat"] }
factor = "2"
"""
    + CHECK_IN
    + """
[[tasks]]
id = "share"
on = "share"
points = 3
limit = { times = 2, per = "week" }
[tiers]
[[tiers.levels]]
id = "silver"
[[tiers.levels]]
id = "gold"
entry = { any = { litres = "300" } }
[tiers.trial]
level = "gold"
months = 1
[season]
id = "chaos-season"
starts = 2026-06-01T00:00:00
ends = 2026-06-20T00:00:00
late_events = "1d"
refund_hold = "2d"
exclude = { kind = ["staff"] }
"""
    + THREE_BOARDS
    + """
[[coupons]]
id = "fuel-10"
kind = "amount_off"
off = "10.00"
min_spend = "50.00"
where = { category = ["fuel"] }
valid = "3d"
[[coupons]]
id = "any-5"
kind = "amount_off"
off = "5.00"
valid = "5d"
[[coupons]]
id = "rare"
kind = "amount_off"
off = "3.00"
claim = { times = 2, per = "week" }
[coupon_rules]
on_refund = "reinstate"
reserve_for = "2h"
[[triggers]]
on = "enrol"
issue = "fuel-10"
[[triggers]]
on = "tier_up"
issue = "any-5"
[[budgets]]
id = "rare-count"
covers = ["rare"]
count = 90
[[budgets]]
id = "fives"
covers = ["any-5"]
cost = "400.00"
[[catalogue]]
id = "mug"
points = 20
goods = { unit_cost = "5.00", stock = 60 }
[[catalogue]]
id = "five"
points = 30
coupon = "any-5"
[[catalogue]]
id = "bag"
points = 5
goods = { unit_cost = "1.00", stock = 400 }
[checkout]
points = 10
amount = "1.00"
step = 10
max_share = "0.50"
[rewards.phone]
kind = "goods"
unit_cost = "100.00"
[rewards.mug]
kind = "goods"
unit_cost = "10.00"
[[prizes]]
board = "overall"
ranks = "1"
reward = "phone"
[[prizes]]
board = "overall"
ranks = "2-5"
reward = "mug"
"""
)
