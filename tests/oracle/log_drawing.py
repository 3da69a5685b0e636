"""Draw random logs against a season: few members, few ids, times around every edge."""

from datetime import UTC, timedelta, timezone
from random import Random
from typing import Any

from tests.oracle.chance import maybe
from tests.oracle.instants import DAY_US, EPOCH
from tests.oracle.offer_events import ORDERS, OfferDrawing
from tests.oracle.plan import Plan
from tests.oracle.season_drawing import PRODUCTS, STATIONS, TASK_TYPES

Event = dict[str, Any]

MEMBERS = ("a", "b", "B", "é")
MINUTE_US = 60_000_000
OFFSETS = (timedelta(), timedelta(hours=8), timedelta(hours=-4, minutes=-30))


def write_at(random: Random, at_us: int) -> str:
    """Write an instant with some offset, and no more digits than it needs."""
    moment = EPOCH + timedelta(microseconds=at_us)
    offset = random.choice(OFFSETS)
    text = moment.astimezone(timezone(offset) if offset else UTC).isoformat()
    return text.replace("+00:00", "Z") if maybe(random, 0.5) else text


def write_decimal(random: Random, units: int, places: int) -> str | float:
    """Write whole small units as a decimal text or number that means exactly them."""
    scale: int = 10**places
    text = f"{units // scale}.{units % scale:0{places}}"
    form = random.randrange(4)
    if form == 0:
        return units / scale
    if form == 1:
        return text.rstrip("0").rstrip(".")
    return text


