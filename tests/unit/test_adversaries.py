import re
from pathlib import Path

import pyarrow as pa
import pytest

from rules.season.season_file import load_season
from simulator.adversaries import leak_en, leak_zh
from simulator.adversaries.closing import changes_for
from simulator.adversaries.crowd import agents_of
from simulator.adversaries.gains import counted
from simulator.adversaries.leak_report import leak_report
from simulator.adversaries.mixed_run import mixed_play, play_mixed
from simulator.offline.replay import replay
from simulator.people.keyed import Keyed
from simulator.play.run import simulate_run
from simulator.search.season_text import SeasonText
from tests.unit.agents_season import (
    CLAIM,
    MEMBERS,
    PRIZE,
    REFERRAL,
    SEED,
    SHOP_EARNS,
    TIERS,
    TOP_UP,
    WELCOME,
    after,
    fen_of,
    figures,
    fills,
    job_of,
    leaks_of_one,
    rules_of,
)
from tests.unit.simulated import population
from tests.unit.simulated import rules_of as summer_rules
from tests.unit.test_run import _decoded, _write_files


def test_a_ring_of_five_is_paid_five_referrals_until_plates_must_differ() -> None:
    leaks = leaks_of_one("ring", REFERRAL)
    assert fen_of(leaks, "referral") == 5 * 500
    [ring] = leaks.kinds
    assert ring.accounts["mean"] == 5
    # Small orders lose part of a litre each to rounding, which is all that is left.
    closed = 'referral.distinct = ["phone", "plate"]'
    assert -5 <= after(leaks, closed) <= 0
    [change] = [one for one in leaks.tried if one.changes[0].id == closed]
    assert change.worth
    assert change.closed.difference["mean"] == 2500
    assert change.honest_cost["mean"] == 0
    # A limit for each advocate doesn't see a ring, in which everyone refers once.
    assert after(leaks, 'referral.limit = { times = 1, per = "season" }') > 2400
    assert leaks.closed is not None
    assert "advocate_points = 500               # each\n" in leaks.closed.text
    assert leaks.closed.season.referral is not None
    assert leaks.closed.season.referral.distinct == ("phone", "plate")
    assert 'id = "club"                         # small' in leaks.closed.text


