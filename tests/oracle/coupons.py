"""Issue, claim, reserve, use and release coupons."""

from collections.abc import Callable

from tests.oracle.coupon import Coupon
from tests.oracle.hashes import codes_of
from tests.oracle.member import Member
from tests.oracle.offers import Template
from tests.oracle.periods import period_of
from tests.oracle.pools import charges, fits, give_back, take
from tests.oracle.pricing import Bill, Earlier, bill_of
from tests.oracle.refusal import RefusedError
from tests.oracle.state import Fields, State


def issue(
    state: State, template_id: str, member: Member, at_us: int, cause: str, status: str
) -> Coupon | None:
    """Give a member a new coupon, or None where a budget has no room for it."""
    offers = state.plan.offers
    template = offers.templates[template_id]
    wanted = charges(offers, state.pools, template_id, "issue", template.face_fen)
    if not fits(wanted):
        return None
    take(wanted)
    taken = {coupon.code for coupon in state.coupons}
    codes = codes_of(offers.programme_id, member.id, template_id, cause)
    coupon = Coupon(
        code=next(code for code in codes if code not in taken),
        template=template_id,
        member=member.id,
        status=status,
        issued_us=at_us,
        expires_us=state.plan.zone.later(at_us, template.valid),
    )
    state.coupons.append(coupon)
    return coupon


def named(
    state: State, member: Member, fields: Fields, suits: list[Callable[[Coupon], bool]]
) -> Coupon | None:
    """Find the coupon that an event names by code, or by template the first to expire.

    A template means the member's coupons of it that suit: the first test that any of them
    passes decides; of those that expire together it is the one with the least code. Raises
    RefusedError where the name is none, or the coupon not the member's.
    """
    text = fields["coupon"]
    by_code = [coupon for coupon in state.coupons if coupon.code == text]
    if by_code:
        coupon = by_code[0]
        moves = state.plan.offers.transferable and fields["type"] != "release"
        if coupon.member != member.id and not moves:
            raise RefusedError("not_yours")
        if coupon.status == "redeemed":
            raise RefusedError("coupon_spent")
        if not any(suit(coupon) for suit in suits):
            raise RefusedError("coupon_not_valid")
        return coupon
    if text not in state.plan.offers.templates:
        raise RefusedError("coupon_not_valid")
    own = [each for each in state.coupons if each.member == member.id and each.template == text]
    own.sort(key=lambda each: (each.expires_us, each.code))
    for suit in suits:
        found = next((each for each in own if suit(each)), None)
        if found is not None:
            return found
    return None


def given(coupon: Coupon) -> Fields:
    """Write which coupon an event gave."""
    return {"coupon": coupon.code, "coupon_id": coupon.template}


def claim(state: State, member: Member, fields: Fields) -> Fields:
    """Make an issued coupon the member's own, or take one that members may take themselves."""
    at_us = fields["at_us"]
    coupon = named(state, member, fields, [lambda each: each.status_at(at_us) == "issued"])
    if coupon is not None:
        coupon.status = "claimed"
        coupon.member = member.id
        return given(coupon)
    template = state.plan.offers.templates[fields["coupon"]]
    if template.claim_times is None:
        raise RefusedError("coupon_not_valid")
    place = template.id, period_of(template.claim_per, state.plan.zone.day(at_us))
    if member.claims.get(place, 0) >= template.claim_times:
        raise RefusedError("coupon_not_valid")
    coupon = issue(state, template.id, member, at_us, fields["event_id"], "claimed")
    if coupon is None:
        raise RefusedError("budget_exhausted")
    member.claims[place] = member.claims.get(place, 0) + 1
    return given(coupon)


def held_for(member: Member, order: str, at_us: int) -> Callable[[Coupon], bool]:
    """Test whether a coupon is reserved for an order of a member."""

    def held(coupon: Coupon) -> bool:
        same = coupon.member == member.id and coupon.order == order
        return same and coupon.status_at(at_us) == "reserved"

    return held


def free(at_us: int) -> Callable[[Coupon], bool]:
    """Test whether a coupon is there to be used."""
    return lambda coupon: coupon.status_at(at_us) in ("issued", "claimed")


def for_order(state: State, member: Member, fields: Fields) -> tuple[Coupon, Template]:
    """Find the coupon that a reserve or use names, if the order may have another one."""
    order, at_us = fields["order"], fields["at_us"]
    suits = [held_for(member, order, at_us), free(at_us)]
    if fields["type"] == "reserve" and fields["coupon"] in state.plan.offers.templates:
        suits = [free(at_us)]
    coupon = named(state, member, fields, suits)
    if coupon is None:
        raise RefusedError("coupon_not_valid")
    others = [
        each
        for each in state.coupons
        if each is not coupon
        and each.member == member.id
        and each.order == order
        and each.status_at(at_us) in ("reserved", "redeemed")
    ]
    if len(others) >= state.plan.offers.per_order:
        raise RefusedError("coupon_not_valid")
    return coupon, state.plan.offers.templates[coupon.template]


