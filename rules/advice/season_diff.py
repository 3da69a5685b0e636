"""What a new season file changes against an old one, in plain words, and whom it hurts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

from rules.advice.diff_effects import Effect, Effects, rate_of
from rules.advice.diff_words import SECTIONS, DiffWords, price_line
from rules.ranks.prizes import unit_cost_fen
from rules.season.season_models import (
    Checkout,
    Condition,
    Earning,
    Label,
    Level,
    Limit,
    Prize,
    RankSpan,
    Season,
    Where,
)
from rules.season.section import Section
from rules.wording.terms_earning import earning_line, multiplier_line, task_line
from rules.wording.terms_season import board_line, prize_line, prize_title
from rules.wording.terms_spending import (
    budget_line,
    coupon_line,
    coupon_name,
    item_line,
    trigger_line,
)
from rules.wording.terms_tiers import level_line
from rules.wording.terms_words import LANGUAGES, Words

# What is compared as one value though it has keys of its own.
WHOLE: Final = (Where, Condition, Limit, Label)
GROUPS: Final = {
    "earning": "earning",
    "multiplier": "multiplier",
    "tasks": "task",
    "tiers.levels": "tier",
    "coupons": "coupon",
    "catalogue": "item",
    "boards": "board",
    "rewards": "reward",
    "products": "product",
    "segments": "segment",
}
LINES: Final[Mapping[str, Callable[[Words, Any], str]]] = {
    "earning": earning_line,
    "multiplier": multiplier_line,
    "tasks": task_line,
    "coupons": coupon_line,
    "triggers": trigger_line,
    "budgets": budget_line,
    "catalogue": item_line,
    "boards": board_line,
    "prices": price_line,
    "prizes": prize_line,
}


@dataclass(frozen=True, slots=True)
class Change:
    """Hold one change: where, what it does for members, and a sentence in each language."""

    path: str
    effect: Effect
    zh: str
    en: str

    def as_row(self) -> dict[str, str]:
        """Give the change as a plain table, for JSON."""
        return {"path": self.path, "effect": self.effect, "zh": self.zh, "en": self.en}


def changes(old: Season, new: Season) -> list[Change]:
    """List what a new file changes, in the order of the file's sections."""
    return list(_Comparison(old, new).run())


def adverse(old: Season, new: Season, now_us: int) -> list[Change]:
    """List the changes that hurt members although the season has started; now_us is µs UTC.

    What takes something from some members counts as hurting, though others gain.
    """
    starts = old.season.starts.replace(tzinfo=ZoneInfo(old.programme.timezone))
    if now_us < starts.timestamp() * 1_000_000:
        return []
    return [change for change in changes(old, new) if change.effect == "worse"]


