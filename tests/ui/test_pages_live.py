"""The pages on a real season: traffic sent to a running system, seen in a browser, then final."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import TimeoutError as NotInTime

import ui
from tests.ui.test_pages_browser import TOFU, looking, picture
from ui.client import Client
from ui.parts.figures import number

SEASON = Path(ui.__file__).parents[1] / "seasons" / "summer-2026.toml"
ADMIN_KEY = "admin-key-of-the-page-test-0123456789"
MEMBERS, DAYS = 200, 8
TYPED_AGAIN_MAX = 4
TYPED_WITHIN_MS = 10_000
LONG_MS = 240_000
"""How long a job of the simulator may take on a machine that does much else."""


def forecourt(*words: str) -> list[str]:
    return [sys.executable, "-c", "from ui.commands import main; main()", *words]


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return str(free.getsockname()[1])


@pytest.fixture(scope="module")
def season(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, str, str]]:
    """Serve the season, send it some days of traffic; give a client, its address, the pages'."""
    folder = tmp_path_factory.mktemp("season")
    log, port, pages_port = folder / "log.ndjson", free_port(), free_port()
    address, key = f"http://127.0.0.1:{port}", {**os.environ, "FORECOURT_ADMIN_KEY": ADMIN_KEY}
    size = ("--members", str(MEMBERS), "--days", str(DAYS))
    subprocess.run(forecourt("traffic", str(SEASON), *size, "--out", str(log)), check=True)
    ports = ("--port", port, "--ui-port", pages_port, "--shards", "1")
    serving = forecourt(
        "serve", str(SEASON), "--data", str(folder / "data"), "--clock", "events", *ports
    )
    said = folder / "serve.log"
    with said.open("w") as errors:
        process = subprocess.Popen(
            serving, env=key, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        assert process.stdout is not None
        try:
            if not any(line.startswith("ready http") for line in process.stdout):
                pytest.fail(f"the system did not start:\n{said.read_text()}")
            to = ("--url", address, "--key", ADMIN_KEY)
            subprocess.run(forecourt("send", str(log), *to), check=True)
            client = Client(address, ADMIN_KEY)
            pages = f"http://127.0.0.1:{pages_port}"
            # The pages' server opens its port a little after the system is ready.
            with httpx.Client(transport=httpx.HTTPTransport(retries=8)) as patient:
                assert patient.get(f"{pages}/_stcore/health").text == "ok"
            yield client, address, pages
            client.close()
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=60)
            process.stdout.close()


def preview_of(page: Page, campaign: str) -> None:
    """Name a campaign and have it previewed.

    A page that is still being drawn forgets what is typed; whoever types sees it and types again.
    """
    name = page.get_by_label("Name of the campaign (id)")
    expect(name).to_be_visible()
    page.wait_for_load_state("networkidle")
    for _ in range(TYPED_AGAIN_MAX):
        name.fill(campaign)
        name.press("Enter")
        try:
            page.get_by_role("button", name="Preview").click(timeout=TYPED_WITHIN_MS)
        except NotInTime:
            continue
        return
    pytest.fail(f"the name was forgotten {TYPED_AGAIN_MAX} times")


def fill_in(page: Page, key: str, value: str) -> None:
    """Write a number into a field once the page holds still."""
    field = page.locator(f".st-key-{key} input")
    expect(field).to_be_visible()
    page.wait_for_load_state("networkidle")
    field.fill(value)
    field.press("Enter")
    expect(field).to_have_value(value)


