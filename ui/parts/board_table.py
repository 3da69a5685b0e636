"""The table of a board: rank, change, member, tier, score with its bar, gap, prize lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from msgspec import UnsetType

from ui.answers import Row, Standings
from ui.parts.figures import number, share
from ui.parts.markup import element, text
from ui.parts.names import shown_name, tier_name
from ui.texts import Texts

NOT_OLDER: Final = ("fc-change", "fc-gap")
"""What isn't told of the season before."""


@dataclass(frozen=True)
class Look:
    """What the table needs besides its rows; `older`, without what moves and what is missing."""

    words: Texts
    first_score: int
    team: bool = False
    focus: int | None = None
    rewards: Mapping[str, str] = field(default_factory=dict)
    older: bool = False


def board_table(standings: Standings, look: Look) -> str:
    """Write the table; a prize line is drawn after each rank of `cut_lines` that is shown."""
    lines = []
    for row in standings.rows:
        lines.append(_row(row, look))
        if row.rank in standings.cut_lines:
            lines.append(_cut_line(row, row.rank == max(standings.cut_lines), look))
    return element(
        "div",
        "fc-scroll",
        element("table", "fc-board", _head(look), element("tbody", "", *lines)),
    )


def _head(look: Look) -> str:
    words = look.words
    names = [
        ("fc-rank", words("standings.rank")),
        ("fc-change", words("standings.change")),
        ("fc-name", words("standings.team" if look.team else "standings.member")),
    ]
    if not look.team:
        names.append(("fc-level", words("standings.tier")))
    names += [("fc-points", words("standings.score")), ("fc-gap", words("standings.gap"))]
    if look.older:
        names = [(css, name) for css, name in names if css not in NOT_OLDER]
    cells = [element("th", css, text(name)) for css, name in names]
    return element("thead", "", element("tr", "", *cells))


def _row(row: Row, look: Look) -> str:
    words = look.words
    bar = element("span", "fc-bar", f'<i style="width:{share(row.score, look.first_score)}%"></i>')
    cells = [element("td", "fc-rank", number(row.rank))]
    if not look.older:
        cells.append(element("td", "fc-change", change_mark(row.change, words)))
    cells.append(element("td", "fc-name", text(shown_name(row, look.team))))
    if not look.team:
        tier = element("span", "fc-tier", text(tier_name(row.tier, words)))
        cells.append(element("td", "fc-level", tier))
    cells.append(element("td", "fc-points", element("b", "", number(row.score)), bar))
    if not look.older:
        cells.append(element("td", "fc-gap", text(gap(row, words))))
    return element("tr", "fc-focus" if row.rank == look.focus else "fc-row", *cells)


def change_mark(change: int | UnsetType | None, words: Texts) -> str:
    """Write ▲ or ▼ with the places moved since yesterday.

    >>> from ui.texts import texts
    >>> change_mark(-2, texts("en"))
    '<span class="fc-down" title="down 2"><i>▼</i>2</span>'
    """
    if isinstance(change, UnsetType):
        return element("span", "fc-same", text(words("standings.none")))
    if change is None:
        return element("span", "fc-same", text(words("standings.new")))
    if change > 0:
        title = words("standings.up", places=change)
        return element("span", "fc-up", f"<i>▲</i>{number(change)}", title=title)
    if change < 0:
        title = words("standings.down", places=-change)
        return element("span", "fc-down", f"<i>▼</i>{number(-change)}", title=title)
    return element("span", "fc-same", "–", title=words("standings.same"))


def gap(row: Row, words: Texts) -> str:
    """Say how far the next prize is."""
    if row.gap_to_prize is None:
        return words("standings.none")
    if row.gap_to_prize > 0:
        return words("standings.gap_points", points=number(row.gap_to_prize))
    return words("standings.gap_top")


def _cut_line(row: Row, last: bool, look: Look) -> str:
    label = look.words("standings.cut_plain")
    if row.prize is not None:
        key = "standings.cut_last" if last else "standings.cut"
        label = look.words(key, prize=look.rewards.get(row.prize, row.prize))
    columns = 5 if look.team else 6
    cell = f'<td colspan="{columns}">{element("span", "", text(label))}</td>'
    return element("tr", "fc-cut", cell)
