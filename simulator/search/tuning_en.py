"""The sentences of the tuning report in English."""

from __future__ import annotations

from typing import Final

PHRASES: Final = {
    "tune.title": "Tuning of {season}",
    "tune.under": "{members} simulated members · {tried} files tried · {runs} runs · aim: {aim}",
    "tune.aim.max": "{figure} as large as can be",
    "tune.aim.min": "{figure} as small as can be",
    # Verdict
    "tune.better": "Changing {values} is better: {figure} moves by {difference} against today's "
    "file (95 % interval {span}, {seeds} seeds the search hadn't seen).",
    "tune.unclear": "The data can't tell whether the best file found is better than today's: on "
    "{seeds} seeds the search hadn't seen, {figure} moves by {difference} (95 % interval {span}). "
    "Keeping today's file is as good.",
    "tune.same": "The best file found gives exactly today's {figure} on each of {seeds} seeds the "
    "search hadn't seen.",
    "tune.worse": "The best file that keeps the budgets has worse {figure} than today's, by "
    "{difference} (95 % interval {span}, {seeds} seeds the search hadn't seen); today's breaks "
    "them.",
    "tune.today": "Nothing tried does better than today's file: keep it. {tried} others were "
    "tried.",
    "tune.none": "None of the {tried} files tried keeps every budget; no best.toml was written. "
    "Loosen a budget or widen the space.",
    "tune.values.one": "one value",
    "tune.values.more": "{n} values",
    "tune.change": "{path}: {today} → {best}",
    "tune.limit": "{figure} ({statistic}) {sign} {bound}",
    "tune.of_today": "{share} of today's",
    "tune.statistic.mean": "mean",
    "tune.statistic.p05": "P05",
    "tune.statistic.p50": "P50",
    "tune.statistic.p95": "P95",
    "tune.kept": "Budget {budget}: {value}, within the limit of {bound}; today's file {today}.",
    "tune.broken": "Budget {budget}: {value}, beyond the limit of {bound}; today's file {today}.",
    "tune.today_breaks": "Today's file breaks the budget {budget}: {value} against {bound}.",
    "tune.curse": "In the search it looked like {searched}; on fresh seeds it is {fresh}. The best "
    "of many always looks better than it is, so only the fresh figure counts.",
    "tune.nearer": "{n} with a higher place in the search broke a budget or did worse than today's "
    "file on the fresh seeds and were passed over.",
    "tune.invalid": "{n} combinations were no valid season file and were skipped; trials.csv "
    "says why.",
    "tune.more_seeds": "About {more} more seeds should settle it.",
    # Tiles
    "tune.tile.goal": "{figure} against today's file",
    "tune.tile.cost": "Cost of rewards in an expensive season (P95)",
    "tune.tile.active": "Active members",
    "tune.tile.today": "today's file {today}",
    # Sections
    "tune.changes": "What to change",
    "tune.no_changes": "Nothing: today's values stay.",
    "tune.confirmed": "On fresh seeds",
    "tune.confirmed_title": "{figure} of the finalists against today's file",
    "tune.confirmed_note": "Mean paired difference on {seeds} seeds that the search hadn't seen; "
    "whiskers: its 95 % interval.",
    "tune.finalist": "file {n}",
    "tune.best_finalist": "file {n}, best",
    "tune.figures_title": "The best file against today's, on fresh seeds",
    "tune.front": "What margin costs",
    "tune.front_title": "Files of which none beats another in everything",
    "tune.front_note": "Each dot is a file tried. Front: no other has more margin, a lower "
    "P95 of the cost and more active members at once; the line joins those of them that cost more "
    "and leave more.",
    "tune.front_about": "Figures of the search: today's over all its seeds, and what a file "
    "differs from today's on the seeds it had. “Budgets” goes by these too.",
    "tune.dot.tried": "tried",
    "tune.dot.front": "front",
    "tune.dot.today": "today",
    "tune.dot.best": "best",
    "tune.axis.difference": "less today's file",
    "tune.axis.cost": "cost of rewards, P95",
    "tune.axis.margin": "margin after rewards, mean",
    "tune.values": "What each value does",
    "tune.values_note": "Mean of “{figure}” over the files tried with a value, less that of all. "
    "Other values differ between them too, so this is a hint, not a proof.",
    "tune.method": "How it was searched",
    "tune.method.space": "The space has {size} combinations of {knobs} values; {tried} were tried.",
    "tune.method.spread": "First {screen} files spread evenly over the space (Sobol), then "
    "{search} proposed by what was learned (Optuna's Parzen estimator, and neighbours of the "
    "best); at last values were put back to today's where that is no worse.",
    "tune.method.whole": "Every combination was tried.",
    "tune.method.rungs": "Files go through {rungs} seeds: each time the better third goes on; a "
    "file surely worse than the best so far on the same draws doesn't.",
    "tune.method.paired": "Every file meets the same draws as today's. Each seed draws its own "
    "members too, so the intervals hold for other members of the same population.",
    "tune.method.fresh": "The finalists were played on {seeds} fresh seeds and are listed in the "
    "search's order: to choose by the fresh seeds would spoil them.",
    "tune.kept_short": "kept",
    "tune.broken_short": "broken",
    "tune.head.path": "value",
    "tune.head.today": "today",
    "tune.head.best": "best",
    "tune.head.file": "file",
    "tune.head.budgets": "budgets",
    "tune.head.seeds": "seeds",
    "tune.head.margin": "margin after rewards",
    "tune.head.cost": "cost, P95",
    "tune.head.active": "active members",
    "tune.head.changes": "changes",
    "tune.head.files": "files",
    "tune.head.searched": "in the search",
    "tune.head.fresh": "on fresh seeds",
    "tune.head.option": "set to",
    "tune.head.effect": "objective",
}
