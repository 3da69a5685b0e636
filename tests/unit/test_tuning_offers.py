"""What a season file offers to tune: every offer fits the file it was made of."""

from __future__ import annotations

from pathlib import Path

import pytest

import ui
from rules.season.season_file import load_season
from simulator.search.knobs import amount_of
from simulator.search.search_space import SpaceErrors, read_space
from simulator.search.season_text import SeasonText
from simulator.search.tuning_offers import Offer, Offers, offers_of
from tests.unit.tuned_season import SEASON
from ui.answers.simulation import Offer as Told
from ui.jobs import consult
from ui.parts.tune_space import offered, option_name, space_text, value_name
from ui.texts import texts

SEASONS = Path(ui.__file__).parents[1] / "seasons"
SHIPPED = [path for path in sorted(SEASONS.glob("*.toml")) if "." not in path.stem]


def offers_in(text: str) -> Offers:
    return offers_of(SeasonText(text), load_season(text, "season"))


def by_path(text: str) -> dict[str, Offer]:
    return {one.path: one for one in offers_in(text).offers}


def told(offer: Offer) -> Told:
    return Told(
        offer.kind, offer.path, dict(offer.of), offer.today, offer.low, offer.high, offer.step,
        offer.choices, {name: dict(of) for name, of in offer.named.items()}, offer.usual,
    )  # fmt: skip


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_offer_is_a_valid_value_of_the_space(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    made = offers_in(text)
    assert len(made.offers) >= 8
    assert any(one.usual for one in made.offers)
    space = space_text([offered(told(one)) for one in made.offers], made.orders)
    found = read_space(space, "space", SeasonText(text), path.name)
    assert [knob.path for knob in found.knobs] == [one.path for one in made.offers]
    # Today's value is one of those tried, and there are others.
    assert None not in found.home
    assert all(2 <= len(knob.options) <= 12 for knob in found.knobs)
    assert [one.paths for one in found.orders] == list(made.orders)


def test_offers_lie_evenly_around_today() -> None:
    made = by_path((SEASONS / "summer-2026.toml").read_text(encoding="utf-8"))

    def tried(path: str) -> tuple[str, str, str]:
        one = made[path]
        return one.low, one.high, one.step

    assert tried("earning.gasoline.per.litres") == ("0.50", "1.50", "0.25")
    assert tried("earning.gasoline.points") == ("1", "3", "1")
    assert tried("multiplier.member-day.factor") == ("1.0", "3.0", "0.5")
    assert tried("multiplier.night.factor") == ("1.0", "1.6", "0.2")
    assert tried("tasks.survey.points") == ("10", "30", "5")
    assert tried("tiers.levels.gold.entry.any.litres") == ("200", "400", "50")
    assert tried("tiers.levels.gold.discount.per_litre") == ("0.00", "0.20", "0.05")
    assert tried("coupons.fuel-100-10.off") == ("5.00", "15.00", "2.50")
    assert tried("coupons.shop-80.pay") == ("0.70", "0.90", "0.05")
    assert tried("triggers.recall-60.after") == ("40d", "80d", "10d")
    assert '"watch"' in made["prizes.overall.1.reward"].choices
    assert '["tue"]' in made["multiplier.member-day.where.weekday"].choices
    usual = [path for path, one in made.items() if one.usual]
    assert usual == [
        "multiplier.member-day.factor",
        "tiers.levels.gold.discount.per_litre",
        "tiers.levels.platinum.discount.per_litre",
        "coupons.fuel-100-10.off",
        "prizes.overall.1.reward",
    ]


def test_a_range_never_reaches_nothing_or_falls_below_it() -> None:
    for path in SHIPPED:
        for one in offers_in(path.read_text(encoding="utf-8")).offers:
            if one.choices or one.kind == "tier.discount":
                continue
            low, high = amount_of(one.low), amount_of(one.high)
            assert low is not None
            assert high is not None
            assert 0 < low.number < high.number, one


def test_values_are_named_in_plain_words_in_both_languages() -> None:
    made = by_path((SEASONS / "summer-2026.toml").read_text(encoding="utf-8"))
    en = {path: value_name(told(one), texts("en")) for path, one in made.items()}
    zh = {path: value_name(told(one), texts("zh")) for path, one in made.items()}
    assert en["multiplier.member-day.factor"] == "Member day: times the points"
    assert zh["multiplier.member-day.factor"] == "会员日：积分倍数"
    assert zh["coupons.fuel-100-10.off"] == "优惠券“加油满100减10”：减免金额"
    assert en["points.member_day_cap"] == "Most points a day"
    assert zh["prizes.overall.1.reward"] == "奖品：总榜 1"
    prize, coupon = told(made["prizes.overall.1.reward"]), told(made["triggers.recall-60.issue"])
    assert option_name(prize, '"phone"', texts("zh")) == "旗舰手机"
    assert option_name(prize, '"tablet"', texts("zh")) == "平板电脑"
    assert option_name(coupon, '"fuel-100-10"', texts("en")) == "10 off fuel over 100"
    assert "10" in option_name(coupon, '"any-10"', texts("zh"))
    days = told(made["multiplier.member-day.where.weekday"])
    assert option_name(days, '["sun"]', texts("zh")) == "周日"
    assert not [path for path in made if en[path] == path or zh[path] == path]
    assert len(set(en.values())) == len(en), "two values of one name can't be told apart"


def test_an_order_is_offered_only_where_it_holds_today() -> None:
    text = (SEASONS / "summer-2026.toml").read_text(encoding="utf-8")
    assert len(offers_in(text).orders) == 1
    falling = text.replace('per_litre = "0.10" }', 'per_litre = "0.30" }')
    assert offers_in(falling).orders == ()
    assert offers_in(SEASON).orders == ()


def test_a_space_is_judged_before_the_search() -> None:
    space = space_text([offered(told(one)) for one in offers_in(SEASON).offers])
    wanted = {"objective": "max:margin_fen", "budgets": ["cost_total_fen<=100%"], "trials": 6,
              "effort": "quick", "seed": 1}  # fmt: skip
    texts_given = {"season": SEASON, "space": space}
    plan = consult("search", texts_given, wanted)
    assert plan["seeds"] == 8
    assert plan["runs"] > 6
    bad = {**texts_given, "space": space.replace("earning.fuel", "earning.fule")}
    [error, *_] = consult("search", bad, wanted)["errors"]
    assert error["line"] == space[: space.index("earning.fuel")].count("\n") + 1
    assert "did you mean earning.fuel" in error["fix"]
    with pytest.raises(SpaceErrors):
        read_space(bad["space"], "space", SeasonText(SEASON), "season")
    for changed in ({"objective": "margin"}, {"budgets": ["cost_total_fen<5"]}):
        assert next(iter(changed)) in consult("search", texts_given, wanted | changed)["problem"]
