"""Figures with their spread over runs, and sentences in both languages."""

from __future__ import annotations

import msgspec


class Spread(msgspec.Struct, frozen=True):
    """A figure over the runs: mean, 95 % interval of the mean (None for one run), quantiles."""

    mean: float
    p50: float
    p95: float
    low: float | None = None
    high: float | None = None
    p5: float | None = None


class Sentences(msgspec.Struct, frozen=True):
    """A verdict in both languages, a sentence each."""

    zh: tuple[str, ...]
    en: tuple[str, ...]

    def in_language(self, language: str) -> tuple[str, ...]:
        """Give the sentences of a language."""
        return self.zh if language == "zh" else self.en
