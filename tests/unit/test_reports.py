"""Reports of made-up logs against plain computations: effects, coupons, members, offers."""

import statistics
from datetime import datetime, timedelta
from decimal import Decimal
from math import exp, sqrt
from random import Random
from typing import Any

import pytest

from rules.coupons.offers import Offer, offers_to
from rules.reporting.intervals import Z95, share_difference
from rules.reporting.report_query import QueryRefused, read_query
from rules.reporting.report_tables import csv_of
from rules.reporting.reports import report_of
from tests.unit.played_log import Event, coupons_of, instant_us, play, restored, table_of

SEASON = """
format = 1
[programme]
id = "club"
timezone = "Asia/Shanghai"
accept_late = "30d"
[products.92]
category = "fuel"
margin = { per_litre = "1.00" }
[products.wash]
category = "service"
margin = { share = "0.50" }
[[earning]]
id = "spend"
on = "purchase"
points = 1
per = { amount = "1.00" }
[points]
expire_after = "1mo"
[[coupons]]
id = "wash-5"
kind = "amount_off"
off = "5.00"
where = { product = ["wash"] }
[[coupons]]
id = "fuel-10"
kind = "amount_off"
off = "10.00"
min_spend = "200.00"
where = { category = ["fuel"] }
[[triggers]]
id = "welcome"
on = "enrol"
issue = "wash-5"
holdout = "0.4"
[season]
id = "s"
starts = 2026-06-01T00:00:00
ends = 2026-12-01T00:00:00
"""
START = datetime.fromisoformat("2026-06-01T08:00:00+08:00")


def at(minutes: int) -> str:
    return (START + timedelta(minutes=minutes)).isoformat()


def bought(member: str, minutes: int, fen: int, product: str = "92", ml: int = 0) -> Event:
    event = {
        "type": "purchase",
        "member": member,
        "at": at(minutes),
        "product": product,
        "amount": f"{fen // 100}.{fen % 100:02d}",
    }
    return event | ({"litres": f"{ml // 1000}.{ml % 1000:03d}"} if ml else {})


DAY = 24 * 60


def test_an_effect_is_the_difference_to_who_was_held_out() -> None:
    random = Random(11)
    names = [f"m{n}" for n in range(80)]
    events: list[Event] = [
        {"type": "enrol", "member": name, "at": at(0), "order_key": 0} for name in names
    ]
    for name in names:
        for _ in range(random.randrange(4)):
            minutes = random.randrange(1, 45 * DAY)
            fen = random.randrange(1, 60_000)
            events.append(bought(name, minutes, fen, ml=fen) | {"order_key": minutes})
    events.sort(key=lambda event: event.pop("order_key"))
    table = table_of(SEASON)
    play(table, events)
    treated = {member for member, _, _ in coupons_of(table)}
    spent = dict.fromkeys(names, 0)
    for event in events[len(names) :]:
        if instant_us(event["at"]) <= instant_us(at(0)) + 30 * DAY * 60_000_000:
            spent[event["member"]] += int(Decimal(event["amount"]) * 100)
    one = [fen for name, fen in spent.items() if name in treated]
    other = [fen for name, fen in spent.items() if name not in treated]

    [row] = report_of([restored(table)], read_query("campaigns")).to_pylist()

    assert (row["id"], row["kind"]) == ("welcome", "enrol")
    assert (row["treated"], row["held_out"], row["issued"]) == (len(one), len(other), len(one))
    assert 0 < len(other) < len(one)
    hits = [sum(fen > 0 for fen in part) for part in (one, other)]
    assert [row["treated_buyers"], row["held_out_buyers"]] == hits
    share = share_difference(hits[0], len(one), hits[1], len(other))
    assert share is not None
    assert row["share_increment"] == pytest.approx(share.value, abs=1e-6)
    assert row["share_increment_low"] == pytest.approx(share.low, abs=1e-6)
    assert row["share_increment_high"] == pytest.approx(share.high, abs=1e-6)
    gain = statistics.fmean(one) - statistics.fmean(other)
    error = sqrt(statistics.variance(one) / len(one) + statistics.variance(other) / len(other))
    ends = [gain, gain - Z95 * error, gain + Z95 * error]
    names_of = ("spend_increment_yuan", "spend_increment_low_yuan", "spend_increment_high_yuan")
    for name, expected_fen in zip(names_of, ends, strict=True):
        assert float(row[name]) == pytest.approx(expected_fen / 100, abs=0.006)
    # A fen a ml: the litres are the yuan over ten, the margin a tenth of the spending.
    assert float(row["litres_increment"]) == pytest.approx(gain / 1000, abs=0.001)
    assert float(row["incremental_margin_yuan"]) == pytest.approx(gain * len(one) / 1000, abs=0.02)
    assert report_of([table], read_query("recall")).num_rows == 0
    late = read_query("campaigns", first="2026-06-02")
    assert report_of([table], late).num_rows == 0


