"""Lint of leaks, with their figures: a season with each fault, and one without."""

from __future__ import annotations

import pytest

from tests.unit.lint_cases import (
    LEVELS,
    SOUND,
    coupon,
    found,
    multiplier,
    trigger,
    warned,
    warning,
)

ITEM = '[[catalogue]]\nid = "item"\npoints = 100\n'
TOP_UP = '[[earning]]\nid = "load"\non = "top_up"\npoints = 5\nper = { amount = "100.00" }\n'
TASK = '[[tasks]]\nid = "look"\non = "check_in"\npoints = 2\n'


def test_a_point_is_valued_at_its_best_way() -> None:
    (note,) = found(SOUND, "point-value")
    assert (note.path, note.finding.message) == ("checkout", "a point is worth ¥0.01 by checkout")
    goods = ITEM + 'goods = { unit_cost = "50.00", stock = 5 }\n'
    assert "catalogue item item only" in warning(SOUND + goods, "point-value").finding.message
    fair = ITEM + 'goods = { unit_cost = "1.50", stock = 5 }\n'
    assert warned(SOUND + fair, "point-value") == []


def test_the_effective_discount_of_a_litre_is_told_in_per_cent() -> None:
    # A point worth ¥0.01 of ¥7.80; gold's ¥0.10; twice the points on Tuesdays; margin ¥1.10.
    discount = LEVELS.replace(
        'keep = { any = { litres = "200" } }',
        'keep = { any = { litres = "200" } }\ndiscount = { category = "fuel", per_litre = "0.10" }',
    )
    (note,) = found(
        SOUND + discount + multiplier("tue", "2", 'weekday = "tue"'), "effective-discount"
    )
    assert note.path == "products.92"
    assert (
        "give back 0.13 % of the price, at most 1.54 % with 2× and gold's" in note.finding.message
    )
    assert "margin of 14.1 %" in note.finding.message


def test_discounts_above_the_margin_are_told_per_order_and_month() -> None:
    # ¥20 off an order of ¥100, which leaves 1.10 / 7.80 of it (¥14.10) and earns 10 points.
    text = SOUND + coupon(
        "twenty", 'off = "20.00"\nmin_spend = "100.00"\nwhere = { product = "92" }'
    )
    one = warning(text + trigger("twenty", 'on = "tier_up"'), "above-margin")
    assert one.path == "coupons.twenty"
    assert "order of ¥100.00 of 92, which leaves ¥14.10, the coupon takes ¥20.00" in str(one)
    assert one.finding.leak_fen == 2000 - 1410 + 10
    less = text.replace('off = "20.00"', 'off = "10.00"') + trigger("twenty")
    assert warned(less, "above-margin") == []
    bought = text + ITEM + 'coupon = "twenty"\n'
    assert warned(bought, "above-margin") == []


def test_points_and_tier_discount_alone_may_be_above_the_margin() -> None:
    rich = SOUND.replace('checkout = { points = 100, amount = "1.00" }', "checkout = C").replace(
        "checkout = C", 'checkout = { points = 1, amount = "1.50" }'
    )
    one = next(each for each in warned(rich, "above-margin") if each.path == "products.92")
    assert one.finding.leak_points == 750
    assert one.finding.leak_fen == (150 - 110) * 750
    assert warned(SOUND, "above-margin") == []


def test_a_coupon_whose_use_earns_its_price_again_is_a_loop() -> None:
    ten = coupon("ten", 'off = "10.00"\nmin_spend = "500.00"\nwhere = { product = "tea" }')
    loop = SOUND + ten + ITEM + 'coupon = "ten"\n'
    one = warning(loop, "earn-burn")
    assert one.path == "catalogue.item"
    # ¥490 paid earns 490 points for the 100 spent: 25 times a month.
    assert (one.finding.leak_points, one.finding.leak_fen) == (390 * 25, 1000 * 25)
    dear = loop.replace('id = "item"\npoints = 100', 'id = "item"\npoints = 1000')
    assert warned(dear, "earn-burn") == []


