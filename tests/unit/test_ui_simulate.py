"""Simulate: the page's logic against recorded answers."""

from typing import Any

import httpx
import pytest
from streamlit.testing.v1 import AppTest

from simulator.search.search_space import read_space
from simulator.search.season_text import SeasonText
from tests.ui.fixture_rules import TEXT
from tests.ui.fixture_simulations import (
    CLOSED,
    COMPARED,
    DONE,
    FAILED,
    FITTED,
    FITTED_SHORT,
    KEPT,
    LEAKING,
    QUEUED,
    REASON,
    RUNNING,
    SEARCHING,
    TUNED,
)
from tests.ui.opened import opened, shown
from tests.ui.recorded import Recorded
from ui.client import PART_BYTES, Client
from ui.troubles import Refused

pytestmark = pytest.mark.usefixtures("system")


def result(simulation: str, locale: str = "en-GB") -> AppTest:
    return opened("simulate", locale, part="results", simulation=simulation)


def start(app: AppTest) -> AppTest:
    return app.button(key="simulate_start").click().run()


def test_a_start_turns_to_its_result_and_keeps_the_form() -> None:
    app = opened("simulate")
    assert app.button(key="simulate_start").label == "Simulate"
    app.number_input(key="simulate_members").set_value(300).run()
    start(app)
    assert "Waits for its turn; 2 before it" in shown(app)
    assert app.query_params["simulation"] == "00000000000a"
    app.main.segmented_control(key="part").set_value("new").run()
    assert app.number_input(key="simulate_members").value == 300


def test_errors_of_both_files_are_told_at_their_lines() -> None:
    app = opened("simulate")
    app.selectbox(key="simulate_season").set_value("own").run()
    assert "No season file yet" in shown(app)
    assert app.button(key="simulate_start").disabled
    app.selectbox(key="simulate_candidate").set_value("own").run()
    app.text_area(key="simulate_season_text").set_value("a = 1\nb = broken").run()
    app.text_area(key="simulate_candidate_text").set_value("broken").run()
    assert app.button(key="simulate_start").label == "Compare"
    page = shown(start(app))
    assert "The season file can&#x27;t be simulated" in page
    assert "The file to compare with can&#x27;t be simulated" in page
    assert "line 2" in page
    assert "b = broken" in page
    app.text_area(key="simulate_season_text").set_value(TEXT).run()
    assert "line 2" not in shown(app), "what was refused is not what stands there now"


def test_a_full_queue_is_told(system: Recorded) -> None:
    system.choose(full=True)
    assert "8 simulations wait already" in shown(start(opened("simulate")))


def test_a_finished_simulation_tells_money_tiers_and_prizes() -> None:
    app = result(DONE)
    page = shown(app)
    assert "The programme doesn&#x27;t pay for itself" in page
    assert "P50 ¥111,317, P95 ¥112,367" in page
    assert "−¥47,117" in page
    assert "−¥53,617 to −¥40,617" in page
    assert "Tiers this month: 486 rise, 155 fall, 1,355 stay" in page
    assert "388 to 442" in page
    assert "Overall, place 3: two runs share 17.0%" in page
    assert app.get("download_button"), "the report to take away"
    assert "Assumptions: other answers to rewards" in page
    assert "−¥67,000 to −¥25,000" in page
    assert page.index("the pull of levels and goals") < page.index("coming for a coupon in hand")
    app.main.segmented_control(key="by").set_value("2026-06").run()
    assert "Tiers this month: 400 rise, 0 fall, 1,600 stay" in shown(app)


def test_a_comparison_says_when_the_data_cannot_tell() -> None:
    page = shown(result(COMPARED))
    assert "can&#x27;t tell which file leaves more margin" in page
    assert "fc-notice-calm" in page
    assert "+¥22,263" in page, "the cost's difference"
    assert "+1.8 points" in page, "a share moves by points, not by per cent"
    assert "Under the other file: cost +¥22,263, margin after rewards +¥1,300" in page
    assert "35 stand higher under double-tuesday, 0 lower, 1,965 the same" in page
    assert "94.0% of the prize winners under summer-2026" in page


def test_what_is_not_done_says_why_and_can_be_ended() -> None:
    assert "Running since" in shown(result(RUNNING))
    assert "Waits for its turn; 1 before it" in shown(result(QUEUED))
    failed = shown(result(FAILED))
    assert REASON in failed
    assert "fc-notice-bad" in failed
    app = result(RUNNING)
    app.button(key="simulate_cancel").click().run()
    assert "Cancelled on" in shown(app)
    app.button(key="simulate_remove").click().run()
    assert app.query_params["simulation"] != RUNNING
    assert "Cancelled on" not in shown(app)


def test_nothing_simulated_yet_and_a_system_without_a_simulator(system: Recorded) -> None:
    system.choose(empty=True)
    assert "还没有模拟过" in shown(opened("simulate", "zh-CN", part="results"))
    system.choose(without=True)
    assert "This system simulates nothing" in shown(opened("simulate", part="results"))


