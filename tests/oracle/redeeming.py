"""Redeem points for the things of the catalogue."""

from tests.oracle import tiers
from tests.oracle.coupons import given, issue
from tests.oracle.member import Member
from tests.oracle.pools import charges, fits, take
from tests.oracle.refusal import RefusedError
from tests.oracle.state import Fields, State
from tests.oracle.triggers import fire_all


def redeem(state: State, member: Member, fields: Fields) -> Fields | None:
    """Give an item for points, or refuse it; give the coupon that it gave, if any."""
    offers = state.plan.offers
    item = offers.catalogue.get(fields["item"])
    if item is None:
        raise RefusedError("unknown_item")
    levels = [level.id for level in state.plan.levels]
    bought = None if item.tier_up is None else levels.index(item.tier_up)
    if bought is not None and member.level > bought:
        raise RefusedError("tier_held")
    if member.active < item.points:
        raise RefusedError("insufficient_points")
    stock = [] if item.stock is None else [(state.pools[f"{item.id}.stock"], 1)]
    if not fits(stock):
        raise RefusedError("out_of_stock")
    at_us, event_id = fields["at_us"], fields["event_id"]
    if item.coupon is not None:
        face_fen = offers.templates[item.coupon].face_fen
        if not fits(charges(offers, state.pools, item.coupon, "issue", face_fen)):
            raise RefusedError("budget_exhausted")
    coupon = None
    if item.coupon is not None:
        coupon = issue(state, item.coupon, member, at_us, event_id, "claimed")
    take(stock)
    member.redeem(item.points)
    state.goods_given += item.goods
    if bought is not None and tiers.buy_level(member, bought, at_us):
        fire_all(state, "tier_up", member, at_us, event_id)
    return None if coupon is None else given(coupon)
