"""Forecast report: where a running season is heading, as a page of the same parts as others."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from rules.season.season_models import Season
from simulator.outlook.season_costs import TOTAL
from simulator.report import page
from simulator.report.charts import Span, rows_chart
from simulator.report.cost_answers import COSTS
from simulator.report.report_words import ReportWords, both

SHOWN: Final = 30
RUNS_LEAST: Final = 19


def forecast_report(told: Mapping[str, Any], season: Season) -> str:
    """Write report.html of a forecast that was laid out."""
    words = both(season)
    titles = [one("forecast.title", season=one.season_name()) for one in words]
    return page.page(" · ".join(titles), {one.language: _body(told, one) for one in words})


def _body(told: Mapping[str, Any], words: ReportWords) -> str:
    return (
        _summary(told, words)
        + _costs(told, words)
        + _prizes(told, words)
        + _chances(told, words)
        + page.section(
            words("forecast.method"),
            page.paragraph(words("forecast.how", least=str(RUNS_LEAST)), "note"),
        )
    )


def _summary(told: Mapping[str, Any], words: ReportWords) -> str:
    cost = told["costs"][TOTAL]
    as_of, ends = (_local(told[one], words) for one in ("as_of_us", "ends_us"))
    said = [
        words(
            "forecast.cost", p50=words.money(cost["p50"]), p5=words.money(cost["p5"]),
            p95=words.money(cost["p95"]), so_far=words.money(cost["so_far"]),
        )
    ]  # fmt: skip
    at_risk = [one for one in told["budgets"] if one["runs_out"]["share"] > 0]
    for one in at_risk:
        key = "forecast.broken" if one["covers_prizes"] else "forecast.out"
        said.append(
            words(key, name=words.budget(one["id"]), share=words.share(one["runs_out"]["share"]))
        )
    if not at_risk:
        said.append(words("forecast.hold"))
    tiles = [
        (words("forecast.tile.cost"), words.money(cost["p50"]),
         words("report.tile.cost_under", p95=words.money(cost["p95"]))),
        (words("forecast.tile.so_far"), words.money(cost["so_far"]),
         words("forecast.as_of", time=as_of)),
    ]  # fmt: skip
    under = words(
        "forecast.under", members=words.count(told["members"]), time=as_of, ends=ends,
        runs=words.runs(told["runs"]),
    )  # fmt: skip
    mood = "unclear" if at_risk else "good"
    title = words("forecast.title", season=words.season_name())
    return page.heading(title, under) + page.verdict(said, mood) + page.tiles(tiles)


def _local(at_us: int, words: ReportWords) -> str:
    """Write an instant as the season's clocks show it."""
    zone = ZoneInfo(words.season.programme.timezone)
    return f"{datetime.fromtimestamp(at_us / 1e6, zone):%Y-%m-%d %H:%M}"


def _costs(told: Mapping[str, Any], words: ReportWords) -> str:
    costs = told["costs"]
    kinds = sorted(COSTS, key=lambda name: -costs[name]["p50"])
    title = words("forecast.costs")
    rows = [
        Span(words(f"cost.{name}"), costs[name]["p50"], costs[name]["p5"], costs[name]["p95"], "c0")
        for name in kinds
    ]
    chart = rows_chart(rows, words("axis.money"), words.money, title)
    names = ("so_far", "p5", "p50", "p95")
    lines = [
        [words(f"cost.{name}"), *(words.money(costs[name][one]) for one in names)]
        for name in (*kinds, TOTAL)
    ]
    heads = [words(f"head.{one}") for one in ("cost", *names)]
    budgets = []
    for one in told["budgets"]:
        written = words.money if one["measure"] == "cost" else words.count
        risk = one["runs_out"]
        budgets.append([
            words.budget(one["id"]), words(f"measure.{one['measure']}"), written(one["limit"]),
            written(one["used"]), written(one["used_p95"]), words.share(risk["share"]),
            words.between(words.share(risk["low"]), words.share(risk["high"])),
        ])  # fmt: skip
    wanted = ("budget", "measure", "limit", "used", "p95", "runs_out", "interval")
    return page.section(
        words("costs.section"),
        page.charts(page.chart(title, chart, words("forecast.costs_note"))),
        page.table(heads, lines),
        page.table([words(f"head.{one}") for one in wanted], budgets, words=2),
    )


def _prizes(told: Mapping[str, Any], words: ReportWords) -> str:
    rows = []
    for one in told["prizes"]:
        places = str(one["first_place"])
        if one["last_place"] != one["first_place"]:
            places = f"{one['first_place']}–{one['last_place']}"
        band = one["cutoff"]
        rows.append([
            words.board(one["board"]), places, words.reward(one["reward"]),
            words.count(one["given"]), words.number(band["p50"]),
            words.between(words.number(band["p5"]), words.number(band["p95"])),
        ])  # fmt: skip
    if not rows:
        return ""
    heads = ("board", "places", "reward", "given", "cutoff", "cutoff_span")
    table = page.table([words(f"head.{one}") for one in heads], rows, words=3)
    return page.section(words("prizes.section"), table)


def _chances(told: Mapping[str, Any], words: ReportWords) -> str:
    rows = []
    for one in told["chances"][:SHOWN]:
        score, now = one["score"], one["score_now"]
        rows.append([
            one["holder"], words.share(one["chance"]),
            words.between(words.share(one["low"]), words.share(one["high"])),
            "—" if now is None else words.number(now),
            "—" if score is None else words.between(
                words.number(score["p5"]), words.number(score["p95"])),
        ])  # fmt: skip
    if not rows:
        return ""
    heads = ("holder", "chance", "interval", "score_now", "score_end")
    return page.section(
        words("forecast.chances"),
        page.table([words(f"head.{one}") for one in heads], rows),
        page.paragraph(words("forecast.chances_note", count=str(len(told["chances"]))), "note"),
    )
