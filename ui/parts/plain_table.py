"""A plain table: columns with a heading each, rows of markup that is already escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ui.parts.markup import element, text

Column = tuple[str, str]
"""The class of a column's cells, and its heading: `fc-name`, `fc-money`, `fc-wide` (no phone)."""


def plain_table(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> str:
    """Write the table."""
    head = [element("th", css, text(name)) for css, name in columns]
    lines = [
        element(
            "tr",
            "fc-row",
            *(element("td", css, inside) for (css, _), inside in zip(columns, cells, strict=True)),
        )
        for cells in rows
    ]
    return element(
        "div",
        "fc-scroll",
        element(
            "table",
            "fc-board fc-plain",
            element("thead", "", element("tr", "", *head)),
            element("tbody", "", *lines),
        ),
    )


def two_lines(first: str, second: str) -> str:
    """Write a cell of two lines, the second small; both are texts."""
    return text(first) + (element("span", "fc-sub", text(second)) if second else "")
