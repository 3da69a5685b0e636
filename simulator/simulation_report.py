"""Simulation report: one season file's answers as sections of a page, what matters first."""

from __future__ import annotations

from simulator import page
from simulator.answers import COSTS, Answers, net_gain_fen
from simulator.charts import Series, Span, columns_chart, lines_chart, rows_chart, shares_bar
from simulator.method_report import method
from simulator.report_words import ReportWords, both
from simulator.spread import Spread, spread_of
from simulator.uncertainty_report import uncertainty
from simulator.verdicts import mood_of, simulation_verdict

COLOURS = dict(zip(COSTS, ("c0", "c1", "c2", "c5", "c3", "c4"), strict=True))


def simulation_report(answers: Answers) -> str:
    """Write report.html of a simulation."""
    bodies = {words.language: _body(answers, words) for words in both(answers.season)}
    titles = [words("report.title", season=words.season_name()) for words in both(answers.season)]
    return page.page(" · ".join(titles), bodies)


def _body(answers: Answers, words: ReportWords) -> str:
    return "".join(
        (
            _summary(answers, words),
            _costs(answers, words),
            _months(answers, words),
            _tiers(answers, words),
            _prizes(answers, words),
            _who(answers, words),
            uncertainty(answers, words),
            method(answers, words),
        )
    )


def _summary(answers: Answers, words: ReportWords) -> str:
    figures, first = answers.figures, answers.runs[0]
    cost, net, anyway = figures["cost_total_fen"], answers.net_gain_fen, figures["anyway_share"]
    several = len(answers.runs) > 1
    under_cost = "report.tile.cost_under" if several else "report.tile.one_run"
    return (
        page.heading(
            words("report.title", season=words.season_name()),
            words(
                "report.under",
                members=words.count(figures["members"]["mean"]),
                days=str(first.days),
                runs=str(len(answers.runs)),
            ),
        )
        + page.verdict(simulation_verdict(answers, words), mood_of(answers))
        + page.tiles(
            [
                (
                    words("report.tile.cost"),
                    words.money(cost["p50"]),
                    words(under_cost, p95=words.money(cost["p95"])),
                ),
                (
                    words("report.tile.net"),
                    words.signed_money(net["mean"]),
                    words("report.tile.interval", span=words.money_span(net, signed=True)),
                ),
                (
                    words("report.tile.anyway"),
                    words.share(anyway["mean"]),
                    words("report.tile.interval", span=words.share_span(anyway)),
                ),
            ]
        )
    )


def _costs(answers: Answers, words: ReportWords) -> str:
    figures = answers.figures
    kinds = sorted(COSTS, key=lambda name: -figures[name]["p50"])
    whole = figures["cost_total_fen"]
    title = words("costs.none")
    if whole["mean"] > 0:
        title = words(
            "costs.title",
            kind=words(f"cost.{kinds[0]}"),
            share=words.share(figures[kinds[0]]["mean"] / whole["mean"]),
        )
    rows = [
        Span(words(f"cost.{name}"), figures[name]["p50"], figures[name]["p50"],
             figures[name]["p95"], COLOURS[name])
        for name in kinds
    ]  # fmt: skip
    by_kind = page.chart(
        title, rows_chart(rows, words("axis.money"), words.money, title), words("costs.note")
    )
    heads = [words(f"head.{one}") for one in ("cost", "mean", "interval", "p50", "p95")]
    table = page.table(
        heads, [_money_row(words(f"cost.{name}"), figures[name], words)
                for name in (*kinds, "cost_total_fen")],
    )  # fmt: skip
    return page.section(
        words("costs.section"),
        page.charts(by_kind, _over_seeds(answers, words)),
        table,
        _budget_table(answers, words),
    )


def _money_row(label: str, spread: Spread, words: ReportWords) -> list[str]:
    return [
        label, words.money(spread["mean"]), words.money_span(spread), words.money(spread["p50"]),
        words.money(spread["p95"]),
    ]  # fmt: skip


