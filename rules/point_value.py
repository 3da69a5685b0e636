"""What a point is worth in money, and what fuel and goods earn at most."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from rules.circumstances import Box, World
from rules.greatest_factor import Combination, greatest
from rules.season_models import CatalogueItem, Coupon, Earning, Product, Season
from rules.toml_lines import Loc
from rules.typical_members import Prices


@dataclass(frozen=True, slots=True)
class Way:
    """One way to spend points, and what it gives for each, in fen."""

    loc: Loc
    name: str
    fen_per_point: Fraction


def ways_to_spend(season: Season) -> list[Way]:
    """List the ways to spend points that have a money value, the best for the member first.

    A percentage coupon counts with its max_off; without one, and for a tier, there is no figure.
    """
    found = []
    if season.checkout is not None:
        rate = Fraction(season.checkout.amount_fen, season.checkout.points)
        found.append(Way(("checkout",), "checkout", rate))
    for place, item in enumerate(season.catalogue):
        value_fen = item_value_fen(season, item)
        if value_fen is not None:
            rate = Fraction(value_fen, item.points)
            found.append(Way(("catalogue", place), f"catalogue item {item.id}", rate))
    return sorted(found, key=lambda way: -way.fen_per_point)


def item_value_fen(season: Season, item: CatalogueItem) -> int | None:
    """Give what a catalogue item is worth at most, in fen; None where there is no figure."""
    if item.goods is not None:
        return item.goods.unit_cost_fen
    if item.coupon is not None:
        return coupon_of(season, item.coupon).face_value_fen
    return None


def coupon_of(season: Season, name: str) -> Coupon:
    """Find a coupon by its id."""
    return next(one for one in season.coupons if one.id == name)


def fen_per_point(season: Season) -> Fraction:
    """Give the most a member can get for a point, in fen; 0 where nothing can be bought."""
    ways = ways_to_spend(season)
    return ways[0].fen_per_point if ways else Fraction(0)


@dataclass(frozen=True, slots=True)
class Yield:
    """What one product earns for each yuan spent on it, plainly and at its best."""

    name: str
    product: Product | None  # None where the file has no products
    points_per_fen: Fraction
    best: Combination
    earning: tuple[Earning, ...]
    prices: Prices

    @property
    def fuel(self) -> bool:
        """Tell whether it is sold by the litre."""
        return self.product is None or self.product.category == "fuel"

    @property
    def points_per_litre(self) -> Fraction:
        """Give the points of a litre at the usual price, before multipliers."""
        return self.points_per_fen * self.prices.litre_fen

    @property
    def most_per_fen(self) -> Fraction:
        """Give the points of a fen with the greatest factor."""
        return self.points_per_fen * self.best.factor

    def margin_share(self) -> Fraction | None:
        """Give the margin as a share of the price; None where the file says nothing."""
        margin = self.product.margin if self.product is not None else None
        if margin is None:
            return None
        if margin.share is not None:
            return margin.share
        assert margin.per_litre_fen is not None
        return margin.per_litre_fen / self.prices.litre_fen


def yields(world: World) -> list[Yield]:
    """Reckon every product's points: the rules that hold together, the best factor with them."""
    season = world.season
    found = []
    for place, (name, _) in enumerate(world.products):
        product = season.products.get(name)
        found.append(yield_in(world, name or "fuel", product, only_product(world, place)))
    return found


def only_product(world: World, place: int) -> Box:
    """Give all circumstances of one product, paid in a way that earns."""
    pay = world.anything.pay
    if not world.season.card.earn_on_spend:
        pay &= ~(1 << world.pays.index("card"))
    everything = world.anything
    return Box(
        product=1 << place,
        station=everything.station,
        day=everything.day,
        minute=everything.minute,
        tier=everything.tier,
        kind=everything.kind,
        pay=pay,
    )


def yield_in(world: World, name: str, product: Product | None, box: Box) -> Yield:
    """Reckon what a product earns in some circumstances, at most."""
    prices = Prices(world.season.programme.currency)
    fuel = product is None or product.category == "fuel"
    rules = [
        (_rate(rule, fuel, prices), rule) for rule in world.season.earning if rule.on == "purchase"
    ]
    held: list[Earning] = []
    total = Fraction(0)
    for rate, rule in sorted(rules, key=lambda one: -one[0]):
        condition = world.box(rule.where)
        shared = world.meet(box, condition) if condition is not None and rate else None
        if shared is not None:
            box, total = shared, total + rate
            held.append(rule)
    return Yield(name, product, total, greatest(world, box), tuple(held), prices)


def _rate(rule: Earning, fuel: bool, prices: Prices) -> Fraction:
    """Give the points of a fen; litres count for fuel only, at the usual price."""
    if rule.per.amount_fen is not None:
        return rule.points / rule.per.amount_fen
    if not fuel or rule.per.litres_ml is None:
        return Fraction(0)
    return rule.points * 1000 / rule.per.litres_ml / prices.litre_fen
