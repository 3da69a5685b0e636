"""The waterfall of one event: each step's points from where the last one ended, and the sum."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import altair as alt

from ui.answers import Explanation
from ui.parts.figures import number, signed
from ui.parts.points_chart import ACCENT
from ui.texts import Texts

LESS: Final = "#D9730D"
SUM: Final = "#6B7785"
BAR_PX: Final = 34
ROOM: Final = 1.18


@dataclass(frozen=True)
class Fall:
    """One bar of a waterfall: its points go from `start` to `end`."""

    name: str
    start: int
    end: int
    kind: str

    @property
    def points(self) -> int:
        """Give the points of the step, of the sum from nothing."""
        return self.end - self.start


def falls(told: Explanation, words: Texts) -> list[Fall]:
    """Take an explanation apart into bars; fewer than two steps need no chart."""
    at, bars = 0, []
    for name, points in _moved(told, words):
        bars.append(Fall(name, at, at + points, "more" if points > 0 else "less"))
        at += points
    if len(bars) < 2:
        return []
    return [*bars, Fall(words("waterfall.sum"), 0, at, "sum")]


def message(told: Explanation, words: Texts) -> str:
    """Say what the event gave or took."""
    if told.points < 0:
        return words("waterfall.took", points=number(-told.points))
    taken = -sum(one.points for one in told.reversals)
    if taken > 0:
        return words(
            "waterfall.gave_back",
            points=number(told.points),
            taken=number(taken),
            left=number(told.points - taken),
        )
    moved = _moved(told, words)
    if len(moved) > 1:
        name, most = max(moved, key=lambda step: step[1])
        return words(
            "waterfall.gave_most", points=number(told.points), step=name, most=signed(most)
        )
    return words("waterfall.gave", points=number(told.points))


def waterfall_chart(told: Explanation, words: Texts) -> alt.LayerChart | None:
    """Draw the bars from top to bottom; None where one sentence says it all."""
    bars = falls(told, words)
    if not bars:
        return None
    rows = [
        {
            "name": bar.name,
            "start": bar.start,
            "end": bar.end,
            "edge": max(bar.start, bar.end),
            "kind": bar.kind,
            "figure": number(bar.points) if bar.kind == "sum" else signed(bar.points),
        }
        for bar in bars
    ]
    # Room at the end for the figure of the longest bar.
    reach = [min(bar.end for bar in bars) * ROOM, max(bar.end for bar in bars) * ROOM]
    scale = alt.Scale(domain=[min(0, reach[0]), max(1, reach[1])], nice=False)
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y(
            "name:N",
            sort=None,
            title=None,
            axis=alt.Axis(labelLimit=160, ticks=False, domain=False),
        ),
        tooltip=[
            alt.Tooltip("name:N", title=words("waterfall.step")),
            alt.Tooltip("figure:N", title=words("waterfall.points")),
        ],
    )
    spans = base.mark_bar(size=BAR_PX * 0.55, cornerRadius=2).encode(
        x=alt.X(
            "start:Q",
            title=words("waterfall.points"),
            scale=scale,
            axis=alt.Axis(tickCount=5, tickMinStep=1, format=",d"),
        ),
        x2="end:Q",
        color=alt.Color(
            "kind:N",
            legend=None,
            scale=alt.Scale(domain=["more", "less", "sum"], range=[ACCENT, LESS, SUM]),
        ),
    )
    figures = base.mark_text(align="left", dx=5, fontWeight="bold", color="#8a94a0").encode(
        x=alt.X("edge:Q"), text="figure:N"
    )
    return alt.LayerChart(layer=[spans, figures], height=BAR_PX * len(rows) + 40)


def _moved(told: Explanation, words: Texts) -> list[tuple[str, int]]:
    moved: list[tuple[str, int]] = []
    if told.total is not None and told.base_raw is not None:
        base = int(Fraction(told.base_raw))
        moved += [(words("waterfall.base"), base), (words("waterfall.bonus"), told.total - base)]
        moved.append((words("waterfall.cap"), -(told.cap_cut or 0)))
    elif told.base is not None:
        moved += [(words("waterfall.base"), told.base), (words("waterfall.bonus"), told.bonus or 0)]
    for goal in told.goals:
        moved.append((words("waterfall.goal", goal=goal.id or ""), goal.points))
    for taken in told.reversals:
        moved.append((words("waterfall.taken", event=taken.event_id or ""), taken.points))
    return [(name, points) for name, points in moved if points]
