"""The parts of the terms on earning: rules, multipliers, the day's cap, tasks, referral."""

from __future__ import annotations

from fractions import Fraction
from math import floor
from typing import Final

from rules.season.circumstances import World
from rules.season.greatest_factor import Combination, greatest
from rules.season.season_models import Earning, Multiplier, Task
from rules.wording.terms_words import Part, Words

EXAMPLE_BASE: Final = 40  # points: a usual fill of 40 litres


def earning(words: Words) -> Part:
    """Say what earns points, and how they are counted."""
    season = words.season
    lines = [earning_line(words, rule) for rule in season.earning]
    lines.append(words("earning.share"))
    if len(season.earning) > 1:
        lines.append(words("earning.many"))
    if any(rule.per.amount_fen is not None and rule.on == "purchase" for rule in season.earning):
        lines.append(words("earning.paid"))
    lines.append(words("card.yes" if season.card.earn_on_spend else "card.no"))
    return words.part("earning", lines)


def earning_line(words: Words, rule: Earning) -> str:
    """Say what one rule gives for how much."""
    per, key = rule.per, "earning.fuel"
    if per.amount_fen is not None:
        key = f"earning.{rule.on}"
    where = words.where(rule.where)
    return words(
        key,
        title=words.titled("earning", rule.id, rule.name),
        where=words("earning.when", where=where) if where else "",
        per=words.money(per.amount_fen) if per.amount_fen else _litres(words, per.litres_ml or 0),
        points=words.points(rule.points),
    )


def _litres(words: Words, volume_ml: int) -> str:
    one = words.phrases.get("litres.1") if volume_ml == 1000 else None
    return one or words.litres(volume_ml)


def multipliers(words: Words) -> Part | None:
    """Say what multiplies points, how factors combine, and the most they come to."""
    season, how = words.season, words.season.multiplying
    if not season.multiplier:
        return None
    lines: list[str] = []
    groups = list(dict.fromkeys(one.group for one in season.multiplier))
    for group in groups:
        if len(groups) > 1:
            lines.append(words("multipliers.group", group=group))
        lines += [
            ("  - " if len(groups) > 1 else "") + multiplier_line(words, one)
            for one in season.multiplier
            if one.group == group
        ]
    lines.append(words(f"multipliers.{how.within_group}"))
    if len(groups) > 1:
        lines.append(words("multipliers.across"))
    if how.ceiling is None:
        lines.append(words("multipliers.no_ceiling"))
    else:
        lines.append(words("multipliers.ceiling", ceiling=words.factor(how.ceiling)))
    lines += [*_example(words), words("multipliers.what")]
    return words.part("multipliers", lines)


def multiplier_line(words: Words, one: Multiplier) -> str:
    """Say what one multiplier gives and when."""
    return words(
        "multipliers.one",
        title=words.titled("multiplier", one.id, one.name),
        factor=words.factor(one.factor),
        where=words.where(one.where) or words("multipliers.always"),
    )


def _example(words: Words) -> list[str]:
    """Work out the best a purchase can get, where some multipliers hold together."""
    world = World(words.season)
    best = Combination((), Fraction(1), Fraction(1))
    for rule in words.season.earning:
        box = world.box(rule.where)
        if box is not None:
            best = max(best, greatest(world, box), key=lambda one: one.factor)
    if not best.multipliers:
        return []
    base, total = EXAMPLE_BASE, floor(EXAMPLE_BASE * best.factor)
    held = [
        words(
            "held",
            name=words.named("multiplier", one.id, one.name),
            factor=words.factor(one.factor),
        )
        for one in best.multipliers
    ]
    cut = best.factor != best.raw
    return [
        words(
            "multipliers.example",
            base=words.number(base),
            list=words.joined(held),
            raw=words.factor(best.raw),
            cut=words("multipliers.cut", factor=words.factor(best.factor)) if cut else "",
            total=words.number(total),
            bonus=words.number(total - base),
        )
    ]


def cap(words: Words) -> Part | None:
    """Say the most a member earns in a day."""
    most = words.season.points.member_day_cap
    return None if most is None else words.part("cap", [words("cap.day", cap=words.points(most))])


def tasks(words: Words) -> Part | None:
    """Say what tasks pay and how often."""
    if not words.season.tasks:
        return None
    lines = [task_line(words, task) for task in words.season.tasks]
    return words.part("tasks", [*lines, words("tasks.season")])


def task_line(words: Words, task: Task) -> str:
    """Say what one task pays."""
    points = words.points(task.points)
    title = words.titled("task", task.id, task.name)
    if task.goal is not None:
        amount = words.money(task.goal.amount_fen)
        title = words.titled("task", task.id, task.name, words("task.goal", amount=amount))
        return words("tasks.goal", title=title, amount=amount, points=points)
    limit = words("tasks.no_limit")
    if task.limit is not None:
        limit = words.limit(task.limit, "tasks.limit")
    return words("tasks.on", title=title, what=words(f"on.{task.on}"), points=points, limit=limit)


def referral(words: Words) -> Part | None:
    """Say what recommending someone pays."""
    rule = words.season.referral
    if rule is None:
        return None
    least = words.money(rule.first_order_min_fen)
    points = words.points(rule.advocate_points)
    hold, least_any = words.duration(rule.hold), "" if rule.first_order_min_fen else "_any"
    when = "one" if rule.hold.count else "now"
    lines = [words(f"referral.{when}{least_any}", min=least, hold=hold, points=points)]
    if rule.limit is not None:
        lines.append(words.limit(rule.limit, "referral.limit"))
    if rule.distinct:
        names = [words.named("attribute", name) for name in rule.distinct]
        lines.append(words("referral.distinct", list=words.joined(names)))
    return words.part("referral", [*lines, words(f"referral.taken{least_any}", min=least)])
