"""Scatter: files as dots, cost across and margin up, with the line of those none beats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Final

from simulator.report.charts import WIDTH, Written, text_width, ticks

_LEFT: Final = 66.0
_TOP: Final = 48.0
_PLOT: Final = 230.0
_PAD: Final = 12.0


@dataclass(frozen=True, slots=True)
class Dots:
    """Some files of one kind: points (across, up), a class of the page, a word for the legend."""

    label: str
    points: Sequence[tuple[float, float]]
    css: str
    radius: float = 4.0
    joined: bool = False
    """Whether a line leads along those that lie above all on their left."""


def rising(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Give, from left to right, the points that lie above all on their left.

    >>> rising([(3, 5), (1, 2), (2, 1)])
    [(1, 2), (3, 5)]
    """
    found: list[tuple[float, float]] = []
    for point in sorted(points):
        if not found or point[1] > found[-1][1]:
            found.append(point)
    return found


def scatter_chart(
    groups: Sequence[Dots], across: str, up: str, written: Written, title: str
) -> str:
    """Draw groups of dots, later ones over earlier; axes needn't begin at 0."""
    xs = [x for group in groups for x, _ in group.points]
    ys = [y for group in groups for _, y in group.points]
    x_steps, y_steps = ticks(min(xs), max(xs), 3), ticks(min(ys), max(ys), 4)
    bottom, right = _TOP + _PLOT, WIDTH - max(_PAD, text_width(written(x_steps[-1])) / 2)
    left = max(_LEFT, max(text_width(written(step)) for step in y_steps) + 8)

    def x_of(value: float) -> float:
        return (
            left + _PAD + (value - x_steps[0]) / (x_steps[-1] - x_steps[0]) * (right - left - _PAD)
        )

    def y_of(value: float) -> float:
        return bottom - (value - y_steps[0]) / (y_steps[-1] - y_steps[0]) * _PLOT

    parts = [_text(0, _TOP - 12, up, "small axis")]
    parts += [_legend(groups)]
    for step in y_steps:
        parts.append(_line(left, y_of(step), right, y_of(step), "grid"))
        parts.append(_text(left - 7, y_of(step) + 4, written(step), "small", "end"))
    free = -1.0
    for step in x_steps:
        half = text_width(written(step)) / 2
        if x_of(step) - half < free or x_of(step) + half > WIDTH + 8:
            continue
        free = x_of(step) + half + 6
        parts.append(_line(x_of(step), _TOP, x_of(step), bottom, "grid"))
        parts.append(_text(x_of(step), bottom + 18, written(step), "small", "middle"))
    parts.append(_text((left + right) / 2, bottom + 38, across, "small axis", "middle"))
    for group in groups:
        places = [(x_of(x), y_of(y)) for x, y in group.points]
        if group.joined:
            for one, other in pairwise((x_of(x), y_of(y)) for x, y in rising(group.points)):
                parts.append(_line(*one, *other, f"curve {group.css}s"))
        for x, y in places:
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{group.radius}" '
                         f'class="{group.css}"/>')  # fmt: skip
    return (
        f'<svg viewBox="0 0 {WIDTH} {bottom + 46:.0f}" role="img" '
        f'aria-label="{escape(title, quote=True)}">{"".join(parts)}</svg>'
    )


def _legend(groups: Sequence[Dots]) -> str:
    parts, x = [], 4.0
    for group in groups:
        parts.append(f'<circle cx="{x + 5:.1f}" cy="11" r="5" class="{group.css}"/>')
        parts.append(_text(x + 15, 15, group.label, "small"))
        x += 30 + text_width(group.label)
    return "".join(parts)


def _line(x1: float, y1: float, x2: float, y2: float, css: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{css}"/>'


def _text(x: float, y: float, said: str, css: str, anchor: str = "start") -> str:
    place = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{x:.1f}" y="{y:.1f}"{place} class="{css}">{escape(said)}</text>'
