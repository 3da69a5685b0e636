"""The greatest factor that a season's multipliers reach together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from rules.season.circumstances import Box, World
from rules.season.season_models import Multiplier, Multiplying

STEPS_MAX: Final = 20_000


@dataclass(frozen=True, slots=True)
class Combination:
    """Hold multipliers that apply together: their factor before and after the ceiling."""

    multipliers: tuple[Multiplier, ...]
    raw: Fraction
    factor: Fraction


def combined(chosen: Sequence[Multiplier], how: Multiplying) -> Fraction:
    """Combine the factors of multipliers within and across their groups, before the ceiling."""
    groups: dict[str, list[Fraction]] = {}
    for one in chosen:
        groups.setdefault(one.group, []).append(one.factor)
    total = Fraction(1)
    for factors in groups.values():
        if how.within_group == "max":
            total *= max(factors)
        elif how.within_group == "product":
            for factor in factors:
                total *= factor
        else:
            total *= 1 + sum((factor - 1 for factor in factors), Fraction(0))
    return max(total, Fraction(0))


def greatest(world: World, box: Box) -> Combination:
    """Find the multipliers that give the greatest factor somewhere in a box.

    Multipliers below 1 are left out, so it is an upper bound where one of them always applies.
    A depth-first search over the multipliers that can hold together, the greatest first; after
    STEPS_MAX steps it keeps the best found.
    """
    how = world.season.multiplying
    boxes: list[tuple[Multiplier, Box]] = []
    for one in sorted(world.season.multiplier, key=lambda each: -each.factor):
        found = world.box(one.where) if one.factor > 1 else None
        if found is not None and world.meet(box, found) is not None:
            boxes.append((one, found))
    best: tuple[Multiplier, ...] = ()
    steps = 0

    def search(place: int, where: Box, chosen: tuple[Multiplier, ...]) -> None:
        nonlocal best, steps
        steps += 1
        if combined(chosen, how) > combined(best, how):
            best = chosen
        rest = tuple(one for one, _ in boxes[place:])
        if not rest or steps > STEPS_MAX:
            return
        if combined((*chosen, *rest), how) <= combined(best, how):
            return
        multiplier, condition = boxes[place]
        shared = world.meet(where, condition)
        if shared is not None:
            search(place + 1, shared, (*chosen, multiplier))
        search(place + 1, where, chosen)

    search(0, box, ())
    if how.within_group == "max":  # only the greatest of a group counts
        best = tuple({one.group: one for one in reversed(best)}.values())[::-1]
    raw = combined(best, how)
    return Combination(best, raw, raw if how.ceiling is None else min(raw, how.ceiling))