def test_the_loyalty_pages_show_what_the_system_holds(
    browser: Browser, season: tuple[Client, str, str], pictures: Path
) -> None:
    client, _, pages = season
    who = client.standings("overall", limit=1).rows[0].member
    held, why = client.member(who), client.why("overall", who)
    statement = client.statement(who, limit=1)
    with looking(browser, f"{pages}/members?member={who}", "zh-CN") as page:
        expect(page.locator(".fc-tile-main")).to_contain_text(f"{number(held.active)} 分")
        expect(page.locator("div.fc-caption").first).to_contain_text(f"{statement.total} 笔变动")
        expect(page.locator(".fc-steps li").first).to_be_visible()
        expect(page.locator(".fc-tile").nth(1)).to_contain_text("2027年")
        assert held.next_tier is not None
        assert held.next_tier.needs["litres"] == "900.000"
        expect(page.locator("img.fc-member-card")).to_be_visible()
        picture(page, pictures, "live-member-zh")
        page.get_by_text("名次与原因", exact=True).click()
        expect(page.locator(".fc-card h3")).to_have_text(f"为什么是第 {why.rank} 名")
        expect(page.locator(".fc-card li").first).to_contain_text("领先")
    funnel = client.report("coupons")
    issued = sum(int(str(row["issued"])) for row in funnel.rows)
    with looking(browser, f"{pages}/coupons", "en-GB", "dark") as page:
        expect(page.locator(".fc-bars")).to_contain_text(f"of {number(issued)} issued coupons")
        picture(page, pictures, "live-coupons-en")
        page.get_by_text("Send a campaign", exact=True).click()
        preview_of(page, "trial")
        expect(page.locator(".fc-plan")).to_contain_text("Preview: trial")
        picture(page, pictures, "live-campaign-en")
    assert client.campaigns().campaigns == ()
    for report in ("segments", "sales", "trend", "members", "liability"):
        with looking(browser, f"{pages}/reports?report={report}", "zh-CN") as page:
            expect(page.locator(".fc-message").first).to_be_visible()
            picture(page, pictures, f"live-report-{report}-zh")
    with looking(browser, f"{pages}/rules", "zh-CN") as page:
        expect(page.locator(".fc-title")).to_contain_text("现行第 1 版")
        expect(page.locator(".st-key-terms")).to_contain_text("加油俱乐部")
        picture(page, pictures, "live-rules-zh")
        page.get_by_text("检查", exact=True).click()
        expect(page.locator(".fc-finding").first).to_be_visible()
        picture(page, pictures, "live-lint-zh")


SPACE = """format = 1
[[vary]]
path = "prizes.overall.1.reward"
choices = ["phone", "watch"]
"""


@pytest.mark.long
def test_a_season_is_tuned_from_the_form_to_the_rules_page(
    browser: Browser, season: tuple[Client, str, str], pictures: Path
) -> None:
    client, _, pages = season
    with looking(browser, f"{pages}/simulate?part=tune", "zh-CN") as page:
        main = page.locator("[data-testid='stMain']")
        expect(main).to_contain_text("会员日：积分倍数")
        page.get_by_text("对应的范围文件").click()
        own = page.locator(".st-key-tune_space_text textarea")
        expect(own).to_be_visible()
        page.wait_for_load_state("networkidle")
        own.fill(SPACE)
        own.press("Control+Enter")
        for key, value in (("limit_litres", "50"), ("trials", "2"), ("members", "12")):
            field = page.locator(f".st-key-tune_{key} input")
            field.fill(value)
            field.press("Enter")
        expect(main).to_contain_text("最多 2 份文件")
        expect(main).to_contain_text("12 位会员")
        page.get_by_role("button", name="开始搜索").click()
        expect(page).to_have_url(re.compile("simulation="))
        done = page.locator(".fc-verdict")
        expect(done).to_be_visible(timeout=LONG_MS)
        expect(main).to_contain_text("改什么")
        expect(page.locator("[data-testid='stVegaLiteChart'] svg.marks")).to_have_count(1)
        picture(page, pictures, "live-tuned-zh")
        [one] = client.simulations().simulations
        best = client.simulation_file(one.id, "best.toml").decode()
        found = client.simulation(one.id).found
        assert found is not None
        assert found.outcome == "better", "a watch costs less than a phone"
        assert found.best is not None
        assert [each.path for each in found.best.changes] == ["prizes.overall.1.reward"]
        page.get_by_role("button", name="在规则页打开").click()
        expect(page).to_have_url(re.compile("/rules"))
        expect(page.locator("textarea").first).to_have_value(best)
        changes = page.get_by_role("radio", name="改动")
        expect(changes).to_be_visible()
        page.wait_for_load_state("networkidle")
        changes.click()
        said = page.locator("[class*='fc-changes']").first
        try:
            expect(said).to_be_visible()
        except AssertionError:
            # A page that is still being drawn takes no click; whoever sees it clicks again.
            changes.click()
        expect(said).to_contain_text("智能手表")
        picture(page, pictures, "live-tuned-rules-zh")


