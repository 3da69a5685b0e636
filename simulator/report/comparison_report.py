"""Comparison report: two season files side by side on the same draws, as sections of a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rules.advice.season_diff import changes
from rules.season.season_models import Season
from simulator.people.population import Population
from simulator.report import page
from simulator.report.charts import Span, rows_chart
from simulator.report.comparison import TELLS_FROM_FEN, Comparison, Moved
from simulator.report.cost_answers import COSTS
from simulator.report.method_report import effects_said, made_by, parameters
from simulator.report.paired import Difference
from simulator.report.report_words import NO_INTERVAL, ReportWords, both
from simulator.report.verdicts import comparison_mood, comparison_verdict

TOLD: Final[Mapping[str, str]] = {
    "margin_fen": "money", "margin_gross_fen": "money", "cost_total_fen": "money",
    **dict.fromkeys(COSTS, "money"),
    "amount_fen": "money", "liability_fen": "money", "roi": "share",
    "lift_litres_share": "share", "lift_visits_share": "share", "anyway_share": "share",
    "breakage_share": "share", "active_members": "count", "visits": "count",
    "points_earned": "count", "points_redeemed": "count", "coupons_issued": "count",
    "coupons_used": "count", "prizes_given": "count", "gini_points": "share",
    "top_tenth_points_share": "share",
}  # fmt: skip
"""The figures of the table and how each is written."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison with what it is of: both files, their names, the population."""

    comparison: Comparison
    base: Season
    candidate: Season
    names: tuple[str, str]
    population: Population

    @property
    def changed(self) -> list[str]:
        """Name the paths of what the candidate changes."""
        return [one.path for one in changes(self.base, self.candidate)]


def comparison_report(compared: Compared) -> str:
    """Write report.html of a comparison."""
    bodies = {words.language: _body(compared, words) for words in both(compared.candidate)}
    titles = [_title(compared, words) for words in both(compared.candidate)]
    return page.page(" · ".join(titles), bodies)


def _title(compared: Compared, words: ReportWords) -> str:
    return words("compare.title", base=compared.names[0], candidate=compared.names[1])


def _body(compared: Compared, words: ReportWords) -> str:
    return "".join(
        (
            _summary(compared, words),
            _changes(compared, words),
            _money(compared, words),
            _members(compared, words),
            _tiers(compared, words),
            _anyway(compared, words),
            _method(compared, words),
        )
    )


def _summary(compared: Compared, words: ReportWords) -> str:
    comparison = compared.comparison
    figures, reward = comparison.figures, comparison.everyone[0]
    first = comparison.base[0]

    def tile(name: str) -> tuple[str, str, str]:
        one = figures[name]
        span = words.money_span(one.difference, signed=True)
        return (
            words(f"compare.tile.{name}"),
            words.signed_money(one.difference["mean"]),
            words.interval(span),
        )

    return (
        page.heading(
            _title(compared, words),
            words(
                "report.under", members=words.count(len(first.members["kind"])),
                days=str(first.days), runs=words.runs(len(comparison.base)),
            ),
        )
        + page.verdict(
            comparison_verdict(comparison, compared.names, words, compared.changed),
            comparison_mood(comparison),
        )
        + page.tiles(
            [
                tile("margin_fen"),
                tile("cost_total_fen"),
                (
                    words("compare.tile.members"),
                    words("compare.tile.up_down", up=words.number(reward.winners["mean"]),
                          down=words.number(reward.losers["mean"])),
                    words("compare.tile.members_under", least=words.money(TELLS_FROM_FEN)),
                ),
            ]
        )
    )  # fmt: skip


def _changes(compared: Compared, words: ReportWords) -> str:
    """Say what the candidate's file changes."""
    found = changes(compared.base, compared.candidate)
    if not found:
        return page.section(words("changes.section"), page.paragraph(words("changes.none")))
    said = [one.zh if words.language == "zh" else one.en for one in found]
    return page.section(words("changes.section"), page.bullets(said))


def _money(compared: Compared, words: ReportWords) -> str:
    figures = compared.comparison.figures
    names = ("margin_gross_fen", "cost_total_fen", "margin_fen")
    rows = [_span(words(f"figure.{name}"), figures[name], css, words)
            for name, css in zip(names, ("c2", "c3", "c0"), strict=True)]  # fmt: skip
    title = words(f"compare.money.{figures['margin_fen'].reading}")
    first = rows_chart(rows, words("axis.difference"), words.money, title)
    costs = [_span(words(f"cost.{name}"), figures[name], "c1", words) for name in COSTS]
    moved = max(COSTS, key=lambda name: abs(figures[name].difference["mean"]))
    cost_title = words("compare.costs_same")
    if figures[moved].difference["mean"]:
        cost_title = words(
            "compare.costs", kind=words(f"cost.{moved}"),
            difference=words.signed_money(figures[moved].difference["mean"]),
        )  # fmt: skip
    second = rows_chart(costs, words("axis.difference"), words.money, cost_title)
    rows_told = [
        _told_row(name, one, figures[name], words) for name, one in TOLD.items() if name in figures
    ]
    heads = [words(f"head.{one}") for one in
             ("figure", "reading", "base", "candidate", "difference", "interval")]  # fmt: skip
    return page.section(
        words("compare.figures_section"),
        page.charts(page.chart(title, first, words("compare.money_note")),
                    page.chart(cost_title, second)),
        page.table(heads, rows_told, words=2),
        page.paragraph(words("compare.reading_note"), "note"),
    )  # fmt: skip


