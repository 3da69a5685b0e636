"""Personal attributes: which values of a member never reach a log in clear, and their one form.

Equal people write equal values differently; what is compared is the normalised value.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any, Final

from rules.season.birthdays import WRITTEN
from rules.season.season_models import Season

PERSONAL: Final = ("phone", "plate", "email", "id_number", "name", "address")
"""Attributes of which events carry a token only; [members] personal in the file adds others."""
KEPT: Final = ("phone", "name", "address")
"""Those whose value is kept, encrypted under the member's own keys; of the others nothing is."""
BIRTHDAY: Final = "birthday"

TOKEN: Final = re.compile(r"t_[A-Za-z0-9_-]{22}")
"""What stands in for a value; nothing is worked out from it."""

_PHONE_NOISE: Final = re.compile(r"[^0-9+]")
_COUNTRY: Final = re.compile(r"(?:\+|00)86")
_MOBILE: Final = re.compile(r"1[0-9]{10}")
_PLATE_NOISE: Final = re.compile(r"[\s·•・.\-–—]")
_SPACE: Final = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Personal:
    """What a season file makes personal; keeps_year: a rule of it looks at the year of birth."""

    names: tuple[str, ...] = PERSONAL
    keeps_year: bool = False

    @classmethod
    def of(cls, season: Season) -> Personal:
        """Read it from a season file."""
        further = (name.casefold() for name in season.members.personal)
        names = dict.fromkeys((*PERSONAL, *further))
        asked = any(BIRTHDAY in where.attributes for _, where in season.conditions())
        return cls(tuple(names), asked)

    @property
    def pattern(self) -> str:
        """Give the pattern (RE2) of an attributes text that has anything personal."""
        words = list(self.names) if self.keeps_year else [*self.names, BIRTHDAY]
        return f'(?i)"\\s*(?:{"|".join(map(re.escape, words))})\\s*":'

    def name_of(self, attribute: str) -> str | None:
        """Give the personal attribute that a key means, whatever its case; None for another."""
        name = attribute.strip().casefold()
        return name if name in self.names else None

    def shortened(self, attribute: str, value: object) -> tuple[bool, object]:
        """Tell whether an attribute is a birthday to be cut, and month and day alone of it.

        What is no date is None: no rule can use it, and it may say more than a birthday.

        >>> Personal().shortened("birthday", "1990-06-19")
        (True, '06-19')
        """
        if self.keeps_year or attribute.strip().casefold() != BIRTHDAY:
            return False, value
        found = WRITTEN.fullmatch(value) if isinstance(value, str) else None
        return True, f"{found[2]}-{found[3]}" if found else None


def normalised(name: str, value: object) -> str:
    """Give the form in which two values of a personal attribute are compared; "" for none.

    >>> normalised("phone", "+86 138-0013-8000"), normalised("phone", 13800138000)
    ('13800138000', '13800138000')
    >>> normalised("plate", "粤B·12345")
    '粤b12345'
    """
    text, before = str(value), None
    while text != before:  # folding a letter's case, or a space less, can compose it otherwise
        before, text = text, _folded(name, text)
    return text


def _folded(name: str, text: str) -> str:
    text = _SPACE.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()
    if name == "phone":
        return _phone(text)
    if name == "plate":
        return _PLATE_NOISE.sub("", text)
    return text.replace(" ", "") if name == "id_number" else text


def _phone(text: str) -> str:
    """Write a phone number as digits: a mainland mobile without its country, others with +."""
    digits = _PHONE_NOISE.sub("", text)
    digits = digits[:1] + digits[1:].replace("+", "")
    country = _COUNTRY.match(digits)
    if country is not None:
        rest = digits[country.end() :].lstrip("0")
        return rest if _MOBILE.fullmatch(rest) or not rest else "0" + rest
    for code in ("86", "0"):
        if digits.startswith(code) and _MOBILE.fullmatch(digits[len(code) :]):
            return digits[len(code) :]
    return "+" + digits[2:] if digits.startswith("00") else digits


def is_token(value: Any) -> bool:
    """Tell whether a value is a token already, as in a log that was exported.

    >>> is_token("t_" + "A" * 22), is_token("13800138000")
    (True, False)
    """
    return isinstance(value, str) and TOKEN.fullmatch(value) is not None
