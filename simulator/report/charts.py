"""Charts: small pictures as inline SVG, drawn from plain numbers, readable in any theme.

Colours are classes (`c0` to `c5`, Okabe and Ito's palette, told apart by colour-blind eyes) that
the page's style sheet fills, so one picture serves light, dark and print. Every picture is WIDTH
units wide, so that it can be read on a phone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Final

WIDTH: Final = 460
_LETTER: Final = 8.1
_WIDE_LETTER: Final = 13.6
_LABEL_MAX: Final = 186.0
_ROW: Final = 30.0
_PLOT_HEIGHT: Final = 190.0
_WIDE_FROM: Final = 0x2E80

Written = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Span:
    """One row: a value with what it may be, low to high; `css` a class of the page."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    css: str = "c0"
    said: str = ""
    """Written beside the row; the value without it."""


@dataclass(frozen=True, slots=True)
class Series:
    """Values over the same places, with what they may be."""

    label: str
    values: Sequence[float]
    css: str
    low: Sequence[float] = ()
    high: Sequence[float] = ()


def ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Choose round numbers that span low to high, about `count` steps.

    >>> ticks(0, 97)
    [0.0, 25.0, 50.0, 75.0, 100.0]
    >>> ticks(-3, 4)
    [-4.0, -2.0, 0.0, 2.0, 4.0]
    """
    if not high > low:
        high = low + (abs(low) or 100.0)
    rough = (high - low) / count
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(one * unit for one in (1.0, 2.0, 2.5, 5.0, 10.0) if one * unit >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [nth * step + 0.0 for nth in range(first, last + 1)]


def text_width(text: str) -> float:
    """Estimate the width of a text in units; Chinese letters are wide."""
    return sum(_WIDE_LETTER if ord(letter) >= _WIDE_FROM else _LETTER for letter in text)


class _Sheet:
    """Gathers the parts of one picture."""

    def __init__(self, height: float, title: str) -> None:
        self.height = height
        self._title = title
        self._parts: list[str] = []

    def line(self, x1: float, y1: float, x2: float, y2: float, css: str) -> None:
        self._parts.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{css}"/>'
        )

    def box(self, x: float, y: float, width: float, height: float, css: str) -> None:
        self._parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" '
            f'height="{max(height, 0):.1f}" class="{css}"/>'
        )

    def dot(self, x: float, y: float, css: str, radius: float = 4.5) -> None:
        self._parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" class="{css}"/>')

    def path(self, points: Sequence[tuple[float, float]], css: str, closed: bool = False) -> None:
        drawn = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        self._parts.append(f'<path d="M{drawn}{"Z" if closed else ""}" class="{css}"/>')

    def text(self, x: float, y: float, said: str, css: str = "", anchor: str = "start") -> None:
        place = "" if anchor == "start" else f' text-anchor="{anchor}"'
        named = f' class="{css}"' if css else ""
        self._parts.append(f'<text x="{x:.1f}" y="{y:.1f}"{place}{named}>{escape(said)}</text>')

    def svg(self) -> str:
        return (
            f'<svg viewBox="0 0 {WIDTH} {self.height:.0f}" role="img" '
            f'aria-label="{escape(self._title, quote=True)}">{"".join(self._parts)}</svg>'
        )


def _shortened(label: str) -> str:
    """Cut a label that is too long for its column."""
    if text_width(label) <= _LABEL_MAX:
        return label
    while text_width(label) > _LABEL_MAX - _WIDE_LETTER:
        label = label[:-1]
    return label.rstrip() + "…"


def rows_chart(
    rows: Sequence[Span],
    axis: str,
    written: Written,
    title: str,
    *,
    bars: bool = True,
    marks: Sequence[tuple[float, str]] = (),
) -> str:
    """Draw one row a span: a bar from 0, or a dot, with a whisker from low to high.

    `axis` names the axis with its unit; marks are values drawn across all rows, with a word.
    """
    labels = [_shortened(row.label) for row in rows]
    said = [row.said or written(row.value) for row in rows]
    left = max(map(text_width, labels), default=0.0) + 10
    right = WIDTH - max(map(text_width, said), default=0.0) - 18
    reach = [0.0] + [mark for mark, _ in marks]
    for row in rows:
        reach += [one for one in (row.value, row.low, row.high) if one is not None]
    steps = ticks(min(reach), max(reach), 3)
    top = 8.0 + 18.0 * bool(marks)
    bottom = top + _ROW * len(rows)
    sheet = _Sheet(bottom + 42, title)

    def x_of(value: float) -> float:
        return left + (value - steps[0]) / (steps[-1] - steps[0]) * (right - left)

    for step in _apart(steps, x_of, written, right):
        sheet.line(x_of(step), top, x_of(step), bottom, "zero" if step == 0 else "grid")
        sheet.text(x_of(step), bottom + 17, written(step), "small", "middle")
    sheet.text((left + right) / 2, bottom + 35, axis, "small axis", "middle")
    for nth, row in enumerate(rows):
        middle = top + _ROW * (nth + 0.5)
        sheet.text(left - 8, middle + 4.5, labels[nth], anchor="end")
        if bars:
            ends = sorted((x_of(0.0), x_of(row.value)))
            sheet.box(ends[0], middle - 8, ends[1] - ends[0], 16, row.css)
        if row.low is not None and row.high is not None:
            sheet.line(x_of(row.low), middle, x_of(row.high), middle, f"whisker {row.css}s")
            for end in (row.low, row.high):
                sheet.line(x_of(end), middle - 5, x_of(end), middle + 5, f"whisker {row.css}s")
        if not bars:
            sheet.dot(x_of(row.value), middle, row.css)
        sheet.text(WIDTH, middle + 4.5, said[nth], "figure", "end")
    for mark, word in marks:
        sheet.line(x_of(mark), top - 4, x_of(mark), bottom, "mark")
        half = text_width(word) / 2
        sheet.text(min(max(x_of(mark), half), WIDTH - half), top - 8, word, "small mark-word",
                   "middle")  # fmt: skip
    return sheet.svg()


def _apart(
    steps: Sequence[float], x_of: Callable[[float], float], written: Written, right: float
) -> list[float]:
    """Leave out steps whose words would touch those of the step before."""
    kept: list[float] = []
    free = -math.inf
    # 0 is where a reader begins; it goes before its neighbours.
    for step in sorted(steps, key=lambda one: (one != 0, one)):
        half = text_width(written(step)) / 2 * 0.9 + 3
        clash = any(
            abs(x_of(step) - x_of(one)) < half + text_width(written(one)) / 2 * 0.9 + 3
            for one in kept
        )
        if not clash and x_of(step) > free and x_of(step) <= right + 1:
            kept.append(step)
    return sorted(kept)


def _room(steps: Sequence[float], written: Written) -> float:
    """Give the width that the words of an upright axis take."""
    return max(text_width(written(step)) for step in steps) * 0.93 + 10


def _frame(
    sheet: _Sheet, steps: Sequence[float], left: float, top: float, axis: str, written: Written
) -> Callable[[float], float]:
    """Draw the grid of a chart over places and tell how high a value stands."""
    bottom = top + _PLOT_HEIGHT

    def y_of(value: float) -> float:
        return bottom - (value - steps[0]) / (steps[-1] - steps[0]) * _PLOT_HEIGHT

    for step in steps:
        sheet.line(left, y_of(step), WIDTH, y_of(step), "zero" if step == 0 else "grid")
        sheet.text(left - 7, y_of(step) + 4, written(step), "small", "end")
    sheet.text(0, top - 12, axis, "small axis")
    return y_of


def _legend(sheet: _Sheet, series: Sequence[Series], y: float) -> None:
    x = 0.0
    for one in series:
        sheet.box(x, y - 9, 11, 11, one.css)
        sheet.text(x + 16, y + 1, one.label, "small")
        x += 16 + text_width(one.label) * 0.95 + 16


def _legend_rows(series: Sequence[Series]) -> list[list[Series]]:
    """Part a legend into lines that fit."""
    lines: list[list[Series]] = [[]]
    x = 0.0
    for one in series:
        wide = 32 + text_width(one.label) * 0.95
        if lines[-1] and x + wide > WIDTH + 16:
            lines.append([])
            x = 0.0
        lines[-1].append(one)
        x += wide
    return lines


def _place_words(
    sheet: _Sheet, places: Sequence[str], left: float, y: float, x_of: Callable[[int], float]
) -> None:
    """Write the places under a chart, as many as fit."""
    widest = max(map(text_width, places), default=1.0) + 10
    room = (WIDTH - left) / max(1, len(places))
    every = max(1, math.ceil(widest / room))
    for nth, word in enumerate(places):
        if nth % every == 0:
            sheet.text(x_of(nth), y, word, "small", "middle")


def columns_chart(
    places: Sequence[str], series: Sequence[Series], axis: str, place_axis: str, written: Written,
    title: str, *, stacked: bool = True,
) -> str:  # fmt: skip
    """Draw a column a place, the series stacked in it or side by side."""
    sums = [sum(max(one.values[nth], 0.0) for one in series) for nth in range(len(places))]
    tops = sums if stacked else [value for one in series for value in one.values]
    lows = [min(0.0, *one.values) for one in series if one.values]
    legend = _legend_rows(series)
    top = 34.0 + 20 * len(legend)
    sheet = _Sheet(top + _PLOT_HEIGHT + 44, title)
    for nth, line in enumerate(legend):
        _legend(sheet, line, 14 + 20.0 * nth)
    steps = ticks(min(lows, default=0.0), max(tops, default=1.0))
    left = _room(steps, written)
    y_of = _frame(sheet, steps, left, top, axis, written)
    room = (WIDTH - left) / max(1, len(places))
    wide = min(room * 0.7, 70.0 if stacked else 110.0)

    def middle(nth: int) -> float:
        return left + room * (nth + 0.5)

    for nth in range(len(places)):
        level, begin = 0.0, middle(nth) - wide / 2
        for number, one in enumerate(series):
            value = one.values[nth]
            if stacked:
                sheet.box(begin, y_of(level + value), wide, y_of(level) - y_of(level + value),
                          one.css)  # fmt: skip
                level += value
            else:
                part = wide / len(series)
                ends = sorted((y_of(0.0), y_of(value)))
                sheet.box(begin + part * number, ends[0], part - 1, ends[1] - ends[0], one.css)
    _place_words(sheet, places, left, top + _PLOT_HEIGHT + 18, middle)
    sheet.text((left + WIDTH) / 2, top + _PLOT_HEIGHT + 36, place_axis, "small axis", "middle")
    return sheet.svg()


def lines_chart(
    places: Sequence[str], series: Sequence[Series], axis: str, place_axis: str, written: Written,
    title: str,
) -> str:  # fmt: skip
    """Draw lines over places, with a band where a series has low and high."""
    reach = [0.0]
    for one in series:
        reach += [*one.values, *one.low, *one.high]
    legend = _legend_rows(series) if len(series) > 1 else []
    top = 34.0 + 20 * len(legend)
    sheet = _Sheet(top + _PLOT_HEIGHT + 44, title)
    for nth, line in enumerate(legend):
        _legend(sheet, line, 14 + 20.0 * nth)
    steps = ticks(min(reach), max(reach))
    left = _room(steps, written)
    y_of = _frame(sheet, steps, left, top, axis, written)
    span = max(1, len(places) - 1)
    pad = 26.0

    def x_of(nth: int) -> float:
        return left + pad + (WIDTH - left - 2 * pad) * (nth / span if len(places) > 1 else 0.5)

    for one in series:
        if one.low:
            upper = [(x_of(nth), y_of(value)) for nth, value in enumerate(one.high)]
            lower = [(x_of(nth), y_of(value)) for nth, value in enumerate(one.low)]
            sheet.path([*upper, *reversed(lower)], f"band {one.css}", closed=True)
        points = [(x_of(nth), y_of(value)) for nth, value in enumerate(one.values)]
        for before, after in pairwise(points):
            sheet.line(*before, *after, f"curve {one.css}s")
        for x, y in points if len(points) <= 40 else ():
            sheet.dot(x, y, one.css, 3.5)
    _place_words(sheet, places, left, top + _PLOT_HEIGHT + 18, x_of)
    sheet.text((left + WIDTH) / 2, top + _PLOT_HEIGHT + 36, place_axis, "small axis", "middle")
    return sheet.svg()
