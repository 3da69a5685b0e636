"""Draw small random season files that use every rule, with limits and caps that bite."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from tests.oracle.chance import maybe, some
from tests.oracle.offer_drawing import draw_coupons, draw_offers, draw_segments

Table = dict[str, Any]

ZONES = (
    "UTC",
    "Asia/Shanghai",
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Africa/Cairo",
)
# Near clock changes of those zones, month ends, a year's end, a leap day.
FIRST_DAYS = (
    datetime(2026, 3, 5),
    datetime(2026, 4, 20),
    datetime(2026, 6, 1),
    datetime(2026, 10, 20),
    datetime(2026, 12, 20),
    datetime(2028, 2, 10),
)
PRODUCTS = {
    "92": {"category": "fuel"},
    "0": {"category": "fuel"},
    "shop": {"category": "shop"},
    "wash": {"category": "service"},
}
STATIONS = {
    "S1": {"region": "north", "brand": "star", "shop_size": "big"},
    "S2": {"region": "south", "shop_size": "small"},
}
KINDS = ["private", "fleet", "staff"]
TASK_TYPES = ("check_in", "browse", "share", "survey", "review")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def draw_season(random: Random) -> Table:
    """Draw one season file as plain data."""
    starts = random.choice(FIRST_DAYS) + timedelta(days=random.randrange(12))
    starts += timedelta(hours=random.choice([0, 0, 0, 12]))
    days = random.choice([1, 3, 10, 28, 45, 70])
    ends = starts.replace(hour=0) + timedelta(days=days, hours=random.choice([0, 0, 0, 6]))
    season: Table = {
        "format": 1,
        "programme": {
            "id": "drawn",
            "timezone": random.choice(ZONES),
            "accept_late": random.choice(["1h", "1d", "7d", "20d"]),
            "refund_within": random.choice(["1d", "10d", "40d", "2mo"]),
        },
        "members": {"kinds": KINDS, "default_kind": random.choice(["private", "fleet"])},
        "stations": STATIONS,
    }
    if maybe(random, 0.85):
        season["products"] = PRODUCTS
    if maybe(random, 0.4):
        season["holidays"] = {"calendar": random.choice(["CN", "US", "DE"])}
    if maybe(random, 0.8):
        season["tiers"] = draw_tiers(random)
    draw_segments(random, season)
    season["points"] = draw_points(random)
    draw_earning(random, season, starts)
    season["tasks"] = draw_tasks(random)
    season["season"] = draw_window(random, starts, ends)
    draw_boards(random, season)
    draw_prizes(random, season, starts)
    draw_offers(random, season, starts)
    return season


def draw_points(random: Random) -> Table:
    """Draw the day cap and what becomes of spent points."""
    points: Table = {"clawback": random.choice(["debt", "absorb"])}
    if maybe(random, 0.6):
        points["member_day_cap"] = random.choice([0, 5, 20, 60, 150])
    if maybe(random, 0.6):
        points["expire_after"] = random.choice(["1d", "2d", "10d", "1mo", "1y"])
    return points


def draw_where(random: Random, season: Table, starts: datetime) -> Table:
    """Draw a condition of up to two keys on a line; often none."""
    first = (starts + timedelta(days=random.randrange(-3, 20))).date()
    last = first + timedelta(days=random.randrange(4))
    choices: Table = {
        "weekday": some(random, list(WEEKDAYS)),
        "hours": random.choice(["22:00-06:00", "00:00-12:00", "18:00-24:00", "11:59-12:01"]),
        "dates": [f"{first}..{last}"] if maybe(random, 0.7) else [f"{first}", f"{last}"],
        "kind": some(random, KINDS),
        "station": some(random, list(STATIONS)),
        "region": some(random, ["north", "south"]),
        "brand": ["star"],
        "shop_size": ["big"],
        "pay": some(random, ["card", "cash"]),
        "plate": ["A1", "B2"],
        "rank": {"min": 3, "max": 7},
        "birthday": {"min": "1990-01-01", "max": "1999-12-31"},
    }
    if "products" in season:
        choices["product"] = some(random, list(PRODUCTS))
        choices["category"] = some(random, ["fuel", "shop", "service"])
    if "holidays" in season:
        choices["holiday"] = maybe(random, 0.7)
    if "tiers" in season:
        choices["tier"] = some(random, [level["id"] for level in season["tiers"]["levels"]])
    if "segments" in season:
        choices["segment"] = some(random, list(season["segments"]))
    keys = random.sample(sorted(choices), random.choice([0, 0, 1, 1, 2]))
    return {key: choices[key] for key in keys}


def with_where(random: Random, rule: Table, season: Table, starts: datetime) -> Table:
    """Give a rule a drawn condition, or leave it to hold for all."""
    where = draw_where(random, season, starts)
    return rule | {"where": where} if where else rule


def draw_earning(random: Random, season: Table, starts: datetime) -> None:
    """Draw earning rules, multipliers, how they combine, and the stored-value card."""
    season["earning"] = []
    for place in range(random.randrange(1, 5)):
        on = "top_up" if place and maybe(random, 0.3) else "purchase"
        litres = on == "purchase" and maybe(random, 0.5)
        per = (
            {"litres": random.choice(["1", "2", "0.5"])}
            if litres
            else {"amount": random.choice(["1.00", "2.50", "100.00"])}
        )
        points = random.choice([1, 2, 5, "0.5", "1.25"])
        rule: Table = {"id": f"earn-{place}", "on": on, "points": points, "per": per}
        if place:
            rule = with_where(random, rule, season, starts)
        if on == "top_up":
            # A top-up has no product.
            for key in ("product", "category"):
                rule.get("where", {}).pop(key, None)
        season["earning"].append(rule)
    season["multiplier"] = [
        with_where(
            random,
            {
                "id": f"times-{place}",
                "group": random.choice(["day", "tier"]),
                "factor": random.choice(["0", "0.5", "0.9", "1", "1.2", "1.5", "2", "3"]),
            },
            season,
            starts,
        )
        for place in range(random.randrange(5))
    ]
    multiplying: Table = {"within_group": random.choice(["max", "product", "sum_of_extra"])}
    if maybe(random, 0.5):
        multiplying["ceiling"] = random.choice(["0.5", "1.5", "2", "5"])
    season["multiplying"] = multiplying
    if maybe(random, 0.5):
        season["card"] = {"earn_on_spend": maybe(random, 0.3)}


def draw_tasks(random: Random) -> list[Table]:
    """Draw tasks with limits for some of the task events, and goals."""
    tasks: list[Table] = []
    for on in TASK_TYPES:
        if maybe(random, 0.3):
            continue
        task: Table = {"id": f"do-{on}", "on": on, "points": random.choice([0, 2, 7, 30])}
        if maybe(random, 0.8):
            per = random.choice(["day", "week", "month", "season"])
            task["limit"] = {"times": random.choice([1, 1, 2]), "per": per}
        tasks.append(task)
    for place in range(random.randrange(3)):
        amount = random.choice(["0.01", "20.00", "50.01", "100.00", "300.00"])
        goal = {"amount": amount, "within": "season"}
        tasks.append({"id": f"goal-{place}", "goal": goal, "points": random.choice([0, 10, 50])})
    return tasks


def draw_threshold(random: Random, step: int, *, keep: bool) -> Table:
    """Draw an entry or keep rule of the step-th level above the first."""
    share = 0.5 if keep else 1.0
    metrics: Table = {
        "litres": str(int(60 * step * share)),
        "amount": f"{int(150 * step * share)}.00",
        "visits": max(1, int(3 * step * share)),
    }
    names = some(random, list(metrics))
    return {random.choice(["any", "all"]): {name: metrics[name] for name in names}}


def draw_tiers(random: Random) -> Table:
    """Draw levels that a few purchases reach, and how they are lost."""
    count = random.randrange(2, 5)
    levels: list[Table] = [{"id": "tin"}]
    for step in range(1, count):
        level: Table = {"id": f"metal-{step}", "entry": draw_threshold(random, step, keep=False)}
        if maybe(random, 0.6):
            level["keep"] = draw_threshold(random, step, keep=True)
        levels.append(level)
    tiers: Table = {
        "levels": levels,
        "window_months": random.randrange(1, 4),
        "steps_down": random.choice([1, 1, 2]),
        "grace": random.choice(["0d", "0d", "5d", "36h", "1mo"]),
    }
    if maybe(random, 0.6):
        tiers["trial"] = {
            "level": random.choice(levels[1:])["id"],
            "months": random.choice([1, 1, 2]),
        }
    return tiers


def draw_window(random: Random, starts: datetime, ends: datetime) -> Table:
    """Draw the season's section."""
    window: Table = {
        "id": "drawn-season",
        "starts": starts,
        "ends": ends,
        "late_events": random.choice(["0d", "1d", "3d", "90m", "1mo"]),
        "refund_hold": random.choice(["0d", "2d", "36h", "1mo"]),
        "score": some(random, ["base", "bonus", "task"]),
    }
    ties = ["tasks_completed_at", "active_days"]
    random.shuffle(ties)
    window["tie_break"] = ties[: random.choice([1, 2, 2])]
    if maybe(random, 0.4):
        window["exclude"] = random.choice([{"kind": ["staff"]}, {"rank": {"min": 5}}])
    return window


