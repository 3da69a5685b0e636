"""What a person sees, in a real browser: both languages, both themes, a screen and a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, urlsplit
from weakref import WeakKeyDictionary

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.ui.fixture_api import HASH, member_id
from tests.ui.recorded import Recorded

Theme = Literal["light", "dark"]
SCREEN = (1280, 800)
PHONE = (390, 844)
WAIT_MS = 30_000
CLICKED_WITHIN_MS = 5_000
CLICKED_AGAIN_MAX = 3
# A glyph no font has is drawn like the character U+FFFF; a real one is drawn otherwise.
TOFU = """(text) => {
  const draw = (letter) => {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 40;
    const pen = canvas.getContext('2d');
    pen.font = '30px ' + getComputedStyle(document.querySelector('.fc')).fontFamily;
    pen.fillText(letter, 2, 32);
    return canvas.toDataURL();
  };
  const box = draw('\\uffff');
  return [...new Set(text)].filter((letter) => letter.trim() && draw(letter) === box);
}"""


Look = tuple[str, Theme, tuple[int, int]]
_tabs: WeakKeyDictionary[Browser, dict[Look, Page]] = WeakKeyDictionary()
"""A browser's tab for each look: a page loaded in a tab that had one before takes half the time."""


@contextmanager
def looking(
    browser: Browser,
    address: str,
    locale: str = "en-GB",
    theme: Theme = "light",
    size: tuple[int, int] = SCREEN,
) -> Iterator[Page]:
    tabs, look = _tabs.setdefault(browser, {}), (locale, theme, size)
    # One that failed is not used again.
    page = tabs.pop(look, None) or _new_tab(browser, *look)
    try:
        page.goto(address)
        yield page
        expect(page.locator("[data-testid='stException']")).to_have_count(0)
        page.evaluate("localStorage.clear(); sessionStorage.clear()")
        page.goto("about:blank")
        page.context.clear_cookies()
        tabs[look] = page
    finally:
        if look not in tabs:
            page.context.close()


def _new_tab(browser: Browser, locale: str, theme: Theme, size: tuple[int, int]) -> Page:
    context = browser.new_context(
        locale=locale, color_scheme=theme, viewport={"width": size[0], "height": size[1]}
    )
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    expect.set_options(timeout=WAIT_MS)
    return page


def picture(page: Page, folder: Path, name: str) -> None:
    # The chart is drawn last; without it the picture would show a gap.
    page.wait_for_load_state("networkidle")
    page.screenshot(path=folder / f"{name}.png")


def choose(page: Page, name: str) -> None:
    """Take one of several choices.

    A page that is being drawn at that moment forgets a click; whoever sees that clicks again.
    """
    choice = page.get_by_role("radio", name=name, exact=True)
    for _ in range(CLICKED_AGAIN_MAX):
        page.get_by_text(name, exact=True).click()
        try:
            expect(choice).to_be_checked(timeout=CLICKED_WITHIN_MS)
        except AssertionError:
            continue
        return
    expect(choice).to_be_checked()


def overflow_px(page: Page) -> int:
    wider: int = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return wider


# Each language, theme and size once, crossed; the other looks are long.
CROSSED = [("zh-CN", "light", SCREEN), ("en-GB", "dark", PHONE)]
SEEN = [
    pytest.param(*look, marks=[] if look in CROSSED else [pytest.mark.long])
    for look in product(("zh-CN", "en-GB"), ("light", "dark"), (SCREEN, PHONE))
]


@pytest.mark.usefixtures("system")
@pytest.mark.parametrize(("locale", "theme", "size"), SEEN)
def test_standings(
    browser: Browser,
    pages: str,
    pictures: Path,
    locale: str,
    theme: Theme,
    size: tuple[int, int],
) -> None:
    chinese = locale == "zh-CN"
    with looking(browser, pages, locale, theme, size) as page:
        expect(page.locator(".fc-board tbody tr.fc-row")).to_have_count(20)
        expect(page.locator(".fc-podium article")).to_have_count(3)
        name = "2026 夏季加油赛" if chinese else "Summer 2026 fuel season"
        expect(page.locator(".fc-season")).to_have_text(name)
        expect(page.locator(".fc-countdown")).to_have_text(
            re.compile(r"距结束 61 天 23:\d\d:\d\d" if chinese else r"ends in 61 d 23:\d\d:\d\d")
        )
        expect(page.locator(".fc-fresh")).to_have_class(re.compile("fc-green"))
        expect(page.locator(".fc-cut")).to_have_count(4)
        expect(page.locator(".fc-cut").last).to_contain_text("加油券" if chinese else "voucher")
        expect(page.locator(".fc-up").first).to_contain_text("▲")
        expect(
            page.locator("[data-testid='stVegaLiteChart'] canvas, .vega-embed svg")
        ).to_have_count(1)
        seen = page.locator("body").inner_text()
        assert page.evaluate(TOFU, seen) == []
        assert member_id(1) not in seen
        assert overflow_px(page) <= 0
        assert parse_qs(urlsplit(page.url).query)["lang"] == ["zh" if chinese else "en"]
        picture(page, pictures, f"standings-{locale[:2]}-{theme}-{size[0]}")


