"""Count what budgets and stocks have given, and never more than they hold."""

from dataclasses import dataclass
from datetime import date

from tests.oracle.offers import Offers
from tests.oracle.periods import period_of


@dataclass
class Pool:
    """Hold a limit and how much of it is used in its running period."""

    limit: int
    per: str | None = None
    used: int = 0
    period: object = None

    def begin(self, day: date) -> None:
        """Start afresh on a day that begins another period."""
        if self.per is not None:
            period = period_of(self.per, day)
            if period != self.period:
                self.used = 0
            self.period = period


Charge = tuple[Pool, int]


def make_pools(offers: Offers) -> dict[str, Pool]:
    """Give every budget's pools and every stock, by name."""
    pools: dict[str, Pool] = {}
    for budget in offers.budgets:
        if budget.count is not None:
            pools[f"{budget.id}.count"] = Pool(budget.count, budget.per)
        if budget.cost_fen is not None:
            pools[f"{budget.id}.cost"] = Pool(budget.cost_fen, budget.per)
    for item in offers.catalogue.values():
        if item.stock is not None:
            pools[f"{item.id}.stock"] = Pool(item.stock)
    return pools


def charges(
    offers: Offers, pools: dict[str, Pool], thing: str, moment: str, cost_fen: int
) -> list[Charge]:
    """List what giving one thing takes from the budgets that cover it at a moment."""
    found: list[Charge] = []
    for budget in offers.budgets:
        if thing in budget.covers and budget.at == moment:
            if budget.count is not None:
                found.append((pools[f"{budget.id}.count"], 1))
            if budget.cost_fen is not None:
                found.append((pools[f"{budget.id}.cost"], cost_fen))
    return found


def fits(wanted: list[Charge]) -> bool:
    """Say whether every pool has room for what is wanted of it."""
    return all(pool.used + units <= pool.limit for pool, units in wanted)


def take(wanted: list[Charge]) -> None:
    """Take what is wanted."""
    for pool, units in wanted:
        pool.used += units


def give_back(taken: list[Charge]) -> None:
    """Give back what was taken, as far as it is still counted."""
    for pool, units in taken:
        pool.used = max(0, pool.used - units)
