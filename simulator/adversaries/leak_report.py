"""Leak report: what agents get, through which rules, and what closes it, as one page."""

from __future__ import annotations

from rules.advice.season_diff import changes
from simulator.adversaries.agent_figures import KINDS
from simulator.adversaries.leak import Leaks
from simulator.adversaries.leak_words import LeakWords, both, closed_share, leak_verdict
from simulator.adversaries.trials import LOSES_FROM_FEN, Tried
from simulator.report import page
from simulator.report.charts import Span, rows_chart
from simulator.report.method_report import versions_used
from simulator.report.spread import Spread

_SHOWN: int = 10


def leak_report(leaks: Leaks) -> str:
    """Write report.html."""
    every = both(leaks.season)
    title = " · ".join(words("leak.title", season=words.season_name()) for words in every)
    return page.page(title, {words.language: _body(leaks, words) for words in every})


def _body(leaks: Leaks, words: LeakWords) -> str:
    parts = (_summary, _kinds, _rules, _closes, _stopped, _method)
    return "".join(part(leaks, words) for part in parts)


def _mood(leaks: Leaks) -> str:
    if leaks.total_fen["mean"] < LOSES_FROM_FEN * max(sum(leaks.counts.values()), 1):
        return "good"
    return "unclear" if leaks.closed is not None else "bad"


def _summary(leaks: Leaks, words: LeakWords) -> str:
    agents = sum(leaks.counts.values())

    def under(runs: int) -> str:
        return words(
            "leak.under", agents=words.number_of_agents(agents),
            members=words.count(leaks.members), runs=words.runs(runs),
        )  # fmt: skip

    tiles = [
        (
            words("leak.tile.total"), words.money(leaks.total_fen["mean"]),
            words.interval(words.money_span(leaks.total_fen)),
        ),
        (
            words("leak.tile.each"), words.money(leaks.total_fen["mean"] / max(agents, 1)),
            under(len(leaks.seeds)),
        ),
        (
            words("leak.tile.crowd"), words.count(leaks.crowding.prize_losers["mean"]),
            words("leak.tile.crowd_under",
                  fen=words.money(leaks.crowding.prize_lost_fen["mean"])),
        ),
    ]  # fmt: skip
    if leaks.closed is not None:
        tiles.append((
            words("leak.tile.after"), words.money(leaks.closed.after["mean"]),
            words("leak.tile.closed", share=words.share(closed_share(leaks))),
        ))  # fmt: skip
    return (
        page.heading(
            words("leak.title", season=words.season_name()),
            under(leaks.runs),
        )
        + page.verdict(leak_verdict(leaks, words), _mood(leaks))
        + page.tiles(tiles)
    )  # fmt: skip


def _span(label: str, fen: Spread, css: str, words: LeakWords) -> Span:
    return Span(label, fen["mean"], fen["low"], fen["high"], css, words.money(fen["mean"]))


def _css(kind: str) -> str:
    """Give each kind of agents the same colour in every chart."""
    return f"c{KINDS.index(kind)}"


def _kinds(leaks: Leaks, words: LeakWords) -> str:
    title = words("leak.kinds_title")
    rows = [_span(words.agent(one.kind), one.fen, _css(one.kind), words) for one in leaks.kinds]
    drawn = rows_chart(rows, words("leak.axis"), words.money, title)
    columns = ("kind", "agents", "accounts", "litres", "leak", "interval", "each", "refused")
    heads = [words(f"leak.head.{one}") for one in columns]
    listed = [
        [
            words.agent(one.kind), words.count(one.agents), words.count(one.accounts["mean"]),
            words.count(one.litres_ml["mean"] / 1000), words.money(one.fen["mean"]),
            words.money_span(one.fen), words.money(one.each_fen["mean"]),
            words.count(one.stopped["mean"]),
        ]
        for one in leaks.kinds
    ]  # fmt: skip
    return page.section(
        words("leak.kinds"),
        page.charts(page.chart(title, drawn, words("leak.kinds_note"))),
        page.table(heads, listed),
    )


