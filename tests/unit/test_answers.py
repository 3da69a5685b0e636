import pytest

from simulator.play.run_result import RunResult
from simulator.play.seeds import Job, run_jobs
from simulator.report.answers import (
    answers_of,
    anyway_fen,
    cost_exceeds,
    paid_by,
)
from simulator.report.cost_answers import budget_uses
from simulator.report.prize_answers import prize_places, prize_spans, same_members
from tests.unit.made_runs import made_run
from tests.unit.simulated import population, rules_of, run_of


def cut(given: int, score: int) -> tuple[object, ...]:
    return ("overall", 1, 2, "phone", given, score)


def prize(place: int, member: int, score: int) -> tuple[object, ...]:
    return ("overall", place, place, member, f"m{member}", score, "phone", 599900, 119980)


def test_a_spans_cutoff_band_and_winners_are_counted_over_the_runs() -> None:
    runs = [
        made_run(nth, tables={"cutoffs": [cut(2, low)],
                              "prizes": [prize(1, 7, top), prize(2, member, low)]})
        for nth, (top, member, low) in enumerate([(100, 8, 90), (120, 9, 80), (110, 8, 70)])
    ]  # fmt: skip
    [span] = prize_spans(runs)
    assert (span.low_score, span.high_score) == (71.0, 89.0)
    assert span.cutoff["p50"] == 80
    assert span.winners == 3  # 7, 8 and 9
    assert span.steady == pytest.approx((1 / 2 + 2 / 2 + 1 / 2) / 3)
    first, second = prize_places(runs)
    assert (first.winners, first.steady) == (1, 1.0)
    assert second.winners == 2
    assert second.steady == pytest.approx(2 / 3)
    assert (second.low_score, second.high_score) == (71.0, 89.0)


def test_winners_of_other_members_are_not_compared() -> None:
    runs = [
        made_run(
            seed,
            members={"theta": [0.0, 0.5 * seed, 1.0]},
            tables={"cutoffs": [cut(1, 90)], "prizes": [prize(1, 1, 90)]},
        )
        for seed in (1, 2)
    ]
    assert not same_members(runs)
    [span] = prize_spans(runs)
    assert (span.winners, span.steady) == (None, None)


def test_teams_are_not_counted_as_members() -> None:
    run = made_run(tables={"cutoffs": [cut(1, 90)], "prizes": [prize(1, -1, 90)]})
    assert prize_spans([run, run])[0].winners is None
    assert prize_places([run, run])[0].winners is None


def test_a_prize_budget_is_broken_by_prizes_and_tax_and_others_run_out() -> None:
    def run(used: int, place: int) -> RunResult:
        return made_run(
            place,
            tables={
                "budgets": [
                    ("coupons-count", "count", used, 200000),
                    ("coupons-cost", "cost", 49_999_100, 50_000_000),
                    ("prizes", "cost", 0, 2_000_000),
                    ("earphones", "stock", 3, 500),
                ],
                "prizes": [prize(nth, nth, 9) for nth in range(1, place + 1)],
            },
        )

    runs = [run(200_000, 2), run(199_999, 3)]
    count, cost, prizes, stock = budget_uses(rules_of().season, runs)
    assert count.runs_out.runs == 1
    # 9.00 left: less than the cheapest coupon's 10.00, but shop-80 may take a fen.
    assert cost.runs_out.runs == 0
    assert prizes.covers_prizes
    assert prizes.used["p50"] == 2.5 * (599900 + 119980)
    assert prizes.runs_out.runs == 1
    assert stock.runs_out.told()["share"] == 0
    assert 0 < stock.runs_out.told()["high"] < 1


def test_the_chance_to_exceed_a_budget_counts_runs() -> None:
    runs = [made_run(seed, {"cost_total_fen": 100 * seed}) for seed in (1, 2, 3, 4)]
    assert cost_exceeds(runs, 300).runs == 1
    assert cost_exceeds(runs, 299).runs == 2


def test_rewards_are_parted_by_visits_that_would_have_happened_anyway() -> None:
    run = made_run(
        members={
            "visits": [4, 2, 0],
            "unaided_visits": [2, 3, 0],
            "reward_fen": [100, 100, 30],
            "kind": [0, 0, 1],
            "margin_fen": [50, 60, 0],
            "unaided_margin_fen": [40, 65, 0],
        }
    )
    assert anyway_fen(run.members).tolist() == [50.0, 100.0, 30.0]
    private, taxi = paid_by([run], "kind")
    assert (private.group, private.reward_fen["mean"], private.anyway_fen["mean"]) == (
        "private", 200, 150,
    )  # fmt: skip
    assert private.margin_gain_fen["mean"] == 5
    assert taxi.members["mean"] == 1


def test_shares_agree_with_the_runs_own_figure() -> None:
    run = run_of()
    groups = paid_by([run], "segment")
    anyway = sum(one.anyway_fen["mean"] for one in groups)
    rewards = sum(one.reward_fen["mean"] for one in groups)
    assert anyway / rewards == pytest.approx(run.figures["anyway_share"])
    assert sum(one.members["mean"] for one in groups) == len(run.members["kind"])
    answers = answers_of(rules_of().season, population(), [run])
    assert answers.net_gain_fen["mean"] == pytest.approx(
        run.figures["margin_fen"] - run.figures["unaided_margin_fen"]
    )
    gain = run.figures["roi"] * run.figures["cost_total_fen"]
    assert answers.net_gain_fen["mean"] == pytest.approx(gain)


def test_seeds_over_the_same_people_differ_only_in_what_happens() -> None:
    season = rules_of().season
    jobs = [Job(season, population(), 150, seed, people_seed=3) for seed in (3, 4)]
    one, other = run_jobs(jobs)
    assert same_members([one, other])
    assert (one.members["visits"] != other.members["visits"]).any()
    assert one.digest() == run_jobs([Job(season, population(), 150, 3)])[0].digest()
    apart = run_jobs([Job(season, population(), 150, 4)])
    assert not same_members([one, *apart])
    assert prize_spans([one, other])[0].winners in (1, 2)