def use(member: str, minutes: int, fen: int) -> Event:
    return {
        "type": "use",
        "member": member,
        "at": at(minutes),
        "coupon": "wash-5",
        "order": f"o-{member}-{minutes}",
        "lines": [{"product": "wash", "amount": f"{fen // 100}.{fen % 100:02d}"}],
    }


def test_a_coupon_is_followed_from_issue_to_the_next_visit() -> None:
    names = [f"m{n}" for n in range(30)]
    table = table_of(SEASON)
    play(table, [{"type": "enrol", "member": name, "at": at(0)} for name in names])
    holders = sorted({member for member, _, _ in coupons_of(table)})
    first, second, third = holders[:3]
    events = [
        use(first, 10, 4_000),
        bought(first, 11, 3_500, "wash"),
        use(second, 12, 2_000),
        bought(second, 13, 1_500, "wash"),
        bought(third, 14, 8_000, "wash"),
        bought(first, 20 * DAY, 6_000, "wash"),
        bought(second, 40 * DAY, 10_000, "wash"),
    ]
    play(table, [{**event, "event_id": f"later-{n}"} for n, event in enumerate(events)])

    rows = {row["coupon"]: row for row in report_of([table], read_query("coupons")).to_pylist()}

    row = rows["wash-5"]
    assert (row["issued"], row["claimed"], row["used"]) == (len(holders), 2, 2)
    assert row["conversion"] == pytest.approx(2 / len(holders), abs=1e-6)
    assert (row["usage_rate"], row["cost_yuan"]) == (1, Decimal("10.00"))
    assert row["order_before_yuan"] == Decimal("30.00")
    assert row["order_paid_yuan"] == Decimal("25.00")
    # Visits without: 80.00, 60.00 and 100.00.
    assert row["visit_without_yuan"] == Decimal("80.00")
    assert (row["repurchased"], row["repurchase_rate"]) == (1, 0.5)
    # Half of 60.00, for 10.00 of discounts.
    assert (row["margin_yuan"], row["return_on_cost"]) == (Decimal("30.00"), 2)
    assert rows["fuel-10"]["issued"] == 0

    [service] = report_of([table], read_query("service")).to_pylist()
    assert (service["product"], service["discount_yuan"]) == ("wash", Decimal("10.00"))


def test_members_who_stay_away_are_lost() -> None:
    table = table_of(SEASON)
    events = [
        bought("stays", 0, 100), bought("leaves", 1, 200),
        bought("stays", 45 * DAY, 300), bought("new", 45 * DAY + 1, 400),
    ]  # fmt: skip
    play(table, events)

    [row] = report_of([table], read_query("members", within_days=40)).to_pylist()

    assert (row["members"], row["bought_before"], row["bought_since"]) == (3, 2, 2)
    assert (row["lost"], row["churn"]) == (1, 0.5)
    scores = report_of([table], read_query("members", by="rfm")).to_pylist()
    assert sum(score["members"] for score in scores) == 3
    by_recency = report_of([table], read_query("members", by="recency")).to_pylist()
    assert [(one["recency"], one["members"]) for one in by_recency] == [
        ("0-7 days", 2),
        ("31-90 days", 1),
    ]