@pytest.mark.usefixtures("system")
@pytest.mark.parametrize(("locale", "theme", "size"), SEEN)
def test_prizes(
    browser: Browser,
    pages: str,
    pictures: Path,
    locale: str,
    theme: Theme,
    size: tuple[int, int],
) -> None:
    chinese = locale == "zh-CN"
    with looking(browser, f"{pages}/prizes", locale, theme, size) as page:
        expect(page.locator(".fc-board tbody tr.fc-row")).to_have_count(25)
        expect(page.locator(".fc-title")).to_have_text(
            "若赛季现在结束" if chinese else "If the season ended now"
        )
        expect(page.locator(".fc-tile-main")).to_contain_text("¥13,506.80")
        expect(page.locator(".fc-tile-main")).to_contain_text("预算" if chinese else "Budget")
        expect(page.locator(".fc-safe").first).to_be_visible()
        assert page.evaluate(TOFU, page.locator("body").inner_text()) == []
        assert overflow_px(page) <= 0
        picture(page, pictures, f"prizes-{locale[:2]}-{theme}-{size[0]}")


@pytest.mark.usefixtures("system")
def test_search_and_link_lead_to_the_same_view(
    browser: Browser, pages: str, pictures: Path
) -> None:
    with looking(browser, pages, "zh-CN") as page:
        search = page.get_by_placeholder("输入会员号，看其前后名次")
        search.fill(member_id(6))
        search.press("Enter")
        expect(page.locator(".fc-card h3")).to_have_text("为什么是第 6 名")
        expect(page.locator(".fc-focus .fc-rank")).to_have_text("6")
        expect(page.locator(".fc-card")).to_contain_text("同分")
        picture(page, pictures, "member-zh-light-1280")
        page.get_by_text("此视图的链接").click()
        shown = page.locator("[data-testid='stCode'] code")
        expect(shown).to_contain_text(f"member={member_id(6)}")
        link = shown.inner_text()
    with looking(browser, link, "en-GB", "dark") as page:
        expect(page.locator(".fc-card h3")).to_have_text("为什么是第 6 名")


@pytest.mark.usefixtures("system")
def test_pages_and_boards_are_a_click_away(browser: Browser, pages: str) -> None:
    with looking(browser, pages) as page:
        page.get_by_role("button", name="Page 2", exact=True).click()
        expect(page.locator("div.fc-caption")).to_contain_text("Places 21–40 of 128")
        choose(page, "Companies")
        expect(page.locator(".fc-board")).to_contain_text("速达物流")
        expect(page).to_have_url(re.compile("board=companies"))
        page.go_back()
        expect(page.locator(".fc-board")).not_to_contain_text("速达物流")


@pytest.mark.usefixtures("system")
def test_language_switch_keeps_the_view(browser: Browser, pages: str) -> None:
    with looking(browser, f"{pages}/?board=drivers&page=2") as page:
        expect(page.locator(".fc-board")).to_contain_text("Member")
        choose(page, "中文")
        expect(page.locator(".fc-board")).to_contain_text("会员")
        expect(page).to_have_url(re.compile("lang=zh&board=drivers&page=2"))
        page.get_by_role("link", name="奖品").click()
        expect(page.locator(".fc-title")).to_have_text("若赛季现在结束")


def test_refresh_changes_the_score_without_touching_the_rest(
    browser: Browser, pages: str, system: Recorded
) -> None:
    with looking(browser, pages) as page:
        leader = page.locator(".fc-step-1 .fc-score")
        expect(leader).to_have_text("6,040 points")
        search = page.get_by_placeholder("Member id: see the places around")
        search.fill("half a member id")
        page.evaluate("window.mark = 1")
        system.choose(bonus=1000)
        expect(leader).to_have_text("7,040 points")
        expect(search).to_have_value("half a member id")
        assert page.evaluate("window.mark") == 1


def test_trouble_is_told_and_passes(
    browser: Browser, pages: str, pictures: Path, system: Recorded
) -> None:
    system.choose(fault="warming")
    with looking(browser, pages, "zh-CN", "dark") as page:
        expect(page.locator(".fc-notice")).to_contain_text("系统正在启动")
        expect(page.locator(".fc-fresh")).to_have_class(re.compile("fc-red"))
        picture(page, pictures, "warming-zh-dark-1280")
        system.choose()
        expect(page.locator(".fc-board")).to_contain_text("会员")
        system.choose(fault="no-key")
        expect(page.locator(".fc-notice").first).to_contain_text("FORECOURT_KEY")
        picture(page, pictures, "refused-zh-dark-1280")


def test_before_the_start(browser: Browser, pages: str, pictures: Path, system: Recorded) -> None:
    system.choose(phase="before")
    with looking(browser, pages) as page:
        expect(page.locator(".fc-notice")).to_contain_text("Nobody is on this board yet")
        picture(page, pictures, "before-en-light-1280")


def test_after_the_end(browser: Browser, pages: str, pictures: Path, system: Recorded) -> None:
    system.choose(phase="final")
    with looking(browser, f"{pages}/prizes", "zh-CN") as page:
        expect(page.locator(".fc-hash")).to_have_text(HASH)
        expect(page.locator(".fc-countdown")).to_have_text("名次已冻结")
        expect(page.locator(".fc-risk")).to_have_count(0)
        picture(page, pictures, "final-zh-light-1280")


@pytest.mark.usefixtures("system")
def test_the_board_can_be_taken_away_as_csv(browser: Browser, pages: str, tmp_path: Path) -> None:
    with looking(browser, pages) as page:
        with page.expect_download() as download:
            page.get_by_role("button", name="Download the board (CSV)").click()
        target = tmp_path / "board.csv"
        download.value.save_as(target)
    lines = target.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("rank,member,score,tier")
    assert len(lines) == 1 + 128
