"""Members, coupons, reports, rules and claims: the pages' logic against recorded answers."""

import csv
import io
from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.fixture_api import member_id
from tests.ui.fixture_reports import ADMIN_KEY
from tests.ui.opened import opened, shown
from tests.ui.recorded import Recorded
from ui.client import Client
from ui.parts.csv_file import claims_csv, coupons_csv, statement_csv

WHO = member_id(17)


pytestmark = pytest.mark.usefixtures("system")


@pytest.fixture
def client(server: Recorded) -> Iterator[Client]:
    client = Client(server.url, server.key)
    yield client
    client.close()


def button(app: AppTest, key: str) -> AppTest:
    return app.button(key=key).click().run()


def test_without_a_member_the_page_asks_for_one() -> None:
    assert "Which member?" in shown(opened("members"))


def test_an_unknown_member_is_told_and_what_to_do() -> None:
    page = shown(opened("members", member="m-nobody"))
    assert "There is no such member" in page
    assert "capitals matter" in page


def test_a_member_has_card_points_tier_and_the_way_to_the_next() -> None:
    page = shown(opened("members", member=WHO))
    assert "data:image/svg+xml;base64," in page
    assert "830 points" in page
    assert "100 points pending from referrals" in page
    assert "301.5 L or ¥1,200.00 spent" in page
    assert 'style="width:82.86%"' in page, "7,000 less 1,200 of 7,000 is the nearest way"


def test_statement_shows_the_newest_page_and_fetches_only_it(system: Recorded) -> None:
    app = opened("members", member=WHO)
    assert "31 movements, the newest first" in shown(app)
    assert shown(app).count('class="fc-row"') == 12
    system.choose()
    app.query_params["page"] = "3"
    app.run()
    asked = {path for path in system.asked() if "/statement" in path}
    assert shown(app).count('class="fc-row"') == 7
    assert asked <= {
        f"/v1/members/{WHO}/statement?limit=1",
        f"/v1/members/{WHO}/statement?limit=7",
    }
    assert f"/v1/members/{WHO}/statement?limit=7" in asked


def test_an_event_is_explained_with_its_near_misses() -> None:
    app = opened("members", member=WHO, event="p-028")
    page = shown(app)
    assert "This event gave 276 points, most of them by: Goal spend-2000 (+200)" in page
    assert "12 minutes before night" in page
    assert app.query_params["event"] == "p-028"


def test_an_event_that_is_not_the_members_is_told() -> None:
    assert "There is no such event" in shown(opened("members", member=WHO, event="x-1"))


def test_coupons_of_one_status() -> None:
    app = opened("members", member=WHO, part="coupons")
    assert shown(app).count('class="fc-row"') == 6
    app.main.segmented_control(key="status").set_value("redeemed").run()
    assert shown(app).count('class="fc-row"') == 2
    assert "¥10.00" in shown(app)
    assert app.query_params["status"] == "redeemed"


def test_points_by_expiry_name_the_first_to_go() -> None:
    page = shown(opened("members", member=WHO, part="expiry"))
    assert "830 points live on; the first 64 expire on" in page
    assert "−1,000 points" in page


def test_rank_is_explained_against_both_neighbours() -> None:
    page = shown(opened("members", "zh-CN", member=WHO, part="rank"))
    assert "为什么是第 17 名" in page
    assert "落后" in page
    assert "领先" in page
    assert "升至第 16 名" in page


def test_statement_and_coupons_are_taken_away_whole(client: Client) -> None:
    rows = list(csv.DictReader(io.StringIO(statement_csv(client, WHO))))
    assert len(rows) == 31
    assert rows[-2]["points"] == "-1000"
    assert len(coupons_csv(client.coupons(WHO)).splitlines()) == 1 + 6


def test_coupons_add_up_to_a_funnel_and_one_can_be_chosen() -> None:
    app = opened("coupons")
    assert "25.1% of 9,755 issued coupons were used" in shown(app)
    assert "¥27,911.00" in shown(app)
    app.selectbox(key="coupon").set_value("wash").run()
    assert "45.6% of 412 issued coupons were used" in shown(app)
    assert app.query_params["coupon"] == "wash"


def test_effects_name_the_push_that_is_more_than_chance() -> None:
    page = shown(opened("coupons", part="effects"))
    assert "recall-60 brings 6.9 percentage points more buyers" in page
    assert "−6.6 to 10.6" in page
    assert "night-july · shop-80" in page


def test_nothing_pushed_yet_is_told(system: Recorded) -> None:
    system.choose(empty=True)
    assert "pushed a coupon yet" in shown(opened("coupons", part="effects"))
    assert "No coupon has been issued yet" in shown(opened("coupons"))


def filled(app: AppTest) -> AppTest:
    app.text_input(key="campaign_id").set_value("recall-july").run()
    app.selectbox(key="campaign_segment").set_value("frequent").run()
    app.segmented_control(key="campaign_arms").set_value(2).run()
    return app


def test_a_campaign_is_previewed_before_it_can_be_sent() -> None:
    app = opened("coupons", part="send")
    assert app.button(key="campaign_preview").disabled
    app = button(filled(app), "campaign_preview")
    page = shown(app)
    assert "Preview: recall-july" in page
    assert "1,926 coupons" in page
    assert "214 members" in page, "held out: a tenth of 2,140"
    assert app.button(key="campaign_send").disabled
    app.slider(key="campaign_holdout").set_value(20).run()
    assert "The form has changed since the preview" in shown(app)
    assert all(one.key != "campaign_send" for one in app.button)


