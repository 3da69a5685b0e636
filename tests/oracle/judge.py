"""Judge events in arrival order: clock, ticks, identity, lateness, then the rules."""

from collections.abc import Collection
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from tests.oracle import coupons, merging, referrals, tiers, triggers
from tests.oracle.earning import buy, do_task, record_of
from tests.oracle.fields import EVENT_ID_BYTES_MAX, TASK_TYPES, Fields, decode
from tests.oracle.member import Member, Purchase
from tests.oracle.plan import Plan, Table
from tests.oracle.redeeming import redeem
from tests.oracle.refunds import asked_for, reverse
from tests.oracle.refusal import RefusedError
from tests.oracle.standings import PrizeRow, Ranked, Row, board_rows, member_columns, prize_rows
from tests.oracle.state import Dropped, Known, State

EARLY_US_MAX = 5 * 60 * 1_000_000


@dataclass(frozen=True)
class Answer:
    """Answer one event; the reason is a word where it was rejected, else empty."""

    event_id: str
    status: str
    points: int
    reason: str = ""
    detail: Table | None = None


@dataclass
class Verdict:
    """Say what the rules decided about one event."""

    status: str
    points: int = 0
    reason: str = ""
    purchase: Purchase | None = None
    detail: Table | None = None


class Oracle:
    """Apply one event after another under one season file."""

    def __init__(self, season_file: Table) -> None:
        self.plan = Plan(season_file)
        self.state = State(self.plan)
        self.final_rows: list[Ranked] | None = None

    def apply(self, event: dict[str, Any], stamp_us: int | None = None) -> Answer:
        """Judge one event; without a stamp the clock is the greatest `at` so far."""
        try:
            fields = decode(event, self.plan)
        except RefusedError as refusal:
            event_id = event.get("event_id")
            # An id that is too long is not repeated whole.
            named = event_id[:EVENT_ID_BYTES_MAX] if isinstance(event_id, str) else ""
            return Answer(named, "rejected", 0, refusal.reason)
        self.advance(fields["at_us"] if stamp_us is None else stamp_us)
        identity = fields["member"], fields["event_id"]
        verdict = self._repeated(identity, fields) or self._ruled(fields)
        if verdict.status in ("applied", "limit_reached", "waiting"):
            self.state.known[identity] = Known(
                fields, verdict.points, verdict.purchase, verdict.detail
            )
        if verdict.purchase is not None:
            self._apply_waiting(identity, verdict.purchase)
        return Answer(
            fields["event_id"], verdict.status, verdict.points, verdict.reason, verdict.detail
        )

    def advance(self, to_us: int) -> None:
        """Move the clock, never backwards, running every tick due up to and including then."""
        state, plan = self.state, self.plan
        if state.clock_us is None:
            state.clock_us = to_us
            self._begin(state.today)
            return
        day = state.today + timedelta(days=1)
        while (tick_us := plan.zone.midnight(day)) <= to_us:
            if tick_us > plan.final_us:
                self._freeze()
            state.clock_us = max(state.clock_us, tick_us)
            self._midnight(day, tick_us)
            day += timedelta(days=1)
        if plan.final_us <= to_us:
            self._freeze()
        state.clock_us = max(state.clock_us, to_us)

    def _begin(self, day: date) -> None:
        for pool in self.state.pools.values():
            pool.begin(day)

    def _midnight(self, day: date, tick_us: int) -> None:
        """Run one local midnight: tiers, expiry, referrals, then triggers."""
        self._begin(day)
        for member in self.state.rows.values():
            tiers.midnight(self.plan, member, day, tick_us)
        for member in self.state.rows.values():
            member.expire(day)
        referrals.settle(self.state, day, tick_us)
        triggers.fire_of_day(self.state, day, tick_us)

    def finish(self) -> None:
        """Run the clock on to the season's final instant."""
        self.advance(self.plan.final_us)

    def standings(self, board: str) -> list[Row]:
        """Give a board's rows in the official order."""
        return board_rows(self.plan, self._ranked, board)

    def prizes(self) -> list[PrizeRow]:
        """Give who takes which prize as the standings are."""
        barred = {member.id for member in self.state.rows.values() if member.disqualified}
        return prize_rows(self.plan, self._ranked, barred | self.state.barred)

    @property
    def _ranked(self) -> Collection[Ranked]:
        """Give the members as they count for standings: from the final instant on, as then."""
        if self.final_rows is not None:
            return self.final_rows
        return [Ranked(member, self.state.who(member)) for member in self.state.rows.values()]

    def _freeze(self) -> None:
        """Run the final instant, once: referrals, waiting refunds, the list as it stays."""
        if self.final_rows is None:
            final_us = self.plan.final_us
            referrals.settle(self.state, self.plan.zone.day(final_us), final_us)
            self._drop_waiting()
            self.final_rows = deepcopy(list(self._ranked))
            self.state.final = True

    def members(self) -> list[Table]:
        """Give the columns of members.csv, quantities as whole small units, by member id."""
        return [member_columns(self.plan, member) for member in self.state.by_id()]

    @property
    def dropped(self) -> list[Dropped]:
        """Give the waiting refunds that took nothing."""
        return self.state.dropped

    def coupons(self) -> list[Table]:
        """Give the columns of coupons.csv, instants in microseconds, by code."""
        return coupons.coupon_columns(self.state)

    def _forgotten(self, at_us: int) -> bool:
        kept_until_us = self.plan.zone.later(at_us, self.plan.refund_within)
        now_us = self.state.now_us
        return now_us >= self.plan.final_us and now_us >= kept_until_us

    def _repeated(self, identity: tuple[str, str], fields: Fields) -> Verdict | None:
        known = self.state.known.get(identity)
        if known is None:
            return None
        if self._forgotten(known.fields["at_us"]):
            return Verdict("rejected", 0, "too_late")
        if known.fields == fields:
            return Verdict("duplicate", known.points, detail=known.detail)
        return Verdict("conflict")

    def _ruled(self, fields: Fields) -> Verdict:
        plan = self.plan
        if plan.zone.later(fields["at_us"], plan.accept_late) < self.state.now_us:
            return Verdict("rejected", 0, "too_late")
        if fields["at_us"] > self.state.now_us + EARLY_US_MAX:
            return Verdict("rejected", 0, "too_early")
        row = self.state.row(fields["member"])
        kind = fields["type"]
        try:
            if kind in ("purchase", "top_up"):
                verdict = self._buy(row, fields)
            elif kind == "refund":
                verdict = self._refund(row, fields)
            elif kind in TASK_TYPES:
                verdict = self._task(row, fields)
            elif kind in ("redeem", "claim", "reserve", "use", "release"):
                verdict = self._offer(row, fields)
            else:
                verdict = self._record(row, fields)
        except RefusedError as refusal:
            verdict = Verdict("rejected", 0, refusal.reason)
        if verdict.status in ("applied", "limit_reached"):
            self.state.rows.setdefault(row.id, row)
        return verdict

    def _buy(self, row: Member, fields: Fields) -> Verdict:
        purchase = record_of(self.plan, fields, self.state.who(row), self.state.now_us)
        points = buy(self.plan, row, purchase)
        if purchase.counts:
            rule = self.plan.offers.referral
            if rule and row.first_order is None and purchase.fen >= rule.least_fen:
                row.first_order = purchase
            if tiers.rise(self.plan, row, purchase):
                triggers.fire_all(self.state, "tier_up", row, purchase.at_us, fields["event_id"])
        return Verdict("applied", points, purchase=purchase)

    def _task(self, row: Member, fields: Fields) -> Verdict:
        if not self.plan.in_season(fields["at_us"]):
            return Verdict("rejected", 0, "outside_season")
        task = self.plan.task_on.get(fields["type"])
        if task is None:
            return Verdict("applied")
        return Verdict(*do_task(self.plan, row, task, fields["at_us"], self.state.now_us))

    def _offer(self, row: Member, fields: Fields) -> Verdict:
        kind, points, detail = fields["type"], 0, None
        if kind == "redeem":
            detail = redeem(self.state, row, fields)
            points = -self.plan.offers.catalogue[fields["item"]].points
        elif kind == "claim":
            detail = coupons.claim(self.state, row, fields)
        elif kind == "reserve":
            detail = coupons.reserve(self.state, row, fields)
        elif kind == "use":
            points, detail = coupons.use(self.state, row, fields)
        else:
            detail = coupons.release(self.state, row, fields)
        return Verdict("applied", points, detail=detail)

    def _record(self, row: Member, fields: Fields) -> Verdict:
        kind, at_us = fields["type"], fields["at_us"]
        points = 0
        if kind in ("enrol", "update"):
            row.attributes.update(fields["attributes"] or {})
            if kind == "enrol" and tiers.begin_trial(self.plan, row, at_us):
                triggers.fire_all(self.state, "enrol", row, at_us, fields["event_id"])
        elif kind == "adjust":
            points = fields["points"]
            row.adjusted += points
            if points >= 0:
                row.put(points, self.plan.zone.day(at_us))
            else:
                row.draw(-points)
        elif kind == "referral":
            referrals.refer(self.state, row, fields)
        elif kind == "merge":
            merging.merge(self.state, row, fields)
        elif kind == "erase":
            merging.erase(self.state, row)
        elif kind == "prize_claim":
            # Nothing here publishes the list of winners, which opens the claims.
            raise RefusedError("not_final")
        else:
            row.disqualified = kind == "disqualify"
        return Verdict("applied", points)

    def _refund(self, row: Member, fields: Fields) -> Verdict:
        identity = fields["member"], fields["ref"]
        known = self.state.known.get(identity)
        if known is None:
            if self.state.now_us >= self.plan.final_us:
                return Verdict("rejected", 0, "unknown_ref")
            self.state.waiting.setdefault(identity, []).append(fields)
            return Verdict("waiting")
        if known.purchase is None or self._forgotten(known.purchase.at_us):
            return Verdict("rejected", 0, "unknown_ref")
        taken = asked_for(known.purchase, fields["litres_ml"], fields["amount_fen"])
        if taken is None:
            return Verdict("rejected", 0, "over_refund")
        return Verdict("applied", self._reverse(row, known, taken, fields["at_us"]))

    def _reverse(self, row: Member, known: Known, taken: tuple[int, int], at_us: int) -> int:
        assert known.purchase is not None
        points = reverse(self.plan, row, known.purchase, taken, self.state.now_us)
        if known.purchase.gone:
            coupons.reinstate(self.state, row, known.fields["order"], at_us)
        return points

    def _apply_waiting(self, identity: tuple[str, str], purchase: Purchase) -> None:
        row = self.state.row(identity[0])
        for fields in self.state.waiting.pop(identity, []):
            taken = asked_for(purchase, fields["litres_ml"], fields["amount_fen"])
            if taken is None:
                self.state.dropped.append(Dropped(fields["event_id"], identity[0], "over_refund"))
            else:
                self._reverse(row, self.state.known[identity], taken, fields["at_us"])

    def _drop_waiting(self) -> None:
        for (member, _ref), refunds in self.state.waiting.items():
            for fields in refunds:
                self.state.dropped.append(Dropped(fields["event_id"], member, "unknown_ref"))
        self.state.waiting.clear()