def _over_seeds(answers: Answers, words: ReportWords) -> str:
    """Draw what leaves and what comes back: gain, cost, net."""
    figures = answers.figures
    rows = [
        Span(words(f"money.{name}"), spread["mean"], spread["low"], spread["high"], css)
        for name, spread, css in (
            ("gain", figures["margin_gain_fen"], "c2"),
            ("cost", figures["cost_total_fen"], "c3"),
            ("net", answers.net_gain_fen, "c0"),
        )
    ]
    key = "above" if answers.net_gain_fen["mean"] > 0 else "below"
    title = words(f"money.{key}")
    marks = (
        [(float(answers.budget_fen), words("money.budget"))]
        if answers.budget_fen is not None
        else []
    )
    svg = rows_chart(rows, words("axis.money"), words.money, title, marks=marks)
    return page.chart(title, svg, words("money.note"))


def _budget_table(answers: Answers, words: ReportWords) -> str:
    rows = []
    for one in answers.budgets:
        written = words.money if one.measure == "cost" else words.count
        told = one.runs_out.told()
        rows.append([
            words.budget(one.id), words(f"measure.{one.measure}"), written(one.limit),
            written(one.used["mean"]), written(one.used["p95"]),
            words.share(one.runs_out.runs / one.runs_out.of),
            words.between(words.share(told["low"]), words.share(told["high"])),
        ])  # fmt: skip
    heads = ("budget", "measure", "limit", "used", "p95", "runs_out", "interval")
    return page.table([words(f"head.{one}") for one in heads], rows, words=2)


def _months(answers: Answers, words: ReportWords) -> str:
    tables = [run.tables["months"].to_pydict() for run in answers.runs]
    months = sorted({month for table in tables for month in table["month"]})

    def spread(name: str, month: str) -> Spread:
        found = [dict(zip(one["month"], one[name], strict=True)).get(month, 0) for one in tables]
        return spread_of([float(value) for value in found])

    names = [name for name in COSTS if name != "cost_liability_fen"]
    series = [
        Series(words(f"cost.{name}"), [spread(name, month)["mean"] for month in months],
               COLOURS[name])
        for name in names
    ]  # fmt: skip
    sums = [sum(one.values[nth] for one in series) for nth in range(len(months))]
    most = max(range(len(months)), key=lambda nth: sums[nth])
    title = words("months.title", month=months[most], cost=words.money(sums[most]))
    owed = [spread("liability_fen", month) for month in months]
    owed_title = words("months.owed", owed=words.money(owed[-1]["mean"]))
    band = Series(
        "", [one["mean"] for one in owed], "c0",
        [one["mean"] if one["low"] is None else one["low"] for one in owed],
        [one["mean"] if one["high"] is None else one["high"] for one in owed],
    )  # fmt: skip
    axis, place = words("axis.money"), words("axis.month")
    return page.section(
        words("months.section"),
        page.charts(
            page.chart(title, columns_chart(months, series, axis, place, words.money, title),
                       words("months.note")),
            page.chart(owed_title,
                       lines_chart(months, [band], axis, place, words.money, owed_title),
                       words("months.owed_note")),
        ),
        _earned(answers, words),
    )  # fmt: skip


def _earned(answers: Answers, words: ReportWords) -> str:
    """Tell liability and breakage by the month points were earned in."""
    tables = [run.tables["liability"].to_pylist() for run in answers.runs]
    months = sorted({row["earned_month"] for table in tables for row in table})

    def mean(name: str, month: str) -> float:
        rows = [row[name] for table in tables for row in table if row["earned_month"] == month]
        return float(sum(rows)) / len(tables)

    rows = []
    for month in months:
        owed, expected = mean("liability_fen", month), mean("expected_fen", month)
        points = ("earned_points", "used_points", "expired_points", "outstanding_points")
        rows.append(
            [month, *(words.number(mean(name, month)) for name in points), words.money(owed),
             words.money(expected), words.money(owed - expected)]
        )  # fmt: skip
    heads = (
        "month",
        "earned",
        "used_points",
        "expired",
        "outstanding",
        "owed",
        "expected",
        "breakage",
    )
    breakage = answers.figures["breakage_share"]
    return page.table([words(f"head.{one}") for one in heads], rows) + page.paragraph(
        words("months.breakage", share=words.share(breakage["mean"])), "note"
    )


