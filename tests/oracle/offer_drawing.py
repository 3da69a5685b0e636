"""Draw the sections of season files that give things away, with limits small enough to bite."""

from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from tests.oracle.chance import maybe, some

Table = dict[str, Any]


def draw_offers(random: Random, season: Table, starts: datetime) -> None:
    """Draw coupons' lives, triggers, budgets, a catalogue, checkout, referral and segments."""
    draw_discounts(random, season)
    season["coupon_rules"] = {
        "per_order": random.choice([1, 1, 2]),
        "with_tier_discount": maybe(random, 0.6),
        "transferable": maybe(random, 0.3),
        "on_refund": random.choice(["keep_used", "reinstate"]),
        "reserve_for": random.choice(["10m", "1h", "2d"]),
    }
    if maybe(random, 0.7):
        season["triggers"] = draw_triggers(random, season, starts)
    if maybe(random, 0.7):
        season["catalogue"] = draw_catalogue(random, season)
    if maybe(random, 0.6):
        season["budgets"] = draw_budgets(random, season)
    if maybe(random, 0.6):
        season["checkout"] = {
            "points": random.choice([1, 10]),
            "amount": random.choice(["0.10", "1.00", "0.33"]),
            "step": random.choice([1, 5]),
            "max_share": random.choice(["0.30", "1", "0.5"]),
        }
    if maybe(random, 0.5):
        season["referral"] = draw_referral(random)


def draw_segments(random: Random, season: Table) -> None:
    """Draw segments by what members bought lately, have, and are."""
    choices: Table = {
        "often": {"visits_7d": {"min": 2}},
        "seldom": {"visits_30d": {"min": 1, "max": 2}},
        "away": {"recency_days": {"min": 3}},
        "fuelled": {"litres_3d": {"min": "30.5"}, "kind": ["private", "fleet"]},
        "spenders": {"amount": {"min": "100.00"}, "active": {"max": 200}},
        "scorers": {"score": {"min": 20}},
        "plated": {"plate": ["A1"], "visits": {"max": 5}},
    }
    if "tiers" in season:
        choices["upper-often"] = {"tier": ["metal-1"], "visits_2d": {"min": 1}}
    names = [name for name in choices if maybe(random, 0.5)]
    if names:
        season["segments"] = {name: {"where": choices[name]} for name in names}


def draw_coupons(random: Random, season: Table) -> list[Table]:
    """Draw coupons of each kind."""
    coupons: list[Table] = [
        {"id": "ten-off", "kind": "amount_off", "off": "10.00"},
        {"id": "cent-off", "kind": "amount_off", "off": "0.05"},
        {"id": "four-fifths", "kind": "percent", "pay": "0.80", "max_off": "30.00"},
        {"id": "free", "kind": "percent", "pay": "0.01", "max_off": "500.00"},
    ]
    if "products" in season:
        coupons.append({"id": "wash-free", "kind": "gift", "product": "wash", "unit_cost": "15.00"})
    for coupon in coupons:
        if maybe(random, 0.3):
            coupon["min_spend"] = random.choice(["5.00", "50.00"])
        coupon["valid"] = random.choice(["1d", "3d", "10d", "1mo"])
        if maybe(random, 0.5):
            times, per = random.choice([1, 2]), random.choice(["day", "week", "month", "season"])
            coupon["claim"] = {"times": times, "per": per}
    return coupons


def draw_discounts(random: Random, season: Table) -> None:
    """Give some levels a discount on fuel."""
    for level in season.get("tiers", {}).get("levels", []):
        if "products" in season and maybe(random, 0.5):
            per_litre = random.choice(["0.10", "0.0333", "2.00"])
            level["discount"] = {"category": "fuel", "per_litre": per_litre}


def member_where(random: Random, season: Table) -> Table:
    """Draw a condition on a member; mostly none."""
    choices: list[Table] = [{}, {}, {}, {"kind": ["private"]}, {"plate": ["A1"]}]
    choices += [{"segment": [name]} for name in season.get("segments", {})]
    if "tiers" in season:
        choices.append({"tier": ["metal-1"]})
    return random.choice(choices)


def draw_triggers(random: Random, season: Table, starts: datetime) -> list[Table]:
    """Draw triggers of some kinds, some twice for one coupon."""
    triggers: list[Table] = []
    first = starts.date() + timedelta(days=random.randrange(12))
    for on in some(random, ["enrol", "enrol", "tier_up", "birthday", "holiday", "dormant"]):
        issue = random.choice(season["coupons"])["id"]
        trigger: Table = {"id": f"{on}-{len(triggers)}", "on": on, "issue": issue}
        if on == "dormant":
            trigger["after"] = random.choice(["1d", "2d", "7d"])
        if on == "holiday" and ("holidays" not in season or maybe(random, 0.5)):
            last: date = first + timedelta(days=3)
            trigger["dates"] = [f"{first}..{last}", f"{first + timedelta(days=9)}"]
        if maybe(random, 0.4):
            trigger["cooldown"] = random.choice(["1h", "2d", "20d", "1mo"])
        if maybe(random, 0.3):
            trigger["holdout"] = random.choice(["0.5", "0.25", "1"])
        where = member_where(random, season)
        triggers.append(trigger | ({"where": where} if where else {}))
    return triggers


def draw_budgets(random: Random, season: Table) -> list[Table]:
    """Draw budgets of very little."""
    ids = [coupon["id"] for coupon in season["coupons"]]
    budgets = []
    for place in range(random.randrange(1, 4)):
        budget: Table = {
            "id": f"budget-{place}",
            "covers": some(random, ids),
            "at": random.choice(["issue", "redeem"]),
        }
        if maybe(random, 0.5):
            budget["count"] = random.choice([0, 1, 2, 5])
        else:
            budget["cost"] = random.choice(["10.00", "15.01", "40.00", "600.00"])
        if maybe(random, 0.4):
            budget["per"] = random.choice(["day", "week", "month"])
        budgets.append(budget)
    return budgets


def draw_catalogue(random: Random, season: Table) -> list[Table]:
    """Draw a catalogue of cheap things."""
    items: list[Table] = [
        {"id": f"c-{coupon['id']}", "points": random.choice([1, 20]), "coupon": coupon["id"]}
        for coupon in season["coupons"]
        if maybe(random, 0.4)
    ]
    goods: Table = {"unit_cost": "3.50"}
    if maybe(random, 0.7):
        goods["stock"] = random.choice([0, 1, 3])
    items.append({"id": "mug", "points": random.choice([1, 30]), "goods": goods})
    levels = season.get("tiers", {}).get("levels", [])
    return items + [
        {"id": f"t-{level['id']}", "points": 5, "tier_up": level["id"]}
        for level in levels
        if maybe(random, 0.5)
    ]


def draw_referral(random: Random) -> Table:
    """Draw what advocates get."""
    referral: Table = {
        "advocate_points": random.choice([5, 100]),
        "first_order_min": random.choice(["0.00", "1.00", "100.00"]),
        "hold": random.choice(["0d", "1d", "3d", "36h"]),
    }
    if maybe(random, 0.5):
        per = random.choice(["day", "week", "month", "season"])
        referral["limit"] = {"times": 1, "per": per}
    if maybe(random, 0.5):
        referral["distinct"] = random.choice([["plate"], ["company", "plate"]])
    return referral
