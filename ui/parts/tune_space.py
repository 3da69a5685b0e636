"""The space of a search as the page fills it in: which values may change, written as its file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from ui.answers.simulation import Offer, Offers
from ui.texts import Texts


@dataclass(frozen=True)
class Tried:
    """A value that may change, and what is tried for it: a range, or choices written as TOML."""

    path: str
    low: str = ""
    high: str = ""
    step: str = ""
    choices: tuple[str, ...] = ()


def space_text(tried: Sequence[Tried], orders: Sequence[Sequence[str]] = ()) -> str:
    """Write the space file; of the orders those that have a value in them which may change.

    >>> print(space_text([Tried("points.member_day_cap", "2000", "4000", "500")]))
    format = 1
    <BLANKLINE>
    [[vary]]
    path = "points.member_day_cap"
    low = "2000"
    high = "4000"
    step = "500"
    <BLANKLINE>
    """
    lines = ["format = 1"]
    for one in tried:
        lines += ["", "[[vary]]", f"path = {json.dumps(one.path, ensure_ascii=False)}"]
        if one.choices:
            lines.append(f"choices = [{', '.join(one.choices)}]")
        else:
            lines += [
                f"{name} = {json.dumps(value.strip(), ensure_ascii=False)}"
                for name, value in (("low", one.low), ("high", one.high), ("step", one.step))
            ]
    varied = {one.path for one in tried}
    for order in orders:
        if varied & set(order):
            paths = ", ".join(json.dumps(path, ensure_ascii=False) for path in order)
            lines += ["", "[[order]]", f"paths = [{paths}]"]
    return "\n".join(lines) + "\n"


def offered(offer: Offer) -> Tried:
    """Take an offer as it is."""
    return Tried(offer.path, offer.low, offer.high, offer.step, offer.choices)


def usual(offers: Offers) -> list[str]:
    """Name the paths that a search may well begin with."""
    return [one.path for one in offers.offers if one.usual]


def value_name(offer: Offer, words: Texts) -> str:
    """Name a value in plain words: what it is, and what it belongs to."""
    of = offer.of.get(words.language, "")
    key = f"tune.value.{offer.kind}"
    if key not in words.words:
        return offer.path
    return words(key, of=of) if of else words(key, of="").strip(" ·：:")


def option_name(offer: Offer, choice: str, words: Texts) -> str:
    """Write a choice of an offer for people: by its name, where it has one."""
    return offer.named.get(choice, {}).get(words.language) or choice_name(choice, words)


def choice_name(choice: str, words: Texts) -> str:
    """Write a value for people: ids without quotes, weekdays in words.

    >>> from ui.texts import texts
    >>> choice_name('"phone"', texts("en")), choice_name('["tue", "wed"]', texts("en"))
    ('phone', 'Tuesday, Wednesday')
    >>> choice_name("0.10", texts("en"))
    '0.10'
    """
    if not choice.startswith(('"', "[")):
        return choice
    try:
        value = json.loads(choice)
    except ValueError:
        return choice
    parts = value if isinstance(value, list) else [value]
    return ", ".join(words.name_of("weekday", str(part)) for part in parts)
