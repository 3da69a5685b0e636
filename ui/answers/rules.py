"""The answers about the rules: the season file in force, and what a draft of it says."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec

from ui.answers.season import Name


class RulesVersion(msgspec.Struct, frozen=True):
    """One version of the season file; the first has no `since`."""

    version: int
    rules_hash: str
    since: datetime | None = None


class RulesFile(msgspec.Struct, frozen=True):
    """The season file in force, and the versions before it."""

    season: str
    version: int
    rules_hash: str
    text: str
    history: tuple[RulesVersion, ...]


class Fault(msgspec.Struct, frozen=True):
    """An error of a draft: what is wrong, where (line 0: nowhere), and the fix."""

    problem: str
    file: str = ""
    line: int = 0
    path: str = ""
    value: str | None = None
    fix: str = ""


class Faults(msgspec.Struct, frozen=True):
    """The errors that a refusal lists."""

    errors: tuple[Fault, ...] = ()


class Finding(msgspec.Struct, frozen=True):
    """What the lint found: a fault or a figure worth knowing."""

    path: str
    line: int
    kind: str
    severity: Literal["warning", "note"]
    message: str
    leak_points: int | None = None
    leak_yuan: Decimal | None = None


class Change(msgspec.Struct, frozen=True):
    """One difference from the version in force, and what it does for members."""

    path: str
    effect: str
    zh: str
    en: str

    def in_language(self, language: str) -> str:
        """Give the sentence in `language`."""
        return self.zh if language == "zh" else self.en


class TierMove(msgspec.Struct, frozen=True):
    """How many members stand on one level now and on another (or the same) then."""

    now: str
    then: str
    members: int


class Tiers(msgspec.Struct, frozen=True):
    """Who would move at the next review, and how many months of purchases aren't known."""

    review_at: datetime
    moves: tuple[TierMove, ...]
    months_missing: int = 0


class Draft(msgspec.Struct, frozen=True):
    """What a draft of the season file says: errors, lint, differences, terms, tiers."""

    season: str
    version: int
    rules_hash: str | None
    changed: bool
    errors: tuple[Fault, ...]
    lint: tuple[Finding, ...]
    diff: tuple[Change, ...]
    adverse: tuple[Change, ...]
    terms: Name | None = None
    tiers: Tiers | None = None
    dry_run: bool = False
