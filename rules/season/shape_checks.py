"""Checks on the shape of single sections that span several of their keys."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from rules.season.reward_models import decode_ranks
from rules.season.season_draft import Pattern, Problem, entries, places, shown
from rules.season.season_models import SEASON_DAYS_MAX

# Tables that must have exactly one of some keys.
ONE_OF: tuple[tuple[Pattern, tuple[str, ...], str], ...] = (
    (("earning", "*", "per"), ("litres", "amount"), '{ litres = "1" }'),
    (("products", "*", "margin"), ("per_litre", "share"), '{ share = "0.25" }'),
    (("tasks", "*"), ("on", "goal"), 'on = "check_in"'),
    (("tiers", "levels", "*", "entry"), ("any", "all"), '{ any = { litres = "300" } }'),
    (("tiers", "levels", "*", "keep"), ("any", "all"), '{ any = { litres = "200" } }'),
    (("budgets", "*"), ("count", "cost"), 'cost = "20000.00" (for both, write two budgets)'),
    (("catalogue", "*"), ("coupon", "goods", "tier_up"), 'coupon = "any-10"'),
)

# For each kind of a section, the keys it needs and those only other kinds have.
KINDS: tuple[tuple[Pattern, str, dict[str, tuple[tuple[str, ...], tuple[str, ...]]]], ...] = (
    (
        ("coupons", "*"),
        "kind",
        {
            "amount_off": (("off",), ("pay", "product", "max_off", "unit_cost")),
            "percent": (("pay",), ("off", "product", "unit_cost")),
            "gift": (("product",), ("off", "pay", "max_off")),
        },
    ),
    (
        ("rewards", "*"),
        "kind",
        {
            "goods": (("unit_cost",), ("coupon", "points")),
            "coupon": (("coupon",), ("unit_cost", "points")),
            "points": (("points",), ("unit_cost", "coupon")),
        },
    ),
    (
        ("triggers", "*"),
        "on",
        {
            "enrol": ((), ("after", "dates")),
            "birthday": ((), ("after", "dates")),
            "tier_up": ((), ("after", "dates")),
            "holiday": ((), ("after",)),
            "dormant": (("after",), ("dates",)),
        },
    ),
)


def check_shape(draft: dict[str, Any]) -> Iterator[Problem]:
    """Report what is wrong within single sections."""
    for pattern, keys, example in ONE_OF:
        yield from _one_of(draft, pattern, keys, example)
    for pattern, key, kinds in KINDS:
        yield from _of_its_kind(draft, pattern, key, kinds)
    yield from _goals(draft)
    yield from _litres_of_top_ups(draft)
    yield from _levels(draft)
    yield from _window(draft)
    yield from _same_task_event(draft)
    yield from _overlapping_ranks(draft)


def _one_of(
    draft: dict[str, Any], pattern: Pattern, keys: tuple[str, ...], example: str
) -> Iterator[Problem]:
    for loc, table in places(draft, pattern):
        given = [key for key in keys if key in table] if isinstance(table, dict) else [""]
        if not given:
            yield Problem(loc, f"must have {' or '.join(keys)}", f"write {example}")
        for extra in given[1:]:
            yield Problem(
                (*loc, extra),
                f"stands beside {given[0]}; only one of {', '.join(keys)} may",
                f"remove {extra} or {given[0]}",
            )


def _of_its_kind(
    draft: dict[str, Any],
    pattern: Pattern,
    key: str,
    kinds: dict[str, tuple[tuple[str, ...], tuple[str, ...]]],
) -> Iterator[Problem]:
    for loc, table in places(draft, pattern):
        kind = table.get(key) if isinstance(table, dict) else None
        if not isinstance(kind, str) or kind not in kinds:
            continue
        needed, foreign = kinds[kind]
        for name in needed:
            if name not in table:
                yield Problem(
                    (*loc, name), "is missing", f'add {name} = …, which {key} = "{kind}" needs'
                )
        for name in foreign:
            if name in table:
                yield Problem(
                    (*loc, name), f'makes no sense with {key} = "{kind}"', f"remove {name}"
                )


def _goals(draft: dict[str, Any]) -> Iterator[Problem]:
    for loc, task in places(draft, ("tasks", "*")):
        limit = task.get("limit") if isinstance(task, dict) and "goal" in task else None
        if isinstance(limit, dict) and limit != {"times": 1, "per": "season"}:
            yield Problem(
                (*loc, "limit"),
                "isn't once a season, as a goal's limit is",
                'write limit = { times = 1, per = "season" } or remove it',
            )


def _litres_of_top_ups(draft: dict[str, Any]) -> Iterator[Problem]:
    for loc, rule in places(draft, ("earning", "*")):
        if not isinstance(rule, dict) or rule.get("on") != "top_up":
            continue
        if isinstance(rule.get("per"), dict) and "litres" in rule["per"]:
            yield Problem(
                (*loc, "per", "litres"),
                "makes no sense for a top-up, which has no litres",
                'write per = { amount = "1.00" }',
            )


def _levels(draft: dict[str, Any]) -> Iterator[Problem]:
    for loc, level in places(draft, ("tiers", "levels", "*")):
        for key in ("entry", "keep"):
            if loc[-1] == 0 and isinstance(level, dict) and key in level:
                yield Problem(
                    (*loc, key),
                    "stands on the first level, which is everyone's",
                    f"remove it, or put a level without {key} first",
                )
    for pattern in (
        ("tiers", "levels", "*", key, mode) for key in ("entry", "keep") for mode in ("any", "all")
    ):
        for loc, metrics in places(draft, pattern):
            if metrics == {}:
                yield Problem(loc, "names no metric", 'write { litres = "300", visits = 12 }')


def _window(draft: dict[str, Any]) -> Iterator[Problem]:
    season = draft.get("season")
    starts, ends = (
        (season.get("starts"), season.get("ends")) if isinstance(season, dict) else (None, None)
    )
    if isinstance(season, dict) and season.get("exclude") == {}:
        yield Problem(
            ("season", "exclude"), "would exclude everyone", 'write { kind = ["staff"] } or drop it'
        )
    if not (isinstance(starts, datetime) and isinstance(ends, datetime)):
        return
    starts, ends = starts.replace(tzinfo=None), ends.replace(tzinfo=None)
    if ends <= starts:
        yield Problem(
            ("season", "ends"),
            f"ends before it starts ({starts.isoformat()})",
            "write a later time than starts",
        )
    elif ends - starts > timedelta(days=SEASON_DAYS_MAX):
        latest = starts + timedelta(days=SEASON_DAYS_MAX)
        yield Problem(
            ("season", "ends"),
            f"makes the season longer than {SEASON_DAYS_MAX} days",
            f"end it at {latest.isoformat()} or before",
        )


def _same_task_event(draft: dict[str, Any]) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for loc, event in places(draft, ("tasks", "*", "on")):
        if not isinstance(event, str):
            continue
        task = dict(entries(draft["tasks"]))[loc[1]]
        if event in first:
            yield Problem(
                loc,
                f"is already the event of task {first[event]}",
                "merge the two tasks: one event counts for one task",
            )
        else:
            first[event] = shown(task.get("id", f"#{int(loc[1]) + 1}"))


def _overlapping_ranks(draft: dict[str, Any]) -> Iterator[Problem]:
    taken: dict[str, list[tuple[int, int]]] = {}
    for loc, prize in places(draft, ("prizes", "*")):
        board = prize.get("board") if isinstance(prize, dict) else None
        if not isinstance(board, str):
            continue
        try:
            ranks = decode_ranks(prize.get("ranks"))
        except ValueError:  # reported where the ranks are decoded
            continue
        spans = taken.setdefault(board, [])
        clash = next((one for one in spans if one[0] <= ranks.last and ranks.first <= one[1]), None)
        if clash is not None:
            yield Problem(
                (*loc, "ranks"),
                f"overlaps ranks {clash[0]}-{clash[1]} of board {board}",
                "give each rank of a board to one prize",
            )
        spans.append((ranks.first, ranks.last))