def test_sending_takes_a_confirmation_and_an_admin_key(client: Client, server: Recorded) -> None:
    app = button(filled(opened("coupons", part="send")), "campaign_preview")
    app.checkbox(key="confirm recall-july").check().run()
    assert app.button(key="campaign_send").disabled
    app.text_input(key="admin_key").set_value(server.key).run()
    app = button(app, "campaign_send")
    assert "Use a key with the role analyst or admin" in shown(app)
    assert client.campaigns().campaigns == ()
    app.text_input(key="admin_key").set_value(ADMIN_KEY).run()
    app = button(app, "campaign_send")
    assert "Sent: 1,926 coupons of campaign recall-july" in shown(app)
    [ran] = client.campaigns().campaigns
    assert [arm.share for arm in ran.arms] == ["0.4500", "0.4500"]


def test_a_refused_campaign_says_why(client: Client, server: Recorded) -> None:
    admin = Client(server.url, ADMIN_KEY)
    admin.campaign({"id": "recall-july", "coupon": "wash", "holdout": "0"}, preview=False)
    admin.close()
    app = button(filled(opened("coupons", part="send")), "campaign_preview")
    assert "ran before" in shown(app)
    assert len(client.campaigns().campaigns) == 1


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, "Frequent is the largest segment: 2,140 members"),
        ({"report": "sales"}, "92# has the most net sales: ¥1,166,259.86"),
        ({"report": "stations"}, "S001 has the most net sales"),
        ({"report": "service"}, "shop has the most net sales"),
        ({"report": "trend", "by": "month"}, "Most net sales"),
        ({"report": "members", "by": "recency"}, "0–7 days ago has the most members"),
        ({"report": "satisfaction"}, "Lowest score: S002"),
        ({"report": "liability"}, "Points worth ¥2,520.00 are owed; most were earned in Aug 2026"),
        ({"report": "liability", "by": "expires"}, "most expire in Aug 2027"),
    ],
)
def test_each_report_says_its_message(asked: dict[str, str], message: str) -> None:
    app = opened("reports", **asked)
    assert message in shown(app)
    assert app.query_params["report"] == asked.get("report", "segments")


def test_days_are_asked_for_and_kept_in_the_link(system: Recorded) -> None:
    app = opened("reports", report="sales", since="2026-06-01", until="2026-06-30")
    assert app.query_params["until"] == "2026-06-30"
    assert any("from=2026-06-01&to=2026-06-30" in path for path in system.asked())


def test_days_the_wrong_way_round_are_told() -> None:
    app = opened("reports", report="sales", since="2026-06-30", until="2026-06-01")
    assert "The last day lies before the first" in shown(app)


def test_an_empty_report_says_what_to_do(system: Recorded) -> None:
    system.choose(empty=True)
    assert "Nothing to report for these days" in shown(opened("reports", report="sales"))


def test_rules_show_the_file_and_its_terms() -> None:
    app = opened("rules", "zh-CN")
    assert "现行第 1 版" in shown(app)
    assert "# A full season file" in str(app.text_area(key="rules_draft").value)
    assert any("加油俱乐部主办" in one.value for one in app.markdown)


def test_findings_and_errors_stand_with_their_lines() -> None:
    app = opened("rules", part="findings")
    assert "Warning · A top-up that earns twice · line 74" in shown(app)
    assert "120 points, ¥1.20" in shown(app)
    app.text_area(key="rules_draft").set_value("a = 1\nentry = broken").run()
    page = shown(app)
    assert "line 2" in page
    assert "entry = broken" in page
    assert "must be a table" in page


def test_a_draft_goes_live_only_when_what_it_takes_is_confirmed(client: Client) -> None:
    app = opened("rules", part="changes")
    assert "No difference from the version in force" in shown(app)
    text = app.text_area(key="rules_draft").value
    app.text_area(key="rules_draft").set_value(f"{text}\n# worse better").run()
    page = shown(app)
    assert "1 point a litre instead of 2" in page
    assert "1 changes take something from members" in page
    assert "212 fall, 31 rise" in page
    app.text_input(key="admin_key").set_value(ADMIN_KEY).run()
    app.checkbox[1].check().run()
    assert app.button(key="rules_go_live").disabled, "what is adverse isn't accepted yet"
    app.checkbox[0].check().run()
    app = button(app, "rules_go_live")
    assert "Version 2 is in force" in shown(app)
    assert client.rules().text.endswith("# worse better")


def test_a_draft_can_be_given_up() -> None:
    app = opened("rules")
    before = app.text_area(key="rules_draft").value
    app.text_area(key="rules_draft").set_value("nothing").run()
    app = button(app, "rules_back")
    assert app.text_area(key="rules_draft").value == before


def test_claims_stand_by_state_after_the_list_is_published(
    system: Recorded, client: Client
) -> None:
    assert "to be claimed" not in shown(opened("prizes"))
    system.choose(phase="final")
    app = opened("prizes", part="claims")
    page = shown(app)
    assert "16 of 30 prizes are still to be claimed, at the latest by" in page
    assert "not claimed in time" in page
    assert "pick-up" in page
    assert len(claims_csv(client.claims()).splitlines()) == 1 + 30


@pytest.mark.parametrize("visit", ["members", "coupons", "reports", "rules"])
def test_every_page_waits_for_a_system_that_is_starting(system: Recorded, visit: str) -> None:
    system.choose(fault="warming")
    assert "The system is starting" in shown(opened(visit))