def test_points_are_owed_until_their_month_expires() -> None:
    table = table_of(SEASON)
    events = [bought("m", 0, 10_000), bought("m", 20 * DAY, 5_000), bought("m", 32 * DAY, 700)]
    play(table, events, until="2026-07-05T00:00:00+08:00")

    june, july = report_of([table], read_query("liability")).to_pylist()

    # What was earned on 1 June has expired; of 21 June and 3 July nothing has.
    assert (june["earned_points"], june["expired_points"]) == (150, 100)
    assert (june["outstanding_points"], july["outstanding_points"]) == (50, 7)
    assert june["breakage"] == pytest.approx(2 / 3, abs=1e-6)
    expiring = report_of([table], read_query("liability", by="expires")).to_pylist()
    assert [str(row["expires_month"]) for row in expiring] == ["2026-07-01", "2026-08-01"]


def offers(events: list[Event], now: int) -> dict[str, Offer]:
    table = table_of(SEASON)
    play(table, events)
    found = offers_to(table, table.row_of("m"), instant_us(at(now)))
    assert [one.expected_fen for one in found] == sorted(
        (one.expected_fen for one in found), reverse=True
    )
    return {one.coupon: one for one in found}


def test_an_offer_is_what_the_formula_says() -> None:
    # A wash of 40.00 every 30 days; 30 L of fuel for 240.00 every 3 days.
    events = [bought("m", day * DAY, 24_000, ml=30_000) for day in range(1, 90, 3)]
    events += [bought("m", day * DAY, 4_000, "wash") for day in (0, 30, 60)]
    events.sort(key=lambda event: event["at"])

    found = offers(events, 89 * DAY)

    wash, fuel = found["wash-5"], found["fuel-10"]
    assert (wash.fits, wash.visits, wash.history_days) == (3, 33, 90)
    assert wash.anyway == pytest.approx(1 - exp(-1))
    assert (wash.margin_fen, wash.cost_fen, wash.added_fen) == (2_000, 500, 0)
    expected = 0.25 * ((1 - wash.anyway) * 1_500 + wash.anyway * -500)
    assert wash.expected_fen == pytest.approx(expected)
    # Fuel is bought anyway: its coupon only costs.
    assert fuel.expected_fen < 0 < wash.expected_fen
    assert "3 of 33 visits in 90 days fit" in wash.told()["reason"]["en"]
    assert "33 次到店中有 3 次适用" in wash.told()["reason"]["zh"]


def test_an_offer_counts_what_has_to_be_added() -> None:
    events = [bought("m", day * DAY, 10_000, ml=10_000) for day in range(10)]

    fuel = offers(events, 9 * DAY)["fuel-10"]

    # 100.00 short of 200.00, a tenth of it margin.
    assert (fuel.added_fen, fuel.margin_fen) == (1_000, 2_000)
    assert offers(events, 9 * DAY)["wash-5"].fits == 0


def test_nobody_without_a_visit_gets_an_offer() -> None:
    assert offers([{"type": "enrol", "member": "m", "at": at(0)}], 1) == {}


@pytest.mark.parametrize(
    ("name", "asked", "told"),
    [
        ("none", {}, "There is no report 'none'"),
        ("sales", {"by": "moon"}, "goes by product, category"),
        ("sales", {"first": "2026-13-01"}, "write a date as 2026-06-01"),
        ("sales", {"first": "2026-07-01", "last": "2026-06-01"}, "lies before"),
        ("sales", {"split": "2026-07-01"}, "only satisfaction"),
        ("sales", {"within_days": 0}, "write 1 to 400"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(name: str, asked: Any, told: str) -> None:
    with pytest.raises(QueryRefused, match=told):
        read_query(name, **asked)


def test_an_empty_table_reports_headers_alone() -> None:
    table = table_of(SEASON)

    assert csv_of(report_of([table], read_query("satisfaction"))).startswith(b"station,answers")
    assert report_of([table], read_query("trend")).num_rows == 0
