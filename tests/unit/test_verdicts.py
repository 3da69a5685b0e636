from collections.abc import Sequence

from simulator.play.run_result import RunResult
from simulator.report.answers import Answers, answers_of
from simulator.report.comparison import compare
from simulator.report.report_words import ReportWords
from simulator.report.verdicts import comparison_verdict, mood_of, simulation_verdict
from tests.unit.made_runs import made_run
from tests.unit.simulated import population, rules_of

NAMES = ("summer", "autumn")


def words(language: str) -> ReportWords:
    return ReportWords(rules_of().season, language)


def test_a_verdict_says_what_the_model_cannot_tell() -> None:
    dear, cheap = ([made_run(seed, {"cost_total_fen": cost}) for seed in (1, 2, 3)]
                   for cost in (9_000_000, 8_000_000))  # fmt: skip

    def said(base: list[RunResult], other: list[RunResult], *paths: str) -> str:
        return " ".join(comparison_verdict(compare(base, other), NAMES, words("en"), paths))

    assert "knows no rivals" in said(dear, cheap, "tiers.gold.discount")
    assert "knows no rivals" not in said(cheap, dear)
    assert "draw nobody by themselves" in said(cheap, dear, "multiplier.member-day.factor")
    assert "draw nobody by themselves" not in said(cheap, dear, "tasks.survey.points")


def answers(gains: list[float], budget_fen: int | None = None) -> Answers:
    runs = [
        made_run(
            seed,
            {"margin_gain_fen": gain, "cost_total_fen": 10_000_000 + 100_000 * seed,
             "anyway_share": 0.9},
            tables={"budgets": [("prizes", "cost", 0, 500_000)],
                    "prizes": [("overall", 1, 1, 0, "m0", 9, "phone", 599900, 0)]},
        )
        for seed, gain in enumerate(gains, 1)
    ]  # fmt: skip
    return answers_of(rules_of().season, population(), runs, budget_fen=budget_fen)


def test_a_season_that_does_not_pay_is_said_so_in_both_languages() -> None:
    found = answers([1_000_000, 1_200_000, 1_400_000], budget_fen=10_290_000)
    assert mood_of(found) == "bad"
    assert simulation_verdict(found, words("en")) == [
        (
            "The programme doesn't pay for itself under these assumptions: it brings ¥12k more "
            "margin than no programme and costs ¥102k, which leaves −¥90k "
            "(95 % interval −¥92.5k to −¥87.5k)."
        ),
        (
            "Rewards cost ¥102k in a middling season and ¥103k in an expensive one "
            "(P50 and P95 of 3 runs)."
        ),
        "Each ¥1 of rewards brings back ¥0.12 of margin.",
        "90% of the rewards' value goes to visits that would have happened anyway.",
        "The cost exceeds the budget of ¥103k in 1 of 3 runs.",
        "Prizes go over the budget “prizes” (money) in 3 of 3 runs.",
        (
            "That is against the same members without a programme, in a model without rivals: "
            "margin from members whom only the programme keeps isn't counted."
        ),
    ]
    assert simulation_verdict(found, words("zh")) == [
        (
            "在这些假设下，活动收不回成本：与没有活动相比多带来 1.2 万元毛利，"
            "花费 10.2 万元，净得 −9 万元（95% 区间 −9.25 万元 至 −8.75 万元）。"
        ),
        "奖励成本：一般情况 10.2 万元，偏高情况 10.3 万元（3 次模拟的 P50 与 P95）。",
        "每 1 元奖励带回 0.12 元毛利。",
        "奖励价值的 90% 给了没有活动也会发生的到站。",
        "3 次模拟中有 1 次成本超出预算 10.3 万元。",
        "奖品超出预算“prizes”（金额）：3 次模拟中有 3 次。",
        "以上是与同一批会员没有活动时相比，模型里没有竞争对手：只因活动才留下的会员带来的毛利没有计入。",
    ]


def test_a_season_that_pays_and_one_that_can_not_be_told() -> None:
    pays = answers([20_000_000, 21_000_000, 22_000_000])
    assert mood_of(pays) == "good"
    assert simulation_verdict(pays, words("en"))[0].startswith("The programme pays for itself: ")
    unclear = answers([1_000_000, 25_000_000])
    assert mood_of(unclear) == "unclear"
    said = simulation_verdict(unclear, words("en"))[0]
    assert said.startswith("These runs can't tell whether the programme pays for itself")
    assert "has 0 in it" in said
    assert "run at least 4 seeds" in simulation_verdict(answers([1e6]), words("en"))[0]


