"""The answers of the reports: named columns and rows, as `docs/reports.md` describes them."""

from __future__ import annotations

from datetime import datetime

import msgspec

Cell = str | int | float | None


class Report(msgspec.Struct, frozen=True):
    """One report: its columns in order, and its rows by column; decimals and dates are text."""

    report: str
    by: str
    as_of: datetime
    columns: tuple[str, ...]
    rows: tuple[dict[str, Cell], ...]