def _tiers(answers: Answers, words: ReportWords) -> str:
    levels = answers.runs[0].levels
    ends = [run.tables["tiers"].to_pydict()["members"] for run in answers.runs]
    found = [spread_of([float(one[nth]) for one in ends]) for nth in range(len(levels))]
    raised = sum(one["mean"] for one in found[1:])
    title = words(
        "tiers.title", share=words.share(raised / max(1.0, sum(one["mean"] for one in found))),
        level=words.level(levels[0]),
    )  # fmt: skip
    rows = [
        Span(words.level(name), one["mean"], one["low"], one["high"], f"c{nth % 6}")
        for nth, (name, one) in enumerate(zip(levels, found, strict=True))
    ]
    svg = rows_chart(rows, words("axis.members"), words.number, title)
    flows, flow_rows = _flows(answers, words)
    heads = [words(f"head.{one}") for one in ("month", "from", "to", "members", "p95")]
    return page.section(
        words("tiers.section"),
        page.charts(page.chart(title, svg, words("tiers.note")), flows),
        page.folded(words("tiers.every"), page.table(heads, flow_rows, words=3)),
    )


def _flows(answers: Answers, words: ReportWords) -> tuple[str, list[list[str]]]:
    """Draw how many rise and fall each month; the rows of every move beside it."""
    levels = list(answers.runs[0].levels)
    count = len(answers.runs)
    moves: dict[tuple[str, str, str], list[float]] = {}
    for nth, run in enumerate(answers.runs):
        for row in run.tables["flows"].to_pylist():
            key = (row["month"], row["from"], row["to"])
            moves.setdefault(key, [0.0] * count)[nth] = float(row["members"])
    months = sorted({month for month, _, _ in moves})
    up, down = dict.fromkeys(months, 0.0), dict.fromkeys(months, 0.0)
    rows = []
    for (month, old, new), values in sorted(
        moves.items(), key=lambda one: (one[0][0], levels.index(one[0][1]), levels.index(one[0][2]))
    ):
        spread = spread_of(values)
        if old != new:
            rises = levels.index(new) > levels.index(old)
            (up if rises else down)[month] += spread["mean"]
            rows.append([month, words.level(old), words.level(new), words.count(spread["mean"]),
                         words.count(spread["p95"])])  # fmt: skip
    title = words(
        "tiers.flows", up=words.number(sum(up.values())), down=words.number(sum(down.values()))
    )
    series = [
        Series(words("tiers.up"), [up[month] for month in months], "c2"),
        Series(words("tiers.down"), [down[month] for month in months], "c3"),
    ]
    svg = columns_chart(
        months, series, words("axis.members"), words("axis.month"), words.number, title,
        stacked=False,
    )  # fmt: skip
    return page.chart(title, svg), rows


def _prizes(answers: Answers, words: ReportWords) -> str:
    if not answers.spans:
        return ""
    rows = []
    for one in answers.spans:
        places = str(one.first_place)
        if one.last_place != one.first_place:
            places = f"{one.first_place}–{one.last_place}"
        rows.append([
            words.board(one.board), places, words.reward(one.reward),
            words.count(one.given["mean"]), words.number(one.cutoff["p50"]),
            words.between(words.number(one.low_score), words.number(one.high_score)),
            "—" if one.winners is None else words.count(one.winners),
            "—" if one.steady is None else words.share(one.steady),
        ])  # fmt: skip
    heads = ("board", "places", "reward", "given", "cutoff", "cutoff_span", "winners", "steady")
    charts = [_board(answers, board, words) for board in dict.fromkeys(
        one.board for one in answers.places)]  # fmt: skip
    known = any(one.steady is not None for one in answers.spans)
    return page.section(
        words("prizes.section"),
        page.charts(*charts),
        page.table([words(f"head.{one}") for one in heads], rows, words=3),
        page.paragraph(words("prizes.note" if known else "prizes.not_comparable"), "note"),
    )


