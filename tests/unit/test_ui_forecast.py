"""Forecast: the page's logic against recorded answers."""

import httpx
import pytest

from tests.ui.fixture_api import member_id
from tests.ui.fixture_forecast import made_us
from tests.ui.fixture_simulations import NOBODY, NOBODY_ZH
from tests.ui.opened import opened, shown
from tests.ui.recorded import Recorded

pytestmark = pytest.mark.usefixtures("system")


def test_a_first_forecast_is_started_and_followed(system: Recorded) -> None:
    system.choose(forecasts=0)
    app = opened("forecast")
    assert "No forecast of this season was made yet" in shown(app)
    app.number_input(key="forecast_seeds").set_value(24).run()
    page = shown(app.button(key="simulate_start").click().run())
    assert "Waits for its turn; 2 before it" in page
    assert "No forecast of this season was made yet" not in page, "one is being made"
    auth = {"Authorization": f"Bearer {system.key}"}
    body = httpx.get(f"{system.url}/v1/simulations/body", headers=auth, trust_env=False).json()
    assert body == {"kind": "forecast", "seeds": 24, "seed": 1, "members": 0}
    system.choose(forecasts=0, full=True)
    app = opened("forecast")
    assert "8 simulations wait already" in shown(app.button(key="simulate_start").click().run())


def test_costs_budgets_prizes_and_chances_are_told() -> None:
    page = shown(opened("forecast"))
    assert "The season comes to ¥137,526; one run in twenty to more than ¥143,027" in page
    assert "chance that washes runs out" in page
    assert "43.0% to 82.0%" in page
    assert "11,693 to 14,883" in page, "what the first prize takes"
    assert "6,040 → 14,496" in page
    assert member_id(1) not in page, "a page that is projected masks who it is"
    assert "The last 3 forecasts: from ¥132,237 to ¥137,526" in page


def test_a_member_is_looked_for_and_an_earlier_forecast_opened() -> None:
    app = opened("forecast", made=str(made_us(0)), member=member_id(13))
    page = shown(app)
    assert "The season comes to ¥132,237" in page
    assert "28.0%" in page
    assert "94.0%" not in page, "the others are not shown"
    assert app.query_params["made"] == str(made_us(0))
    app.main.text_input(key="member").set_value("nobody-1").run()
    assert "takes no prize in any of 20 runs" in shown(app)


def test_what_is_not_done_and_what_failed_is_said(system: Recorded) -> None:
    system.choose(outlook="running")
    page = shown(opened("forecast"))
    assert "Running since" in page
    assert "The season comes to" in page, "the forecast made last stays in sight"
    system.choose(outlook="failed", forecasts=0)
    app = opened("forecast")
    page = shown(app)
    assert NOBODY in page
    assert "then forecast again; or remove it" in page
    in_chinese = shown(opened("forecast", locale="zh-CN"))
    assert NOBODY_ZH in in_chinese
    assert NOBODY not in in_chinese
    app.button(key="simulate_remove").click().run()
    assert NOBODY not in shown(app)
    # What is about the season is not among the simulations of files.
    system.choose(outlook="running")
    assert "612" not in shown(opened("simulate", part="results"))


@pytest.mark.parametrize(
    ("phase", "said"),
    [("before", "The season hasn&#x27;t begun"), ("hold", "its list isn&#x27;t final yet")],
)
def test_where_there_is_nothing_to_foretell_it_says_why(
    phase: str, said: str, system: Recorded
) -> None:
    system.choose(phase=phase)
    app = opened("forecast")
    assert said in shown(app)
    assert not [one for one in app.button if one.key == "simulate_start"]


def test_at_the_end_the_forecasts_are_judged(system: Recorded) -> None:
    system.choose(phase="final")
    app = opened("forecast", "zh-CN")
    assert app.button(key="simulate_start").label == "检验预测"
    assert "等待中" in shown(app.button(key="simulate_start").click().run())
    system.choose(phase="final", outlook="done")
    page = shown(opened("forecast"))
    assert "inside P5 to P95 in 1 of 3" in page
    assert "28 of 30" in page
