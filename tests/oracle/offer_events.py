"""Draw events about coupons, points spent, referrals and records, against what there is."""

import json
from random import Random
from typing import Any

from tests.oracle.chance import maybe
from tests.oracle.coupon import Coupon
from tests.oracle.judge import Oracle
from tests.oracle.plan import Plan
from tests.oracle.season_drawing import PRODUCTS, STATIONS

Event = dict[str, Any]

ORDERS = ("o0", "o1", "o2", "o3")


class OfferDrawing:
    """Draw one event of the kinds that give and take things.

    An oracle that follows the log tells which coupon codes there are.
    """

    def __init__(self, random: Random, season: dict[str, Any], members: tuple[str, ...]) -> None:
        self.random = random
        self.plan: Plan = Plan(season)
        self.members = members
        self.shadow = Oracle(season)

    def draw(self, event: Event) -> Event:
        """Make an event one of these kinds."""
        kinds = self.random.choices(
            [self._redeem, self._claim, self._reserve, self._use, self._release, self._referral,
             self._record],
            weights=[8, 7, 7, 12, 3, 5 if self.plan.offers.referral else 1, 3],
        )  # fmt: skip
        return kinds[0](event)

    def _redeem(self, event: Event) -> Event:
        items = [*self.plan.offers.catalogue] or ["mug"]
        event |= {"type": "redeem", "item": self.random.choice(items)}
        if maybe(self.random, 0.05):
            event["item"] = "moon"
        return event

    def _named(self, member: str) -> str:
        """Name a coupon: mostly one of the member's by its code or template."""
        random = self.random
        coupons: list[Coupon] = self.shadow.state.coupons
        own = [each for each in coupons if each.member == self.shadow.state.resolve(member)]
        if own and maybe(random, 0.7):
            coupon = random.choice(own[-6:])
            return coupon.code if maybe(random, 0.5) else coupon.template
        if coupons and maybe(random, 0.4):
            return random.choice(coupons).code
        names: list[str] = [*self.plan.offers.templates, "0000000000000", "none-such"]
        return random.choice(names)

    def _claim(self, event: Event) -> Event:
        random = self.random
        event |= {"type": "claim", "coupon": self._named(event["member"])}
        if maybe(random, 0.5):
            event["coupon"] = random.choice([*self.plan.offers.templates])
        return event

    def _lines(self) -> Any:
        random = self.random
        lines: list[Any] = []
        for _ in range(random.choice([1, 1, 2, 3, 5])):
            amount_fen = random.choice([1, 7, 999, 5000, 10_001, random.randrange(30_000)])
            line: Event = {"product": random.choice([*PRODUCTS, "wash"])}
            line["amount"] = f"{amount_fen // 100}.{amount_fen % 100:02}"
            if line["product"] in ("92", "0"):
                line["litres"] = random.choice(["10", "35.2", "0.001", 7])
            lines.append(line)
        if maybe(random, 0.04):
            lines[0] = random.choice([{"product": "tea", "amount": 1}, {"product": "92"}, 7])
        return json.dumps(lines) if maybe(random, 0.1) else lines

    def _order(self, event: Event) -> Event:
        random = self.random
        event |= {"order": random.choice(ORDERS), "lines": self._lines()}
        if maybe(random, 0.5):
            event["station"] = random.choice([*STATIONS, "S9"])
        if maybe(random, 0.3):
            event["pay"] = random.choice(["card", "cash"])
        return event

    def _reserve(self, event: Event) -> Event:
        event |= {"type": "reserve", "coupon": self._named(event["member"])}
        return self._order(event)

    def _use(self, event: Event) -> Event:
        event["type"] = "use"
        if maybe(self.random, 0.8):
            event["coupon"] = self._named(event["member"])
        if "coupon" not in event or maybe(self.random, 0.3):
            event["points"] = self.random.choice([1, 5, 10, 50])
        event = self._order(event)
        reserved = [
            each
            for each in self.shadow.state.coupons
            if each.status == "reserved" and each.member == event["member"]
        ]
        if reserved and maybe(self.random, 0.7):
            coupon = self.random.choice(reserved)
            event["order"] = coupon.order
            event["coupon"] = self.random.choice([coupon.code, coupon.template])
        return event

    def _release(self, event: Event) -> Event:
        event |= {"type": "release", "coupon": self._named(event["member"])}
        if maybe(self.random, 0.5):
            event["order"] = self.random.choice(ORDERS)
        return event

    def _referral(self, event: Event) -> Event:
        return event | {"type": "referral", "ref": self.random.choice([*self.members, "z"])}

    def _record(self, event: Event) -> Event:
        if maybe(self.random, 0.3):
            return event | {"type": "erase"}
        return event | {"type": "merge", "ref": self.random.choice([*self.members, "nobody"])}
