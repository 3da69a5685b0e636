"""Write numbers, money, dates and spans of time the way the language and the season want them."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from ui.texts import Texts

SYMBOLS: Final = {"CNY": "¥", "JPY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "HKD": "HK$"}
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAY: Final = timedelta(days=1)


def number(value: int) -> str:
    """Write a whole number with separated thousands.

    >>> number(1234567), number(-5)
    ('1,234,567', '−5')
    """
    return f"{value:,}".replace("-", "−")


def signed(points: int) -> str:
    """Write points with their sign.

    >>> signed(35), signed(-4), signed(0)
    ('+35', '−4', '0')
    """
    return f"+{number(points)}" if points > 0 else number(points)


def money(amount: Decimal, currency: str) -> str:
    """Write an amount with its currency's sign, or its code where it has none here.

    >>> money(Decimal("12696.80"), "CNY"), money(Decimal("-3.5"), "CHF")
    ('¥12,696.80', '−CHF 3.50')
    """
    sign = "−" if amount < 0 else ""
    symbol = SYMBOLS.get(currency, f"{currency} ")
    return f"{sign}{symbol}{abs(amount):,.2f}"


def litres(quantity: Decimal, words: Texts) -> str:
    """Write litres without needless zeros, with their unit.

    >>> from ui.texts import texts
    >>> litres(Decimal("35.200"), texts("en")), litres(Decimal("1400"), texts("zh"))
    ('35.2 L', '1,400 升')
    """
    value = f"{quantity:,.3f}".rstrip("0").rstrip(".")
    return words("member.missing_litres", litres=value)


def day(at: datetime, zone: str, words: Texts) -> str:
    """Write the local date of an instant in `zone`."""
    local = at.astimezone(ZoneInfo(zone))
    if words.language == "zh":
        return f"{local.year}年{local.month}月{local.day}日"
    return f"{local.day} {MONTHS[local.month - 1]} {local.year}"


def minute(at: datetime, zone: str, words: Texts) -> str:
    """Write the local date and time of an instant in `zone`, to the minute."""
    local = at.astimezone(ZoneInfo(zone))
    if words.language == "zh":
        return f"{local.month}月{local.day}日 {local:%H:%M}"
    return f"{local.day} {MONTHS[local.month - 1]}, {local:%H:%M}"


def full_minute(at: datetime, zone: str, words: Texts) -> str:
    """Write the local date with its year and the time of an instant in `zone`."""
    return f"{day(at, zone, words)} {at.astimezone(ZoneInfo(zone)):%H:%M}"


def second(at: datetime, zone: str, words: Texts) -> str:
    """Write the local date and time of an instant in `zone`, to the second."""
    return f"{minute(at, zone, words)}:{at.astimezone(ZoneInfo(zone)):%S}"


def hour(at: datetime, zone: str, words: Texts) -> str:
    """Write an hour of a day in `zone`, as "19 Jun 12–13 h"."""
    local = at.astimezone(ZoneInfo(zone))
    end = (local.hour + 1) % 24 or 24
    if words.language == "zh":
        return f"{local.month}月{local.day}日 {local.hour}–{end} 时"
    return f"{local.day} {MONTHS[local.month - 1]}, {local.hour}–{end} h"


def countdown(left: timedelta, words: Texts) -> str:
    """Write the time that is left; 0 when it is over.

    >>> from ui.texts import texts
    >>> countdown(timedelta(days=62, hours=4, seconds=9), texts("en"))
    '62 d 04:00:09'
    """
    left = max(left, timedelta(0))
    seconds = int((left % DAY).total_seconds())
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return words("header.days", days=left // DAY, clock=clock) if left >= DAY else clock


def share(part: Decimal | int, whole: Decimal | int) -> float:
    """Give part of whole as a percentage between 0 and 100, for the width of a bar.

    >>> share(50, 200), share(5, 0), share(300, 200)
    (25.0, 0.0, 100.0)
    """
    if whole <= 0:
        return 0.0
    return max(0.0, min(100.0, round(float(part) / float(whole) * 100, 2)))


def masked(member: str) -> str:
    """Mask an id for a public board as the system does: two characters at each end at most.

    >>> masked("m-000042"), masked("wx9"), masked("a")
    ('m-•••42', 'w•••', '•••')
    """
    if len(member) in (2, 3):
        return f"{member[0]}•••"
    kept = min(2, len(member) // 4)
    return f"{member[:kept]}•••{member[-kept:]}" if kept else "•••"