@pytest.mark.long
def test_forecast_cheats_and_calibration_are_asked_for_and_read(
    browser: Browser, season: tuple[Client, str, str], pictures: Path
) -> None:
    client, _, pages = season
    before = {one.id for one in client.simulations().simulations}
    with looking(browser, f"{pages}/forecast", "zh-CN") as page:
        page.get_by_text("推演次数与起始种子").click()
        fill_in(page, "forecast_seeds", "2")
        page.get_by_role("button", name="立即预测").click()
        expect(page.locator(".fc-tile-main")).to_contain_text("¥", timeout=LONG_MS)
        main = page.locator("[data-testid='stMain']")
        expect(main).to_contain_text("各奖品需要多少分")
        expect(main).to_contain_text("平板电脑")
        picture(page, pictures, "live-forecast-zh")
    with looking(browser, f"{pages}/simulate?part=adversaries", "en-GB", "dark") as page:
        for key, value in (("members", "60"), ("agents", "5"), ("seeds", "1")):
            fill_in(page, f"leak_{key}", value)
        page.get_by_text("Try what closes the leaks").click()
        expect(page.locator("[data-testid='stMain']")).to_contain_text("3 runs of 60 members")
        page.get_by_role("button", name="Look for leaks").click()
        expect(page.locator(".fc-verdict")).to_contain_text(
            "more than honest members", timeout=LONG_MS
        )
        picture(page, pictures, "live-leaks-en")
    with looking(browser, f"{pages}/simulate?part=calibrate", "zh-CN") as page:
        page.get_by_role("button", name="拟合会员").click()
        expect(page.locator(".fc-verdict")).to_contain_text("周", timeout=LONG_MS)
        picture(page, pictures, "live-fitted-zh")
        page.get_by_role("button", name="用这些会员模拟").click()
        expect(page.get_by_text("会员行为：自己的会员文件")).to_be_visible()
    made = [one for one in client.simulations().simulations if one.id not in before]
    assert [(one.kind, one.state) for one in made] == [
        ("calibrate", "done"),
        ("adversaries", "done"),
        ("forecast", "done"),
    ]


def test_a_season_is_watched_to_its_end(
    browser: Browser, season: tuple[Client, str, str], pictures: Path
) -> None:
    client, address, pages = season
    first = client.standings("overall", limit=3)
    leader = first.rows[0]
    with looking(browser, pages, "zh-CN") as page:
        expect(page.locator(".fc-step-1 .fc-score")).to_have_text(f"{number(leader.score)} 分")
        expect(page.locator(".fc-board")).to_contain_text(leader.name or "no masked name")
        expect(page.locator(".fc-cut")).to_have_count(len(first.cut_lines))
        expect(page.locator(".fc-small")).to_contain_text("时钟随事件走")
        expect(page.locator("[data-testid='stVegaLiteChart'] svg.marks")).to_have_count(1)
        seen = page.locator("body").inner_text()
        assert leader.member not in seen
        assert page.evaluate(TOFU, seen) == []
        picture(page, pictures, "live-standings-zh")
    with looking(browser, f"{pages}/?member={first.rows[2].member}") as page:
        expect(page.locator(".fc-card h3")).to_have_text("Why rank 3")
    with looking(browser, f"{pages}/prizes", "en-GB", "dark") as page:
        cost = client.prizes().total
        expect(page.locator(".fc-tile-main")).to_contain_text(f"¥{cost.total:,.2f}")
        picture(page, pictures, "live-prizes-en")
        to = ("--url", address, "--key", ADMIN_KEY)
        subprocess.run(forecourt("season", "finalise", *to), check=True)
        final = client.season(hours=0).standings_hash
        assert final is not None
        expect(page.locator(".fc-hash")).to_have_text(final)
        expect(page.locator(".fc-countdown")).to_have_text("places are frozen")
        picture(page, pictures, "live-final-en")
        subprocess.run(forecourt("season", "publish", *to), check=True)
    claims = client.claims()
    assert set(claims.states) == {"won"}
    with looking(browser, f"{pages}/prizes?part=claims") as page:
        waiting = f"{claims.states['won']} of {claims.states['won']} prizes are still"
        expect(page.locator(".fc-bars")).to_contain_text(waiting)
        picture(page, pictures, "live-claims-en")
