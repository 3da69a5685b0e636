"""The lines of an order at the till: what is bought, before any discount."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import msgspec
import pyarrow as pa

from rules.decoding.event_columns import AMOUNT_FEN_MAX, LITRES_ML_MAX, Names
from rules.decoding.event_faults import shown
from rules.decoding.identity import hash_strings
from rules.decoding.quantities import plain_text, read_decimal

LINES_MAX: Final = 200


class LineFault(ValueError):  # noqa: N818 - named for what a sender has to mend
    """A line can't be read; the reason is the word an event with it is refused with."""

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One product of an order: its price before any discount, and its volume if it is fuel."""

    product: str
    amount_fen: int
    litres_ml: int = 0


@dataclass(frozen=True, slots=True)
class Order:
    """What a till asks about: an order's lines, where, when and how it is paid."""

    id: str
    lines: tuple[OrderLine, ...]
    at_us: int
    station: str = ""
    pay: str = ""

    @property
    def amount_fen(self) -> int:
        """Add up the lines."""
        return sum(line.amount_fen for line in self.lines)


def read_lines(text: str) -> tuple[OrderLine, ...]:
    """Read an order's lines from canonical JSON.

    Raises:
        LineFault: where it is no list of at most 200 lines with product and amount.
    """
    found = msgspec.json.decode(text)
    if not isinstance(found, list) or len(found) > LINES_MAX:
        count = f"{len(found)} lines" if isinstance(found, list) else "no list"
        raise LineFault("bad_field", f"lines: {count}; send a list of at most {LINES_MAX} lines")
    return tuple(_line(place, one) for place, one in enumerate(found))


def order_hash(order: str) -> int:
    """Hash an order's id, 64 bits, as hash_strings() does for a column."""
    return int(hash_strings(pa.array([order], pa.string()))[0][0])


def check_lines(text: str, names: Names) -> None:
    """Check an order's lines against what the season file names.

    Raises:
        LineFault: where they can't be read, or name an unknown product.
    """
    for place, line in enumerate(read_lines(text)):
        if names.products is not None and line.product not in names.products:
            raise LineFault(
                "unknown_product",
                f"lines[{place}].product = {shown(line.product)}: not in the season file; add "
                "[products.…] there or send a product it names",
            )


def _line(place: int, given: Any) -> OrderLine:
    if not isinstance(given, dict):
        raise LineFault("bad_field", f"lines[{place}] is no object; send product and amount")
    product = given.get("product")
    if isinstance(product, int | float) and not isinstance(product, bool):
        product = plain_text(product)
    if not isinstance(product, str) or not product:
        raise LineFault("bad_field", f"lines[{place}].product is missing: a line names one")
    if given.get("amount") in (None, ""):
        raise LineFault("bad_field", f"lines[{place}].amount is missing: the price of the line")
    amount_fen = _quantity(place, "amount", given["amount"], 2, AMOUNT_FEN_MAX)
    litres = given.get("litres")
    litres_ml = 0
    if litres not in (None, ""):
        litres_ml = _quantity(place, "litres", litres, 3, LITRES_ML_MAX)
    return OrderLine(product, amount_fen, litres_ml)


def _quantity(place: int, name: str, given: Any, places: int, most: int) -> int:
    value = None
    if isinstance(given, str):
        value = read_decimal(given, places, most)
    elif isinstance(given, int | float | Decimal) and not isinstance(given, bool):
        value = read_decimal(plain_text(given), places, most)
    if value is None:
        raise LineFault(
            "bad_field",
            f"lines[{place}].{name} = {shown(given)}: not a decimal from 0 to "
            f"{most // 10**places} with at most {places} decimals",
        )
    return value
