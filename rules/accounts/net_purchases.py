"""Net purchases: what a member had bought up to some posting, less what went back.

The kernel keeps these sums in rings that move on; a journal tells them for any moment.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from rules.accounts.posting import Posting
from rules.compiling.calendar import months_of_days
from rules.compiling.compiled import Rules
from rules.judging.tiers import Window


@dataclass(slots=True)
class Bought:
    """What is left of one purchase."""

    at_us: int
    product: str | None
    left_ml: int
    left_fen: int
    counts: bool = True  # as a visit: until a refund leaves nothing


class Purchases:
    """The purchases of one member, as some of their postings leave them."""

    def __init__(self, upto: Iterable[Posting]) -> None:
        self._bought: dict[tuple[str, str | None], Bought] = {}
        for one in upto:
            ml, fen = one.litres_ml or 0, one.amount_fen or 0
            if one.is_sale and one.type == "purchase":
                self._bought[one.member, one.event_id] = Bought(one.at_us, one.product, ml, fen)
            elif one.takes_back_a_sale:
                sale = self._bought.get((one.member, one.ref))
                if sale is not None:
                    sale.left_ml += ml
                    sale.left_fen += fen
                    sale.counts = bool(sale.left_ml or sale.left_fen)

    def window(self, rules: Rules, at_us: int) -> Window:
        """Sum the tier metrics over the window that ends with an instant's local month."""
        rows = list(self._bought.values())
        instants = np.array([*(row.at_us for row in rows), at_us], dtype=np.int64)
        months = months_of_days(rules.calendar.days(instants)).tolist()
        last = months.pop()
        inside = [
            row
            for row, month in zip(rows, months, strict=True)
            if last - rules.window_months < month <= last
        ]
        fuel = sum(
            row.left_ml for row in inside if rules.fuel[rules.products.get(row.product or "", 0)]
        )
        spent = sum(row.left_fen for row in inside)
        visits = sum(row.counts for row in inside)
        return Window(*(np.array([value], dtype=np.int64) for value in (fuel, spent, visits)))

    def season_fen(self, rules: Rules) -> int:
        """Sum what is left of the purchases in the season, fen."""
        return sum(
            row.left_fen
            for row in self._bought.values()
            if rules.starts_us <= row.at_us < rules.ends_us
        )