def _span(label: str, one: Difference, css: str, words: ReportWords) -> Span:
    found = one.difference
    return Span(
        label, found["mean"], found["low"], found["high"], css, words.signed_money(found["mean"])
    )


def _told_row(name: str, way: str, one: Difference, words: ReportWords) -> list[str]:
    level, gap = {
        "money": (words.money, words.signed_money),
        "share": (words.share, words.points),
        "count": (words.number, words.signed),
    }[way]
    found = one.difference
    label = words(f"cost.{name}") if name in COSTS else words(f"figure.{name}")
    span = NO_INTERVAL
    if found["low"] is not None and found["high"] is not None:
        span = words.between(gap(found["low"]), gap(found["high"]))
    return [
        label, words(f"reading.{one.reading}"), level(one.base["mean"]),
        level(one.candidate["mean"]), gap(found["mean"]), span,
    ]  # fmt: skip


def _members(compared: Compared, words: ReportWords) -> str:
    comparison = compared.comparison
    everyone = comparison.everyone[0]
    title = words(
        "members.title", up=words.number(everyone.winners["mean"]),
        down=words.number(everyone.losers["mean"]),
    )  # fmt: skip
    every = [
        [name, words(f"moved.{one.measure}"), words.count(one.members["mean"]),
         words.count(one.winners["mean"]), words.count(one.losers["mean"]),
         _amount(one.gained["mean"], one.measure, words),
         _amount(one.lost["mean"], one.measure, words)]
        for groups, named in (
            (comparison.everyone, lambda _: words("members.all")),
            (comparison.by_kind, words.kind),
            (comparison.by_segment, words.segment_row),
        )
        for one in groups
        for name in [named(one.group)]
    ]  # fmt: skip
    heads = ("group", "moved", "members", "gainers", "losers", "gained", "lost")
    names = [words(f"head.{one}") for one in heads]
    reward, kept = words("moved.reward_fen"), comparison.prizes_kept
    return page.section(
        words("members.section"),
        page.charts(
            _net_chart(comparison.by_kind, title, words.kind, words),
            _net_chart(comparison.by_segment, words("members.by_segment"), words.segment, words),
        ),
        page.table(names, [row for row in every if row[1] == reward], words=2),
        page.folded(words("members.more"), page.table(names, every, words=2)),
        page.paragraph(words("members.note", least=words.money(TELLS_FROM_FEN)), "note"),
        page.paragraph(words("members.prizes", share=words.share(kept["mean"]))) if kept else "",
    )  # fmt: skip


def _amount(value: float, measure: str, words: ReportWords) -> str:
    return words.signed(value) if measure == "points" else words.signed_money(value)


def _net_chart(
    groups: Sequence[Moved], title: str, named: Callable[[str], str], words: ReportWords
) -> str:
    """Draw what each group gains and loses in rewards a member."""
    rows = []
    for one in groups:
        if one.measure != "reward_fen":
            continue
        net = one.net["mean"] / max(1.0, one.members["mean"])
        css = "c2" if net >= 0 else "c3"
        rows.append(Span(named(one.group), net, css=css, said=words.signed_money(net)))
    return page.chart(title, rows_chart(rows, words("axis.member_net"), words.money, title))


def _tiers(compared: Compared, words: ReportWords) -> str:
    moves = compared.comparison.tiers
    before, after = compared.comparison.base[0].levels, compared.comparison.candidate[0].levels
    found = {(one.base, one.candidate): one.members for one in moves}
    rows = [
        [words.level(old), *(
            words.count(found[old, new]["mean"]) if (old, new) in found else "0" for new in after
        )]
        for old in before
    ]  # fmt: skip
    elsewhere = sum(one.members["mean"] for one in moves if one.base != one.candidate)
    return page.section(
        words("tier_moves.section"),
        page.paragraph(words("tier_moves.said", members=words.count(elsewhere))),
        page.table([words("tier_moves.head"), *(words.level(level) for level in after)], rows),
    )


def _anyway(compared: Compared, words: ReportWords) -> str:
    comparison = compared.comparison
    rows = [
        [
            name, words(f"reading.{one.reading}"), words.money(one.base["mean"]),
            words.money(one.candidate["mean"]), words.signed_money(one.difference["mean"]),
            words.money_span(one.difference, signed=True),
        ]
        for groups, named in (
            (comparison.anyway_by_kind, words.kind),
            (comparison.anyway_by_segment, words.segment_row),
        )
        for group, one in groups.items()
        for name in [named(group)]
    ]  # fmt: skip
    share = comparison.figures["anyway_share"]
    heads = ("group", "reading", "base", "candidate", "difference", "interval")
    said = words(
        "anyway.said", base=words.share(share.base["mean"]),
        candidate=words.share(share.candidate["mean"]),
        difference=words.points(share.difference["mean"]),
    )  # fmt: skip
    return page.section(
        words("anyway.section"),
        page.paragraph(said),
        page.table([words(f"head.{one}") for one in heads], rows, words=2),
    )


def _method(compared: Compared, words: ReportWords) -> str:
    comparison = compared.comparison
    lines = [words("method.paired"), *(words(f"method.{one}") for one in ("run", "money"))]
    return page.section(
        words("method.section"),
        page.bullets([*lines, *effects_said(comparison.base[0], words)]),
        parameters(compared.population, words),
        page.paragraph(words("head.base") + " · " + compared.names[0], "note"),
        made_by(comparison.base, comparison.result[0], words),
        page.paragraph(words("head.candidate") + " · " + compared.names[1], "note"),
        made_by(comparison.candidate, comparison.result[1], words),
    )
