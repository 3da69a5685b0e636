"""The part of the terms on tiers: how members rise, stay, fall, and try a level."""

from __future__ import annotations

from rules.season.duration import Duration
from rules.season.season_models import Condition, Level, Tiers
from rules.wording.terms_words import Part, Words


def tiers(words: Words) -> Part | None:
    """Say what the levels need and give, and when they are judged."""
    rules = words.season.tiers
    if rules is None:
        return None
    names = [words.named("tier", level.id, level.name) for level in rules.levels]
    lines = [words("tiers.levels", list=words.joined(names))]
    lines += [level_line(words, rules, place) for place in range(len(rules.levels))]
    if len(rules.levels) > 1:
        steps = words.number(rules.steps_down)
        if words.language == "en":
            steps = words.counted("tiers.step", rules.steps_down)
        review = words("tiers.review", months=words.number(rules.window_months), steps=steps)
        lines += [words("tiers.up"), review]
        if rules.grace.count:
            lines.append(words("tiers.grace", grace=words.duration(rules.grace)))
    if rules.trial is not None:
        months = words.duration(Duration(rules.trial.months, "mo"))
        level = words.name_of("tier", rules.trial.level)
        lines.append(words("tiers.trial", level=level, months=months))
    return words.part("tiers", [*lines, words("tiers.refund")])


def level_line(words: Words, rules: Tiers, place: int) -> str:
    """Say what one level needs and gives."""
    level = rules.levels[place]
    title = words.titled("tier", level.id, level.name)
    discount = _discount(words, level)
    if place == 0:
        return words("tiers.first", title=title).rstrip(words("full_stop")) + (
            discount + words("full_stop")
        )
    keep = _keep(words, level)
    if level.entry is None:
        return words("tiers.no_entry", title=title, keep=keep, discount=discount)
    before = words.number(rules.window_months - 1)
    months = words("tiers.months", before=before) if rules.window_months > 1 else ""
    return words(
        "tiers.entry",
        title=title,
        months=months or words("tiers.month"),
        need=_need(words, level.entry),
        keep=keep,
        discount=discount,
    )


def _keep(words: Words, level: Level) -> str:
    if level.keep is not None:
        return words("tiers.keep", need=_need(words, level.keep))
    return words("tiers.keep_entry") if level.entry is not None else ""


def _need(words: Words, condition: Condition) -> str:
    return words.needs(condition.metrics, condition.every)


def _discount(words: Words, level: Level) -> str:
    if level.discount is None:
        return ""
    return words(
        "tiers.discount",
        category=words.named("category", level.discount.category),
        off=words.money(level.discount.per_litre_fen),
    )
