"""Judge events in arrival order: clock, ticks, identity, lateness, then the rules."""

from collections.abc import Collection
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tests.oracle import tiers
from tests.oracle.earning import buy, do_task, record_of
from tests.oracle.fields import EVENT_ID_BYTES_MAX, TASK_TYPES, Fields, RefusedError, decode
from tests.oracle.member import Member, Purchase
from tests.oracle.plan import Plan, Table
from tests.oracle.refunds import asked_for, reverse
from tests.oracle.standings import PrizeRow, Row, board_rows, member_columns, prize_rows


@dataclass(frozen=True)
class Answer:
    """Answer one event; the reason is a word where it was rejected, else empty."""

    event_id: str
    status: str
    points: int
    reason: str = ""


@dataclass
class Known:
    """Keep an accepted event: its fields, its first points, and what a refund could name."""

    fields: Fields
    points: int
    purchase: Purchase | None = None


@dataclass(frozen=True)
class Dropped:
    """Report a waiting refund that took nothing, with the reason."""

    event_id: str
    member: str
    reason: str


@dataclass
class Verdict:
    """Say what the rules decided about one event."""

    status: str
    points: int = 0
    reason: str = ""
    purchase: Purchase | None = None


@dataclass
class Oracle:
    """Apply one event after another under one season file."""

    season_file: Table
    clock_us: int | None = None
    known: dict[tuple[str, str], Known] = field(default_factory=dict)
    rows: dict[str, Member] = field(default_factory=dict)
    waiting: dict[tuple[str, str], list[Fields]] = field(default_factory=dict)
    dropped: list[Dropped] = field(default_factory=list)
    final_rows: list[Member] | None = None

    def __post_init__(self) -> None:
        self.plan = Plan(self.season_file)

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
            self.known[identity] = Known(fields, verdict.points, verdict.purchase)
        if verdict.purchase is not None:
            self._apply_waiting(identity, verdict.purchase)
        return Answer(fields["event_id"], verdict.status, verdict.points, verdict.reason)

    def advance(self, to_us: int) -> None:
        """Move the clock, never backwards, running every tick due up to and including then."""
        if self.clock_us is None:
            self.clock_us = to_us
            return
        day = self.plan.zone.day(self.clock_us) + timedelta(days=1)
        while (tick_us := self.plan.zone.midnight(day)) <= to_us:
            if tick_us > self.plan.final_us:
                self._freeze()
            for member in self.rows.values():
                tiers.midnight(self.plan, member, day, tick_us)
            day += timedelta(days=1)
        if self.plan.final_us <= to_us:
            self._freeze()
        self.clock_us = max(self.clock_us, to_us)

    def finish(self) -> None:
        """Run the clock on to the season's final instant."""
        self.advance(self.plan.final_us)

    def standings(self, board: str) -> list[Row]:
        """Give a board's rows in the official order."""
        return board_rows(self.plan, self._ranked, board)

    def prizes(self) -> list[PrizeRow]:
        """Give who takes which prize as the standings are."""
        barred = {member.id for member in self.rows.values() if member.disqualified}
        return prize_rows(self.plan, self._ranked, barred)

    @property
    def _ranked(self) -> Collection[Member]:
        """Give the members as they count for standings: from the final instant on, as then."""
        return self.rows.values() if self.final_rows is None else self.final_rows

    def _freeze(self) -> None:
        """Drop the refunds still waiting and keep the standings, once."""
        if self.final_rows is None:
            self._drop_waiting()
            self.final_rows = deepcopy(list(self.rows.values()))

    def members(self) -> list[dict[str, Any]]:
        """Give the columns of members.csv, quantities as whole small units, by member id."""
        ordered = sorted(self.rows.values(), key=lambda member: member.id.encode())
        return [member_columns(self.plan, member) for member in ordered]

    @property
    def _now_us(self) -> int:
        assert self.clock_us is not None
        return self.clock_us

    def _forgotten(self, at_us: int) -> bool:
        kept_until_us = self.plan.zone.later(at_us, self.plan.refund_within)
        return self._now_us >= self.plan.final_us and self._now_us >= kept_until_us

    def _repeated(self, identity: tuple[str, str], fields: Fields) -> Verdict | None:
        known = self.known.get(identity)
        if known is None:
            return None
        if self._forgotten(known.fields["at_us"]):
            return Verdict("rejected", 0, "too_late")
        if known.fields == fields:
            return Verdict("duplicate", known.points)
        return Verdict("conflict")

    def _row(self, member_id: str) -> Member:
        """Find a member, or the row a new one would get; it is listed once an event applies."""
        row = self.rows.get(member_id)
        return row or Member(member_id, {"kind": self.plan.default_kind})

    def _ruled(self, fields: Fields) -> Verdict:
        plan = self.plan
        if plan.zone.later(fields["at_us"], plan.accept_late) < self._now_us:
            return Verdict("rejected", 0, "too_late")
        row = self._row(fields["member"])
        kind = fields["type"]
        if kind in ("purchase", "top_up"):
            verdict = self._buy(row, fields)
        elif kind == "refund":
            verdict = self._refund(row, fields)
        elif kind in TASK_TYPES:
            verdict = self._task(row, fields)
        else:
            verdict = self._record(row, fields)
        if verdict.status in ("applied", "limit_reached"):
            self.rows.setdefault(row.id, row)
        return verdict

    def _buy(self, row: Member, fields: Fields) -> Verdict:
        purchase = record_of(self.plan, fields, row, self._now_us)
        points = buy(self.plan, row, purchase)
        if purchase.counts:
            tiers.rise(self.plan, row, purchase)
        return Verdict("applied", points, purchase=purchase)

    def _task(self, row: Member, fields: Fields) -> Verdict:
        if not self.plan.in_season(fields["at_us"]):
            return Verdict("rejected", 0, "outside_season")
        task = self.plan.task_on.get(fields["type"])
        if task is None:
            return Verdict("applied")
        return Verdict(*do_task(self.plan, row, task, fields["at_us"], self._now_us))

    def _record(self, row: Member, fields: Fields) -> Verdict:
        kind = fields["type"]
        points = 0
        if kind in ("enrol", "update"):
            row.attributes.update(fields["attributes"] or {})
            if kind == "enrol":
                tiers.begin_trial(self.plan, row, fields["at_us"])
        elif kind == "adjust":
            points = fields["points"]
            row.adjusted += points
            if points >= 0:
                row.put(points)
            else:
                row.draw(-points)
        else:
            row.disqualified = kind == "disqualify"
        return Verdict("applied", points)

    def _refund(self, row: Member, fields: Fields) -> Verdict:
        identity = fields["member"], fields["ref"]
        known = self.known.get(identity)
        if known is None:
            if self._now_us >= self.plan.final_us:
                return Verdict("rejected", 0, "unknown_ref")
            self.waiting.setdefault(identity, []).append(fields)
            return Verdict("waiting")
        if known.purchase is None or self._forgotten(known.purchase.at_us):
            return Verdict("rejected", 0, "unknown_ref")
        taken = asked_for(known.purchase, fields["litres_ml"], fields["amount_fen"])
        if taken is None:
            return Verdict("rejected", 0, "over_refund")
        return Verdict("applied", reverse(self.plan, row, known.purchase, taken, self._now_us))

    def _apply_waiting(self, identity: tuple[str, str], purchase: Purchase) -> None:
        for fields in self.waiting.pop(identity, []):
            taken = asked_for(purchase, fields["litres_ml"], fields["amount_fen"])
            if taken is None:
                self.dropped.append(Dropped(fields["event_id"], identity[0], "over_refund"))
            else:
                reverse(self.plan, self.rows[identity[0]], purchase, taken, self._now_us)

    def _drop_waiting(self) -> None:
        for (member, _ref), refunds in self.waiting.items():
            for fields in refunds:
                self.dropped.append(Dropped(fields["event_id"], member, "unknown_ref"))
        self.waiting.clear()
