"""Hold coupons, what triggers have fired, and referrals."""

from dataclasses import dataclass, field
from datetime import date

from tests.oracle.member import Purchase
from tests.oracle.pools import Charge


@dataclass
class Coupon:
    """Hold one coupon of a member."""

    code: str
    template: str
    member: str
    status: str  # issued, claimed, reserved or redeemed, as last written
    issued_us: int
    expires_us: int
    used_us: int | None = None
    off_fen: int = 0
    order: str | None = None
    reserved_until_us: int = 0
    charged: list[Charge] = field(default_factory=list)

    def status_at(self, at_us: int) -> str:
        """Give the status as seen at an instant: time-outs and expiry are noticed by looking."""
        if self.status == "redeemed":
            return self.status
        if at_us >= self.expires_us:
            return "expired"
        if self.status == "reserved" and at_us >= self.reserved_until_us:
            return "claimed"
        return self.status


@dataclass
class Firing:
    """Remember that a trigger fired for a member."""

    trigger: str
    member: str
    at_us: int
    held_out: bool


@dataclass
class Referral:
    """Remember who referred whom, and what became of it."""

    advocate: str
    referee: str
    at_us: int
    status: str = "pending"  # then paid, taken_back, or a word for why it never pays
    points: int = 0
    day: date | None = None
    scored: bool = False
    order: Purchase | None = None  # what it was paid for
