"""The pages' logic, run by Streamlit's own test driver against recorded answers over real HTTP."""

import socket
from urllib.parse import unquote

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.fixture_api import HASH, member_id
from tests.ui.opened import driver
from tests.ui.recorded import Recorded

pytestmark = pytest.mark.usefixtures("system")


def opened(visit: str = "", locale: str = "en-GB", **asked: str) -> AppTest:
    app = driver(locale)
    app.query_params.update(asked)
    app.run()
    if visit:
        app.switch_page(f"app_pages/{visit}.py").run()
    assert not app.exception, app.exception
    return app


def shown(app: AppTest) -> str:
    return "\n".join(element.body for element in app.html)


def test_standings_show_podium_table_and_prize_lines(system: Recorded) -> None:
    app = opened()
    page = shown(app)
    assert "Summer 2026 fuel season" in page
    assert "ends in 61 d 23:59:5" in page
    assert page.count("<article") == 3
    assert page.count('class="fc-cut"') == 4
    assert "Prize line · above: Flagship phone" in page
    assert "Places 1–20 of 128" in page
    assert member_id(1) not in page
    assert any("limit=20" in path for path in system.asked())


def test_only_the_shown_rows_are_fetched(system: Recorded) -> None:
    app = opened()
    system.choose()
    app.query_params["page"] = "3"
    app.run()
    standings = [path for path in system.asked() if "/standings/" in path]
    assert "Places 41–60 of 128" in shown(app)
    assert standings == [
        "/v1/standings/overall?limit=20&cursor=40",
        "/v1/standings/overall?limit=3",
    ]


def test_browser_language_decides_until_the_person_does() -> None:
    app = opened(locale="zh-CN")
    assert "2026 夏季加油赛" in shown(app)
    app.sidebar.segmented_control[0].set_value("en").run()
    assert "Summer 2026 fuel season" in shown(app)
    assert app.query_params["lang"] == "en"


def test_query_parameters_reproduce_the_view() -> None:
    app = opened(locale="zh-CN", lang="en", board="drivers", page="2")
    page = shown(app)
    assert "Places 21–40 of 45" in page
    assert "Rank" in page
    assert app.query_params["board"] == "drivers"
    link = unquote(next(code.value for code in app.code))
    assert link.endswith("?lang=en&board=drivers&page=2")


@pytest.mark.parametrize("asked", [{"page": "99"}, {"page": "x"}, {"board": "no"}, {"lang": "xx"}])
def test_odd_parameters_fall_back(asked: dict[str, str]) -> None:
    assert "fc-board" in shown(opened("", "en", **asked))


def test_changing_the_board_goes_back_to_its_top() -> None:
    app = opened(lang="en", page="4")
    app.main.segmented_control[0].set_value("companies").run()
    page = shown(app)
    assert "Places 1–6 of 6" in page
    assert "速达物流" in page
    assert app.query_params["page"] == "1"


def test_finding_a_member_shows_the_neighbours_and_the_reason() -> None:
    app = opened()
    app.text_input[0].set_value(member_id(6)).run()
    page = shown(app)
    assert "Why rank 6" in page
    assert "Level on points with rank 5" in page
    assert "so the member id decides" in page
    assert 'class="fc-focus"' in page
    assert page.count('class="fc-row"') == 10
    assert "301.5 L or ¥1,200.00 spent" in page
    assert app.query_params["member"] == member_id(6)


def test_finding_nobody_says_so_and_what_to_do() -> None:
    page = shown(opened(member="m-nobody"))
    assert "There is no such member" in page
    assert "empty the search" in page


def test_a_member_of_another_board_is_told_apart() -> None:
    assert "isn&#x27;t on this board" in shown(opened(member=member_id(120), board="drivers"))


def test_before_the_start_the_page_says_when(system: Recorded) -> None:
    system.choose(phase="before")
    page = shown(opened())
    assert "Nobody is on this board yet" in page
    assert "starts in 4 d" in page
    assert "No points count in the season yet" in page


def test_warming_says_wait(system: Recorded) -> None:
    system.choose(fault="warming")
    page = shown(opened(locale="zh-CN"))
    assert "系统正在启动：member shard 1 of 2 is restoring its snapshot" in page
    assert "自动重试" in page