def draw_boards(random: Random, season: Table) -> None:
    """Draw boards by kind, region, attribute or tier, and of companies."""
    boards: list[Table] = [{"id": "overall"}]
    scopes: list[Table] = [
        {"id": "fleet", "where": {"kind": ["fleet"]}},
        {"id": "north", "where": {"region": ["north"]}},
        {"id": "ranked", "where": {"rank": {"min": 2, "max": 6}}},
        {"id": "born", "where": {"birthday": {"max": "1995-06-15"}, "kind": ["private"]}},
        {"id": "companies", "team": "company"},
        {"id": "fleets", "team": "company", "where": {"kind": ["fleet"]}},
    ]
    if "tiers" in season:
        scopes.append({"id": "upper", "where": {"tier": ["metal-1"]}})
    boards += [scope for scope in scopes if maybe(random, 0.5)]
    season["boards"] = boards


def draw_prizes(random: Random, season: Table, starts: datetime) -> None:
    """Draw coupons, rewards and prizes on some of the boards."""
    season["coupons"] = [
        with_where(random, coupon, season, starts) for coupon in draw_coupons(random, season)
    ]
    taxes = ["none", "programme_pays_20", "winner_pays_20"]
    season["rewards"] = {"mug": {"kind": "goods", "unit_cost": "7.77", "tax": random.choice(taxes)}}
    for coupon in season["coupons"]:
        season["rewards"][f"r-{coupon['id']}"] = {"kind": "coupon", "coupon": coupon["id"]}
    season["prizes"] = []
    for board in random.sample(season["boards"], random.randrange(len(season["boards"]) + 1)):
        for ranks in some(random, ["1", "2-3", "5"]):
            reward = random.choice(sorted(season["rewards"]))
            season["prizes"].append({"board": board["id"], "ranks": ranks, "reward": reward})
    random.shuffle(season["prizes"])
    season["prize_rules"] = {
        "min_score": random.choice([1, 1, 20]),
        "one_per_member": maybe(random, 0.5),
    }
