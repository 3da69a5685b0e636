"""Parts of season files that several tests put their seasons together from."""

KINDS_AND_PRODUCTS = """
[members]
kinds = ["private", "taxi", "staff"]
[products.92]
category = "fuel"
[products.shop]
category = "shop"
[[earning]]
id = "fuel"
on = "purchase"
where = { category = ["fuel"] }
points = 1
per = { litres = "1" }
[[earning]]
id = "shop"
on = "purchase"
where = { category = ["shop"] }
points = 1
per = { amount = "1.00" }
"""
"""A point a litre of fuel and a yuan in the shop, to members of three kinds."""

CHECK_IN = """
[[tasks]]
id = "check-in"
on = "check_in"
points = 2
limit = { times = 1, per = "day" }
"""

THREE_BOARDS = """
[[boards]]
id = "overall"
[[boards]]
id = "taxis"
where = { kind = ["taxi"] }
[[boards]]
id = "companies"
team = "company"
"""
"""One of everybody, one of a kind, one of teams."""
