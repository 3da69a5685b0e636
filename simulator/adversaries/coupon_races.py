"""Coupon races: the same coupon at several tills at once, and requests by the handful."""

from __future__ import annotations

from typing import Final

from simulator.adversaries.agent import HOUR_US, Need, Needs, Today, fill, parts_of
from simulator.adversaries.agent_figures import RaceFigures
from simulator.adversaries.agent_till import SECOND_US, Row
from simulator.people.keyed import Keyed
from simulator.play.day_sales import told_lines

_ENROLS_US: Final = 6 * HOUR_US
_CLAIMS_US: Final = 1_000


class CouponRacer:
    """Races for coupons; the honest twin claims each once and uses it at one till.

    In the second of a visit it reserves the same coupon at every till, uses it at every one for a
    part of the fill, releases it and uses it once more; a coupon it has used before it shows
    again. Claimable coupons and catalogue items it asks for at every till in the same instant.
    """

    def __init__(
        self, keyed: Keyed, number: int, name: str, figures: RaceFigures, *, honest: bool
    ) -> None:
        self._needs = Needs(keyed, number, figures.visits_per_month, figures.litres_mean)
        self._honest, self._tills = honest, int(figures.tills)
        self.accounts = [f"{name}-0"]

    def day(self, today: Today) -> list[Row]:
        """Claim what can be claimed, and fill up."""
        [account] = self.accounts
        rows: list[Row] = []
        if today.nth == 0:
            rows.append(today.till.event("enrol", account, today.from_us + _ENROLS_US))
        rows += self._claims(today)
        for need in self._needs.of(today):
            rows += fill(today, account, need) if self._honest else self._race(today, need)
        return rows

    def _claims(self, today: Today) -> list[Row]:
        """Ask for claimable coupons as the day opens, and for the item the points reach."""
        till, season, [account] = today.till, today.till.rules.season, self.accounts
        times = 1 if self._honest else self._tills
        rows: list[Row] = []
        if today.to_us - today.from_us > _ENROLS_US:
            for coupon in season.coupons:
                if coupon.claim is not None and not self._holds(today, coupon.id):
                    rows += [
                        till.event("claim", account, today.from_us + _ENROLS_US + _CLAIMS_US,
                                   coupon=coupon.id)
                        for _ in range(times)
                    ]  # fmt: skip
            dear = [
                one for one in season.catalogue
                if one.tier_up is None and one.points <= till.points(account)
            ]  # fmt: skip
            if dear:
                item = max(dear, key=lambda one: one.points)
                at_us = today.from_us + _ENROLS_US + 2 * _CLAIMS_US
                rows += [till.event("redeem", account, at_us, item=item.id) for _ in range(times)]
        return rows

    def _holds(self, today: Today, template: str) -> bool:
        """Tell whether the account has a coupon of a template in hand."""
        book, places = today.table.coupon_book, today.till.rules.coupon_places
        held = today.till.coupons(self.accounts[0], today.from_us)
        return any(int(book.template[one]) == places[template] for one in held)

    def _race(self, today: Today, need: Need) -> list[Row]:
        """Show one coupon at every till in the same second, each with a part of the fill."""
        till, [account] = today.till, self.accounts
        rows = self._again(today, need)
        parts = parts_of(need.litres_ml, self._tills)
        found = till.best_coupon(account, parts[0], need.at_us)
        if found is None:
            return rows + fill(today, account, need)
        till.hold_back(found)
        code, at_us = till.code(found), need.at_us
        quotes = [till.quote(account, part, at_us, found) for part in parts]
        orders = [till.order_id(account) for _ in parts]
        stations = [till.stations[one % len(till.stations)] for one in range(len(parts))]
        shown = [
            {"order": order, "lines": told_lines(quote.lines), "station": station, "coupon": code}
            for order, quote, station in zip(orders, quotes, stations, strict=True)
        ]
        rows += [till.event("reserve", account, at_us, **one) for one in shown]
        rows += [till.event("use", account, at_us, **one) for one in shown]
        rows += [till.event("release", account, at_us, order=orders[0], coupon=code)]
        rows += [till.event("use", account, at_us, **shown[-1])]
        for place, part in enumerate(parts):
            # The first till has the coupon; the others were told that it is gone.
            quote = quotes[0] if place == 0 else till.quote(account, part, at_us)
            till.tier_fen[account, till.level(account)] += quote.tier_fen
            rows.append(till.event(
                "purchase", account, at_us, station=stations[place], order=orders[place],
                product=till.fuel, litres_ml=part, amount_fen=quote.paid_fen,
            ))  # fmt: skip
        return rows

    def _again(self, today: Today, need: Need) -> list[Row]:
        """Release a coupon used before, and show it once more."""
        till, [account] = today.till, self.accounts
        spent = till.spent_coupons(account)
        if not spent:
            return []
        lines = told_lines(till.quote(account, need.litres_ml, need.at_us).lines)
        shown = {"order": till.order_id(account), "coupon": till.code(spent[-1])}
        at_us = need.at_us - SECOND_US
        return [
            till.event("release", account, at_us, **shown),
            till.event("use", account, at_us, lines=lines, station=till.stations[0], **shown),
        ]
