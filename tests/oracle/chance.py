"""Toss coins for drawings."""

from random import Random
from typing import Any


def maybe(random: Random, chance: float) -> bool:
    """Toss a weighted coin."""
    return random.random() < chance


def some(random: Random, values: list[Any]) -> list[Any]:
    """Draw one or more of the values, in their order."""
    kept = [value for value in values if maybe(random, 0.4)]
    return kept or [random.choice(values)]
