"""Lint of points and discounts that cost more than a sale leaves, or feed on themselves."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import ceil, floor
from typing import Final

from rules.advice.findings import Finding, number
from rules.advice.point_value import Yield, coupon_of, fen_per_point, ways_to_spend
from rules.advice.typical_members import MONTH_DAYS, PROFESSIONAL, usual_prices
from rules.season.circumstances import World
from rules.season.season_models import CatalogueItem, Coupon, Level
from rules.season.toml_lines import Loc

FACTOR_BLOW_UP: Final = 10
SPREAD_MAX: Final = 2


class Leaks:
    """What every check of leaks needs: the season's world, yields, prices and a point's value."""

    def __init__(self, world: World, yields: list[Yield]) -> None:
        self.world = world
        self.season = world.season
        self.yields = yields
        self.prices = usual_prices(world.season)
        self.fen_per_point = fen_per_point(world.season)

    def money(self, amount_fen: int | Fraction) -> str:
        """Write an amount in the programme's currency."""
        return self.prices.money(amount_fen)

    def value_fen(self, points: int | Fraction) -> int:
        """Value points at the best way to spend them, in fen, rounded down."""
        return floor(points * self.fen_per_point)

    def capped_month(self, points_day: int | Fraction) -> int:
        """Multiply a day's points by a month's days, within the member's cap."""
        cap = self.season.points.member_day_cap
        day = points_day if cap is None else min(points_day, cap)
        return floor(day * MONTH_DAYS)


def lint_leaks(leaks: Leaks) -> Iterator[Finding]:
    """Find points and discounts that leak money."""
    yield from _point_values(leaks)
    yield from _blow_up(leaks)
    yield from _without_coupon(leaks)
    yield from _earn_burn(leaks)
    yield from _bought_tiers(leaks)
    yield from _top_up_twice(leaks)


def tier_off_share(level: Level | None, one: Yield) -> Fraction:
    """Give a level's discount on a product as a share of its price."""
    if level is None or level.discount is None or not one.fuel or one.product is None:
        return Fraction(0)
    if level.discount.category != one.product.category:
        return Fraction(0)
    return level.discount.per_litre_fen / one.litre_fen


def best_level(leaks: Leaks, one: Yield) -> Level | None:
    """Find the level with the greatest discount on a product."""
    levels = leaks.season.tiers.levels if leaks.season.tiers else ()
    return max(levels, key=lambda level: tier_off_share(level, one), default=None)


def _point_values(leaks: Leaks) -> Iterator[Finding]:
    ways = ways_to_spend(leaks.season)
    if not ways:
        return
    best, worst = ways[0], ways[-1]
    listed = ", ".join(f"{leaks.money(way.fen_per_point)} by {way.name}" for way in ways)
    message = f"a point is worth {listed}"
    if worst.fen_per_point and best.fen_per_point > worst.fen_per_point * SPREAD_MAX:
        message += (
            f": members will take {best.name} only, so every point costs "
            f"{leaks.money(best.fen_per_point)}"
        )
        yield Finding("point-value", best.loc, "warning", message)
    else:
        yield Finding("point-value", best.loc, "note", message)
    for one in leaks.yields:
        if not one.fuel or not one.points_per_fen or one.product is None:
            continue
        plain = one.points_per_fen * leaks.fen_per_point
        level = best_level(leaks, one)
        off = tier_off_share(level, one)
        most = plain * one.best.factor + off
        margin = one.margin_share()
        what = f"points ({number(one.points_per_litre)} a litre)"
        tier = f" and {level.id}'s discount" if off and level else ""
        of = f" of a margin of {number(margin * 100)} %" if margin is not None else ""
        message = (
            f"{what} give back {number(plain * 100)} % of the price, at most "
            f"{number(most * 100)} % with {number(one.best.factor)}×{tier}{of}"
        )
        yield Finding("effective-discount", ("products", one.name), "note", message)


