"""The files a search tried, drawn by cost and margin: the front, today's and the best."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import altair as alt

from ui.parts.points_chart import ACCENT
from ui.parts.simulate_figures import GOOD, WARM, whole_money
from ui.texts import Texts

Group = Literal["tried", "front", "today", "best"]
COLOURS: Final[dict[Group, str]] = {
    "tried": "#8A94A0",
    "front": ACCENT,
    "today": WARM,
    "best": GOOD,
}
HEIGHT_PX: Final = 300
LARGE, SMALL = 170, 60
"""Areas of a dot."""
FEN: Final = 100


@dataclass(frozen=True)
class TriedFile:
    """A file tried: its number, P95 of its cost and mean margin after rewards, in fen."""

    file: int
    cost_fen: float
    margin_fen: float
    group: Group
    on_front: bool
    kept: bool
    changes: int


def tried_of(content: bytes) -> list[TriedFile]:
    """Read trials.csv; combinations that were no valid file are left out.

    >>> head = b"file,stage,feasible,best,on_front,changes,cost_total_p95_fen,margin_mean_fen"
    >>> [one] = tried_of(head + b"\\n3,search,yes,True,True,2,1200.5,90000\\n")
    >>> one.group, one.kept, one.cost_fen
    ('best', True, 1200.5)
    """
    found = []
    for row in csv.DictReader(io.StringIO(content.decode())):
        if row["feasible"] == "invalid" or not row["cost_total_p95_fen"]:
            continue
        front = row["on_front"] == "True"
        group: Group = "front" if front else "tried"
        if row["best"] == "True":
            group = "best"
        elif row["stage"] == "today":
            group = "today"
        found.append(
            TriedFile(
                int(row["file"]),
                float(row["cost_total_p95_fen"]),
                float(row["margin_mean_fen"]),
                group,
                front,
                row["feasible"] == "yes",
                int(row["changes"]),
            )
        )
    return found


def _rising(tried: Sequence[TriedFile]) -> set[int]:
    """Name the files of the front that leave more than all cheaper ones of it."""
    found, most = set(), float("-inf")
    for one in sorted(tried, key=lambda one: (one.cost_fen, -one.margin_fen)):
        if one.on_front and one.margin_fen > most:
            found.add(one.file)
            most = one.margin_fen
    return found


def front_chart(tried: Sequence[TriedFile], currency: str, words: Texts) -> alt.LayerChart:
    """Draw each file as a point, joined where none beats them and more cost leaves more."""
    risen = _rising(tried)
    names = {group: words(f"tune.dot_{group}") for group in COLOURS}
    drawn = [
        {
            "cost": one.cost_fen / FEN,
            "margin": one.margin_fen / FEN,
            "group": names[one.group],
            "file": words("tune.file", file=one.file),
            "costs": whole_money(one.cost_fen, currency),
            "leaves": whole_money(one.margin_fen, currency),
            "kept": words("tune.is_kept" if one.kept else "tune.is_broken"),
            "changes": one.changes,
            "rising": one.file in risen,
            "size": LARGE if one.group in ("today", "best") else SMALL,
        }
        for one in sorted(tried, key=lambda one: list(COLOURS).index(one.group))
    ]
    axis = alt.Axis(format="~s", tickCount=5, grid=True)
    far = alt.Scale(zero=False, nice=True)
    x = alt.X("cost:Q", title=words("tune.axis_cost", currency=currency), scale=far, axis=axis)
    y = alt.Y("margin:Q", title=words("tune.axis_margin", currency=currency), scale=far, axis=axis)
    colour = alt.Color(
        "group:N",
        title=None,
        scale=alt.Scale(domain=list(names.values()), range=list(COLOURS.values())),
        legend=alt.Legend(orient="top", columns=4, symbolOpacity=1),
    )
    base = alt.Chart(alt.InlineData(values=drawn), height=HEIGHT_PX)
    line = (
        base.transform_filter("datum.rising")
        .mark_line(opacity=0.5, strokeWidth=1.5, color=ACCENT)
        .encode(x=x, y=y, order=alt.Order("cost:Q"))
    )
    dots = base.mark_point(filled=True, opacity=0.85).encode(
        x=x,
        y=y,
        color=colour,
        size=alt.Size("size:Q", legend=None, scale=None),
        tooltip=[
            alt.Tooltip("file:N", title=words("tune.tip_file")),
            alt.Tooltip("leaves:N", title=words("tune.tip_margin")),
            alt.Tooltip("costs:N", title=words("tune.tip_cost")),
            alt.Tooltip("changes:Q", title=words("tune.tip_changes")),
            alt.Tooltip("kept:N", title=words("tune.budgets")),
        ],
    )
    return alt.LayerChart(layer=[line, dots])