def reserve(state: State, member: Member, fields: Fields) -> Fields:
    """Keep a coupon for an order for a while, and say what it would take off."""
    coupon, template = for_order(state, member, fields)
    bill = bill_of(
        state.plan, fields, state.who(member), template, earlier_uses(state, member, fields)
    )
    until_us = state.plan.zone.later(fields["at_us"], state.plan.offers.reserve_for)
    if held_for(member, fields["order"], fields["at_us"])(coupon):
        # Asked again, a reservation is only ever made longer.
        until_us = max(until_us, coupon.reserved_until_us)
    coupon.status = "reserved"
    coupon.member = member.id
    coupon.order = fields["order"]
    coupon.reserved_until_us = until_us
    return given(coupon) | bill.detail(fields["order"])


def use(state: State, member: Member, fields: Fields) -> tuple[int, Fields]:
    """Take a coupon, points or both off an order; give the answer's points and detail."""
    offers = state.plan.offers
    coupon = template = None
    if fields["coupon"]:
        coupon, template = for_order(state, member, fields)
    earlier = earlier_uses(state, member, fields)
    bill = bill_of(state.plan, fields, state.who(member), template, earlier)
    points = fields["points"] or 0
    if points:
        paid_fen = pay_points(state, member, bill, points, earlier.points_fen)
    if coupon is not None and template is not None:
        cost_fen = template.unit_cost_fen if template.kind == "gift" else bill.own_fen
        wanted = charges(offers, state.pools, template.id, "redeem", cost_fen)
        if not fits(wanted):
            raise RefusedError("budget_exhausted")
        take(wanted)
        coupon.charged = wanted
        coupon.status = "redeemed"
        coupon.member = member.id
        coupon.order = fields["order"]
        coupon.used_us = fields["at_us"]
        coupon.off_fen = bill.own_fen
    member.redeem(points)
    if points:
        place = member.id, fields["order"]
        state.points_paid_fen[place] = earlier.points_fen + paid_fen
    detail = bill.detail(fields["order"])
    if coupon is not None:
        detail |= given(coupon)
    if points:
        detail["points_used"] = points
    return -points, detail


def earlier_uses(state: State, member: Member, fields: Fields) -> Earlier:
    """Sum what was taken off an order before."""
    coupon_fen = sum(
        coupon.off_fen
        for coupon in state.coupons
        if coupon.status == "redeemed"
        and coupon.member == member.id
        and coupon.order == fields["order"]
    )
    return Earlier(coupon_fen, state.points_paid_fen.get((member.id, fields["order"]), 0))


def pay_points(state: State, member: Member, bill: Bill, points: int, before_fen: int) -> int:
    """Pay a part of what is left of an order with points; give what they are worth.

    What points have paid of the order before counts for the share they may pay.
    """
    rule = state.plan.offers.checkout
    if rule is None:
        raise RefusedError("over_share")
    if points % rule.step:
        raise RefusedError("bad_step")
    if member.active < points:
        raise RefusedError("insufficient_points")
    worth_fen = points * rule.amount_fen // rule.points
    if before_fen + worth_fen > int(rule.max_share * (bill.left_fen + before_fen)):
        raise RefusedError("over_share")
    bill.spread(bill.lines, worth_fen, "points_fen")
    return worth_fen


def release(state: State, member: Member, fields: Fields) -> Fields:
    """Let go of a reserved coupon."""
    order, at_us = fields["order"], fields["at_us"]

    def reserved(coupon: Coupon) -> bool:
        return coupon.status_at(at_us) == "reserved" and order in (None, coupon.order)

    coupon = named(state, member, fields, [reserved])
    if coupon is None:
        raise RefusedError("coupon_not_valid")
    if coupon.code != fields["coupon"]:
        mine = [each for each in state.coupons if each.member == member.id]
        if sum(each.template == coupon.template and reserved(each) for each in mine) > 1:
            raise RefusedError("coupon_not_valid")
    coupon.status = "claimed"
    coupon.order = None
    return given(coupon)


def reinstate(state: State, member: Member, order: str | None, at_us: int) -> None:
    """Give back the coupons used for an order of which refunds have left nothing."""
    if order is None or not state.plan.offers.reinstates:
        return
    bought = [
        known.purchase
        for (member_id, _), known in state.known.items()
        if known.purchase is not None
        and known.purchase.counts
        and known.fields["order"] == order
        and state.resolve(member_id) == member.id
    ]
    if not all(purchase.gone for purchase in bought):
        return
    for coupon in state.coupons:
        used = coupon.status == "redeemed" and coupon.member == member.id and coupon.order == order
        if used and at_us < coupon.expires_us:
            give_back(coupon.charged)
            coupon.status = "claimed"
            coupon.order = coupon.used_us = None
            coupon.off_fen = 0
            coupon.charged = []


def coupon_columns(state: State) -> list[Fields]:
    """Give the columns of coupons.csv as of the clock, by code."""
    return [
        {
            "code": coupon.code,
            "coupon": coupon.template,
            "member": coupon.member,
            "status": coupon.status_at(state.now_us) if state.clock_us is not None else "issued",
            "issued_at": coupon.issued_us,
            "expires_at": coupon.expires_us,
            "used_at": coupon.used_us,
            "off": coupon.off_fen,
        }
        for coupon in sorted(state.coupons, key=lambda each: each.code)
    ]
