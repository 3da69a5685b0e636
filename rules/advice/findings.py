"""Findings of the linter: what a valid season file does that its owner may not want."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from rules.season.season_draft import dotted, freeze
from rules.season.toml_lines import Loc, find_lines, line_of

Severity = Literal["warning", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Hold one finding: the kind of fault, where it is, and what one member can get out a month.

    `loc` is the path in the file, with 0-based places in lists. A leak of None has no figure.
    """

    kind: str
    loc: Loc
    severity: Severity
    message: str
    leak_points: int | None = None
    leak_fen: int | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """Hold a finding with its path and line in the file."""

    path: str
    line: int
    finding: Finding
    currency: str

    @property
    def leak(self) -> str:
        """Write the leak for people; empty where there is no figure."""
        parts = []
        if self.finding.leak_points is not None:
            parts.append(f"{self.finding.leak_points:,} points")
        if self.finding.leak_fen is not None:
            parts.append(money(self.finding.leak_fen, self.currency))
        return ", ".join(parts)

    def __str__(self) -> str:
        found = self.finding
        leak = f" [a month, one member: {self.leak}]" if self.leak else ""
        return f"{found.severity}: {self.path} (line {self.line}): {found.message}{leak}"

    def as_row(self) -> dict[str, Any]:
        """Give the finding as a plain table, for JSON; yuan as text with two decimals."""
        found = self.finding
        row: dict[str, Any] = {
            "path": self.path,
            "line": self.line,
            "kind": found.kind,
            "severity": found.severity,
            "message": found.message,
        }
        if found.leak_points is not None:
            row["leak_points"] = found.leak_points
        if found.leak_fen is not None:
            row["leak_yuan"] = f"{found.leak_fen // 100}.{found.leak_fen % 100:02d}"
        return row


def placed(text: str, findings: Sequence[Finding]) -> list[Placed]:
    """Find where findings stand in the text of their file: warnings first, then by line."""
    draft, lines = freeze(tomllib.loads(text)), find_lines(text)
    draft["triggers"] = tuple(
        {"id": f"{one['on']}-{one['issue']}", **one} for one in draft.get("triggers", ())
    )
    currency = draft["programme"].get("currency", "CNY")
    found = [
        Placed(dotted(draft, one.loc), line_of(lines, one.loc), one, currency) for one in findings
    ]
    return sorted(found, key=lambda one: (one.finding.severity != "warning", one.line, one.path))


def money(amount_fen: int | Fraction, currency: str) -> str:
    """Write money with two decimals, a fraction of a fen with four.

    >>> money(123456, "CNY"), money(Fraction(3, 4), "USD")
    ('¥1,234.56', 'USD 0.0075')
    """
    sign = "¥" if currency == "CNY" else f"{currency} "
    exact = Fraction(amount_fen)
    if exact.denominator == 1:
        return f"{sign}{int(exact) // 100:,}.{int(exact) % 100:02d}"
    parts = round(exact * 100)
    return f"{sign}{parts // 10_000:,}.{parts % 10_000:04d}"


def number(value: Fraction | int) -> str:
    """Write a number with at most two decimals.

    >>> number(Fraction(7, 2)), number(Fraction(1, 3)), number(1200)
    ('3.5', '0.33', '1,200')
    """
    text = f"{float(value):,.2f}"
    return text.rstrip("0").rstrip(".")