def compared(
    margins: Sequence[float], costs: Sequence[float], rewards: Sequence[int], language: str
) -> list[str]:
    base = [
        made_run(
            seed,
            {"margin_fen": 1e8 + 1e6 * seed, "cost_total_fen": 1e7 * seed},
            {"reward_fen": [500, 500, 500]},
        )
        for seed in range(1, len(margins) + 1)
    ]
    other = [
        made_run(
            run.seed,
            {"margin_fen": run.figures["margin_fen"] + margin,
             "cost_total_fen": run.figures["cost_total_fen"] + cost},
            {"reward_fen": rewards},
        )
        for run, margin, cost in zip(base, margins, costs, strict=True)
    ]  # fmt: skip
    return comparison_verdict(compare(base, other), NAMES, words(language))


def test_a_difference_is_said_with_its_interval_and_who_it_is_for() -> None:
    given = ([1_000_000, 1_100_000, 1_200_000], [-500_000, -500_000, -500_000], [700, 500, 100])
    assert compared(*given, "en") == [
        (
            "autumn leaves ¥11k more margin after rewards than summer "
            "(95 % interval +¥8.52k to +¥13.5k, 3 seeds)."
        ),
        "autumn costs ¥5k less (95 % interval −¥5k).",
        "Of 3 members, about 1 get at least ¥1 more in rewards and 1 at least ¥1 less.",
        "The model knows no rivals: that members who get less may fill up elsewhere isn't counted.",
    ]
    assert compared(*given, "zh") == [
        (
            "autumn 扣除奖励后的毛利比 summer 多 1.1 万元"
            "（95% 区间 +8,516 元 至 +1.35 万元，3 个种子）。"
        ),
        "autumn 的成本少 5,000 元（95% 区间 −5,000 元）。",
        "3 名会员中，约 1 名的奖励至少多 1 元，1 名至少少 1 元。",
        "模型里没有竞争对手：所得变少的会员可能去别家加油，这一点没有计入。",
    ]


def test_what_the_data_can_not_tell_says_how_many_more_seeds_it_takes() -> None:
    given = ([300_000, -100_000, 200_000, -200_000, 400_000], [0.0] * 5, [500, 500, 500])
    assert compared(*given, "en") == [
        (
            "The data can't tell which file leaves more margin after rewards: autumn differs from "
            "summer by +¥1.2k on average over 5 seeds (95 % interval −¥2.01k to +¥4.41k)."
        ),
        "About 16 more seeds should settle it.",
        "Both cost exactly the same.",
        "Nobody gets ¥1 more or less in rewards.",
    ]
    assert compared(*given, "zh")[:2] == [
        (
            "数据判断不出哪份规则扣除奖励后的毛利更多：5 个种子下 autumn 与 summer "
            "平均相差 +1,200 元（95% 区间 −2,013 元 至 +4,413 元）。"
        ),
        "大约再加 16 个种子可以判断。",
    ]
    assert "Not even 10,000 seeds" in compared([1e6, -1e6, 10.0], [0.0] * 3, [500] * 3, "en")[1]
    assert compared([1e6], [0.0], [500] * 3, "en")[1] == (
        "One seed tells nothing of chance: run at least 4."
    )


def test_identical_files_make_no_difference() -> None:
    assert compared([0.0] * 2, [0.0] * 2, [500] * 3, "en") == [
        (
            "No difference: under summer and autumn every member did and got exactly the same in "
            "every seed."
        )
    ]
    assert compared([0.0] * 2, [0.0] * 2, [500] * 3, "zh") == [
        "没有差别：在 summer 与 autumn 下，每个种子里每位会员的行为与所得完全相同。"
    ]


def test_a_season_that_gives_nothing_is_said_so() -> None:
    runs = [made_run(seed) for seed in (1, 2)]
    found = answers_of(rules_of().season, population(), runs)
    said = "The programme gives nothing that costs money, and nobody comes more often for it."
    assert simulation_verdict(found, words("en")) == [said]


def test_a_share_is_told_where_it_moves_enough() -> None:
    def said(gap: float) -> list[str]:
        base = [made_run(seed, {"anyway_share": 0.9 - 0.01 * seed}) for seed in (1, 2, 3)]
        other = [
            made_run(run.seed, {"anyway_share": run.figures["anyway_share"] + gap}) for run in base
        ]
        return comparison_verdict(compare(base, other), NAMES, words("en"))

    moved = (
        "Less of the rewards' value goes to visits that would have happened anyway: 83% instead "
        "of 88% (−5.00 points)."
    )
    assert moved in said(-0.05)
    assert len(said(0.0005)) == len(said(-0.05)) - 1
