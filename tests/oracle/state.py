"""Hold everything that the events so far have made: members, identities, coupons, pools."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tests.oracle.conditions import Who
from tests.oracle.coupon import Coupon, Firing, Referral
from tests.oracle.lots import Lots
from tests.oracle.member import Member, Purchase
from tests.oracle.plan import Plan
from tests.oracle.pools import Pool, make_pools
from tests.oracle.segments import segments_of

Fields = dict[str, Any]


@dataclass
class Known:
    """Keep an accepted event: its fields, its first answer, and what a refund could name."""

    fields: Fields
    points: int
    purchase: Purchase | None = None
    detail: Fields | None = None


@dataclass(frozen=True)
class Dropped:
    """Report a waiting refund that took nothing, with the reason."""

    event_id: str
    member: str
    reason: str


@dataclass
class State:
    """Hold the state of a programme under one season file."""

    plan: Plan
    clock_us: int | None = None
    known: dict[tuple[str, str], Known] = field(default_factory=dict)
    rows: dict[str, Member] = field(default_factory=dict)
    waiting: dict[tuple[str, str], list[Fields]] = field(default_factory=dict)
    dropped: list[Dropped] = field(default_factory=list)
    coupons: list[Coupon] = field(default_factory=list)
    firings: list[Firing] = field(default_factory=list)
    referrals: list[Referral] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    # Who can win no prize, also those of a final list whose record has gone.
    barred: set[str] = field(default_factory=set)
    final: bool = False
    pools: dict[str, Pool] = field(default_factory=dict)
    points_paid_fen: dict[tuple[str, str], int] = field(default_factory=dict)
    goods_given: int = 0

    def __post_init__(self) -> None:
        self.pools = make_pools(self.plan.offers)

    @property
    def now_us(self) -> int:
        """Give the clock's reading; it has one from the first event on."""
        assert self.clock_us is not None
        return self.clock_us

    @property
    def today(self) -> date:
        """Give the clock's local day."""
        return self.plan.zone.day(self.now_us)

    def resolve(self, member_id: str) -> str:
        """Follow the records that were merged into others."""
        while member_id in self.aliases:
            member_id = self.aliases[member_id]
        return member_id

    def row(self, member_id: str) -> Member:
        """Find a member, or the row a new one would get; it is listed once an event applies."""
        member_id = self.resolve(member_id)
        row = self.rows.get(member_id)
        if row is None:
            lots = Lots(self.plan.expire_after)
            row = Member(member_id, {"kind": self.plan.default_kind}, lots)
        return row

    def by_id(self) -> list[Member]:
        """Give the members in order of their id's bytes."""
        return sorted(self.rows.values(), key=lambda member: member.id.encode())

    def who(self, member: Member) -> Who:
        """Give what conditions see of a member as they stand."""
        tier = self.plan.levels[member.level].id
        segments = segments_of(self.plan, member, self.today)
        return Who(tier, member.attributes, segments)
