"""Report words: the sentences, names, figures and dates of the reports, in one language."""

from __future__ import annotations

from typing import Final

from rules.season.season_models import Label, Season
from rules.wording.terms_words import LANGUAGES, Words
from simulator.people.parameter_names import NAMES, general
from simulator.report import report_en, report_zh
from simulator.report.spread import Spread

PHRASES: Final = {"zh": report_zh.PHRASES, "en": report_en.PHRASES}
MINUS: Final = "−"
NO_INTERVAL: Final = "—"
WHOLE_FROM: Final = 10
"""A mean count from which decimals only distract."""
_STEPS: Final = {
    "zh": ((1e8, " 亿"), (1e4, " 万")),
    "en": ((1e9, "bn"), (1e6, "M"), (1e3, "k")),
}
_UNIT: Final = {
    "zh": {"CNY": "元", "USD": "美元", "EUR": "欧元", "HKD": "港元"},
    "en": {"CNY": "¥", "USD": "$", "EUR": "€", "HKD": "HK$"},
}


class ReportWords:
    """One language of a report on a season."""

    def __init__(self, season: Season, language: str) -> None:
        self.season = season
        self.language = language
        self._words = Words(season, language)

    def __call__(self, key: str, /, **values: str) -> str:
        """Give a sentence with its places filled."""
        return PHRASES[self.language][key].format(**values)

    def number(self, value: float) -> str:
        """Write a count, shortened where it is long; a mean of ten or more without decimals.

        >>> from rules.season.season_models import Season
        >>> words = ReportWords(Season.model_construct(), "zh")
        >>> words.number(12345678), words.number(-3), words.number(0)
        ('1235 万', '−3', '0')
        """
        size = abs(value)
        return _signed(value, self._short(float(round(size)) if size >= WHOLE_FROM else size))

    def count(self, value: float) -> str:
        """Write a count in full; with a decimal where it is a small mean."""
        size = abs(value)
        whole = abs(size - round(size)) < 0.05 or size >= 100
        return _signed(value, f"{size:,.0f}" if whole else f"{size:,.1f}")

    def money(self, fen: float) -> str:
        """Write money, shortened where it is much."""
        currency = self.season.programme.currency
        unit = _UNIT[self.language].get(currency)
        said = self._short(abs(fen) / 100, exact_below=1000)
        if self.language == "zh":
            join = "" if said[-1] in "万亿" else " "
            said = f"{said}{join}{unit or currency}"
        else:
            said = f"{unit}{said}" if unit else f"{currency} {said}"
        return _signed(fen, said)

    def signed_money(self, fen: float) -> str:
        """Write a difference of money, with its sign."""
        return self.money(fen) if fen <= 0 else f"+{self.money(fen)}"

    def signed(self, value: float) -> str:
        """Write a difference of counts, with its sign."""
        return self.number(value) if value <= 0 else f"+{self.number(value)}"

    def share(self, value: float) -> str:
        """Write a share in per cent, with a decimal below 10 %.

        >>> from rules.season.season_models import Season
        >>> words = ReportWords(Season.model_construct(), "en")
        >>> words.share(0.123), words.share(0.0123), words.share(-0.5), words.share(0)
        ('12%', '1.2%', '−50%', '0%')
        """
        size = abs(value) * 100
        if size < 0.05:
            return "0%"
        return _signed(value, f"{size:.1f}%" if size < 9.95 else f"{size:.0f}%")

    def gain(self, fen: float) -> str:
        """Write margin gained or lost against no programme, with the word for which."""
        return self("gain.less" if fen < 0 else "gain.more", size=self.money(abs(fen)))

    def points(self, value: float) -> str:
        """Write a number of percentage points, with its sign."""
        return self("points_difference", n=_plus(value, f"{abs(value) * 100:.2f}"))

    def runs(self, count: int) -> str:
        """Write a number of runs."""
        return self("runs.one") if count == 1 else self("runs.many", n=self.count(count))

    def interval(self, span: str) -> str:
        """Write the interval under a figure, or that one run tells none."""
        if span == NO_INTERVAL:
            return self("no_interval")
        return self("report.tile.interval", span=span)

    def between(self, low: str, high: str) -> str:
        """Write a span."""
        return low if low == high else self("between", low=low, high=high)

    def money_span(self, spread: Spread, *, signed: bool = False) -> str:
        """Write the interval of a mean amount, or a dash for one run."""
        written = self.signed_money if signed else self.money
        if spread["low"] is None or spread["high"] is None:
            return NO_INTERVAL
        return self.between(written(spread["low"]), written(spread["high"]))

    def share_span(self, spread: Spread) -> str:
        """Write the interval of a mean share, or a dash for one run."""
        if spread["low"] is None or spread["high"] is None:
            return NO_INTERVAL
        return self.between(self.share(spread["low"]), self.share(spread["high"]))

    def named(self, group: str, name: str, label: Label | None = None) -> str:
        """Name a thing of the season file: as it says, else by a usual word, else its id."""
        return self._words.named(group, name, label)

    def kind(self, name: str) -> str:
        """Name a kind of members."""
        return self.named("kind", name)

    def segment(self, name: str) -> str:
        """Name members by how often they come unaided."""
        return self(f"segment.{name}")

    def segment_row(self, name: str) -> str:
        """Name them where it isn't said that it's visits a month."""
        return self("segment.row", segment=self.segment(name))

    def level(self, name: str) -> str:
        """Name a tier level."""
        tiers = self.season.tiers
        labels = {} if tiers is None else {one.id: one.name for one in tiers.levels}
        return self.named("tier", name, labels.get(name))

    def board(self, name: str) -> str:
        """Name a board."""
        labels = {one.id: one.name for one in self.season.boards}
        return self.named("board", name, labels.get(name))

    def reward(self, name: str) -> str:
        """Name what a prize gives."""
        one = self.season.rewards.get(name)
        return self.named("reward", name, None if one is None else one.name)

    def budget(self, name: str) -> str:
        """Name a budget or a stock by its id, a good of the catalogue as it is called."""
        items = {one.id: one.name for one in self.season.catalogue}
        return self.named("item", name, items.get(name)) if name in items else name

    def parameter(self, path: str) -> str:
        """Name a figure of the population, with its path."""
        key, of = general(path)
        name = NAMES[self.language].get(key)
        if name is None:
            return path
        group = "product" if path.startswith("grades.") else "kind"
        named = name.format(of=self.named(group, of))
        return self("parameter.named", name=named, path=path)

    def season_name(self) -> str:
        """Name the season."""
        window = self.season.season
        return self.named("season", window.id, window.name)

    def _short(self, size: float, exact_below: float = 1e4) -> str:
        """Write three figures of a large number, with the word for its size."""
        for least, word in _STEPS[self.language]:
            if size >= max(least, exact_below) * 0.9995:
                part = size / least
                places = 0 if part >= 99.95 else 1 if part >= 9.995 else 2
                said = f"{part:.{places}f}"
                return (said.rstrip("0").rstrip(".") if "." in said else said) + word
        if size >= 99.5 or abs(size - round(size)) < 0.005:
            return f"{size:,.0f}"
        return f"{size:.2f}"


def _signed(value: float, said: str) -> str:
    """Put the sign before, unless what is written is 0."""
    return f"{MINUS}{said}" if value < 0 and any(one in "123456789" for one in said) else said


def _plus(value: float, said: str) -> str:
    return f"+{said}" if value > 0 else _signed(value, said)


def both(season: Season) -> tuple[ReportWords, ...]:
    """Give the words of every language, Chinese first."""
    return tuple(ReportWords(season, language) for language in LANGUAGES)