def test_points_worth_more_than_what_earns_them_are_a_loop() -> None:
    rich = SOUND.replace("points = 100, amount", "points = 1, amount")
    one = next(each for each in warned(rich, "earn-burn") if each.path == "earning.tea")
    assert "pays for itself" in one.finding.message
    assert warned(SOUND, "earn-burn") == []


def test_a_bought_level_may_save_more_than_its_points_are_worth() -> None:
    discount = LEVELS.replace(
        'entry = { any = { litres = "900" } }',
        'entry = { any = { litres = "900" } }\n'
        'discount = { category = "fuel", per_litre = "0.20" }',
    )
    item = ITEM + 'tier_up = "platinum"\n'
    one = warning(SOUND + discount + item, "earn-burn")
    # 300 litres a month at ¥0.20 for half of ¥1.00.
    assert (one.path, one.finding.leak_fen) == ("catalogue.item", 6000 - 50)
    dear = item.replace("points = 100", "points = 20000")
    assert warned(SOUND + discount + dear, "earn-burn") == []


def test_a_top_up_that_earns_again_when_spent_is_told() -> None:
    twice = SOUND.replace("earn_on_spend = false", "earn_on_spend = true") + TOP_UP
    one = warning(twice, "top-up-twice")
    # 750 litres at ¥7.80 are ¥5,850, of which each ¥100 earn 5 points.
    assert (one.path, one.finding.leak_points, one.finding.leak_fen) == (
        "card.earn_on_spend",
        292,
        292,
    )
    assert warned(SOUND + TOP_UP, "top-up-twice") == []
    default = SOUND.replace("card = { earn_on_spend = false }\n", "") + TOP_UP
    assert warning(default, "top-up-twice").path == "earning.load"


def test_factors_that_multiply_without_end_blow_up() -> None:
    day = multiplier("day", "4", 'weekday = "tue"')
    kind = multiplier("taxi", "3", 'kind = "taxi"', group="kind")
    one = warning(SOUND + day + kind, "blow-up")
    assert "day and taxi hold together and come to 12× without a ceiling" in one.finding.message
    assert "12 points a litre of 92, worth ¥0.12" in one.finding.message
    assert (one.finding.leak_points, one.finding.leak_fen) == (11 * 750, 11 * 750)
    assert warned(SOUND + day + kind + '[multiplying]\nceiling = "5"\n', "blow-up") == []
    apart = kind.replace('kind = "taxi"', 'weekday = "wed"')
    assert warned(SOUND + day + apart, "blow-up") == []


def test_made_up_accounts_are_valued() -> None:
    # ¥5,850 of own fuel on first orders of ¥100: 58 accounts, 100 points and ¥10 for each.
    text = SOUND + coupon("hello", 'off = "10.00"\nmin_spend = "100.00"')
    text += trigger("hello", 'on = "enrol"')
    ring = '[referral]\nadvocate_points = 100\nfirst_order_min = "100.00"\n'
    one = warning(text + ring, "self-referral")
    assert (one.finding.leak_points, one.finding.leak_fen) == (5800, 58 * 1100)
    assert "distinct names nothing" in one.finding.message
    assert "there is no limit" in one.finding.message
    guarded = ring + 'hold = "7d"\ndistinct = ["phone"]\nlimit = { times = 2, per = "month" }\n'
    (note,) = found(text + guarded, "self-referral")
    assert (note.finding.severity, note.finding.leak_points) == ("note", 200)
    assert "each needs its own phone" in note.finding.message


def test_a_task_without_limit_is_farmed_up_to_the_cap() -> None:
    one = next(each for each in warned(SOUND + TASK, "task-farming") if "script" in str(each))
    assert (one.path, one.finding.leak_points) == ("tasks.look", 2 * 100 * 30)
    capped = SOUND + TASK + "[points]\nmember_day_cap = 50\n"
    assert warned(capped, "task-farming")[0].finding.leak_points == 50 * 30