def test_a_lost_key_says_which_variable(system: Recorded) -> None:
    system.choose(fault="no-key")
    assert "FORECOURT_KEY" in shown(opened())


def test_another_service_at_the_address_is_told(system: Recorded) -> None:
    system.choose(fault="garbled")
    assert "isn&#x27;t Forecourt" in shown(opened())


def test_unreachable_says_how_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
    monkeypatch.setenv("FORECOURT_URL", address)
    page = shown(opened())
    assert f"{address} doesn&#x27;t answer" in page
    assert "forecourt serve SEASON" in page
    assert "fc-red" in page


def test_last_rows_stay_when_the_system_falls_silent(system: Recorded) -> None:
    app = opened()
    assert "fc-green" in shown(app)
    system.choose(fault="warming")
    page = shown(app.run())
    assert "Places 1–20 of 128" in page
    assert "Below is what was heard last." in page
    assert "fc-red" in page
    system.choose()
    assert "fc-green" in shown(app.run())


def test_prizes_show_cost_budget_and_risk() -> None:
    page = shown(opened("prizes"))
    assert "If the season ended now" in page
    assert "¥13,506.80" in page
    assert "Budget ¥20,000.00, ¥6,493.20 left" in page
    assert "we pay 20 %" in page
    assert "winner pays 20 %" in page
    assert page.count(">safe<") + page.count(">at risk<") == 25


def test_prizes_say_when_the_budget_is_broken_or_missing(system: Recorded) -> None:
    system.choose(budget="10000.00")
    assert "¥3,506.80 over" in shown(opened("prizes"))
    system.choose(budget=None)
    assert "sets no budget for prizes" in shown(opened("prizes"))


def test_prizes_of_one_board_and_none() -> None:
    app = opened("prizes")
    app.main.segmented_control[0].set_value("drivers").run()
    assert shown(app).count('class="fc-row"') == 20
    assert app.query_params["board"] == "drivers"
    app.main.segmented_control[0].set_value("companies").run()
    assert "Nobody qualifies for a prize yet" in shown(app)


def test_turning_to_another_page_begins_at_its_top() -> None:
    app = opened("prizes", board="drivers", page="3", member=member_id(6))
    assert shown(app).count('class="fc-row"') == 25
    assert "page=1" in unquote(next(code.value for code in app.code))
    app.switch_page("app_pages/standings.py").run()
    assert "Why rank 6" in shown(app)


def test_prizes_after_the_end_show_the_hash(system: Recorded) -> None:
    system.choose(phase="final")
    page = shown(opened("prizes", locale="zh-CN"))
    assert HASH in page
    assert "最终名单" in page
    assert "已公布" in page
    assert ">稳<" not in page
    assert "名次已冻结" in page


def test_the_next_season_is_told_with_its_name_and_start(system: Recorded) -> None:
    assert "fc-upcoming" not in shown(opened())
    system.choose(upcoming=True)
    assert "Next season: Autumn 2026 fuel season, from " in shown(opened())
    assert "下一赛季：2026 秋季加油赛，" in shown(opened(locale="zh-CN"))


def test_the_season_before_stands_beside_this_one(system: Recorded) -> None:
    system.choose(older="hold")
    app = opened(season="spring-2026", page="2")
    page = shown(app)
    assert "runs its course beside this one" in page
    assert "Places 21–40 of 128" in page
    assert 'class="fc-gap"' not in page, "what is missing to a prize isn't told of it"
    assert app.query_params["season"] == "spring-2026"
    app.main.segmented_control(key="board").set_value("companies").run()
    assert "速达物流" in shown(app)
    app.main.segmented_control(key="season").set_value("this").run()
    assert 'class="fc-podium"' in shown(app)
    assert "season" not in app.query_params
    system.choose(older="final")
    page = shown(opened(season="spring-2026"))
    assert "final and published" in page
    assert HASH in page
    # Once it isn't held any more, a link to it opens this season.
    system.choose()
    assert 'class="fc-podium"' in shown(opened(season="spring-2026"))
