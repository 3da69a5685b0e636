"""Personal offers: the coupon expected to bring most margin from one member.

From what the member has bought in the last half year, for each coupon of the file:

- r, the chance that the member answers to a coupon: (used + 1) / (issued + 4) of their own
- a, the chance of a visit that the coupon fits and that comes anyway while it is valid, at most
  30 days: 1 − exp(−fitting visits a day × days)
- u, the margin on what has to be added to reach min_spend, on visits that fall short of it
- m, the margin of such a visit with what is added, c, what the coupon costs on it

and the expected margin is r × ((1 − a) × (m − c) + a × (u − c)): a visit that would not have
been brings its margin less the cost; one that comes anyway costs, and brings only what is added.
Where no visit fits, the member's usual visit stands for the one the coupon might bring.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from rules.coupons.coupon_book import USED
from rules.coupons.coupon_scope import eligible_lines, open_to
from rules.coupons.order_discount import Bill, money, take_coupon
from rules.decoding.order_lines import Order, OrderLine
from rules.season.season_models import Coupon

if TYPE_CHECKING:
    from rules.table.member_table import MemberTable

Int64s = npt.NDArray[np.int64]

HISTORY_DAYS: Final = 180
VISITS_MAX: Final = 100
ANSWER_DAYS_MAX: Final = 30
DAY_MINUTES: Final = 1440
MINUTES_OF: Final = {"m": 1, "h": 60, "d": 1440, "mo": 43_200, "y": 525_600}


@dataclass(frozen=True, slots=True)
class Visit:
    """What a member bought on one day at one station, and its margin, fen."""

    order: Order
    margin_fen: float


@dataclass(frozen=True, slots=True)
class Offer:
    """What one coupon is expected to bring, and the figures it comes from; money in fen."""

    coupon: str
    fits: int
    visits: int
    history_days: int
    days: int
    answers: float
    anyway: float
    margin_fen: float
    cost_fen: float
    added_fen: float

    @property
    def expected_fen(self) -> float:
        """Give the expected margin."""
        brought = (1 - self.anyway) * (self.margin_fen - self.cost_fen)
        lifted = self.anyway * (self.added_fen - self.cost_fen)
        return self.answers * (brought + lifted)

    def told(self) -> dict[str, Any]:
        """Write the offer for an answer, with its reason."""
        return {
            "coupon": self.coupon,
            "expected_margin": _yuan(self.expected_fen),
            "reason": {"zh": self._zh(), "en": self._en()},
            "figures": {
                "fitting_visits": self.fits,
                "visits": self.visits,
                "history_days": self.history_days,
                "days": self.days,
                "answers": round(self.answers, 4),
                "anyway": round(self.anyway, 4),
                "visit_margin": _yuan(self.margin_fen),
                "coupon_cost": _yuan(self.cost_fen),
                "added_margin": _yuan(self.added_fen),
            },
        }

    def _en(self) -> str:
        history = (
            f"{self.fits} of {self.visits} visits in {self.history_days} days fit"
            if self.fits
            else f"none of {self.visits} visits in {self.history_days} days fits"
        )
        return (
            f"{history}, so {_percent(self.anyway)} would come anyway within {self.days} days; "
            f"a visit leaves ¥{_yuan(self.margin_fen)} and the coupon costs "
            f"¥{_yuan(self.cost_fen)}; {_percent(self.answers)} answer to a coupon."
        )

    def _zh(self) -> str:
        history = (
            f"近 {self.history_days} 天 {self.visits} 次到店中有 {self.fits} 次适用"
            if self.fits
            else f"近 {self.history_days} 天 {self.visits} 次到店都不适用"
        )
        return (
            f"{history},不发券 {self.days} 天内也会来的可能为 {_percent(self.anyway)};"
            f"每次到店毛利 ¥{_yuan(self.margin_fen)},券成本 ¥{_yuan(self.cost_fen)};"
            f"用券可能为 {_percent(self.answers)}。"
        )


def _yuan(fen: float) -> str:
    return money(round(fen))


def _percent(share: float) -> str:
    return f"{round(100 * share)}%"


def offers_to(table: MemberTable, row: int, now_us: int) -> list[Offer]:
    """Rank the coupons that are for a member, the most margin first. O(sales of the table)."""
    calendar = table.rules.calendar
    today = calendar.day(max(now_us, table.clock_us))
    visits, since = _visits(table, row, today)
    history_days = max(1, min(HISTORY_DAYS, today - since + 1)) if visits else HISTORY_DAYS
    answers = _answers(table, row)
    found = []
    for template, coupon in enumerate(table.rules.season.coupons):
        offer = _offer(table, row, (template, coupon), visits, history_days, answers)
        if offer is not None:
            found.append(offer)
    return sorted(found, key=lambda one: (-one.expected_fen, one.coupon))


def _visits(table: MemberTable, row: int, today: int) -> tuple[list[Visit], int]:
    """Put a member's latest visits together from their sales; also the local day of the first."""
    sales, tallies = table.ledger.sales, table.tallies
    mine = table.resolve(sales.row[: sales.size].astype(np.int64)) == row
    mine &= sales.visit[: sales.size] & (sales.day[: sales.size] > today - HISTORY_DAYS)
    held = np.flatnonzero(mine)
    at_us = _times_us(table, held)
    baskets: dict[tuple[int, int], list[int]] = {}
    for place, sale in enumerate(held.tolist()):
        station = int(sales.station[sale])
        baskets.setdefault((int(sales.day[sale]), station), []).append(place)
    prices = table.rules.price_list
    visits = []
    for (day, station), places in sorted(baskets.items())[-VISITS_MAX:]:
        lines, margin, station_name = [], 0.0, tallies.stations.names[station]
        for sale in held[places].tolist():
            name = tallies.products.names[int(sales.product[sale])]
            fen, ml = int(sales.left_fen[sale]), int(sales.left_ml[sale])
            lines.append(OrderLine(name, fen, ml))
            margin += float(prices.margin_fen(name, station_name, day, ml, fen) or 0)
        order = Order("", tuple(lines), int(at_us[places[0]]), station_name)
        visits.append(Visit(order, margin))
    return visits, min((day for day, _ in baskets), default=today)


