"""The reports of the simulator as a person opens them: one file, no network."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from simulator.adversaries.leak_report import leak_report
from simulator.report.answers import answers_of
from simulator.report.comparison import compare
from simulator.report.comparison_report import Compared, comparison_report
from simulator.report.simulation_report import simulation_report
from simulator.report.uncertainty import Uncertainty
from simulator.search.aims import read_budget, read_objective
from simulator.search.tuning import tune
from simulator.search.tuning_report import Tuning, tuning_report
from tests.unit.agents_season import REFERRAL, leaks_of_one
from tests.unit.simulated import population, rules_of, run_of
from tests.unit.test_tuning import hill
from tests.unit.tuned_season import PLAN, SPACE, played_by, variants_of

DEAR = (
    'discount = { category = "fuel", per_litre = "0.10" }',
    'discount = { category = "fuel", per_litre = "0.30" }',
)


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reports")
    base = [run_of(seed=seed) for seed in (3, 4)]
    other = [run_of(DEAR, seed=seed) for seed in (3, 4)]
    season, dear = rules_of().season, rules_of(DEAR).season
    bands = Uncertainty((base[1],), {"goal": (base[0], base[1])})
    answers = answers_of(season, population(), base, budget_fen=100_000, uncertainty=bands)
    compared = Compared(compare(base, other), season, dear, ("summer", "dear"), population())
    order = '[[order]]\npaths = ["multiplier.member-day.factor", "earning.fuel.points"]\n'
    tuned = tune(
        variants_of(space=SPACE + order), played_by(hill), PLAN, read_objective("margin_fen"),
        [read_budget("cost_total_fen<=200")],
    )  # fmt: skip
    made = {
        "simulate": simulation_report(answers),
        "compare": comparison_report(compared),
        "tune": tuning_report(Tuning(tuned, 400, population())),
        "adversaries": leak_report(leaks_of_one("ring", REFERRAL)),
    }
    for name, text in made.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in made}


@pytest.mark.parametrize("name", ["simulate", "compare", "tune", "adversaries"])
def test_a_report_opens_alone_and_switches_language_and_theme(
    browser: Browser, reports: dict[str, Path], pictures: Path, name: str
) -> None:
    complaints: list[str] = []
    asked: list[str] = []
    context = browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.on("console", lambda one: complaints.append(one.text))
    page.on("pageerror", lambda one: complaints.append(str(one)))
    page.on("request", lambda one: asked.append(one.url))
    page.goto(reports[name].as_uri())
    chinese, english = page.locator("main.zh"), page.locator("main.en")
    expect(chinese).to_be_visible()
    expect(english).to_be_hidden()
    assert page.locator("html").get_attribute("lang") == "zh"
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    page.screenshot(path=pictures / f"report-{name}-zh.png", full_page=True)
    page.get_by_text("English").click()
    expect(english).to_be_visible()
    expect(chinese).to_be_hidden()
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.locator("[for=theme-dark]").click()
    assert page.evaluate(ground) != light
    page.set_viewport_size({"width": 390, "height": 844})
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    # A text that stands out of its picture would be cut off.
    cut = page.evaluate(
        """() => [...document.querySelectorAll("main.en svg text")].filter((one) => {
             const box = one.getBoundingClientRect();
             const whole = one.ownerSVGElement.getBoundingClientRect();
             return box.left < whole.left - 1 || box.right > whole.right + 1;
           }).map((one) => one.textContent)"""
    )
    assert cut == []
    page.screenshot(path=pictures / f"report-{name}-en-phone.png", full_page=True)
    context.close()
    assert complaints == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
