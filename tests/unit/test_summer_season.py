"""The example season decodes to exactly the values it writes."""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction
from pathlib import Path

import pytest
from pydantic import ValidationError

from rules.season.duration import Duration
from rules.season.season_file import load_season
from rules.season.season_models import (
    Card,
    DateSpan,
    Hours,
    MemberWhere,
    Multiplying,
    Range,
    RankSpan,
    Season,
    Where,
)

SUMMER = Path(__file__).parents[2] / "seasons" / "summer-2026.toml"
MINIMAL = """\
format = 1
programme = { id = "club", timezone = "UTC" }
season = { id = "s", starts = 2026-06-01T00:00:00, ends = 2026-06-02T00:00:00 }
earning = [{ id = "e", on = "purchase", points = "0.5", per = { litres = "2.5" } }]
"""


@pytest.fixture(scope="module")
def summer() -> Season:
    return load_season(SUMMER.read_text(encoding="utf-8"), str(SUMMER))


def test_programme_members_and_products(summer: Season) -> None:
    programme = summer.programme
    assert (programme.id, programme.timezone, programme.currency) == (
        "fuel-club",
        "Asia/Shanghai",
        "CNY",
    )
    assert programme.name is not None
    assert programme.name.text("zh") == "加油俱乐部"
    assert (programme.accept_late, programme.refund_within) == (
        Duration(7, "d"),
        Duration(180, "d"),
    )
    assert summer.members.kinds[-1] == "staff"
    assert summer.members.default_kind == "private"
    assert list(summer.products) == ["92", "95", "98", "0", "shop", "wash"]
    margins = [product.margin for product in summer.products.values() if product.margin]
    assert [margin.per_litre_fen for margin in margins] == [110, 120, 160, 32, None, None]
    assert [margin.share for margin in margins][4:] == [Fraction(1, 4), Fraction(2, 5)]
    assert {name: one.region for name, one in summer.stations.items()} == {
        "S001": "north",
        "S002": "south",
    }


def test_earning_and_multipliers(summer: Season) -> None:
    assert [rule.id for rule in summer.earning] == ["gasoline", "diesel", "shop", "top-up"]
    assert [rule.on == "top_up" for rule in summer.earning] == [False, False, False, True]
    assert [rule.points for rule in summer.earning] == [1, 1, 1, 5]
    assert [(rule.per.litres_ml, rule.per.amount_fen) for rule in summer.earning] == [
        (1000, None),
        (2000, None),
        (None, 100),
        (None, 10000),
    ]
    assert summer.earning[0].where == Where(product=("92", "95", "98"))
    assert [(one.group, one.factor) for one in summer.multiplier] == [
        ("day", 2),
        ("day", Fraction(6, 5)),
        ("day", 3),
        ("day", Fraction(3, 2)),
        ("tier", Fraction(3, 2)),
        ("tier", 2),
    ]
    member_day, night, dragon_boat, holiday, gold, _ = (one.where for one in summer.multiplier)
    assert member_day.weekday == (1,)
    assert night.hours == (Hours(22 * 60, 6 * 60),)
    assert dragon_boat.dates == (DateSpan(date(2026, 6, 19), date(2026, 6, 21)),)
    assert holiday.holiday is True
    assert gold.tier == ("gold",)
    assert summer.multiplying.ceiling == 5
    assert summer.card == Card(earn_on_spend=False)
    assert summer.points.expire_after == Duration(1, "y")
    assert summer.points.remind_before == (Duration(30, "d"), Duration(7, "d"))
    assert (summer.points.member_day_cap, summer.points.clawback) == (3000, "debt")


def test_tasks_and_tiers(summer: Season) -> None:
    assert [(task.id, task.on, task.points) for task in summer.tasks] == [
        ("check-in", "check_in", 2),
        ("share", "share", 5),
        ("survey", "survey", 20),
        ("review", "review", 10),
        ("spend-2000", None, 200),
    ]
    assert [(task.limit.times, task.limit.per) for task in summer.tasks if task.limit] == [
        (1, "day"),
        (1, "day"),
        (1, "season"),
        (4, "month"),
        (1, "season"),
    ]
    assert summer.tasks[4].goal is not None
    assert summer.tasks[4].goal.amount_fen == 200_000
    assert summer.tiers is not None
    silver, gold, platinum = summer.tiers.levels
    assert silver.entry is None
    assert gold.entry is not None
    assert not gold.entry.every
    assert gold.entry.metrics.litres_ml == 300_000
    assert (gold.entry.metrics.amount_fen, gold.entry.metrics.visits) == (240_000, 12)
    assert platinum.keep is not None
    assert platinum.keep.metrics.litres_ml == 700_000
    assert platinum.keep.metrics.visits is None
    assert platinum.discount is not None
    assert platinum.discount.per_litre_fen == 20
    assert (summer.tiers.window_months, summer.tiers.grace) == (3, Duration(7, "d"))
    assert summer.tiers.trial is not None
    assert (summer.tiers.trial.level, summer.tiers.trial.months) == ("gold", 1)


