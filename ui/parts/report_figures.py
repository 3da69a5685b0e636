"""Read the cells of a report: whole numbers, amounts, shares, days, each with its unit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from ui.answers import Cell
from ui.parts.figures import MONTHS, litres, money, number
from ui.texts import Texts

Row = Mapping[str, Cell]
SHARES: Final = frozenset(
    {
        "claim_rate",
        "usage_rate",
        "conversion",
        "repurchase_rate",
        "churn",
        "breakage",
        "used_share",
        "followed_up_share",
        "treated_share",
        "held_out_share",
        "return_on_cost",
    }
)
PERIODS: Final = frozenset({"day", "week", "month", "earned_month", "expires_month"})


def whole(row: Row, column: str) -> int:
    """Give a count; nothing is 0."""
    value = row.get(column)
    return 0 if value is None else int(Decimal(str(value)))


def amount(row: Row, column: str) -> Decimal:
    """Give a decimal; nothing is 0."""
    value = row.get(column)
    return Decimal(0) if value is None else Decimal(str(value))


def maybe(row: Row, column: str) -> float | None:
    """Give a number for a chart, None where there is none."""
    value = row.get(column)
    return None if value is None else float(value)


def named(row: Row, column: str) -> str:
    """Give a text; nothing is empty."""
    value = row.get(column)
    return "" if value is None else str(value)


def percent(share: float | None, words: Texts, places: int = 1) -> str:
    """Write a share as a percentage, "—" for none.

    >>> from ui.texts import texts
    >>> percent(0.1234, texts("en")), percent(None, texts("zh"))
    ('12.3%', '—')
    """
    if share is None:
        return words("standings.none")
    return f"{share * 100:,.{places}f}%".replace("-", "−")


def period(value: Cell, by: str, words: Texts) -> str:
    """Write the day, the week by its Monday, or the month that a row stands for."""
    try:
        day = date.fromisoformat(str(value))
    except ValueError:
        return str(value)
    if by.endswith("month"):
        if words.language == "zh":
            return f"{day.year}年{day.month}月"
        return f"{MONTHS[day.month - 1]} {day.year}"
    if words.language == "zh":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def cell(row: Row, column: str, currency: str, words: Texts) -> str:
    """Write any cell with its unit, "—" for nothing."""
    value = row.get(column)
    if value is None or value == "":
        return words("standings.none")
    if column in PERIODS or column.endswith("_month"):
        return period(value, column, words)
    if column.endswith("_yuan"):
        return money(Decimal(str(value)), currency)
    if column.endswith("litres"):
        return litres(round(Decimal(str(value)), 1), words)
    if column in SHARES:
        return percent(float(value), words)
    if isinstance(value, float):
        return f"{value:,.1f}".replace("-", "−")
    if isinstance(value, int):
        return number(value)
    return name(column, str(value), words)


def name(column: str, value: str, words: Texts) -> str:
    """Give the name of what a row stands for, where the words have one."""
    group = {"kind": "board", "tier": "tier", "category": "category", "product": "product"}
    return words.name_of(group.get(column, column), value)
