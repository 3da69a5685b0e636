"""What a valid season file says that the product doesn't act on, or may not mean what it says."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from rules.season_models import Season
from rules.where import WHERE_KEYS

# Sections that are read and checked, with what is still to come before they act.
PENDING_SECTIONS = {
    "coupons": "coupons are not issued, reserved or used yet",
    "coupon_rules": "coupons are not issued, reserved or used yet",
    "triggers": "no trigger issues a coupon yet",
    "budgets": "no budget limits anything yet",
    "notices": "no notice is sent yet",
    "catalogue": "points can't be redeemed yet",
    "checkout": "points can't be deducted at checkout yet",
}
PENDING_KEYS = {
    ("points", "expire_after"): "points don't expire yet",
    ("points", "remind_before"): "no reminder is sent yet",
    ("prize_rules", "claim_within"): "prizes can't be claimed yet",
}


@dataclass(frozen=True, slots=True)
class Note:
    """Hold one remark on a valid file: the place it is about, and the remark."""

    path: str
    remark: str

    def __str__(self) -> str:
        return f"{self.path}: {self.remark}"


def effects_pending(season: Season) -> list[Note]:
    """List the sections and keys the file gives that have no effect yet."""
    notes = [
        Note(section, remark)
        for section, remark in PENDING_SECTIONS.items()
        if section in season.sections
    ]
    for (section, key), remark in PENDING_KEYS.items():
        part = getattr(season, section)
        if section in season.sections and key in part.model_fields_set:
            notes.append(Note(f"{section}.{key}", remark))
    if any(product.margin is not None for product in season.products.values()):
        notes.append(Note("products.*.margin", "margins count once the simulation is there"))
    if season.tiers is not None and any(level.discount for level in season.tiers.levels):
        notes.append(Note("tiers.levels.*.discount", "no order is discounted yet"))
    if any("delivery" in reward.model_fields_set for reward in season.rewards.values()):
        notes.append(Note("rewards.*.delivery", "prizes can't be claimed yet"))
    return notes


def doubtful(season: Season) -> list[Note]:
    """List what is valid but may not be meant.

    Conditions on a member attribute that is spelt almost like a known key, and levels that no
    purchase reaches.
    """
    notes = [
        Note(
            f"{path}.{key}",
            f"looks at the member's own attribute {key}; if {close[0]} is meant, write that",
        )
        for path, where in season.conditions()
        for key in where.attributes
        if key not in WHERE_KEYS and (close := get_close_matches(key, WHERE_KEYS, 1, 0.75))
    ]
    levels = season.tiers.levels if season.tiers is not None else ()
    notes += [
        Note(f"tiers.{level.id}", "has no entry, so only a trial or points lead to it")
        for level in levels[1:]
        if level.entry is None
    ]
    return notes