def _blow_up(leaks: Leaks) -> Iterator[Finding]:
    """Report the greatest factor when it is huge, or alone eats the margin."""
    ceiling = leaks.season.multiplying.ceiling
    for one in leaks.yields:
        if not one.best.multipliers or not one.fuel:
            continue
        factor, per_litre = one.best.factor, one.points_per_litre
        worth, margin = one.most_per_fen * leaks.fen_per_point, one.margin_share()
        if factor < FACTOR_BLOW_UP and (margin is None or worth <= margin):
            continue
        place = leaks.season.multiplier.index(one.best.multipliers[0])
        held = " and ".join(each.id for each in one.best.multipliers)
        extra = floor(per_litre * (factor - 1) * PROFESSIONAL.litres_month)
        margin_text = "" if margin is None else f", margin {number(margin * 100)} %"
        limit = "without a ceiling" if ceiling is None else f"under the ceiling {number(ceiling)}"
        message = (
            f"{held} hold together and come to {number(factor)}× {limit}: "
            f"{number(per_litre * factor)} points a litre of {one.name}, worth "
            f"{leaks.money(per_litre * factor * leaks.fen_per_point)} "
            f"({number(worth * 100)} % of the price{margin_text}); {PROFESSIONAL.name} who "
            f"buys {PROFESSIONAL.litres_month} litres then takes {extra:,} points too many"
        )
        loc: Loc = ("multiplier", place)
        yield Finding("blow-up", loc, "warning", message, extra, leaks.value_fen(extra))
        return  # the first product tells it; the others repeat the same multipliers


def _without_coupon(leaks: Leaks) -> Iterator[Finding]:
    """Report products whose points and tier discount alone eat the margin."""
    for one in leaks.yields:
        margin, level = one.margin_share(), best_level(leaks, one)
        off = tier_off_share(level, one)
        worth = one.points_per_fen * leaks.fen_per_point
        if margin is None or worth + off <= margin or one.product is None:
            continue
        spend = PROFESSIONAL.litres_month * one.litre_fen
        points = floor(one.points_per_fen * spend)
        tier = f" and {number(off * 100)} % off for {level.id}" if off and level else ""
        message = (
            f"every sale loses: points worth {number(worth * 100)} %{tier} are above the margin "
            f"of {number(margin * 100)} %"
        )
        loss_fen = floor((worth + off - margin) * spend)
        loc: Loc = ("products", one.name)
        yield Finding("above-margin", loc, "warning", message, points, loss_fen)


def _earn_burn(leaks: Leaks) -> Iterator[Finding]:
    """Report coupons that points buy and whose use gives those points back."""
    for one in leaks.yields:
        rate = one.most_per_fen * leaks.fen_per_point
        if rate >= 1 and one.earning:
            place = leaks.season.earning.index(one.earning[0])
            spend = PROFESSIONAL.litres_month * one.litre_fen
            points = floor(one.most_per_fen * spend)
            message = (
                f"buying {one.name} pays for itself: each yuan gives back points worth "
                f"{number(rate * 100)} % of it, so points buy the next purchase for ever"
            )
            loc: Loc = ("earning", place)
            value = leaks.value_fen(points)
            yield Finding("earn-burn", loc, "warning", message, points, value)
    for place, item in enumerate(leaks.season.catalogue):
        if item.coupon is not None:
            coupon = coupon_of(leaks.season, item.coupon)
            yield from _coupon_loop(leaks, ("catalogue", place), item, coupon)


def _coupon_loop(leaks: Leaks, loc: Loc, item: CatalogueItem, coupon: Coupon) -> Iterator[Finding]:
    face_fen = coupon.face_value_fen
    usable = usable_on(leaks, coupon)
    if face_fen is None or coupon.kind == "gift" or not usable:
        return
    order_fen = order_of(leaks, coupon)
    paid_fen = order_fen - face_fen
    best = max(usable, key=lambda one: one.most_per_fen)
    earned, at_best = floor(best.points_per_fen * paid_fen), floor(best.most_per_fen * paid_fen)
    if at_best < item.points:
        return
    uses = PROFESSIONAL.fills_month
    always = earned >= item.points
    points = (earned if always else at_best) - item.points
    when = "every" if always else f"at {number(best.best.factor)}× an"
    message = (
        f"{item.points:,} points buy {coupon.id} ({leaks.money(face_fen)} off), and {when} order "
        f"of {leaks.money(order_fen)} of {best.name} with it earns "
        f"{earned if always else at_best:,} points again: {PROFESSIONAL.name} takes "
        f"{leaks.money(face_fen)} off each of {uses} fills a month and never runs out of points"
    )
    yield Finding("earn-burn", loc, "warning", message, points * uses, face_fen * uses)


