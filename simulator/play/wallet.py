"""Wallet: the coupons that members mean to use, and from when on.

Whether a coupon is noticed and used, and when in its time, is drawn as it is issued. Uses come
early: the median of the first use lies at `first_use_share` of a coupon's time.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass

import numpy as np

from rules.compiling.calendar import DAY_US
from rules.coupons.coupon_book import CLAIMED, ISSUED
from rules.table.member_table import MemberTable
from simulator.people.keyed import Ints, Keyed, Purpose
from simulator.people.persons import Persons
from simulator.people.population import CouponUse

_HALF = math.log(0.5)
_DAY_BITS = 20


@dataclass(frozen=True, slots=True)
class Plan:
    """One coupon that its member means to use at the first visit it is good for."""

    coupon: int
    template: int
    from_us: int
    until_us: int


class Wallet:
    """Keeps the plans of all members; `holding` bool[members] says who has one."""

    def __init__(
        self, keyed: Keyed, figures: CouponUse, persons: Persons, table: MemberTable
    ) -> None:
        self._keyed = keyed
        self._figures = figures
        self._persons = persons
        self._table = table
        names = [coupon.id for coupon in table.rules.season.coupons]
        self._keys = np.array([zlib.crc32(name.encode()) for name in names], dtype=np.int64)
        self._plans: dict[int, list[Plan]] = {}
        self.holding = np.zeros(len(persons), dtype=np.bool_)

    def take(self, coupons: Ints) -> None:
        """Decide on new coupons, int64[k] rows of the coupon book."""
        book, figures = self._table.coupon_book, self._figures
        member = book.member[coupons].astype(np.int64)
        known = member < len(self._persons)
        coupons, member = coupons[known], member[known]
        if not len(coupons):
            return
        # Equal in every file that issues this template that day, whatever else it issues.
        day = book.issued_us[coupons] // DAY_US
        number = self._keys[book.template[coupons]] << _DAY_BITS | day
        uses = self._keyed.uniforms(Purpose.COUPON_USED, member, number)
        noticed = self._keyed.uniforms(Purpose.COUPON_NOTICED, member, number)
        planned = uses < self._persons.coupon_propensity[member]
        chosen = np.flatnonzero(planned & (noticed < figures.noticed_share))
        if not len(chosen):
            return
        time = self._keyed.uniforms(Purpose.COUPON_TIME, member[chosen], number[chosen])
        power = math.log(figures.first_use_share) / _HALF
        coupons, member = coupons[chosen], member[chosen]
        begins, ends = book.issued_us[coupons], book.expires_us[coupons]
        from_us = begins + ((ends - begins) * time**power).astype(np.int64)
        rows = zip(
            member.tolist(), coupons.tolist(), book.template[coupons].tolist(),
            from_us.tolist(), ends.tolist(), strict=True,
        )  # fmt: skip
        for owner, coupon, template, start_us, end_us in rows:
            self._plans.setdefault(owner, []).append(Plan(coupon, template, start_us, end_us))
        self.holding[member] = True

    def take_up(self, last_visit_us: Ints) -> None:
        """Decide on the coupons in hand as a run goes on from a real table.

        last_visit_us int64[members]: who would have used a coupon at a visit so far, but didn't,
        doesn't mean to.
        """
        book = self._table.coupon_book
        held = np.flatnonzero(np.isin(book.status[: book.size], (ISSUED, CLAIMED)))
        self.take(held[book.expires_us[held] > self._table.clock_us])
        for member, plans in list(self._plans.items()):
            self._keep(member, [one for one in plans if one.from_us > last_visit_us[member]])

    def due(self, member: int, at_us: int) -> list[Plan]:
        """List the plans of a member that are due at an instant; lapsed ones are forgotten."""
        held = self._plans.get(member, [])
        if any(plan.until_us <= at_us for plan in held):
            held = [plan for plan in held if plan.until_us > at_us]
            self._keep(member, held)
        return [plan for plan in held if plan.from_us <= at_us]

    def drop(self, member: int, plan: Plan) -> None:
        """Forget a plan: it is carried out."""
        self._keep(member, [one for one in self._plans[member] if one != plan])

    def _keep(self, member: int, plans: list[Plan]) -> None:
        if plans:
            self._plans[member] = plans
            return
        self._plans.pop(member, None)
        self.holding[member] = False
