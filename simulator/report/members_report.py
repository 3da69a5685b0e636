"""Members report: where members end, who wins prizes and who is paid, as sections of a page."""

from __future__ import annotations

from simulator.report import page
from simulator.report.answers import Answers
from simulator.report.charts import Series, Span, columns_chart, lines_chart, rows_chart
from simulator.report.report_words import ReportWords
from simulator.report.spread import spread_of


def tiers(answers: Answers, words: ReportWords) -> str:
    """Write the section on tier levels and moves."""
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


def prizes(answers: Answers, words: ReportWords) -> str:
    """Write the section on prizes: cutoffs and how stable the winners are."""
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


def who(answers: Answers, words: ReportWords) -> str:
    """Write the section on who is paid, and for what."""
    kinds = answers.by_kind
    members = sum(one.members["mean"] for one in kinds) or 1.0
    rewards = sum(one.reward_fen["mean"] for one in kinds) or 1.0
    most = max(kinds, key=lambda one: one.reward_fen["mean"])
    title = words(
        "who.title", kind=words.kind(most.group),
        reward=words.share(most.reward_fen["mean"] / rewards),
        members=words.share(most.members["mean"] / members),
    )  # fmt: skip
    shares = [(one, one.members["mean"] / members) for one in kinds]
    spans = [
        Span(words.kind(one.group), one.reward_fen["mean"] / rewards, share, share, "c1")
        for one, share in sorted(shares, key=lambda pair: -pair[0].reward_fen["mean"])
    ]
    by_kind = rows_chart(spans, words("axis.share"), words.share, title)
    heads = ("group", "members", "rewards", "reward_member", "anyway", "gain")
    rows = [
        [
            name, words.count(one.members["mean"]), words.money(one.reward_fen["mean"]),
            words.money(one.reward_fen["mean"] / max(1.0, one.members["mean"])),
            words.share(one.anyway_fen["mean"] / (one.reward_fen["mean"] or 1.0)),
            words.money(one.margin_gain_fen["mean"]),
        ]
        for groups, named in ((kinds, words.kind), (answers.by_segment, words.segment_row))
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
    return page.chart(title, svg, words("who.anyway_note"))
