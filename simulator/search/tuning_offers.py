"""Tuning offers: the values of a season file worth trying others for, each with what to try.

Only a value that stands in the file is offered, under a path that a space file takes. What to try
lies around today's: a few even steps to either side, or the other things that could stand there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final, TypeAlias

from rules.season.season_draft import Pattern, places, value_at
from rules.season.season_models import Season
from rules.season.toml_lines import Loc
from rules.wording.terms_spending import coupon_name
from rules.wording.terms_words import LANGUAGES, Words
from simulator.search.knobs import Amount, amount_of
from simulator.search.season_text import SeasonText, toml_of

Span: TypeAlias = tuple[Decimal, Decimal, Decimal]
"""Low, high and step."""
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NICE: Final = (Decimal(5), Decimal("2.5"), Decimal(2), Decimal(1))
HALF: Final = Decimal("0.5")
STEPS_A_SIDE: Final = 2
CENT: Final = -2
"""Money has no smaller step than this power of ten."""
FACTOR_STEPS: Final = tuple(map(Decimal, ("0.5", "0.25", "0.2", "0.1", "0.05", "0.01")))


@dataclass(frozen=True, slots=True)
class Offer:
    """A value that may be varied.

    `kind` says what it is (`multiplier.factor`), `of` what it belongs to, by language; `today`,
    `low`, `high` and `step` are written without quotes, `choices` as TOML, with what each that has
    a name is called in `named`. `usual` are those that a first search may well begin with.
    """

    kind: str
    path: str
    of: Mapping[str, str]
    today: str
    low: str = ""
    high: str = ""
    step: str = ""
    choices: tuple[str, ...] = ()
    named: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    usual: bool = False


@dataclass(frozen=True, slots=True)
class Offers:
    """What a season file offers to vary, and the values that should stay in order."""

    offers: tuple[Offer, ...]
    orders: tuple[tuple[str, ...], ...]


def offers_of(text: SeasonText, season: Season) -> Offers:
    """List what may be varied in a season file, as the file names it."""
    named = {loc: path for path, loc in reversed(list(text.paths.items()))}
    found: list[Offer] = []
    for kind, pattern, propose in _VALUES:
        for loc, value in places(text.draft, pattern):
            if loc in named and (tried := propose(value, text.draft, loc)) is not None:
                found.append(_offer(kind, named[loc], loc, value, tried, text.draft, season))
    return Offers(tuple(_usual_marked(found, text.draft, named)), tuple(_orders(text, named)))


def _offer(
    kind: str, path: str, loc: Loc, value: Any, tried: Span | tuple[str, ...],
    draft: Mapping[str, Any], season: Season,
) -> Offer:  # fmt: skip
    of = {language: _owner(draft, loc, Words(season, language)) for language in LANGUAGES}
    amount = amount_of(value)
    if amount is None or isinstance(tried[0], str):
        choices = tuple(map(str, tried))
        named = {one: _named(one, season) for one in choices if not one.startswith("[")}
        return Offer(kind, path, of, toml_of(value), choices=choices, named=named)
    decimals = max(-int(Decimal(one).normalize().as_tuple().exponent) for one in tried)
    written = max(decimals, -int(amount.number.as_tuple().exponent), 0)
    low, high, step = (f"{Decimal(one):.{written}f}{amount.unit}" for one in tried)
    return Offer(kind, path, of, str(value), low, high, step)


def _named(choice: str, season: Season) -> dict[str, str]:
    """Name a reward or a coupon that may be chosen, in every language."""
    name = json.loads(choice)
    reward = season.rewards.get(name)
    every = {one: Words(season, one) for one in LANGUAGES}
    if reward is None:
        return {one: coupon_name(words, name) for one, words in every.items()}
    return {one: words.named("reward", name, reward.name) for one, words in every.items()}


def _owner(draft: Mapping[str, Any], loc: Loc, words: Words) -> str:
    """Name what a value belongs to: its rule, coupon or tier; a prize by its board and ranks."""
    group = str(loc[0])
    one = value_at(draft, loc[:3] if group == "tiers" else loc[:2])
    if not isinstance(one, dict):
        return ""
    if group == "prizes":
        boards = {board.id: board.name for board in words.season.boards}
        board = str(one.get("board", ""))
        return f"{words.named('board', board, boards.get(board))} {one.get('ranks', '')}"
    name = one.get("name")
    if isinstance(name, dict) and words.language in name:
        return str(name[words.language])
    if isinstance(name, str):
        return name
    if group == "triggers" and "id" not in one:
        return f"{one.get('on', '')} · {one.get('issue', '')}"
    known = {"tasks": "task", "tiers": "tier", "coupons": "coupon", "catalogue": "item"}
    return words.named(known.get(group, group), str(one.get("id", "")))


# ---- what to try --------------------------------------------------------------


def _around(value: Any, draft: Mapping[str, Any], loc: Loc) -> Span | None:
    """Two even steps to either side, about a quarter of today's value each; never down to 0."""
    del draft, loc
    amount = amount_of(value)
    if amount is None or amount.number <= 0:
        return None
    step = _nice(amount.number / 4, amount)
    if step <= 0:
        return None
    below = min(STEPS_A_SIDE, int((amount.number - step) // step))
    return amount.number - below * step, amount.number + STEPS_A_SIDE * step, step


def _from_nothing(value: Any, draft: Mapping[str, Any], loc: Loc) -> Span | None:
    """From nothing to twice as much, in halves."""
    del draft, loc
    amount = amount_of(value)
    if amount is None or amount.number <= 0:
        return None
    step = amount.number * HALF
    whole = round(step, -CENT)
    if whole <= 0 or whole != step:
        return Decimal(0), amount.number * 2, amount.number
    return Decimal(0), amount.number * 2, step


def _factor(value: Any, draft: Mapping[str, Any], loc: Loc) -> Span | None:
    """From no multiplying at all to two steps above today's, or 1 above."""
    del draft, loc
    amount = amount_of(value)
    if amount is None or amount.number <= 1:
        return None
    over = amount.number - 1
    step = next((one for one in FACTOR_STEPS if over % one == 0), None)
    return None if step is None else (Decimal(1), amount.number + 2 * step, step)


def _part(step: Decimal) -> Callable[[Any, Mapping[str, Any], Loc], Span | None]:
    """Two steps to either side of a share that stays above 0 and below 1."""

    def propose(value: Any, draft: Mapping[str, Any], loc: Loc) -> Span | None:
        del draft, loc
        amount = amount_of(value)
        if amount is None or not 0 < amount.number < 1:
            return None
        below = min(STEPS_A_SIDE, int((amount.number - step / 10) // step))
        above = min(STEPS_A_SIDE, int((1 - amount.number - step / 10) // step))
        if below + above == 0:
            return None
        return amount.number - below * step, amount.number + above * step, step

    return propose


def _weekdays(value: Any, draft: Mapping[str, Any], loc: Loc) -> tuple[str, ...] | None:
    """Offer today's days, and every single day."""
    del draft, loc
    if not isinstance(value, tuple) or not value:
        return None
    return tuple(dict.fromkeys([toml_of(value), *(toml_of([day]) for day in WEEKDAYS)]))


def _rewards(value: Any, draft: Mapping[str, Any], loc: Loc) -> tuple[str, ...] | None:
    """Offer every reward of the file."""
    del loc
    return _others(value, draft.get("rewards", {}))


def _coupons(value: Any, draft: Mapping[str, Any], loc: Loc) -> tuple[str, ...] | None:
    """Offer every coupon of the file."""
    del loc
    ids = [one["id"] for one in draft.get("coupons", ()) if isinstance(one, dict) and "id" in one]
    return _others(value, ids)


def _others(value: Any, ids: Any) -> tuple[str, ...] | None:
    every = tuple(toml_of(one) for one in ids)
    return every if len(every) > 1 and toml_of(value) in every else None


def _nice(size: Decimal, amount: Amount) -> Decimal:
    """Give the greatest even step not above a size: 1, 2, 2.5 or 5 times a power of ten."""
    counted = amount.whole or bool(amount.unit)
    least = 0 if counted else min(int(amount.number.as_tuple().exponent), CENT)
    for power in range(size.adjusted(), least - 1, -1):
        for one in NICE:
            step = one.scaleb(power)
            if step <= size and step == round(step, -least):
                return step
    return Decimal(1) if counted else Decimal(1).scaleb(least)


_VALUES: Final[
    tuple[
        tuple[str, Pattern, Callable[[Any, Mapping[str, Any], Loc], Span | tuple[str, ...] | None]],
        ...,
    ]
] = (
    ("earning.points", ("earning", "*", "points"), _around),
    ("earning.litres", ("earning", "*", "per", "litres"), _around),
    ("earning.amount", ("earning", "*", "per", "amount"), _around),
    ("multiplier.factor", ("multiplier", "*", "factor"), _factor),
    ("multiplier.weekday", ("multiplier", "*", "where", "weekday"), _weekdays),
    ("multiplying.ceiling", ("multiplying", "ceiling"), _around),
    ("points.cap", ("points", "member_day_cap"), _around),
    ("task.points", ("tasks", "*", "points"), _around),
    ("task.goal", ("tasks", "*", "goal", "amount"), _around),
    ("referral.points", ("referral", "advocate_points"), _around),
    ("tier.litres", ("tiers", "levels", "*", "entry", "any", "litres"), _around),
    ("tier.amount", ("tiers", "levels", "*", "entry", "any", "amount"), _around),
    ("tier.visits", ("tiers", "levels", "*", "entry", "any", "visits"), _around),
    ("tier.discount", ("tiers", "levels", "*", "discount", "per_litre"), _from_nothing),
    ("coupon.off", ("coupons", "*", "off"), _around),
    ("coupon.pay", ("coupons", "*", "pay"), _part(Decimal("0.05"))),
    ("coupon.max_off", ("coupons", "*", "max_off"), _around),
    ("coupon.min_spend", ("coupons", "*", "min_spend"), _around),
    ("trigger.issue", ("triggers", "*", "issue"), _coupons),
    ("trigger.after", ("triggers", "*", "after"), _around),
    ("prize.reward", ("prizes", "*", "reward"), _rewards),
    ("catalogue.points", ("catalogue", "*", "points"), _around),
    ("checkout.share", ("checkout", "max_share"), _part(Decimal("0.1"))),
)
"""What is offered, in the order of the page: its kind, where it stands, and how it is tried."""


def _usual_marked(
    found: list[Offer], draft: Mapping[str, Any], named: Mapping[Loc, str]
) -> Iterator[Offer]:
    """Mark the few to begin with: the member day's factor, tier discounts, a coupon, a prize."""
    weekly = {
        named.get((*loc[:2], "factor"))
        for loc, _ in places(draft, ("multiplier", "*", "where", "weekday"))
    }
    seen: set[str] = set()
    for one in found:
        first = one.kind not in seen
        seen.add(one.kind)
        usual = (
            one.path in weekly
            or one.kind == "tier.discount"
            or (first and one.kind in ("coupon.off", "prize.reward"))
            or (first and one.kind == "multiplier.factor" and not weekly)
        )
        yield replace(one, usual=usual)


def _orders(text: SeasonText, named: Mapping[Loc, str]) -> Iterator[tuple[str, ...]]:
    """Keep the discounts of tiers from falling from one to the next, where they don't today."""
    held = list(places(text.draft, ("tiers", "levels", "*", "discount", "per_litre")))
    amounts = [amount_of(value) for _, value in held]
    if len(held) > 1 and all(
        one is not None and other is not None and one.number <= other.number
        for one, other in pairwise(amounts)
    ):
        yield tuple(named[loc] for loc, _ in held)
