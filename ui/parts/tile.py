"""Tiles: one figure each, what it is above it, what it means below."""

from __future__ import annotations

from ui.parts.markup import element, text


def tile(label: str, figure: str, *under: str, css: str = "") -> str:
    """Write a tile; `under` is markup."""
    return element(
        "div",
        f"fc-tile {css}",
        element("span", "fc-label", text(label)),
        element("span", "fc-figure", text(figure)),
        *under,
    )


def note(said: str, css: str = "") -> str:
    """Write the small sentence of a tile."""
    return element("span", f"fc-note {css}", text(said))


def tiles(*inside: str) -> str:
    """Lay tiles out side by side, fewer in a row where there is less room."""
    return element("section", "fc-tiles", *inside)
