"""Simulate: the page's logic against recorded answers."""

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.fixture_rules import TEXT
from tests.ui.fixture_simulations import COMPARED, DONE, FAILED, QUEUED, REASON, RUNNING
from tests.ui.opened import opened, shown
from tests.ui.recorded import Recorded, recorded_answers


@pytest.fixture(scope="module")
def server() -> Iterator[Recorded]:
    with recorded_answers() as running:
        yield running


@pytest.fixture(autouse=True)
def system(server: Recorded, monkeypatch: pytest.MonkeyPatch) -> Recorded:
    monkeypatch.setenv("FORECOURT_URL", server.url)
    monkeypatch.setenv("FORECOURT_KEY", server.key)
    server.choose()
    return server


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
