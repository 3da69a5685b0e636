"""Draw what tills send: every kind of event, late, early, twice, and refunds before sales."""

import random
import threading
from collections import deque
from contextlib import suppress
from datetime import timedelta
from typing import Any

from tests.chaos.season import COUPONS, ITEMS, STARTS

Event = dict[str, Any]

MEMBERS = 240
LATE_HOURS_MAX = 22
TOO_LATE = timedelta(days=3)
SKEW_MINUTES_MAX = 4
FENS_A_LITRE = 785
RECENT = 400


class World:
    """What all tills know together; times pass by the number of events drawn."""

    def __init__(self, step_s: float) -> None:
        self._step = timedelta(seconds=step_s)
        self._knowing = threading.Lock()
        self._number = 0
        self._now = STARTS + timedelta(hours=9)
        self.sales: deque[Event] = deque(maxlen=RECENT)
        self.awaited: deque[Event] = deque(maxlen=RECENT)
        self.acknowledged: deque[Event] = deque(maxlen=RECENT)
        self.twins: deque[Event] = deque(maxlen=RECENT)
        self.orders: deque[Event] = deque(maxlen=RECENT)

    def next_place(self) -> tuple[int, Any]:
        """Give the next event's number and the instant it happens, were it on time."""
        with self._knowing:
            self._number += 1
            self._now += self._step
            return self._number, self._now


class Drawing:
    """Draws one till's events."""

    def __init__(self, world: World, seed: str) -> None:
        self._world = world
        self._random = random.Random(seed)
        self._kinds = (
            (self._purchase, 46), (self._task, 12), (self._refund, 10), (self._enrol, 6),
            (self._redeem, 7), (self._claim, 5), (self._use, 7), (self._reserve, 3),
            (self._release, 1), (self._early_refund, 3), (self._awaited_sale, 4),
            (self._adjust, 1), (self._faulty, 1),
        )  # fmt: skip

    def body(self) -> list[Event]:
        """Draw a body: mostly one event, now and then a batch, rarely some hundred."""
        count = self._random.choices(
            [1, self._random.randint(2, 20), self._random.randint(101, 300)], [30, 6, 1]
        )[0]
        events = [self._one() for _ in range(count)]
        if count > 1:
            # Some come again in the very same body, and not in the order they happened.
            events += self._random.sample(events, len(events) // 12)
            self._random.shuffle(events)
        return events

    def _one(self) -> Event:
        world, chance = self._world, self._random.random()
        if chance < 0.04 and world.acknowledged:
            return self._random.choice(tuple(world.acknowledged))
        if chance < 0.07:
            try:
                return world.twins.popleft()
            except IndexError:
                pass
        number, now = world.next_place()
        event: Event = {
            "event_id": f"e-{number}",
            "member": f"m-{int(MEMBERS * self._random.random() ** 1.7):03d}",
            "at": (now + self._shift()).isoformat(),
        }
        draws, weights = zip(*self._kinds, strict=True)
        drawn: Event = self._random.choices(draws, weights)[0](event)
        if self._random.random() < 0.03:
            world.twins.append(drawn)
        return drawn

    def _shift(self) -> timedelta:
        """Draw how far a till's report is off: late, or by a clock that runs ahead."""
        chance = self._random.random()
        if chance < 0.80:
            return -timedelta(seconds=self._random.randrange(600))
        if chance < 0.92:
            return -timedelta(minutes=self._random.randrange(60 * LATE_HOURS_MAX))
        if chance < 0.93:
            return -TOO_LATE
        return timedelta(seconds=self._random.randrange(60 * SKEW_MINUTES_MAX))

    def _purchase(self, event: Event) -> Event:
        event["type"] = "purchase"
        if self._random.random() < 0.75:
            ml = self._random.randrange(2_000, 60_000)
            event |= {"product": "92", "litres": f"{ml // 1000}.{ml % 1000:03d}"}
            fen = ml * FENS_A_LITRE // 1000
        else:
            fen = self._random.randrange(100, 9_000)
            event["product"] = "shop"
        event["amount"] = f"{fen // 100}.{fen % 100:02d}"
        used = [one for one in tuple(self._world.orders) if one["member"] == event["member"]]
        if used and self._random.random() < 0.5:
            event["order"] = self._random.choice(used)["order"]
        self._world.sales.append(event)
        return event

    def _task(self, event: Event) -> Event:
        return event | {"type": self._random.choice(["check_in", "check_in", "share"])}

    def _refund(self, event: Event) -> Event:
        if not self._world.sales:
            return self._purchase(event)
        sale = self._random.choice(tuple(self._world.sales))
        event |= {"type": "refund", "member": sale["member"], "ref": sale["event_id"]}
        if self._random.random() < 0.5:
            event["amount"] = sale["amount"] if self._random.random() < 0.5 else "1.00"
        return event

    def _early_refund(self, event: Event) -> Event:
        """Refund a sale that a till sends later."""
        sale = dict(event) | {"event_id": f"{event['event_id']}-sale"}
        self._world.awaited.append(sale)
        return event | {"type": "refund", "ref": sale["event_id"]}

    def _awaited_sale(self, event: Event) -> Event:
        try:
            return self._purchase(self._world.awaited.popleft())
        except IndexError:
            return self._purchase(event)

    def _enrol(self, event: Event) -> Event:
        event["type"] = self._random.choice(["enrol", "enrol", "update"])
        kind = self._random.choices(["private", "taxi", "staff"], [6, 3, 1])[0]
        return event | {"attributes": {"kind": kind, "company": f"c-{self._random.randrange(7)}"}}

    def _redeem(self, event: Event) -> Event:
        return event | {"type": "redeem", "item": self._random.choice(ITEMS)}

    def _claim(self, event: Event) -> Event:
        return event | {"type": "claim", "coupon": self._random.choice(["rare", *COUPONS])}

    def _order(self, event: Event) -> Event:
        fen = self._random.randrange(500, 20_000)
        litres = f"{fen // FENS_A_LITRE}.000"
        amount = f"{fen // 100}.{fen % 100:02d}"
        line = {"product": "92", "litres": litres, "amount": amount}
        order = {"order": f"o-{event['event_id']}", "lines": [line]}
        self._world.orders.append(order | {"member": event["member"]})
        return event | order

    def _use(self, event: Event) -> Event:
        event["type"] = "use"
        if self._random.random() < 0.8:
            event["coupon"] = self._random.choice(COUPONS)
        if "coupon" not in event or self._random.random() < 0.3:
            event["points"] = self._random.choice([10, 20, 50])
        return self._order(event)

    def _reserve(self, event: Event) -> Event:
        coupon = self._random.choice(COUPONS)
        return self._order(event | {"type": "reserve", "coupon": coupon})

    def _release(self, event: Event) -> Event:
        return event | {"type": "release", "coupon": self._random.choice(COUPONS)}

    def _adjust(self, event: Event) -> Event:
        return event | {"type": "adjust", "points": self._random.choice([-30, -5, 10, 40])}

    def _faulty(self, event: Event) -> Event:
        """Draw what every system has to refuse, each time it comes."""
        event = self._purchase(event)
        with suppress(ValueError):  # others may have pushed it out
            self._world.sales.remove(event)
        fault = self._random.choice(
            [{"amount": "ten"}, {"product": "tea"}, {"litres": "-1"}, {"at": "yesterday"}]
        )
        return event | fault
