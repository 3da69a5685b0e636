"""What a point is worth in money, and what fuel and goods earn at most."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from rules.advice.typical_members import Prices, usual_prices
from rules.season.circumstances import Box, World
from rules.season.greatest_factor import Combination, greatest
from rules.season.price_list import PriceList
from rules.season.season_models import CatalogueItem, Coupon, Earning, Margin, Product, Season
from rules.season.toml_lines import Loc


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
    litre_fen: int  # what a litre costs, where it is fuel
    margin: Margin | None

    @property
    def fuel(self) -> bool:
        """Tell whether it is sold by the litre."""
        return self.product is None or self.product.category == "fuel"

    @property
    def points_per_litre(self) -> Fraction:
        """Give the points of a litre at the usual price, before multipliers."""
        return self.points_per_fen * self.litre_fen

    @property
    def most_per_fen(self) -> Fraction:
        """Give the points of a fen with the greatest factor."""
        return self.points_per_fen * self.best.factor

    def margin_share(self) -> Fraction | None:
        """Give the margin as a share of the price; None where the file says nothing."""
        if self.margin is None:
            return None
        if self.margin.share is not None:
            return self.margin.share
        assert self.margin.per_litre_fen is not None
        return self.margin.per_litre_fen / self.litre_fen


def yields(world: World) -> list[Yield]:
    """Reckon every product's points: the rules that hold together, the best factor with them."""
    listed = PriceList.of(world.season)
    prices = usual_prices(world.season, listed)
    found = []
    for place, (name, _) in enumerate(world.products):
        margin = listed.usual_margin(name) if name is not None else None
        box = only_product(world, place)
        found.append(_yield_in(world, name or "fuel", box, prices, margin))
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


def _yield_in(world: World, name: str, box: Box, prices: Prices, margin: Margin | None) -> Yield:
    """Reckon what a product earns in some circumstances, at most."""
    product, litre_fen = world.season.products.get(name), prices.litre_fen_of(name)
    fuel = product is None or product.category == "fuel"
    rules = [
        (_rate(rule, fuel, litre_fen), rule)
        for rule in world.season.earning
        if rule.on == "purchase"
    ]
    held: list[Earning] = []
    total = Fraction(0)
    for rate, rule in sorted(rules, key=lambda one: -one[0]):
        condition = world.box(rule.where)
        shared = world.meet(box, condition) if condition is not None and rate else None
        if shared is not None:
            box, total = shared, total + rate
            held.append(rule)
    return Yield(name, product, total, greatest(world, box), tuple(held), litre_fen, margin)


def _rate(rule: Earning, fuel: bool, litre_fen: int) -> Fraction:
    """Give the points of a fen; litres count for fuel only, at the usual price."""
    if rule.per.amount_fen is not None:
        return rule.points / rule.per.amount_fen
    if not fuel or rule.per.litres_ml is None:
        return Fraction(0)
    return rule.points * 1000 / rule.per.litres_ml / litre_fen
