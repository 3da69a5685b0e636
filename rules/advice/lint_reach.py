"""Lint of what can never happen: conditions, multipliers, tiers and boards out of reach."""

from __future__ import annotations

from collections.abc import Iterator

from rules.advice.findings import Finding, number
from rules.season.circumstances import Box, World, covered
from rules.season.season_models import Condition, Where
from rules.season.toml_lines import Loc
from rules.season.where import WHERE_KEYS

CONDITIONS = ("earning", "multiplier", "coupons", "triggers", "boards")


def lint_reach(world: World) -> Iterator[Finding]:
    """Find rules that nothing can reach, and multipliers and levels that others hide."""
    for loc, where in _conditions(world):
        yield from _unreachable(world, loc, where)
    yield from _paid_by_card(world)
    yield from _multipliers(world)
    yield from _levels(world)
    yield from _excluded_boards(world)
    yield from _unused(world)


def _conditions(world: World) -> Iterator[tuple[Loc, Where]]:
    for section in CONDITIONS:
        for place, item in enumerate(getattr(world.season, section)):
            yield (section, place, "where"), item.where
    for name, segment in world.season.segments.items():
        yield ("segments", name, "where"), segment.where


def _unreachable(world: World, loc: Loc, where: Where) -> Iterator[Finding]:
    box = world.box(where)
    if box is None:
        keys = _clashing(world, where)
        which = f"its {' and '.join(keys)} can't hold together" if keys else "it can't hold"
        yield Finding("unreachable", loc, "warning", f"{which}, so nothing ever meets it")
    elif world.in_season(box) is None and loc[0] in ("earning", "multiplier"):
        span = f"{world.first_day} to {world.last_day}"
        message = f"its days lie outside the season ({span}), so it never counts for the score"
        yield Finding("unreachable", (*loc, "dates"), "warning", message)


def _clashing(world: World, where: Where) -> list[str]:
    """Name the keys of a condition without any one of which it could hold."""
    found = []
    for key in sorted(WHERE_KEYS & where.model_fields_set):
        without = where.model_copy(update={key: type(where).model_fields[key].default})
        if world.box(without) is not None:
            found.append(key)
    for key in where.attributes:
        rest = {name: test for name, test in where.attributes.items() if name != key}
        if world.box(where.model_copy(update={"attributes": rest})) is not None:
            found.append(key)
    return found


def _paid_by_card(world: World) -> Iterator[Finding]:
    if world.season.card.earn_on_spend:
        return
    for place, rule in enumerate(world.season.earning):
        if rule.on == "purchase" and rule.where.pay == ("card",):
            message = (
                "only purchases paid from the card meet it, and card.earn_on_spend = false lets "
                "them earn nothing"
            )
            yield Finding("unreachable", ("earning", place, "where", "pay"), "warning", message)


def _multipliers(world: World) -> Iterator[Finding]:
    season = world.season
    boxes = [world.box(one.where) for one in season.multiplier]
    earning = [box for box in (world.box(rule.where) for rule in season.earning) if box]
    for place, (one, box) in enumerate(zip(season.multiplier, boxes, strict=True)):
        loc: Loc = ("multiplier", place)
        if box is None:
            continue
        if not any(world.meet(box, rule) for rule in earning):
            message = "no earning rule earns where it applies, so it multiplies nothing"
            yield Finding("unreachable", (*loc, "where"), "warning", message)
        if season.multiplying.within_group != "max":
            continue
        above = [
            (other.id, found)
            for at, (other, found) in enumerate(zip(season.multiplier, boxes, strict=True))
            if found is not None
            and at != place
            and other.group == one.group
            and (other.factor, -at) > (one.factor, -place)
        ]
        if covered(box, [found for _, found in above]):
            by = " and ".join(name for name, found in above if world.meet(box, found))
            message = (
                f"always beaten in group {one.group}: wherever it holds, {by} gives "
                f"{number(one.factor)}× or more"
            )
            yield Finding("beaten", loc, "warning", message)
        elif one.factor == 1:
            yield Finding("beaten", loc, "note", "a factor of 1 changes nothing in its group")


def _levels(world: World) -> Iterator[Finding]:
    levels = world.season.tiers.levels if world.season.tiers else ()
    for place, level in enumerate(levels):
        loc: Loc = ("tiers", "levels", place)
        for higher in levels[place + 1 :]:
            if level.entry and higher.entry and implies(level.entry, higher.entry):
                message = (
                    f"never reached by rising: whoever meets its entry meets the entry of "
                    f"{higher.id}, which is above it"
                )
                yield Finding("shadowed-level", (*loc, "entry"), "warning", message)
                break
        if level.entry and level.keep and not implies(level.entry, level.keep):
            message = (
                "harder to keep than to enter: a member who enters may fail it, yet stays as long "
                "as entry holds, so write a keep that entry implies"
            )
            yield Finding("keep-above-entry", (*loc, "keep"), "warning", message)


def implies(one: Condition, other: Condition) -> bool:
    """Tell whether thresholds that hold make others hold, whatever the purchases are.

    Litres, amount and visits are taken as independent of one another.
    """
    have = {name: value for name, value in one.metrics if value}
    need = {name: value for name, value in other.metrics if value}
    always = not need or (not other.every and any(value == 0 for _, value in other.metrics))
    met = {name for name, value in need.items() if have.get(name, 0) >= value}
    if always or one.every:
        return always or (met == set(need) if other.every else bool(met))
    if any(value == 0 for _, value in one.metrics):
        return False  # it always holds, the other doesn't
    if other.every:
        return len(have) == 1 and met == set(need)
    return set(have) <= met


def _excluded_boards(world: World) -> Iterator[Finding]:
    exclude = world.season.season.exclude
    left_out = world.box(exclude) if exclude is not None else None
    if left_out is None:
        return
    for place, board in enumerate(world.season.boards):
        box = world.box(board.where)
        if box is not None and covered(box, [left_out]):
            message = "season.exclude leaves out everyone on it, so it stays empty"
            yield Finding("unreachable", ("boards", place, "where"), "warning", message)


def _unused(world: World) -> Iterator[Finding]:
    season = world.season
    given = {trigger.issue for trigger in season.triggers}
    given |= {item.coupon for item in season.catalogue if item.coupon}
    given |= {reward.coupon for reward in season.rewards.values() if reward.coupon}
    for place, coupon in enumerate(season.coupons):
        if coupon.id not in given and coupon.claim is None:
            message = "no trigger, catalogue item, prize or claim gives it; only a campaign can"
            yield Finding("unused", ("coupons", place), "note", message)
    prizes = {prize.reward for prize in season.prizes}
    for name in season.rewards:
        if name not in prizes:
            yield Finding("unused", ("rewards", name), "note", "no prize gives it")
    reached = [box for box in (world.box(rule.where) for rule in season.earning) if box]
    for place, (name, _) in enumerate(world.products):
        if name and not _reaches(reached, 1 << place):
            yield Finding("unused", ("products", name), "note", "no earning rule earns on it")


def _reaches(boxes: list[Box], product: int) -> bool:
    return any(box.product & product for box in boxes)