class _Comparison:
    """Walks two files side by side."""

    def __init__(self, old: Season, new: Season) -> None:
        self.old, self.new = old, new
        self.effects = Effects(old, new)
        self.before = {one: DiffWords(Words(old, one)) for one in LANGUAGES}
        self.after = {one: DiffWords(Words(new, one)) for one in LANGUAGES}

    def run(self) -> Iterator[Change]:
        for section in SECTIONS:
            if section == "tiers.levels":
                levels = [
                    one.tiers.levels if one.tiers is not None else ()
                    for one in (self.old, self.new)
                ]
                yield from self._items(section, _by_id(levels[0]), _by_id(levels[1]))
                continue
            before, after = getattr(self.old, section), getattr(self.new, section)
            if section == "prizes":
                spans = self._spans()
                before, after = _of_ranks(self.old, spans), _of_ranks(self.new, spans)
            if isinstance(before, tuple | dict):
                yield from self._items(section, _by_id(before), _by_id(after))
            else:
                yield from self._keys(section, None, "", before, after)

    def _items(
        self, section: str, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> Iterator[Change]:
        for name in dict.fromkeys((*before, *after)):
            if name in before and name in after:
                yield from self._keys(section, name, "", before[name], after[name])
            else:
                yield self._item(section, name, before.get(name), after.get(name))

    def _spans(self) -> list[tuple[str, int, int]]:
        """Cut the prizes' ranks so that both files give one reward, or none, to each span."""
        spans = []
        prizes = (*self.old.prizes, *self.new.prizes)
        for board in dict.fromkeys(prize.board for prize in prizes):
            of_board = [prize.ranks for prize in prizes if prize.board == board]
            cuts = {ranks.first for ranks in of_board} | {ranks.last + 1 for ranks in of_board}
            ends = sorted(cuts)
            spans += [(board, first, end - 1) for first, end in pairwise(ends)]
        return spans

    def _item(self, section: str, name: str, before: Any, after: Any) -> Change:
        added = before is None
        item = after if added else before
        effect = self.effects.of_item(section, item, added)
        texts = {}
        for language in LANGUAGES:
            side = (self.after if added else self.before)[language]
            line = _plain(self._line(side.words, section, item))
            text = side.sentences["added" if added else "removed"].format(
                section=side.section(section),
                line=line or self._name(side, section, name, item),
            )
            texts[language] = self._ended(side, text, effect)
        return Change(f"{section}.{name}", effect, texts["zh"], texts["en"])

    def _line(self, words: Words, section: str, item: Any) -> str:
        if section in LINES:
            return LINES[section](words, item)
        if section == "tiers.levels" and words.season.tiers is not None:
            return level_line(words, words.season.tiers, words.season.tiers.levels.index(item))
        return ""

    def _keys(
        self, section: str, name: str | None, prefix: str, before: Any, after: Any
    ) -> Iterator[Change]:
        if before == after:
            return
        if not isinstance(before, Section) or type(before) is not type(after):
            yield self._change(section, name, prefix or "", before, after)
            return
        skipped = {"id", "levels"} if not prefix else set()
        if isinstance(before, Earning | Checkout) and isinstance(after, Earning | Checkout):
            skipped |= {"points", "per", "amount_fen"}
            if (_rate(before), _unit(before)) != (_rate(after), _unit(after)):
                yield self._change(section, name, "rate", before, after)
        for field, info in type(before).model_fields.items():
            if field in skipped:
                continue
            key = info.alias or field
            one, other = _value(before, field), _value(after, field)
            if one == other:
                continue
            path = f"{prefix}.{key}" if prefix else key
            if isinstance(one, Section) and not isinstance(one, WHOLE):
                yield from self._keys(section, name, path, one, other)
            else:
                yield self._change(section, name, path, one, other)

    def _change(self, section: str, name: str | None, key: str, before: Any, after: Any) -> Change:
        pattern = ".".join(part for part in (section, "*" if name else "", key) if part)
        path = ".".join(part for part in (section, name or "", key) if part)
        if key == "rate":
            effect = self.effects.of_value(pattern, _rate(before), _rate(after))
            effect = effect if _unit(before) == _unit(after) else "worse"
        elif key == "reward":
            effect = self.effects.of_value("rewards.*.unit_cost", *self._costs(before, after))
        else:
            effect = self.effects.of_value(pattern, before, after)
        item_before, item_after = _found(self.old, section, name), _found(self.new, section, name)
        texts = {}
        for language in LANGUAGES:
            was, now = self.before[language], self.after[language]
            text = now.sentences["changed"].format(
                title=now.title(section, self._name(now, section, name, item_after or item_before)),
                key=now.key(key) if key else "",
                before=_rated(was, before) if key == "rate" else was.value(key, before),
                after=_rated(now, after) if key == "rate" else now.value(key, after),
            )
            texts[language] = self._ended(now, text, effect)
        return Change(path, effect, texts["zh"], texts["en"])

    def _costs(self, before: str, after: str) -> tuple[int, int]:
        """Give what two rewards cost, one of each file, to tell which is better."""
        old, new = self.old, self.new
        return unit_cost_fen(old, old.rewards[before]), unit_cost_fen(new, new.rewards[after])

    def _name(self, side: DiffWords, section: str, name: str | None, item: Any) -> str | None:
        if name is None:
            return None
        words = side.words
        if section == "prizes":
            return prize_title(words, _of_ranks(words.season, self._spans())[name])
        if section == "coupons":
            return _plain(words("titled", name=coupon_name(words, name), id=name))
        shown = words.named(GROUPS.get(section, section), name, getattr(item, "name", None))
        return name if shown == name else _plain(words("titled", name=shown, id=name))

    def _ended(self, side: DiffWords, text: str, effect: Effect) -> str:
        words = side.sentences[effect]
        return text + side.sentences["end"].format(effect=words)


def _plain(text: str) -> str:
    """Take the Markdown out of a sentence of the terms."""
    return text.replace("**", "").replace("`", "")


def _value(one: Section, field: str) -> Any:
    """Give a key's value; a level without a keep is kept by its entry."""
    value = getattr(one, field)
    return one.entry if value is None and field == "keep" and isinstance(one, Level) else value


def _by_id(items: Any) -> dict[str, Any]:
    """List a section's items by id."""
    return items if isinstance(items, dict) else {item.id: item for item in items}


def _of_ranks(season: Season, spans: list[tuple[str, int, int]]) -> dict[str, Prize]:
    """List the prizes of spans of ranks, by board and ranks."""
    found = {}
    for board, first, last in spans:
        for prize in season.prizes:
            if prize.board == board and prize.ranks.first <= first <= prize.ranks.last:
                ranks = RankSpan(first, last)
                found[f"{board}.{first}-{last}"] = prize.model_copy(update={"ranks": ranks})
    return found


def _found(season: Season, section: str, name: str | None) -> Any:
    if name is None or section == "prizes":
        return None
    if section == "tiers.levels":
        return _by_id(season.tiers.levels if season.tiers else ()).get(name)
    return _by_id(getattr(season, section)).get(name)


def _rate(one: Earning | Checkout) -> Fraction:
    if isinstance(one, Earning):
        return rate_of(one.per, one.points)
    return Fraction(one.amount_fen, one.points)


def _unit(one: Earning | Checkout) -> str:
    return "litres" if isinstance(one, Earning) and one.per.litres_ml else "amount"


def _rated(side: DiffWords, one: Earning | Checkout) -> str:
    words = side.words
    points = words.points(one.points)
    if isinstance(one, Checkout):
        return f"{points} = {words.money(one.amount_fen)}"
    per = one.per
    unit = words.money(per.amount_fen) if per.amount_fen else words.litres(per.litres_ml or 0)
    return f"{points} / {unit}"