def _board(answers: Answers, board: str, words: ReportWords) -> str:
    """Draw the score of each place of one board, P5 to P95."""
    places = [one for one in answers.places if one.board == board]
    last = places[-1]
    title = words(
        "prizes.title", board=words.board(board), last=str(last.place),
        low=words.number(last.low_score), high=words.number(last.high_score),
    )  # fmt: skip
    line = Series(
        "", [one.score["p50"] for one in places], "c0", [one.low_score for one in places],
        [one.high_score for one in places],
    )  # fmt: skip
    svg = lines_chart(
        [str(one.place) for one in places], [line], words("axis.score"), words("axis.place"),
        words.number, title,
    )  # fmt: skip
    return page.chart(title, svg, words("prizes.band"))


def _who(answers: Answers, words: ReportWords) -> str:
    kinds = answers.by_kind
    members = sum(one.members["mean"] for one in kinds) or 1.0
    rewards = sum(one.reward_fen["mean"] for one in kinds) or 1.0
    most = max(kinds, key=lambda one: one.reward_fen["mean"])
    title = words(
        "who.title", kind=words.kind(most.group),
        reward=words.share(most.reward_fen["mean"] / rewards),
        members=words.share(most.members["mean"] / members),
    )  # fmt: skip
    series = [
        Series(words("who.members"), [one.members["mean"] / members for one in kinds], "c5"),
        Series(words("who.rewards"), [one.reward_fen["mean"] / rewards for one in kinds], "c1"),
    ]
    by_kind = columns_chart(
        [words.kind(one.group) for one in kinds], series, words("axis.share"), words("axis.kind"),
        words.share, title, stacked=False,
    )  # fmt: skip
    heads = ("group", "members", "rewards", "reward_member", "anyway", "gain")
    rows = [
        [
            name, words.count(one.members["mean"]), words.money(one.reward_fen["mean"]),
            words.money(one.reward_fen["mean"] / max(1.0, one.members["mean"])),
            words.share(one.anyway_fen["mean"] / (one.reward_fen["mean"] or 1.0)),
            words.money(one.margin_gain_fen["mean"]),
        ]
        for groups, named in ((kinds, words.kind), (answers.by_segment, words.segment))
        for one in groups
        for name in [named(one.group)]
    ]  # fmt: skip
    gini, tenth = answers.figures["gini_points"], answers.figures["top_tenth_points_share"]
    return page.section(
        words("who.section"),
        page.charts(page.chart(title, by_kind, words("who.note")), _anyway(answers, words)),
        page.table([words(f"head.{one}") for one in heads], rows),
        page.paragraph(
            words("who.concentration", tenth=words.share(tenth["mean"]), gini=f"{gini['mean']:.2f}")
        ),
    )


def _anyway(answers: Answers, words: ReportWords) -> str:
    """Draw the rewards of each segment, parted into what would have happened anyway and new."""
    groups = answers.by_segment
    share = answers.figures["anyway_share"]["mean"]
    title = words("who.anyway_title", share=words.share(share))
    series = [
        Series(words("who.anyway"), [one.anyway_fen["mean"] for one in groups], "c0"),
        Series(words("who.new"),
               [one.reward_fen["mean"] - one.anyway_fen["mean"] for one in groups], "c3"),
    ]  # fmt: skip
    svg = columns_chart(
        [words.segment(one.group) for one in groups], series, words("axis.money"),
        words("axis.segment"), words.money, title,
    )  # fmt: skip
    bar = shares_bar(
        [Series(words("who.anyway"), [share], "c0"), Series(words("who.new"), [1 - share], "c3")],
        words.share, title,
    )  # fmt: skip
    return page.chart(title, bar + svg, words("who.anyway_note"))


def net_gains(answers: Answers) -> list[float]:
    """List the net gain of every seed, fen."""
    return [net_gain_fen(run) for run in answers.runs]