def body(system: Recorded) -> dict[str, Any]:
    """Give what the page asked for last."""
    headers = {"Authorization": f"Bearer {system.key}"}
    answer = httpx.get(f"{system.url}/v1/simulations/body", headers=headers, trust_env=False)
    told: dict[str, Any] = answer.raise_for_status().json()
    return told


def tuning(locale: str = "en-GB") -> AppTest:
    return opened("simulate", locale, part="tune")


def test_a_search_is_asked_with_the_values_limits_and_aim_that_are_filled_in(
    system: Recorded,
) -> None:
    app = tuning()
    page = shown(app)
    assert "Search for better values" in page
    assert "Member day: times the points" in page
    assert "today 2" in page
    [values] = [one for one in app.multiselect if one.label == "What may change"]
    values.set_value(["multiplier.member-day.factor", "prizes.overall.1.reward"]).run()
    assert "gold: discount a litre" not in shown(app).lower()
    app.text_input(key="tune_high_multiplier.member-day.factor").set_value("2.5").run()
    app.multiselect(key="tune_choices_prizes.overall.1.reward").set_value(
        ['"phone"', '"tablet"']
    ).run()
    app.selectbox(key="tune_objective").set_value("min:cost_total_fen").run()
    app.number_input(key="tune_limit_cost").set_value(95.0).run()
    app.number_input(key="tune_limit_active").set_value(None).run()
    app.selectbox(key="tune_effort").set_value("quick").run()
    app.number_input(key="tune_trials").set_value(12).run()
    start(app)
    asked = body(system)
    assert asked["kind"] == "tune"
    assert "season" not in asked, "the rules in force are the system's own to read"
    assert asked["objective"] == "min:cost_total_fen"
    assert asked["budgets"] == ["cost_total_fen<=95%", "mean(litres_ml)>=99.8%"]
    assert (asked["trials"], asked["effort"], asked["members"]) == (12, "quick", 1000)
    space = read_space(asked["space"], "space", SeasonText(TEXT), "season")
    assert {knob.path: list(knob.options) for knob in space.knobs} == {
        "multiplier.member-day.factor": ['"1.0"', '"1.5"', '"2"', '"2.5"'],
        "prizes.overall.1.reward": ['"phone"', '"tablet"'],
    }
    assert app.query_params["part"] == "results"
    # What was filled in stands there again.
    app.main.segmented_control(key="part").set_value("tune").run()
    assert app.number_input(key="tune_trials").value == 12
    assert app.text_input(key="tune_high_multiplier.member-day.factor").value == "2.5"


def test_discounts_of_tiers_stay_in_order_and_a_space_of_ones_own_goes_first(
    system: Recorded,
) -> None:
    app = tuning()
    start(app)
    space = body(system)["space"]
    assert "[[order]]" in space
    assert space.count("[[vary]]") == 5
    app.main.segmented_control(key="part").set_value("tune").run()
    app.text_area(key="tune_space_text").set_value("format = 1\n# broken").run()
    page = shown(start(app))
    assert body(system)["space"] == "format = 1\n# broken"
    assert "The choice of what may change doesn&#x27;t fit the season file" in page
    assert "line 2" in page


def test_without_a_value_that_may_change_nothing_starts() -> None:
    app = tuning("zh-CN")
    [values] = [one for one in app.multiselect if one.label == "哪些取值可以变动"]
    values.set_value([]).run()
    assert "还没有可以变动的取值" in shown(app)
    assert app.button(key="simulate_start").disabled


def test_a_finished_search_tells_what_to_change_what_it_brings_and_the_way_on() -> None:
    app = result(TUNED)
    page = shown(app)
    assert "Changing 3 values leaves ¥26.3k more" in page
    assert "fc-notice-good" in page
    assert "+¥26,300" in page
    assert "+¥21,000 to +¥31,600" in page
    assert "Overall, rank 1: tablet instead of Flagship phone" in page
    assert "multiplier.member-day.factor" in page
    assert "≤ ¥112,000" in page
    assert "−1.6 points" in page, "what is paid for what would happen anyway"
    assert "can&#x27;t tell" in page
    assert len(app.get("download_button")) == 5
    app.button(key="tune_live").click().run()
    assert not app.exception
    assert app.session_state["rules_draft"].endswith("# better\n")


def test_a_search_that_finds_nothing_better_says_so_and_offers_no_way_on() -> None:
    page = result(KEPT)
    assert "Keep today&#x27;s file" in shown(page)
    assert "Nothing: no file that was tried is better" in shown(page)
    assert "tune_live" not in [one.key for one in page.button]


def test_a_running_search_tells_its_stage() -> None:
    app = result(SEARCHING)
    assert "Running since" in shown(app)
    said = [one.proto.text for one in app.get("progress")]
    assert said == ["41 of 92 runs: searching near the best, 44%"]


