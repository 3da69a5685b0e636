"""The words of terms and conditions: figures, dates, names and conditions in one language."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Final

from rules.compiling.clauses import scalar_text
from rules.season.duration import Duration
from rules.season.season_models import DateSpan, Hours, Label, Limit, Metrics, Range, Season, Where
from rules.wording import terms_en, terms_zh
from rules.wording.terms_names import NAMES

LANGUAGES: Final = ("zh", "en")
METRIC: Final = re.compile(r"(visits|litres|amount)_([0-9]+)d")
_TEXTS: Final = {"zh": terms_zh, "en": terms_en}


@dataclass(frozen=True, slots=True)
class Part:
    """Hold one numbered part of the terms: its title and its sentences, one a line."""

    title: str
    lines: tuple[str, ...]


class Words:
    """The phrases of one language, and how it writes figures of a season."""

    def __init__(self, season: Season, language: str) -> None:
        self.season = season
        self.language = language
        self.phrases: Mapping[str, str] = _TEXTS[language].PHRASES
        self.names = NAMES[language]

    def __call__(self, key: str, /, **values: str) -> str:
        """Give a phrase with its places filled."""
        return self.phrases[key].format(**values)

    def part(self, title: str, lines: Sequence[str]) -> Part:
        """Make a part of the terms titled by a phrase."""
        return Part(self(title), tuple(lines))

    def named(
        self, group: str, name: str, label: Label | None = None, otherwise: str | None = None
    ) -> str:
        """Name a thing of the file: as it says, else by a usual word, else as told or by its id."""
        if label is not None:
            return label.text(self.language)
        return self.names.get(f"{group}.{name}", name if otherwise is None else otherwise)

    def titled(
        self, group: str, name: str, label: Label | None = None, otherwise: str | None = None
    ) -> str:
        """Name a rule together with its id."""
        return self("titled", name=self.named(group, name, label, otherwise), id=name)

    def joined(self, items: Sequence[str], last: str = "and") -> str:
        """List things in a sentence.

        >>> from rules.season.season_models import Season
        >>> Words(Season.model_construct(), "en").joined(["a", "b", "c"], "or")
        'a, b or c'
        """
        if len(items) < 2 or self.language == "zh":
            return self("comma").join(items)
        return self(last, first=self("comma").join(items[:-1]), last=items[-1])

    def number(self, value: int | Fraction) -> str:
        """Write a number with separators and only the decimals it has."""
        exact = Fraction(value)
        text = f"{Decimal(exact.numerator) / Decimal(exact.denominator):,f}"
        return text.rstrip("0").rstrip(".") if "." in text else text

    def counted(self, unit: str, value: int | Fraction) -> str:
        """Write a number with its unit, in the plural where the language has one."""
        return self(unit, n=self.number(value), s="" if value == 1 else "s")

    def points(self, value: int | Fraction) -> str:
        """Write a number of points."""
        return self.counted("points", value)

    def money(self, amount_fen: int | Fraction) -> str:
        """Write money: whole, or with its two decimals."""
        yuan = Fraction(amount_fen) / 100
        text = self.number(yuan)
        if "." in text and len(text.rpartition(".")[2]) == 1:
            text += "0"
        currency = self.season.programme.currency
        key = f"money.{currency}" if f"money.{currency}" in self.phrases else "money"
        return self(key, n=text, currency=currency)

    def litres(self, volume_ml: int) -> str:
        """Write a volume."""
        return self.counted("litres", Fraction(volume_ml, 1000))

    def percent(self, share: Fraction) -> str:
        """Write a share in per cent."""
        return self("percent", n=self.number(share * 100))

    def factor(self, value: Fraction) -> str:
        """Write a factor."""
        return self("factor", n=self.number(value))

    def duration(self, length: Duration) -> str:
        """Write a length of time."""
        return self.counted(f"unit.{length.unit}", length.count)

    def day(self, one: date) -> str:
        """Write a date."""
        month = str(one.month)
        if "months" in self.phrases:
            month = self("months").split(",")[one.month - 1]
        return self("date", year=str(one.year), month=month, day=str(one.day))

    def moment(self, at: datetime) -> str:
        """Write a local date and time; a midnight as such."""
        if (at.hour, at.minute, at.second) == (0, 0, 0):
            return self("midnight", date=self.day(at.date()))
        time = at.strftime("%H:%M:%S" if at.second else "%H:%M")
        return self("moment", date=self.day(at.date()), time=time)

    def dates(self, spans: Sequence[DateSpan]) -> str:
        """List dates and spans of dates."""
        return self.joined(
            [
                self.day(one.first)
                if one.first == one.last
                else self("dates", first=self.day(one.first), last=self.day(one.last))
                for one in spans
            ]
        )

    def clock(self, minute: int) -> str:
        """Write a minute of the day as a time."""
        return f"{minute // 60:02d}:{minute % 60:02d}"

    def limit(self, limit: Limit, key: str) -> str:
        """Write how often something may happen."""
        times = self.phrases.get(f"times.{limit.times}") or self.counted("times", limit.times)
        return self(key, times=times, per=self(f"per.{limit.per}"))

    def needs(self, metrics: Metrics, every: bool) -> str:
        """Write the thresholds of a tier."""
        found = []
        if metrics.litres_ml is not None:
            found.append(self("tiers.metric.litres", n=self.litres(metrics.litres_ml)))
        if metrics.amount_fen is not None:
            found.append(self("tiers.metric.amount", n=self.money(metrics.amount_fen)))
        if metrics.visits is not None:
            visits = self.counted("purchases", metrics.visits)
            found.append(self("tiers.metric.visits", n=visits))
        if len(found) < 2:
            return "".join(found)
        return self(
            "tiers.all" if every else "tiers.any",
            list=self.joined(found, "and" if every else "or"),
        )

    def where(self, where: Where) -> str:
        """Write a condition; empty where it holds for everything."""
        return self("clause").join(
            self._of_goods(where) + self._of_time(where) + self._of_people(where)
        )

    def _of_goods(self, where: Where) -> list[str]:
        products = self.season.products
        named = [
            name
            for name in where.product
            if not where.category or products[name].category in where.category
        ]
        found = []
        if where.product:
            found.append(("where.product", [self.product(name) for name in named]))
        elif where.category:
            found.append(
                ("where.category", [self.named("category", one) for one in where.category])
            )
        return [self(key, list=self.joined(names, "or")) for key, names in found]

    def product(self, name: str) -> str:
        """Name a product."""
        one = self.season.products.get(name)
        return self.named("product", name, one.name if one else None)

    def _of_time(self, where: Where) -> list[str]:
        found = []
        calendar = self.season.holidays.calendar if self.season.holidays else ""
        if where.weekday:
            days = self("weekdays").split(",")
            listed = self.joined([days[day] for day in where.weekday], "and")
            found.append(self("where.weekday", list=listed))
        if where.hours:
            spans = self.joined([self.hours(span) for span in where.hours], "or")
            found.append(self("where.hours_all", list=spans))
        if where.dates:
            days = [
                self("where.day", day=self.day(one.first))
                if one.first == one.last
                else self("where.days", first=self.day(one.first), last=self.day(one.last))
                for one in where.dates
            ]
            found.append(self("where.dates", list=self.joined(days)))
        if where.holiday is not None:
            key = "where.holiday" if where.holiday else "where.workday"
            found.append(self(key, calendar=calendar))
        return found

    def hours(self, span: Hours) -> str:
        """Write a span of the day."""
        over = 0 < span.end_minute < span.start_minute
        start, end = self.clock(span.start_minute), self.clock(span.end_minute or 24 * 60)
        return self("where.hours_over" if over else "where.hours", start=start, end=end)

    def _of_people(self, where: Where) -> list[str]:
        alone = not where.OF_STATION
        lists: list[tuple[Sequence[str], str]] = [
            (where.tier, "tier"),
            (where.kind, "kind"),
            (where.segment, "segment"),
            (where.station, "station"),
            (where.region, "region"),
            (where.brand, "brand"),
            (where.pay, "pay"),
        ]
        found = [
            self(
                f"who.{group}" if alone and f"who.{group}" in self.phrases else f"where.{group}",
                list=self.joined([self.name_of(group, one) for one in values], "or"),
            )
            for values, group in lists
            if values
        ]
        for name, values in where.station_fields.items():
            found.append(self("where.field", name=name, list=self.joined(list(values), "or")))
        for name, wanted in where.attributes.items():
            found.append(self._attribute(name, wanted))
        return found

    def name_of(self, group: str, name: str) -> str:
        """Name a tier, kind or segment by its id, and anything else by itself."""
        label = None
        if group == "tier" and self.season.tiers is not None:
            label = next(one.name for one in self.season.tiers.levels if one.id == name)
        if group == "segment":
            label = self.season.segments[name].name
        return self.named(group, name, label)

    def _attribute(self, name: str, wanted: tuple[str | int | bool, ...] | Range) -> str:
        shown = self.named("attribute", name)
        if not isinstance(wanted, Range):
            values = [
                self.product(scalar_text(one)) if name == "fuel" else scalar_text(one)
                for one in wanted
            ]
            return self("where.field", name=shown, list=self.joined(values, "or"))
        ends = {"min": self._bound(wanted.min), "max": self._bound(wanted.max)}
        key = "between" if all(ends.values()) else "least" if ends["min"] else "most"
        range_text = self(f"range.{key}", **ends)
        metric = METRIC.fullmatch(name)
        if metric is not None:
            return self(f"metric.{metric[1]}", days=metric[2], range=range_text)
        return self("where.range", name=shown, range=range_text.rstrip())

    def _bound(self, value: Fraction | date | None) -> str:
        if value is None:
            return ""
        return self.day(value) if isinstance(value, date) else self.number(value)
