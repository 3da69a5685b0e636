"""Verdict: what a result comes to, in plain sentences, and what it rests on."""

from __future__ import annotations

from collections.abc import Sequence

from ui.parts.markup import element, text


def verdict(level: str, said: Sequence[str], rests_on: str) -> str:
    """Write a verdict's sentences, the first as its heading; level is good, calm or bad."""
    first, *rest = said
    return element(
        "section",
        f"fc-notice fc-notice-{level} fc-verdict",
        element("strong", "fc-what", text(first)),
        *(element("p", "fc-way", text(sentence)) for sentence in rest),
        element("p", "fc-small", text(rests_on)),
    )