def test_budget_draws_and_model_form_are_asked_for_only_where_filled_in(
    system: Recorded,
) -> None:
    app = opened("simulate")
    start(app)
    assert {"budget", "draws", "model_form"} & set(body(system)) == set()
    app.main.segmented_control(key="part").set_value("new").run()
    app.number_input(key="simulate_budget").set_value(50000.0).run()
    app.number_input(key="simulate_draws").set_value(8).run()
    app.toggle(key="simulate_model_form").set_value(True).run()
    assert "48 runs of 2,000 members" in shown(app)
    start(app)
    asked = body(system)
    assert (asked["budget"], asked["draws"], asked["model_form"]) == ("50000.00", 8, True)


def test_leaks_are_looked_for_with_the_cheats_that_were_chosen(system: Recorded) -> None:
    app = opened("simulate", part="adversaries")
    app.multiselect(key="leak_kinds").set_value(["ring", "coupon_races"]).run()
    app.toggle(key="leak_closing").set_value(False).run()
    app.number_input(key="leak_agents").set_value(6).run()
    assert "12 runs of 1,000 members at most" in shown(app)
    assert "Waits for its turn; 2 before it" in shown(start(app))
    auth = {"Authorization": f"Bearer {system.key}"}
    body = httpx.get(f"{system.url}/v1/simulations/body", headers=auth, trust_env=False).json()
    assert (body["kind"], body["agents"], body["closing"]) == ("adversaries", 6, False)
    assert body["agent_kinds"] == ["ring", "coupon_races"]


def test_a_study_tells_who_gets_what_through_which_rule_and_the_way_on() -> None:
    app = result(LEAKING)
    page = shown(app)
    assert "18 agents: ¥3.55k more than honest members get" in page
    assert "Most goes to shared cards: ¥2,700" in page
    assert "discount of Platinum" in page
    assert "tiers.platinum" in page
    assert "coupon used already" in page
    assert "the leak falls from ¥3,550 to ¥2,690, honest members get ¥70 less" in page
    assert page.index("referral.first_order_min") < page.index("points.member_day_cap")
    app.button(key="tune_live").click().run()
    assert app.session_state["rules_draft"].startswith("format = 1\n# closed")
    tight = result(CLOSED)
    page = shown(tight)
    assert "No kind gets more than honest members do" in page
    assert "Nothing leaks through any rule" in page
    assert "fc-notice-good fc-verdict" in page
    assert "tune_live" not in [one.key for one in tight.button]


def test_a_log_is_uploaded_fitted_and_its_members_simulated(system: Recorded) -> None:
    app = opened("simulate", part="calibrate")
    assert not app.button(key="simulate_start").disabled, "the season's own log is there"
    app.selectbox(key="calibrate_source").set_value("upload").run()
    assert "No log yet" in shown(app)
    app.session_state["_calibrate_failed"] = ("year.csv", 70 << 20)
    app.run()
    assert "year.csv has 70 MiB: too large" in shown(app)
    assert "At most 64 MiB are taken here" in shown(app)
    assert app.button(key="simulate_start").disabled
    del app.session_state["_calibrate_failed"]
    app.session_state["calibrate_log"] = ("0" * 11 + "f", "year.csv", 2_000_000)
    app.run()
    assert "year.csv is uploaded (1,954 KiB)" in shown(app)
    assert "Waits for its turn; 2 before it" in shown(start(app))
    assert "calibrate_log" not in app.session_state, "it went along"
    auth = {"Authorization": f"Bearer {system.key}"}
    body = httpx.get(f"{system.url}/v1/simulations/body", headers=auth, trust_env=False).json()
    assert (body["kind"], body["log"], body["members_are"]) == (
        "calibrate", "0" * 11 + "f", "mixed",
    )  # fmt: skip
    app = result(FITTED)
    page = shown(app)
    assert "weeks 14 to 26, which weren&#x27;t fitted, are foretold −3.4% off" in page
    assert "kinds.taxi.visits_per_month" in page
    assert "11.1 to 12.6" in page
    assert "Kept from the usual members" in page
    app.button(key="calibrate_use").click().run()
    assert app.text_area(key="simulate_population_text").value == "# fitted\nformat = 1\n"
    short = shown(result(FITTED_SHORT))
    assert "The log has 7 weeks: from 8 on some can be held out" in short


def test_an_upload_goes_in_parts_and_one_that_fails_says_why(system: Recorded) -> None:
    client = Client(system.url, system.key)
    log = client.upload_log("csv", b"x" * (PART_BYTES + 10))
    assert log == "0" * 11 + "f"
    paths = [one for one in system.asked() if "/logs" in one]
    assert paths == [
        "/v1/simulations/logs?format=csv", f"/v1/simulations/logs/{log}?offset={PART_BYTES}",
    ]  # fmt: skip
    system.choose(no_disk=True)
    with pytest.raises(Refused, match="No space left"):
        client.upload_log("csv", b"x")
    client.close()