def _rules(leaks: Leaks, words: LeakWords) -> str:
    if not leaks.leaks:
        return ""
    largest = sorted(leaks.leaks, key=lambda one: -abs(one.fen["mean"]))[:_SHOWN]
    largest.sort(key=lambda one: -one.fen["mean"])
    title = words("leak.rules_title")
    rows = [_span(words.rule(one.rule), one.fen, _css(one.kind), words) for one in largest]
    drawn = rows_chart(rows, words("leak.axis"), words.money, title)
    heads = [words(f"leak.head.{one}") for one in
             ("kind", "rule", "path", "leak", "interval", "points")]  # fmt: skip
    listed = [
        [
            words.agent(one.kind), words.rule(one.rule), one.rule, words.money(one.fen["mean"]),
            words.money_span(one.fen), words.signed(one.points["mean"]),
        ]
        for one in leaks.leaks
    ]  # fmt: skip
    return page.section(
        words("leak.rules"),
        page.charts(page.chart(title, drawn, words("leak.rules_note"))),
        page.folded(words("leak.all_rules"), page.table(heads, listed, words=3)),
    )


def _closes(leaks: Leaks, words: LeakWords) -> str:
    if not leaks.tried:
        return page.section(words("leak.closes"), page.paragraph(words("leak.closes_none")))
    columns = ("change", "against", "worth", "leak_to", "closed", "interval", "honest", "losers")
    heads = [words(f"leak.head.{one}") for one in columns]
    rows = [_tried(one, words) for one in sorted(leaks.tried, key=lambda one: -one.net_fen)]
    least = words.money(LOSES_FROM_FEN)
    seeds = words.runs(min(len(leaks.seeds), 4))
    parts = [
        page.paragraph(words("leak.closes_note", seeds=seeds, least=least), "note"),
        page.table(heads, rows, words=3),
    ]
    closed = leaks.closed
    if closed is not None:
        said = changes(leaks.season, closed.season)
        parts += [
            page.paragraph(
                words(
                    "leak.together", before=words.money(closed.before["mean"]),
                    after=words.money(closed.after["mean"]),
                    share=words.share(closed_share(leaks)),
                    cost=words.money(closed.honest_cost["mean"]),
                )
            ),
            page.bullets([one.zh if words.language == "zh" else one.en for one in said]),
            page.paragraph(words("leak.together_note"), "note"),
        ]  # fmt: skip
    return page.section(words("leak.closes"), *parts)


def _tried(one: Tried, words: LeakWords) -> list[str]:
    return [
        one.changes[0].id, words.agents(list(one.changes[0].kinds)),
        words("leak.yes" if one.worth else "leak.no"),
        f"{words.money(one.before['mean'])} → {words.money(one.after['mean'])}",
        words.money(one.closed.difference["mean"]),
        words.money_span(one.closed.difference), words.money(one.honest_cost["mean"]),
        words.count(one.honest_losers["mean"]),
    ]  # fmt: skip


def _stopped(leaks: Leaks, words: LeakWords) -> str:
    if not leaks.stopped:
        return page.section(words("leak.stopped"), page.paragraph(words("leak.stopped_none")))
    heads = [words(f"leak.head.{one}") for one in ("kind", "asked", "reason", "count")]
    rows = [
        [words.agent(kind), asked, reason, words.count(count["mean"])]
        for (kind, asked, reason), count in leaks.stopped.items()
    ]
    return page.section(
        words("leak.stopped"),
        page.paragraph(words("leak.stopped_note"), "note"),
        page.table(heads, rows, words=3),
    )


def _method(leaks: Leaks, words: LeakWords) -> str:
    lines = [words(f"leak.what.{one.kind}") for one in leaks.kinds]
    lines += [words(f"leak.method.{one}") for one in ("twin", "worth", "split", "scale")]
    known = sorted(leaks.figures.parameters.items())
    heads = [words(f"head.{one}") for one in
             ("parameter", "unit", "source", "note", "value", "range")]  # fmt: skip
    rows = [
        [
            path, one.unit, words(f"source.{one.source}"), one.note, f"{one.value:g}",
            f"{one.low:g}–{one.high:g}",
        ]
        for path, one in known
    ]  # fmt: skip
    versions = ", ".join(f"{name} {found}" for name, found in versions_used().items())
    seeds = words.between(str(leaks.seeds[0]), str(leaks.seeds[-1]))
    return page.section(
        words("leak.method"),
        page.bullets(lines),
        page.folded(
            words("leak.figures", count=str(len(known))), page.table(heads, rows, words=4)
        ),
        page.paragraph(
            words(
                "method.made", seeds=seeds, rules=leaks.rules_hash[:16],
                result=leaks.result[:16], versions=versions,
            ),
            "note",
        ),
    )  # fmt: skip
