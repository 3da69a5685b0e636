"""Read the sections of a season file that give things away."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.oracle.instants import parse_duration

Table = dict[str, Any]
Duration = tuple[int, str]


def fen_of(value: str | int | None) -> int | None:
    """Read yuan as fen, or leave none."""
    return None if value is None else int(Decimal(str(value)) * 100)


@dataclass(frozen=True)
class Template:
    """Describe a coupon."""

    id: str
    kind: str
    off_fen: int
    pay: Fraction
    product: str | None
    unit_cost_fen: int
    min_spend_fen: int
    max_off_fen: int | None
    where: Table
    valid: Duration
    claim_times: int | None
    claim_per: str

    @property
    def face_fen(self) -> int:
        """Give the most that one coupon can cost."""
        if self.kind == "amount_off":
            return self.off_fen
        return self.unit_cost_fen if self.kind == "gift" else self.max_off_fen or 0


@dataclass(frozen=True)
class Trigger:
    """Describe what issues a coupon when something happens."""

    id: str
    on: str
    issue: str
    dates: tuple[tuple[date, date], ...]
    after: Duration | None
    where: Table
    cooldown: Duration | None
    holdout: Fraction


@dataclass(frozen=True)
class Budget:
    """Describe a limit on what some coupons may number or cost."""

    id: str
    covers: tuple[str, ...]
    count: int | None
    cost_fen: int | None
    at: str
    per: str | None


@dataclass(frozen=True)
class Item:
    """Describe one thing that points buy."""

    id: str
    points: int
    coupon: str | None
    goods: bool
    stock: int | None
    tier_up: str | None


@dataclass(frozen=True)
class Checkout:
    """Describe what points pay at the till."""

    points: int
    amount_fen: int
    step: int
    max_share: Fraction


@dataclass(frozen=True)
class ReferralRule:
    """Describe what an advocate gets for a referee's first order."""

    points: int
    least_fen: int
    hold: Duration
    times: int | None
    per: str
    distinct: tuple[str, ...]


def duration_or_none(text: str | None) -> Duration | None:
    """Read a duration that may be left out."""
    return None if text is None else parse_duration(text)


def template(table: Table) -> Template:
    """Read a coupon."""
    claim = table.get("claim", {})
    return Template(
        id=table["id"],
        kind=table["kind"],
        off_fen=fen_of(table.get("off")) or 0,
        pay=Fraction(str(table.get("pay", 1))),
        product=table.get("product"),
        unit_cost_fen=fen_of(table.get("unit_cost")) or 0,
        min_spend_fen=fen_of(table.get("min_spend")) or 0,
        max_off_fen=fen_of(table.get("max_off")),
        where=table.get("where", {}),
        valid=parse_duration(table.get("valid", "3mo")),
        claim_times=claim.get("times"),
        claim_per=claim.get("per", "season"),
    )


def span(text: object) -> tuple[date, date]:
    """Read one date, or a..b with both ends included."""
    first, _, last = str(text).partition("..")
    return date.fromisoformat(first), date.fromisoformat(last or first)


def trigger(table: Table) -> Trigger:
    """Read a trigger."""
    dates = table.get("dates", [])
    return Trigger(
        id=table.get("id") or f"{table['on']}-{table['issue']}",
        on=table["on"],
        issue=table["issue"],
        dates=tuple(span(each) for each in (dates if isinstance(dates, list) else [dates])),
        after=duration_or_none(table.get("after")),
        where=table.get("where", {}),
        cooldown=duration_or_none(table.get("cooldown")),
        holdout=Fraction(str(table.get("holdout", 0))),
    )


def budget(table: Table) -> Budget:
    """Read a budget."""
    return Budget(
        id=table["id"],
        covers=tuple(table["covers"]),
        count=table.get("count"),
        cost_fen=fen_of(table.get("cost")),
        at=table.get("at", "issue"),
        per=table.get("per"),
    )


def item(table: Table) -> Item:
    """Read an item of the catalogue."""
    return Item(
        id=table["id"],
        points=table["points"],
        coupon=table.get("coupon"),
        goods="goods" in table,
        stock=table.get("goods", {}).get("stock"),
        tier_up=table.get("tier_up"),
    )


class Offers:
    """Hold what a season file gives away, defaults filled in."""

    def __init__(self, season_file: Table) -> None:
        self.programme_id: str = season_file["programme"]["id"]
        self.templates = {each["id"]: template(each) for each in season_file.get("coupons", [])}
        rules = season_file.get("coupon_rules", {})
        self.per_order: int = rules.get("per_order", 1)
        self.with_tier_discount: bool = rules.get("with_tier_discount", True)
        self.transferable: bool = rules.get("transferable", False)
        self.reinstates = rules.get("on_refund", "keep_used") == "reinstate"
        self.reserve_for = parse_duration(rules.get("reserve_for", "10m"))
        self.triggers = [trigger(each) for each in season_file.get("triggers", [])]
        self.budgets = [budget(each) for each in season_file.get("budgets", [])]
        self.catalogue = {each["id"]: item(each) for each in season_file.get("catalogue", [])}
        self.checkout = self._checkout(season_file.get("checkout"))
        self.referral = self._referral(season_file.get("referral"))
        self.segments: dict[str, Table] = {
            name: segment.get("where", {})
            for name, segment in season_file.get("segments", {}).items()
        }
        self.discounts: dict[str, tuple[str, Fraction]] = {
            level["id"]: (
                level["discount"]["category"],
                Fraction(str(level["discount"]["per_litre"])) * 100 / 1000,
            )
            for level in season_file.get("tiers", {}).get("levels", [])
            if "discount" in level
        }

    def _checkout(self, table: Table | None) -> Checkout | None:
        if table is None:
            return None
        return Checkout(
            points=table["points"],
            amount_fen=fen_of(table["amount"]) or 0,
            step=table["step"] if "step" in table else table["points"],
            max_share=Fraction(str(table.get("max_share", 1))),
        )

    def _referral(self, table: Table | None) -> ReferralRule | None:
        if table is None:
            return None
        limit = table.get("limit", {})
        return ReferralRule(
            points=table["advocate_points"],
            least_fen=fen_of(table.get("first_order_min")) or 0,
            hold=parse_duration(table.get("hold", "0d")),
            times=limit.get("times"),
            per=limit.get("per", "season"),
            distinct=tuple(table.get("distinct", [])),
        )