class LogDrawing:
    """Draw the events of one log, remembering what came before."""

    def __init__(self, random: Random, season: dict[str, Any]) -> None:
        self.random = random
        self.plan = Plan(season)
        self.members = MEMBERS[: random.randrange(1, len(MEMBERS) + 1)]
        self.log: list[Event] = []
        self.sales: dict[str, list[Event]] = {member: [] for member in self.members}
        self.awaited: dict[str, list[str]] = {member: [] for member in self.members}
        self.cursor_us = self.plan.starts_us - random.choice([0, 0, 1, 10, 40]) * DAY_US
        season_us = self.plan.ends_us - self.plan.starts_us
        self.pace_us = random.choice([90 * MINUTE_US, season_us // 80, season_us // 20, 5 * DAY_US])
        self.last_us = self.plan.final_us + 70 * DAY_US
        self.offers = OfferDrawing(random, season, self.members)
        self.task_types = random.sample(TASK_TYPES, 2)
        self.edges_us = self._edges_us()

    def draw(self, count: int) -> list[Event]:
        """Draw a log of some events."""
        for _ in range(count):
            event = self._event()
            self.log.append(event)
            self.offers.shadow.apply(event)
        return self.log

    def _edges_us(self) -> list[int]:
        plan = self.plan
        edges = [plan.starts_us, plan.ends_us, plan.score_end_us, plan.final_us]
        for day in range(-40, 200):
            date = plan.zone.day(plan.starts_us) + timedelta(days=day)
            if date.day == 1:
                edges.append(plan.zone.midnight(date))
        return sorted(edges)

    def _at_us(self) -> int:
        random = self.random
        if self.cursor_us > self.last_us:
            self.cursor_us += random.randrange(MINUTE_US)
        elif maybe(random, 0.7):
            self.cursor_us += random.randrange(self.pace_us)
        elif maybe(random, 0.3):
            # On to the next edge, or just beside it.
            later = [edge for edge in self.edges_us if edge > self.cursor_us]
            if later:
                self.cursor_us = later[0] + random.choice([-1, 0, 0, 1])
        return self._beside(self.cursor_us)

    def _beside(self, at_us: int) -> int:
        """Move a time back, as of a late event, or onto an edge of its day; mostly leave it."""
        random = self.random
        late_us = self.plan.zone.later(0, self.plan.accept_late)
        if 0 <= at_us - self.plan.ends_us < late_us and maybe(random, 0.4):
            # Happened in the season, arrives after its end.
            return self.plan.ends_us - random.choice([1, 60 * MINUTE_US, DAY_US])
        if maybe(random, 0.2):
            at_us -= random.choice(
                [late_us, late_us + 1, random.randrange(late_us), random.randrange(DAY_US)]
            )
        elif maybe(random, 0.1):
            day_us = self.plan.zone.midnight(self.plan.zone.day(at_us))
            hour = random.choice([0, 0, 6, 12, 22])
            at_us = day_us + hour * 60 * MINUTE_US + random.choice([-1, 0, 1])
        return at_us

    def _event(self) -> Event:
        random = self.random
        if self.log and maybe(random, 0.08):
            return self._repeat(random.choice(self.log))
        member = random.choice(self.members)
        draw = random.choices(
            [self._purchase, self._top_up, self._refund, self._task, self._profile,
             self._other, self._faulty, self.offers.draw],
            weights=[36, 6, 18, 12, 8, 6, 4, 34],
        )[0]  # fmt: skip
        event: Event = {
            "event_id": f"e{len(self.log)}",
            "member": member,
            "at": write_at(random, self._at_us()),
        }
        return draw(event)

    def _repeat(self, first: Event) -> Event:
        """Send an event again: as it was, written another way, or with another content."""
        random = self.random
        event = dict(first)
        form = random.randrange(4)
        if form == 0:
            event["pay"] = random.choice(["cash", "card", "other"])
        elif form == 1:
            event["at"] = write_at(random, self._at_us())
        elif form == 2 and "amount" in event:
            event["amount"] = f"{event['amount']}"
        return event

    def _purchase(self, event: Event) -> Event:
        random = self.random
        event["type"] = "purchase"
        event["product"] = random.choice(list(PRODUCTS))
        ml = random.choice([random.randrange(1, 90_000), 40_000, 100, 33_333, 0, 10_000_000])
        fen = random.choice([random.randrange(1, 50_000), 10_000, 1, 5001, 0, 1_000_000])
        if event["product"] in ("92", "0") or maybe(random, 0.1):
            event["litres"] = write_decimal(random, ml, 3)
        event["amount"] = write_decimal(random, fen, 2)
        if maybe(random, 0.5):
            event["station"] = random.choice([*STATIONS, "S9"])
        if maybe(random, 0.4):
            event["pay"] = random.choice(["card", "cash"])
        if maybe(random, 0.4):
            event["order"] = random.choice(ORDERS)
        return self._as_awaited(event)

    def _top_up(self, event: Event) -> Event:
        event["type"] = "top_up"
        event["amount"] = write_decimal(self.random, self.random.randrange(100_000), 2)
        return self._as_awaited(event)

    def _as_awaited(self, event: Event) -> Event:
        """Give a sale the id of a refund that came before it, now and then."""
        awaited = self.awaited[event["member"]]
        if awaited and maybe(self.random, 0.7):
            event["event_id"] = awaited.pop(0)
        self.sales[event["member"]].append(event)
        return event

    def _refund(self, event: Event) -> Event:
        random = self.random
        event["type"] = "refund"
        sales = self.sales[event["member"]]
        if sales and maybe(random, 0.75):
            sale = random.choice(sales[-4:])
            event["ref"] = sale["event_id"]
        elif self.awaited[event["member"]] and maybe(random, 0.5):
            event["ref"] = self.awaited[event["member"]][0]
        elif self.log and maybe(random, 0.3):
            event["ref"] = random.choice(self.log)["event_id"] or "none"
        else:
            event["ref"] = f"w{len(self.log)}"
            self.awaited[event["member"]].append(event["ref"])
        self._name_quantity(event, sales)
        return event

    def _name_quantity(self, event: Event, sales: list[Event]) -> None:
        """Name litres, an amount or nothing: a part, all, or more than all."""
        random = self.random
        named = random.choice(["litres", "amount", "nothing"])
        if named == "nothing":
            return
        sale = next((each for each in sales if each["event_id"] == event["ref"]), {})
        places = 3 if named == "litres" else 2
        whole = round(float(sale.get(named) or random.choice([1, 20])) * 10**places)
        units: int = random.choice([whole, whole // 2, whole // 3, whole + 1, 1, 0])
        event[named] = write_decimal(random, min(units, 10**places * 10_000), places)

    def _task(self, event: Event) -> Event:
        event["type"] = self.random.choice(self.task_types)
        if event["type"] == "survey":
            event["score"] = self.random.randrange(11)
        if event["type"] == "review":
            event["ref"] = "wash"
        return event

    def _profile(self, event: Event) -> Event:
        random = self.random
        event["type"] = random.choice(["enrol", "enrol", "update"])
        values: dict[str, list[Any]] = {
            "kind": ["private", "fleet", "fleet", "staff"],
            "company": ["acme", "bolt"],
            "region": ["north", "south"],
            "plate": ["A1", "C3"],
            "rank": [1, 3, 5, 7, 8, "4", "x"],
            "birthday": [
                "1995-06-15",
                "1989-12-31",
                "unknown",
                "2000-02-29",
                "03-07",
                "04-30",
                "06-05",
            ],
            "note": ["as before"],
        }
        names = random.sample(sorted(values), random.randrange(1, 4))
        event["attributes"] = {name: random.choice(values[name]) for name in names}
        return event

    def _other(self, event: Event) -> Event:
        random = self.random
        event["type"] = random.choice(["adjust", "adjust", "disqualify", "reinstate"])
        if event["type"] == "adjust":
            event["points"] = random.choice([-100, -30, -1, 0, 5, 40, 200])
        return event

    def _faulty(self, event: Event) -> Event:
        """Draw an event with one fault, or of a type of a later version."""
        random = self.random
        event = self._purchase(event)
        self.sales[event["member"]].remove(event)
        far_us = 400 * DAY_US + random.choice([1, DAY_US])
        faults: list[Event] = [
            {"event_id": ""},
            {"event_id": "x" * 129},
            {"event_id": None},
            {"member": ""},
            {"member": "é" * 33},
            {"at": "2026-06-10T12:00:00"},
            {"at": "2026-02-30T12:00:00Z"},
            {"at": write_at(random, self.plan.starts_us - far_us)},
            {"at": write_at(random, self.plan.ends_us + far_us)},
            {"type": "picnic"},
            {"type": None},
            {"litres": "-1"},
            {"litres": "1.0001"},
            {"litres": 10_000.001},
            {"amount": "1.001"},
            {"amount": "10000000.01"},
            {"amount": "ten"},
            {"amount": None},
            {"type": "refund", "ref": "e1", "litres": "1"},
            {"type": "refund"},
            {"type": "survey", "score": 11},
            {"type": "survey", "score": 2.5},
            {"type": "adjust", "points": None},
            {"type": "adjust", "points": 2.5},
            {"type": "enrol", "attributes": {"kind": "pirate"}},
            {"type": "redeem"},
            {"type": "claim"},
            {"type": "use", "order": "o1", "lines": [{"product": "92", "amount": "1"}]},
            {"type": "use", "points": 5, "order": "o1"},
            {"type": "reserve", "coupon": "ten-off", "order": "o1", "lines": []},
            {"type": "prize_claim", "item": "overall-1"},
            {"type": "referral"},
            {"type": "referral", "ref": event["member"]},
            {"type": "merge", "ref": event["member"]},
        ]
        if self.plan.knows_products:
            faults += [{"product": "tea"}, {"product": None}]
        return event | random.choice(faults)


def draw_log(random: Random, season: dict[str, Any], count: int) -> list[Event]:
    """Draw a log of some events for a season."""
    return LogDrawing(random, season).draw(count)
