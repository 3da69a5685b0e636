"""Birthdays: the attribute `birthday` as one small number, and whose it is on a local day."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final

NO_BIRTHDAY: Final = 0
LEAP_YEAR: Final = 2000
WRITTEN: Final = re.compile(r"(?:([0-9]{4})-)?([0-9]{2})-([0-9]{2})")
LEAP_DAY: Final = (2, 29)


def birthday_code(attribute: object) -> int:
    """Number the month and day of YYYY-MM-DD or MM-DD as month × 32 + day.

    Anything else, and a date that doesn't exist, is no birthday.

    >>> birthday_code("1990-06-19") == birthday_code("06-19")
    True
    >>> birthday_code("2023-02-29"), birthday_code("soon")
    (0, 0)
    """
    found = WRITTEN.fullmatch(attribute) if isinstance(attribute, str) else None
    if found is None:
        return NO_BIRTHDAY
    try:
        born = date(int(found[1] or LEAP_YEAR), int(found[2]), int(found[3]))
    except ValueError:
        return NO_BIRTHDAY
    return _code(born.month, born.day)


def codes_of_day(day: int) -> tuple[int, ...]:
    """List the birthdays kept on a local day: 29 February's on the 28th of common years too.

    >>> [len(codes_of_day((date(year, 2, 28) - date(1970, 1, 1)).days)) for year in (2026, 2028)]
    [2, 1]
    """
    today = date(1970, 1, 1) + timedelta(days=day)
    own = _code(today.month, today.day)
    if (today.month, today.day) == (2, 28) and (today + timedelta(days=1)).month == 3:
        return own, _code(*LEAP_DAY)
    return (own,)


def _code(month: int, day: int) -> int:
    return month * 32 + day