def usable_on(leaks: Leaks, coupon: Coupon) -> list[Yield]:
    """List the products a coupon can be used on."""
    box = leaks.world.box(coupon.where)
    if box is None:
        return []
    return [one for place, one in enumerate(leaks.yields) if box.product >> place & 1]


def order_of(leaks: Leaks, coupon: Coupon) -> int:
    """Give the smallest order on which a coupon takes its whole face value off, in fen."""
    least = coupon.min_spend_fen or 0
    if coupon.pay is not None and coupon.pay < 1:
        full = leaks.prices.basket_fen
        if coupon.max_off_fen is not None:
            full = min(full, ceil(coupon.max_off_fen / (1 - coupon.pay)))
        return max(least, full)
    return max(least, coupon.off_fen or 0)


def _bought_tiers(leaks: Leaks) -> Iterator[Finding]:
    """Report levels that cost fewer points than their discount gives until the second review."""
    levels = leaks.season.tiers.levels if leaks.season.tiers else ()
    window = leaks.season.tiers.window_months if leaks.season.tiers else 1
    for place, item in enumerate(leaks.season.catalogue):
        level = next((one for one in levels if one.id == item.tier_up), None)
        if level is None or level.discount is None or not leaks.fen_per_point:
            continue
        litres = Fraction(PROFESSIONAL.litres_month)
        entry = level.entry.metrics.litres_ml if level.entry else None
        if entry is not None:  # who buys more has the level anyway
            litres = min(litres, Fraction(entry, 1000 * window))
        saved_fen = floor(litres * level.discount.per_litre_fen)
        cost_fen = leaks.value_fen(item.points)
        if 2 * saved_fen <= cost_fen:
            continue
        message = (
            f"{item.points:,} points (worth {leaks.money(cost_fen)}) buy {level.id} for up to two "
            f"months, and a member who buys {number(litres)} litres a month, just below its "
            f"entry, saves {leaks.money(2 * saved_fen)} with it"
        )
        leak_fen = saved_fen - cost_fen // 2
        yield Finding("earn-burn", ("catalogue", place), "warning", message, None, leak_fen)


def _top_up_twice(leaks: Leaks) -> Iterator[Finding]:
    """Report a top-up that earns as well as what is bought with it."""
    season = leaks.season
    top_up = sum(
        (
            rule.points / rule.per.amount_fen
            for rule in season.earning
            if rule.per.amount_fen and rule.on == "top_up"
        ),
        Fraction(0),
    )
    fuel = [one for one in leaks.yields if one.fuel and one.points_per_fen]
    if not season.card.earn_on_spend or not top_up or not fuel:
        return
    best = max(fuel, key=lambda one: one.points_per_fen)
    spend_fen = PROFESSIONAL.litres_month * best.litre_fen
    points = floor(top_up * spend_fen)
    message = (
        f"a top-up earns, and buying {best.name} with the card earns again: {PROFESSIONAL.name} "
        f"who loads {leaks.money(spend_fen)} a month gets {points:,} points on top of "
        f"{floor(best.points_per_fen * spend_fen):,} for the same money; "
        f"card.earn_on_spend = false ends it"
    )
    loc: Loc = ("card", "earn_on_spend") if "card" in season.sections else ("earning",)
    if "card" not in season.sections:
        loc = ("earning", next(i for i, rule in enumerate(season.earning) if rule.on == "top_up"))
    yield Finding("top-up-twice", loc, "warning", message, points, leaks.value_fen(points))