def test_season_boards_and_prizes(summer: Season) -> None:
    window = summer.season
    assert (window.starts, window.ends) == (datetime(2026, 6, 1), datetime(2026, 9, 1))
    assert (window.late_events, window.refund_hold) == (Duration(3, "d"), Duration(7, "d"))
    assert window.score == ("base", "bonus", "task")
    assert window.exclude == MemberWhere(kind=("staff",))
    assert [(board.id, board.where.kind, board.team) for board in summer.boards] == [
        ("overall", (), None),
        ("private", ("private",), None),
        ("drivers", ("taxi", "ride_hailing"), None),
        ("companies", (), "company"),
    ]
    assert summer.rewards["phone"].unit_cost_fen == 599_900
    assert summer.rewards["phone"].tax == "programme_pays_20"
    assert summer.rewards["fuel-voucher"].delivery == ("pickup",)
    assert summer.coupons[1].face_value_fen == 3000
    assert [(prize.board, prize.ranks) for prize in summer.prizes][-2:] == [
        ("overall", RankSpan(4, 10)),
        ("drivers", RankSpan(1, 100)),
    ]
    assert summer.prize_rules.one_per_member


def test_sections_without_effect_are_decoded_too(summer: Season) -> None:
    assert [trigger.id for trigger in summer.triggers] == [
        "enrol-fuel-100-10",
        "birthday-shop-80",
        "tier_up-wash",
        "holiday-shop-80",
        "recall-60",
    ]
    assert summer.triggers[4].holdout == Fraction(1, 10)
    assert [(budget.count, budget.cost_fen) for budget in summer.budgets] == [
        (200_000, None),
        (None, 50_000_000),
        (None, 2_000_000),
    ]
    assert summer.notices is not None
    assert summer.notices.quiet_hours == Hours(21 * 60, 9 * 60)
    assert summer.catalogue[1].goods is not None
    assert summer.catalogue[1].goods.stock == 500
    assert summer.checkout is not None
    assert summer.checkout.max_share == Fraction(3, 10)
    assert summer.segments["infrequent"].where.attributes == {
        "visits_90d": Range(Fraction(1), Fraction(2))
    }
    assert summer.referral is not None
    assert (summer.referral.first_order_min_fen, summer.referral.hold) == (
        10_000,
        Duration(7, "d"),
    )


def test_defaults_of_a_minimal_file() -> None:
    season = load_season(MINIMAL)
    assert season.earning[0].points == Fraction(1, 2)
    assert season.earning[0].per.litres_ml == 2500
    assert season.any_product
    assert season.programme.name is not None
    assert season.programme.name.text("zh") == "club"
    assert season.card.earn_on_spend
    assert season.members.kinds == ("private",)
    assert season.multiplying == Multiplying(within_group="max", across_groups="product")
    assert season.points.clawback == "debt"
    assert season.points.member_day_cap is None
    assert season.tiers is None
    assert [board.id for board in season.boards] == ["overall"]
    assert season.season.late_events == season.season.refund_hold == Duration(0, "d")
    assert season.season.tie_break == ("tasks_completed_at", "active_days")
    assert season.season.exclude is None
    assert (season.prize_rules.min_score, season.prize_rules.one_per_member) == (1, False)
    assert season.sections == {"format", "programme", "season", "earning"}


def test_defaults_that_other_keys_decide() -> None:
    season = load_season(
        MINIMAL
        + 'members = { kinds = ["taxi", "fleet"] }\n'
        + 'checkout = { points = 200, amount = "1.00" }\n'
    )
    assert season.members.default_kind == "taxi"
    assert season.checkout is not None
    assert season.checkout.step == 200


def test_keys_of_stations_are_told_from_attributes_of_members() -> None:
    season = load_season(
        MINIMAL
        + '[[multiplier]]\nid = "m"\ngroup = "g"\nfactor = "2"\n'
        + 'where = { lanes = 4, vip = true, birthday = { min = "1990-01-01" }, region = "n" }\n'
        + '[stations.S1]\nregion = "n"\nlanes = 4\n'
        + '[[boards]]\nid = "b"\nwhere = { region = ["n"], lanes = 4 }\n'
    )
    where = season.multiplier[0].where
    assert where.region == ("n",)
    assert where.station_fields == {"lanes": ("4",)}
    assert where.attributes == {"vip": (True,), "birthday": Range(date(1990, 1, 1), None)}
    assert season.stations["S1"].fields == {"lanes": "4"}
    assert season.boards[0].where.attributes == {"region": ("n",), "lanes": (4,)}
    assert season.boards[0].where.region == ()


def test_a_season_is_frozen(summer: Season) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        summer.programme.id = "other"  # type: ignore[misc]  # that it can't be set is the test
