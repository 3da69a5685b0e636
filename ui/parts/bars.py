"""A list of bars: what each is, how long it is, and what it says, in one column on a phone too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ui.parts.figures import share
from ui.parts.markup import element, text


@dataclass(frozen=True)
class Bar:
    """One bar: its label, value and the figure with its unit; `css` colours it."""

    label: str
    value: int
    figure: str
    note: str = ""
    css: str = ""


def bar_list(title: str, bars: Sequence[Bar], whole: int | None = None) -> str:
    """Write bars under the title that says their message; the longest, or `whole`, is full."""
    most = whole if whole is not None else max((abs(bar.value) for bar in bars), default=0)
    return element(
        "section",
        "fc-bars",
        element("strong", "fc-message", text(title)),
        *(_line(bar, most) for bar in bars),
    )


def _line(bar: Bar, most: int) -> str:
    width = share(abs(bar.value), most)
    note = element("span", "fc-sub", text(bar.note)) if bar.note else ""
    return element(
        "div",
        "fc-bar-line",
        element("span", "fc-bar-label", text(bar.label), note),
        element("span", f"fc-bar {bar.css}", f'<i style="width:{width}%"></i>'),
        element("b", "fc-bar-figure", text(bar.figure)),
    )
