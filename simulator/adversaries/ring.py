"""Ring: one person enrols many accounts, lets each refer the next, and buys the least for each."""

from __future__ import annotations

import json
from typing import Final

from simulator.adversaries.agent import HOUR_US, Need, Needs, Today, fill
from simulator.adversaries.agent_figures import RingFigures
from simulator.adversaries.agent_till import SECOND_US, Row
from simulator.people.keyed import Keyed, Purpose

_ENROLS_US: Final = 6 * HOUR_US
_TRIES: Final = 4
_LEAST_FEN: Final = 10_00
"""Nobody fills for less than ten yuan."""


class Ring:
    """A self-referral ring; its honest twin is one member who fills on one account.

    Accounts of a ring refer one another in a circle, so that none is paid twice and no limit per
    member binds. At each visit the fill is cut into orders of the least amount that a referral
    asks for, one an account that hasn't bought yet; the rest goes to the person's own account. A
    ring that is through makes way for the next.
    """

    def __init__(
        self, keyed: Keyed, number: int, name: str, figures: RingFigures, *, honest: bool
    ) -> None:
        self._needs = Needs(keyed, number, figures.visits_per_month, figures.litres_mean)
        self._name, self._honest, self._figures = name, honest, figures
        size, rounds = int(figures.accounts), int(figures.rounds)
        # The first account of the first ring is the person's own.
        self._rings = [
            [f"{name}-{nth * size + one}" for one in range(size)] for nth in range(rounds)
        ]
        self.accounts = [one for ring in self._rings for one in ring][: 1 if honest else None]
        self._ring = -1
        self._began = -1
        self._waiting: list[str] = []

    def day(self, today: Today) -> list[Row]:
        """Enrol and refer where a ring begins; on a visit buy for those who wait for an order."""
        rows: list[Row] = []
        if today.nth == 0 and self._honest:
            rows.append(self._enrol(today, self.accounts[0], 0))
        elif not self._honest and not self._waiting and self._ring + 1 < len(self._rings):
            self._ring += 1
            rows += self._begin(today, self._rings[self._ring])
        for need in self._needs.of(today):
            # Accounts that enrol today have their coupons from tomorrow on.
            plain = self._honest or self._began == today.nth
            rows += fill(today, self.accounts[0], need) if plain else self._buy(today, need)
        return rows

    def _begin(self, today: Today, ring: list[str]) -> list[Row]:
        """Enrol the accounts of a ring and let each refer the next one."""
        self._waiting, self._began = list(ring), today.nth
        rows = [self._enrol(today, one, place) for place, one in enumerate(ring)]
        if today.till.rules.referral is None:
            return rows
        for place, one in enumerate(ring):
            at_us = today.from_us + _ENROLS_US + (len(ring) + place) * SECOND_US
            rows.append(today.till.event("referral", one, at_us, ref=ring[place - 1]))
        return rows

    def _enrol(self, today: Today, account: str, place: int) -> Row:
        """Enrol an account with a phone number of its own; the plate is told or it isn't."""
        told = {"phone": f"phone of {account}"}
        own = int(account.rpartition("-")[2])
        draw = self._needs.draw(Purpose.AGENT_PLATE, 0, own)
        if own == 0 or draw < self._figures.plate_known_share:
            told["plate"] = f"plate of {self._name}"
        at_us = today.from_us + _ENROLS_US + place * SECOND_US
        attributes = json.dumps(told, separators=(",", ":"), sort_keys=True)
        return today.till.event("enrol", account, at_us, attributes=attributes)

    def _buy(self, today: Today, need: Need) -> list[Row]:
        """Cut a fill into the least orders that accounts of the ring still need."""
        till, rows, left_ml = today.till, list[Row](), need.litres_ml
        referral = till.rules.referral
        least_fen = max(_LEAST_FEN, 0 if referral is None else referral.order_min_fen)
        at_us = need.at_us
        while self._waiting:
            account = self._waiting[0]
            wanted_fen = max(least_fen, self._coupon_fen(today, account, at_us))
            part_ml, coupon = self._least(today, account, wanted_fen, least_fen, at_us)
            if part_ml > left_ml:
                break
            rows += till.buy(account, part_ml, at_us, coupon)
            left_ml -= part_ml
            at_us = min(at_us + SECOND_US, today.to_us - 1)
            self._waiting.pop(0)
        if left_ml:
            rows += fill(today, self.accounts[0], Need(at_us, left_ml))
        return rows

    def _coupon_fen(self, today: Today, account: str, at_us: int) -> int:
        """Find the least amount that one of the account's coupons is good for, fen."""
        book, season = today.table.coupon_book, today.till.rules.season
        held = [
            season.coupons[book.template[one]].min_spend_fen or 0
            for one in today.till.coupons(account, at_us)
        ]
        return min(held, default=0)

    def _least(
        self, today: Today, account: str, gross_fen: int, least_fen: int, at_us: int
    ) -> tuple[int, int | None]:
        """Find the least fuel for an amount whose price, all taken off, a referral asks for."""
        till = today.till
        for _ in range(_TRIES):
            litres_ml = till.litres_for(gross_fen)
            coupon = till.best_coupon(account, litres_ml, at_us)
            missing_fen = least_fen - till.quote(account, litres_ml, at_us, coupon).paid_fen
            if missing_fen <= 0:
                return litres_ml, coupon
            gross_fen += missing_fen + till.litre_fen // 50
        return till.litres_for(gross_fen), till.best_coupon(account, litres_ml, at_us)