def test_a_level_bought_and_handed_back_is_kept_until_the_review() -> None:
    leaks = leaks_of_one("refund_cycling", TIERS % 'litres = "9999", amount = "7000.00"')
    # Bought on the first morning; from the second on every litre is 1.00 cheaper.
    by_hand = sum(ml * 100 // 1000 for day, ml in fills("refund_cycling") if day >= 1)
    assert by_hand > 15_000
    assert fen_of(leaks, "tiers.gold") == by_hand
    assert after(leaks, "tiers.levels.*.amount out") == 0
    [one] = leaks.kinds
    assert one.litres_ml["mean"] == sum(ml for _, ml in fills("refund_cycling"))


def test_goods_taken_back_after_the_final_list_win_a_prize() -> None:
    leaks = leaks_of_one("refund_cycling", SHOP_EARNS, PRIZE, visits=0.01)
    assert fen_of(leaks, "prizes.overall.bike") == 30_000
    assert leaks.crowding.prize_losers["mean"] == 1
    assert leaks.crowding.prize_lost_fen["mean"] == 30_000
    closed = [one for one in leaks.tried if one.changes[0].about == "programme.refund_within"]
    assert [one.changes[0].id for one in closed] == ['programme.refund_within = "2d"']
    assert closed[0].after["mean"] == 0


def test_a_fill_rung_up_three_times_reaches_a_level_that_counts_purchases() -> None:
    leaks = leaks_of_one("order_splitting", TIERS % 'litres = "9999", visits = 3')
    first, second, third, *_ = fills("order_splitting")
    by_hand = sum(ml * 100 // 1000 for _, ml in (second, third))
    assert first[0] < second[0] < third[0]
    assert fen_of(leaks, "tiers.gold") == by_hand
    assert after(leaks, "tiers.levels.*.visits out") == 0


def test_a_card_loaded_and_spent_earns_twice_until_spending_earns_nothing() -> None:
    leaks = leaks_of_one("order_splitting", TOP_UP)
    # A point for each yuan loaded; fuel at 7.60 and steps of prices around it.
    bought_l = sum(ml for _, ml in fills("order_splitting")) / 1000
    assert 7.60 * bought_l * 0.98 - 14 < fen_of(leaks, "earning.load") < 7.60 * bought_l * 1.02
    assert after(leaks, "card.earn_on_spend = false") == 0
    assert leaks.closed is not None
    assert leaks.closed.text.endswith("[card]\nearn_on_spend = false\n")


def test_drivers_on_one_card_reach_together_what_neither_does() -> None:
    drivers = [fills("shared_cards", person) for person in range(2)]
    least_l = 50 + max(sum(ml for _, ml in one) for one in drivers) // 1000
    leaks = leaks_of_one("shared_cards", TIERS % f'litres = "{least_l}"')
    sums: dict[int, int] = {}
    for day, ml in sorted(drivers[0] + drivers[1]):
        sums[day] = sums.get(day, 0) + ml
    by_hand, total = 0, 0
    for day in sorted(sums):
        if total >= least_l * 1000:
            by_hand += sum(ml * 100 // 1000 for on, ml in drivers[0] + drivers[1] if on == day)
        total += sums[day]
    assert by_hand > 0
    assert fen_of(leaks, "tiers.gold") == by_hand
    assert after(leaks, "tiers.levels.*.entry doubled") == 0


def test_a_coupon_at_three_tills_at_once_is_used_once() -> None:
    leaks = leaks_of_one("coupon_races", WELCOME)
    assert fen_of(leaks, "triggers.enrol-welcome") == 0
    assert leaks.total_fen["mean"] == 0
    visits = sum(1 for day, _ in fills("coupon_races") if day >= 1)
    told = {(asked, reason): count["mean"] for (_, asked, reason), count in leaks.stopped.items()}
    # At the first visit two tills come too late, and a release and a use after the use; at every
    # later one a release and a use are tried again.
    assert told == {
        ("reserve", "coupon_not_valid"): 2,
        ("use", "coupon_spent"): 3 + visits - 1,
        ("release", "coupon_spent"): 1 + visits - 1,
    }


def test_the_last_coupon_of_a_budget_is_given_once_however_many_ask() -> None:
    rules = rules_of(CLAIM)
    run = play_mixed(job_of(rules, "cheats", coupon_races=2), rules=rules)
    assert run.fen["coupon_races", "coupons.free"] == 500
    # Both ask three times in the same instant.
    assert run.stopped["coupon_races", "claim", "budget_exhausted"] >= 5


def test_without_agents_a_run_is_that_of_simulate() -> None:
    rules = rules_of(WELCOME)
    plain = simulate_run(rules, population(), MEMBERS, SEED)
    for arm in ("without", "honest", "cheats"):
        run = play_mixed(job_of(rules, arm), rules=rules)
        assert run.result == plain.digest()
        assert run.cost_fen == plain.figures["cost_total_fen"]
    mixed = play_mixed(job_of(rules, "without", ring=2), rules=rules)
    assert mixed.result == plain.digest()


def test_the_log_with_agents_replays_to_the_same_files(tmp_path: Path) -> None:
    batches: list[pa.RecordBatch] = []
    rules = summer_rules()
    every = dict.fromkeys(("ring", "refund_cycling", "shared_cards", "coupon_races"), 1)
    play, crowd = mixed_play(job_of(rules, "cheats", **every), rules, batches.append)
    play.run()
    assert crowd is not None
    assert crowd.stopped
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.mkdir()
    _write_files(play, ours)
    replay(rules, lambda: _decoded(batches), theirs)
    for path in sorted(ours.glob("*.csv")):
        assert path.read_bytes() == (theirs / path.name).read_bytes(), path.name


def test_agents_of_one_kind_draw_the_same_beside_others() -> None:
    play, _ = mixed_play(job_of(rules_of(), "without"), rules_of())
    keyed = Keyed(SEED)
    alone, both = (
        agents_of(keyed, figures(), play.setting, counts, honest=False)["shared_cards"][0]
        for counts in ({"shared_cards": 1}, {"shared_cards": 1, "ring": 3})
    )
    assert alone.accounts == both.accounts == ["shared-000000-0"]


def test_only_the_multiplier_that_counted_is_told() -> None:
    season = summer_rules().season
    assert counted(season, ["member-day", "night", "gold"]) == {
        "multiplier.member-day": 1.0,
        "multiplier.gold": 0.5,
    }


@pytest.mark.parametrize(
    ("kind", "rule", "expected"),
    [
        ("ring", "triggers.enrol-fuel-100-10", "triggers.enrol-fuel-100-10 out"),
        ("ring", "tiers.gold", "tiers.trial out"),
        ("refund_cycling", "triggers.tier_up-wash", 'triggers.tier_up-wash.cooldown = "365d"'),
        ("refund_cycling", "prizes.overall.phone", 'programme.refund_within = "7d"'),
        ("shared_cards", "multiplier.platinum", "points.member_day_cap = 500"),
        ("order_splitting", "multiplier.gold", "tiers.levels.*.visits out"),
    ],
)
def test_changes_of_the_example_season_are_valid_files(kind: str, rule: str, expected: str) -> None:
    text = SeasonText(Path("seasons/summer-2026.toml").read_text(encoding="utf-8"))
    season = load_season(text.text, "summer.toml")
    found = {one.id: one for one in changes_for(text, season, [(kind, rule)])}
    assert expected in found
    for one in found.values():
        changed = one.edit(text)
        assert load_season(changed, "summer.toml") != season, one.id
        assert changed.count("#") >= text.text.count("#") - 1, one.id


def test_the_report_says_in_both_languages_what_leaks_and_what_closes_it() -> None:
    leaks = leaks_of_one("ring", REFERRAL)
    report = leak_report(leaks)
    for said in (
        "self-referral rings through the referral reward", "自荐圈，途径是推荐奖励",
        "100% of the leak closes, and costs honest members nothing",
        "referral.distinct = [&quot;phone&quot;, &quot;plate&quot;]", "What closes it", "怎样堵住",
        "No honest member loses a prize",
    ):  # fmt: skip
        assert said in report, said
    plain = leak_report(leaks_of_one("coupon_races", WELCOME))
    assert "The agents get nothing beyond what their honest twins get" in plain
    assert "coupon_spent" in plain


def test_intervals_come_from_seeds_and_the_study_is_repeatable() -> None:
    leaks = leaks_of_one("ring", WELCOME, closing=False, seeds=2)
    assert leaks.total_fen["low"] is not None
    assert fen_of(leaks, "triggers.enrol-welcome") == 4 * 1000
    again = leaks_of_one.__wrapped__("ring", WELCOME, closing=False, seeds=2)
    assert again is not leaks
    assert again.result == leaks.result
    alone = leaks_of_one("ring", WELCOME, closing=False)
    assert alone.total_fen["low"] is None
    assert alone.result != leaks.result


def test_both_languages_have_every_sentence_with_the_same_places() -> None:
    assert leak_en.PHRASES.keys() == leak_zh.PHRASES.keys()
    for key, english in leak_en.PHRASES.items():
        places = [set(re.findall(r"{(\w+)}", text)) for text in (english, leak_zh.PHRASES[key])]
        assert places[0] == places[1], key
