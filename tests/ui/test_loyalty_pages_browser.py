"""What a person sees of members, coupons, reports, rules and claims, in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.ui.fixture_api import member_id
from tests.ui.fixture_reports import ADMIN_KEY
from tests.ui.fixture_simulations import COMPARED, DONE, FITTED, LEAKING, RUNNING, TUNED
from tests.ui.recorded import Recorded
from tests.ui.test_pages_browser import (
    PHONE,
    SCREEN,
    TOFU,
    Theme,
    choose,
    looking,
    overflow_px,
    picture,
)

WHO = member_id(17)
VIEWS = {
    # a page's path: what must be seen in Chinese, and in English
    f"members?member={WHO}": ("31 笔变动", "31 movements"),
    f"members?member={WHO}&part=coupons": ("免费洗车", "Free car wash"),
    f"members?member={WHO}&part=expiry": ("尚有 830 分可用", "830 points live on"),
    f"members?member={WHO}&part=rank": ("为什么是第 17 名", "Why rank 17"),
    "coupons": ("发放的 9,755 张券", "of 9,755 issued coupons"),
    "coupons?part=effects": ("6.9 个百分点", "6.9 percentage points"),
    "coupons?part=send": ("先预览，再发送", "See before you send"),
    "reports": ("最大的人群是高频会员", "Frequent is the largest segment"),
    "reports?report=satisfaction": ("评分最低：S002", "Lowest score: S002"),
    "reports?report=liability": ("未使用积分折合 ¥2,520.00", "Points worth ¥2,520.00"),
    "rules": ("现行第 1 版", "version 1 in force"),
    "rules?part=findings": ("1 个警告，1 条提示", "1 warnings, 1 notes"),
    "operations": ("99% 的应答最慢 84 毫秒", "99 of 100 answers within 84 ms"),
    "operations?part=processes": ("离线：榜单（分片 2）", "Away: Ranking, shard 2"),
    "operations?part=budgets": ("4 项预算中 1 项剩余不足一成", "1 of 4 budgets"),
    "simulate": ("共 4 次、每次 2,000 位会员", "4 runs of 2,000 members"),
    f"simulate?part=results&simulation={DONE}": ("收不回成本", "doesn't pay for itself"),
    f"simulate?part=results&simulation={COMPARED}": ("无法判断哪份文件", "can't tell which file"),
    "simulate?part=tune": ("会员日：积分倍数", "Member day: times the points"),
    f"simulate?part=results&simulation={TUNED}": ("改动 3 个取值", "Changing 3 values"),
    f"simulate?part=results&simulation={RUNNING}": ("138 / 368 天", "138 of 368 days"),
    "simulate?part=adversaries": ("最多 148 次", "148 runs of 1,000 members at most"),
    f"simulate?part=results&simulation={LEAKING}": ("多的是多人共卡", "goes to shared cards"),
    "simulate?part=calibrate": ("让模拟会员像您的会员", "Members as yours are"),
    f"simulate?part=results&simulation={FITTED}": ("偏差为 −3.4%", "are foretold −3.4% off"),
    "forecast": ("整个赛季将花费 ¥137,526", "The season comes to ¥137,526"),
    "operations?part=tests": ("不丢不重：已确认 48,210 笔", "48,210 events acknowledged"),
}
LOOKS: list[tuple[str, Theme, tuple[int, int]]] = [
    ("zh-CN", "light", SCREEN),
    ("en-GB", "dark", SCREEN),
    ("zh-CN", "dark", PHONE),
    ("en-GB", "light", PHONE),
]


def file_name(view: str) -> str:
    return re.sub(r"[^a-z]+", "-", view.replace(WHO, ""))


def settled(page: Page) -> None:
    """Wait until nothing moves any more, so that what is measured is the whole page."""
    expect(page.locator(".fc-fresh")).to_have_class(re.compile("fc-green"))
    page.wait_for_load_state("networkidle")


# Every view in one look, each look in turn; the other looks of each are long.
SEEN = [
    pytest.param(view, *look, marks=[] if place % len(LOOKS) == turn else [pytest.mark.long])
    for place, view in enumerate(VIEWS)
    for turn, look in enumerate(LOOKS)
]


@pytest.mark.usefixtures("system")
@pytest.mark.parametrize(("view", "locale", "theme", "size"), SEEN)
def test_every_view_is_whole_in_both_languages_themes_and_sizes(
    browser: Browser,
    pages: str,
    pictures: Path,
    view: str,
    locale: str,
    theme: Theme,
    size: tuple[int, int],
) -> None:
    said = VIEWS[view][0 if locale == "zh-CN" else 1]
    with looking(browser, f"{pages}/{view}", locale, theme, size) as page:
        expect(page.locator("[data-testid='stMain']")).to_contain_text(said)
        settled(page)
        seen = page.locator("body").inner_text()
        assert page.evaluate(TOFU, seen) == []
        assert WHO not in seen.replace(page.url, "")
        assert overflow_px(page) <= 0
        picture(page, pictures, f"{file_name(view)}-{locale[:2]}-{theme}-{size[0]}")


@pytest.mark.usefixtures("system")
def test_the_card_is_drawn_and_the_waterfall_too(browser: Browser, pages: str) -> None:
    with looking(browser, f"{pages}/members?member={WHO}") as page:
        card = page.locator("img.fc-member-card")
        expect(card).to_be_visible()
        width: int = card.evaluate("(img) => img.naturalWidth")
        assert width > 0
        chart = page.locator("[data-testid='stVegaLiteChart'] canvas, .vega-embed svg")
        expect(chart).to_have_count(1)
        page.get_by_role("button", name="Page 2", exact=True).click()
        expect(page).to_have_url(re.compile("page=2"))
        expect(page.locator(".fc-board tbody tr")).to_have_count(12)


@pytest.mark.usefixtures("system")
def test_a_campaign_is_previewed_confirmed_and_sent(
    browser: Browser, pages: str, pictures: Path
) -> None:
    with looking(browser, f"{pages}/coupons?part=send", "zh-CN") as page:
        name = page.get_by_label("活动名称（编号）")
        name.fill("recall-july")
        name.press("Enter")
        page.get_by_role("button", name="预览").click()
        expect(page.locator(".fc-plan")).to_contain_text("预览：recall-july")
        expect(page.locator(".fc-plan")).to_contain_text("5,850 张")
        send = page.get_by_role("button", name="发送", exact=False).last
        expect(send).to_be_disabled()
        page.get_by_text("确认现在发放 5,850 张券").click()
        key = page.get_by_role("textbox", name="管理员密钥")
        key.fill(ADMIN_KEY)
        key.press("Enter")
        expect(send).to_be_enabled()
        picture(page, pictures, "campaign-plan-zh-light-1280")
        send.click()
        expect(page.locator(".fc-notice-good")).to_contain_text("已发放 5,850 张券")
        assert ADMIN_KEY not in page.locator("body").inner_text()
        assert ADMIN_KEY not in page.url


@pytest.mark.usefixtures("system")
def test_a_draft_tells_what_it_takes_before_it_goes_live(
    browser: Browser, pages: str, pictures: Path
) -> None:
    with looking(browser, f"{pages}/rules?part=changes", "en-GB", "dark") as page:
        text = page.locator("textarea").first
        expect(text).to_have_value(re.compile("A full season file"))
        text.press("Control+End")
        text.press_sequentially("\n# worse better")
        text.press("Control+Enter")
        expect(page.locator(".fc-changes-worse")).to_contain_text("1 point a litre instead of 2")
        expect(page.locator(".fc-bars")).to_contain_text("212 members")
        live = page.get_by_role("button", name="Go live")
        expect(live).to_be_disabled()
        page.get_by_text("Yes, these changes are meant").click()
        page.get_by_text("Yes, every event from now on").click()
        key = page.get_by_role("textbox", name="Admin key")
        key.fill(ADMIN_KEY)
        key.press("Enter")
        expect(live).to_be_enabled()
        picture(page, pictures, "rules-adverse-en-dark-1280")
        live.click()
        expect(page.locator(".fc-notice-good")).to_contain_text("Version 2 is in force")


@pytest.mark.usefixtures("system")
def test_a_report_is_taken_away_as_parquet(browser: Browser, pages: str, tmp_path: Path) -> None:
    with looking(browser, f"{pages}/reports?report=sales") as page:
        with page.expect_download() as download:
            page.get_by_role("button", name="Download as Parquet").click()
        target = tmp_path / "sales.parquet"
        download.value.save_as(target)
    assert pq.read_table(target).column("product").to_pylist() == ["92", "95", "0", "shop", "98"]


def test_claims_after_the_list_is_published(
    browser: Browser, pages: str, pictures: Path, system: Recorded
) -> None:
    system.choose(phase="final")
    with looking(browser, f"{pages}/prizes", "zh-CN", "light", PHONE) as page:
        settled(page)
        choose(page, "领奖情况")
        expect(page.locator(".fc-bars")).to_contain_text("30 份奖品中还有 16 份待领取")
        expect(page.locator(".fc-board")).to_contain_text("已送达")
        assert overflow_px(page) <= 0
        picture(page, pictures, "claims-zh-light-390")


def test_a_refresh_keeps_what_is_being_filled_in(
    browser: Browser, pages: str, system: Recorded
) -> None:
    with looking(browser, f"{pages}/members?member={WHO}") as page:
        settled(page)
        search = page.get_by_placeholder("Member id: see the places around")
        search.fill("half a member id")
        page.evaluate("window.mark = 1")
        system.choose(fault="warming")
        expect(page.locator(".fc-notice").first).to_contain_text("The system is starting")
        expect(page.locator(".fc-tile-main")).to_contain_text("830 points")
        system.choose()
        expect(page.locator(".fc-notice")).to_have_count(0)
        expect(search).to_have_value("half a member id")
        assert page.evaluate("window.mark") == 1


@pytest.mark.usefixtures("system")
def test_a_log_is_chosen_and_sent_before_it_is_fitted(browser: Browser, pages: str) -> None:
    with looking(browser, f"{pages}/simulate?part=calibrate") as page:
        main = page.locator("[data-testid='stMain']")
        expect(main).to_contain_text("Members as yours are")
        settled(page)
        page.get_by_role("combobox").first.click()
        page.get_by_role("option", name="A log of your own").click()
        expect(main).to_contain_text("No log yet")
        start = page.get_by_role("button", name="Fit the members")
        expect(start).to_be_disabled()
        log = {"name": "year.csv", "mimeType": "text/csv", "buffer": b"event_id,type\n" * 200}
        page.locator("input[type=file]").first.set_input_files(log)  # type: ignore[arg-type]  # a dict is a file's payload
        expect(main).to_contain_text("year.csv is uploaded (3 KiB)")
        expect(start).to_be_enabled()
        start.click()
        expect(main).to_contain_text("Waits for its turn")
