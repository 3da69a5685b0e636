"""Keep the points of one member in lots, taken first-expiring first."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from tests.oracle.instants import later_date

Duration = tuple[int, str]


@dataclass
class Lot:
    """Hold what was earned on one local day: what is left of it and what was spent of it."""

    day: date
    gone_on: date
    left: int = 0
    spent: int = 0


def gone_on(day: date, expire_after: Duration | None) -> date:
    """Give the day at whose first instant the points of a day are gone."""
    if expire_after is None:
        return date.max
    count, unit = expire_after
    if unit == "d":
        return day + timedelta(days=count + 1)
    return later_date(day, count if unit == "mo" else 12 * count) + timedelta(days=1)


@dataclass
class Lots:
    """Hold lots in the order they expire."""

    expire_after: Duration | None
    lots: list[Lot] = field(default_factory=list)

    @property
    def left(self) -> int:
        """Sum what is left of all lots."""
        return sum(lot.left for lot in self.lots)

    def lot_of(self, day: date) -> Lot | None:
        """Find the lot of a day that has not expired."""
        return next((lot for lot in self.lots if lot.day == day), None)

    def add(self, day: date, points: int, repaid: int) -> None:
        """Add points earned on a day, of which some repaid debt.

        What was spent counts against the points that expire first, also where these arrive
        late: the latest-expiring lots get back what the new points can pay instead.
        """
        lot = self.lot_of(day)
        if lot is None:
            lot = Lot(day, gone_on(day, self.expire_after))
            self.lots.append(lot)
            self.lots.sort(key=lambda each: (each.gone_on, each.day))
        lot.left += points - repaid
        lot.spent += repaid
        self._settle()

    def _settle(self) -> None:
        """Let earlier lots pay what later ones paid, the latest first."""
        for lot in self.lots:
            for later in reversed(self.lots):
                if later.gone_on <= lot.gone_on:
                    break
                moved = min(lot.left, later.spent)
                lot.left -= moved
                lot.spent += moved
                later.left += moved
                later.spent -= moved

    def spend(self, points: int) -> None:
        """Take points from the first-expiring lots; what they lack is debt and no one's lot."""
        for lot in self.lots:
            taken = min(lot.left, points)
            lot.left -= taken
            lot.spent += taken
            points -= taken

    def take_back(self, day: date, points: int) -> None:
        """Lower the lot of the day, then the first-expiring."""
        lot = self.lot_of(day)
        if lot is not None:
            own = min(lot.left, points)
            lot.left -= own
            points -= own
            # The rest was spent already, so that others have to pay what it paid.
            lot.spent -= min(lot.spent, points)
        self.spend(points)

    def expire(self, day: date) -> int:
        """Drop the lots that are gone on a day and give what was left of them."""
        expired = sum(lot.left for lot in self.lots if lot.gone_on <= day)
        self.lots = [lot for lot in self.lots if lot.gone_on > day]
        return expired

    def join(self, other: "Lots") -> None:
        """Take over the lots of another record; those of one day become one."""
        for theirs in other.lots:
            own = self.lot_of(theirs.day)
            if own is None:
                self.lots.append(theirs)
            else:
                own.left += theirs.left
                own.spent += theirs.spent
        self.lots.sort(key=lambda each: (each.gone_on, each.day))
        self._settle()