def _times_us(table: MemberTable, held: Int64s) -> Int64s:
    """Find the instants of some sales, int64[k] ascending rows, from their identities."""
    identities = table.ledger.identities
    column = identities.sale[: identities.size]
    places = np.flatnonzero(np.isin(column, held))
    at_us = np.zeros(len(held), dtype=np.int64)
    at_us[np.searchsorted(held, column[places])] = identities.at_us[places]
    return at_us


def _answers(table: MemberTable, row: int) -> float:
    book = table.coupon_book
    coupons = book.of_member(row)
    used = sum(1 for one in coupons if book.status[one] == USED)
    return (used + 1) / (len(coupons) + 4)


def _offer(
    table: MemberTable,
    row: int,
    named: tuple[int, Coupon],
    visits: list[Visit],
    history_days: int,
    answers: float,
) -> Offer | None:
    """Reckon one coupon; None where nothing says what it would bring."""
    template, coupon = named
    begun_days = -(-coupon.valid.count * MINUTES_OF[coupon.valid.unit] // DAY_MINUTES)
    days = min(ANSWER_DAYS_MAX, begun_days)
    fitting, costs, added = [], [], []
    for visit in visits:
        eligible = eligible_lines(table, row, template, visit.order)
        if not any(eligible):
            continue
        fitting.append(visit)
        costs.append(_cost_fen(coupon, visit.order, eligible))
        added.append(_added_fen(coupon, visit, eligible))
    anyway = 1 - exp(-len(fitting) * days / history_days)
    of = fitting or visits
    if not of or not open_to(table, row, template):
        return None
    cost_fen = _mean(costs) if fitting else float(coupon.face_value_fen or 0)
    margin = _mean([visit.margin_fen for visit in of]) + _mean(added)
    return Offer(
        coupon=coupon.id,
        fits=len(fitting),
        visits=len(visits),
        history_days=history_days,
        days=days,
        answers=answers,
        anyway=anyway,
        margin_fen=margin,
        cost_fen=cost_fen,
        added_fen=_mean(added),
    )


def _cost_fen(coupon: Coupon, order: Order, eligible: list[bool]) -> float:
    off_fen = take_coupon(Bill(order.lines), coupon, eligible)
    return float(coupon.unit_cost_fen if coupon.kind == "gift" else off_fen)


def _added_fen(coupon: Coupon, visit: Visit, eligible: list[bool]) -> float:
    """Give the margin on what the visit falls short of min_spend by, at its own margin share."""
    lines = zip(visit.order.lines, eligible, strict=True)
    spent_fen = sum(line.amount_fen for line, is_ in lines if is_)
    short_fen = max(0, (coupon.min_spend_fen or 0) - spent_fen)
    whole_fen = visit.order.amount_fen
    return short_fen * visit.margin_fen / whole_fen if whole_fen else 0.0


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0