def test_tasks_are_weighed_against_buying_and_budgets() -> None:
    budget = (
        '[rewards.phone]\nkind = "goods"\nunit_cost = "100.00"\n'
        '[[budgets]]\nid = "prizes"\ncovers = ["phone"]\ncost = "7300.00"\n'
    )
    daily = TASK + 'limit = { times = 3, per = "day" }\n'
    one = warning(SOUND + daily + budget, "task-farming")
    assert one.finding.leak_points == 180
    assert "180 points a month from tasks, 180 in the season" in one.finding.message
    assert "worth ¥21.90, and 333 such members cost as much as budget prizes" in one.finding.message
    assert "outranks a private driver, who earns 105" in one.finding.message
    rare = TASK + 'limit = { times = 1, per = "week" }\n'
    assert warned(SOUND + rare, "task-farming") == []


PRIZE = (
    '[rewards.phone]\nkind = "goods"\nunit_cost = "1000.00"\ntax = "programme_pays_20"\n'
    '[[prizes]]\nboard = "overall"\nranks = "1-3"\nreward = "phone"\n'
)


def test_prizes_above_their_budget_are_told_with_what_is_short() -> None:
    budget = '[[budgets]]\nid = "prizes"\ncovers = ["phone"]\ncost = "3000.00"\n'
    one = warning(SOUND + PRIZE + budget, "prizes-above-budget")
    assert (one.path, one.finding.leak_fen) == ("budgets.prizes.cost", 60_000)
    assert "cost ¥3,600.00 with tax, ¥600.00 above the budget" in one.finding.message
    enough = budget.replace("3000.00", "3600.00")
    assert warned(SOUND + PRIZE + enough, "prizes-above-budget") == []
    count = budget.replace('cost = "3000.00"', "count = 2")
    assert "3 prizes (phone) are promised, 2 are allowed" in str(
        warning(SOUND + PRIZE + count, "prizes-above-budget")
    )
    assert found(SOUND + PRIZE, "no-budget")[0].path == "rewards.phone"


def test_triggers_are_held_against_their_budgets() -> None:
    text = SOUND + coupon("ten", 'off = "10.00"\nmin_spend = "200.00"') + trigger("ten")
    (note,) = found(text, "trigger-budget")
    assert "birthday-ten can draw 1 a year for one member, so it lasts for 1,000" in str(note)
    assert warned(text, "no-budget") == []
    bare = text[: text.index("[[budgets]]")]
    one = warning(bare.replace('on = "birthday"', 'on = "dormant"\nafter = "30d"'), "no-budget")
    assert (one.path, one.finding.leak_fen) == ("triggers.dormant-ten", 1000)
    assert warning(text.replace("count = 1000", "count = 0"), "trigger-budget").path == (
        "budgets.for-ten"
    )


def test_a_percentage_without_max_off_is_told_by_a_truck() -> None:
    off = '[[coupons]]\nid = "off"\nkind = "percent"\npay = "0.90"\nwhere = { product = "92" }\n'
    one = warning(SOUND + off, "no-max-off")
    assert (one.path, one.finding.leak_fen) == ("coupons.off", 31_200)
    assert warned(SOUND + off.replace("pay =", 'max_off = "20.00"\npay ='), "no-max-off") == []


def test_a_coupon_that_pays_for_stored_value_is_money() -> None:
    card = '[products.gift-card]\ncategory = "card"\n'
    one = warning(SOUND + card + coupon("ten", 'off = "10.00"'), "buys-money")
    assert (one.path, one.finding.leak_fen) == ("coupons.ten", 1000)
    shop = coupon("ten", 'off = "10.00"\nwhere = { category = "shop" }')
    assert warned(SOUND + card + shop, "buys-money") == []


@pytest.mark.parametrize("currency", ["USD", "SEK"])
def test_other_currencies_have_their_own_prices_and_sign(currency: str) -> None:
    text = SOUND.replace('timezone = "Asia/Shanghai"', f'timezone = "UTC", currency = "{currency}"')
    assert f"{currency} 0.01" in str(found(text, "point-value")[0])
