"""Shoppers: draws the members of a run and what they do, a few of them far more than the rest."""

from __future__ import annotations

import random
import time
from bisect import bisect
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate, count
from typing import Any

ZIPF_EXPONENT = 1.1
ZIPF_FLATTENING = 10.0
REMEMBERED = 5_000

Event = dict[str, Any]


@dataclass(frozen=True)
class Clock:
    """The instants events bear: from an instant on, some seconds for each real one."""

    starts: datetime
    speed: float
    now_s: Callable[[], float] = time.monotonic
    began_s: float = 0.0

    @classmethod
    def of_season(cls, season: dict[str, Any], run_s: float, speed: float) -> Clock:
        """Follow a season: its own clock at its own pace, or events' time, faster.

        Under `clock: "events"` the run starts where the system stands, at the season's start at
        the earliest, and is slowed down so that it ends before the season does.
        """
        now, starts, ends = (_instant(season[name]) for name in ("now", "starts", "ends"))
        if season["clock"] == "real":
            return cls(now, 1.0, began_s=time.monotonic())
        begins = max(now, starts)
        left_s = max(0.0, (ends - begins).total_seconds())
        return cls(begins, min(speed, 0.8 * left_s / max(run_s, 1.0)), began_s=time.monotonic())

    def at(self) -> str:
        """Give the instant of an event that happens now, RFC 3339 in UTC."""
        passed_s = (self.now_s() - self.began_s) * self.speed
        return (self.starts + timedelta(seconds=passed_s)).isoformat(timespec="microseconds")


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@dataclass(frozen=True)
class Shop:
    """What the members of a run can buy and be; what the season file doesn't know is refused."""

    fuels: tuple[str, ...]
    goods: tuple[str, ...]
    kinds: tuple[str, ...]


class Shoppers:
    """Makes events whose ids no other run and no other process makes.

    `run` names the run and `process` this process of it; the members are the run's own, common
    to all of its processes.
    """

    def __init__(
        self, run: str, process: str, members: int, shop: Shop, clock: Clock, seed: int
    ) -> None:
        self.acknowledged: deque[tuple[Event, int]] = deque(maxlen=REMEMBERED)
        self.present: set[str] = set()
        self._run, self._process = run, process
        self._shop, self._clock = shop, clock
        self._random = random.Random(seed)
        self._numbers = count()
        self._names = [f"load-{run}-{number:06d}" for number in range(members)]
        self._weights = list(
            accumulate(1 / (rank + ZIPF_FLATTENING) ** ZIPF_EXPONENT for rank in range(members))
        )
        self._refundable: deque[Event] = deque(maxlen=REMEMBERED)

    def member(self) -> str:
        """Draw a member; the first ones come most often."""
        drawn = self._random.random() * self._weights[-1]
        return self._names[min(bisect(self._weights, drawn), len(self._names) - 1)]

    def someone_present(self) -> str | None:
        """Draw a member the system knows; None while it knows none."""
        for _ in range(20):
            member = self.member()
            if member in self.present:
                return member
        return next(iter(self.present), None)

    def event(self) -> Event:
        """Draw an event: mostly purchases, some tasks, top-ups, enrolments and refunds."""
        drawn = self._random.random()
        if drawn < 0.62:
            return self._purchase()
        if drawn < 0.70 and self._refundable:
            return self._refund(self._refundable.popleft())
        if drawn < 0.90:
            word = self._random.choice(("check_in", "share", "survey", "review", "browse"))
            event = self._event(word)
            if word == "survey":
                event["score"] = self._random.randint(0, 10)
            return event
        if drawn < 0.95:
            return self._event("top_up") | {"amount": f"{100 * self._random.randint(1, 20)}.00"}
        return self._event("enrol") | {
            "attributes": {
                "kind": self._random.choice(self._shop.kinds),
                "company": f"load-{self._run}-company-{self._random.randrange(40)}",
            }
        }

    def remember(self, event: Event, status: str, points: int) -> None:
        """Note an acknowledged event: it may be sent again, its purchase refunded."""
        self.acknowledged.append((event, points))
        self.present.add(event["member"])
        if event["type"] == "purchase" and status == "applied":
            self._refundable.append(event)

    def acknowledged_before(self) -> tuple[Event, int] | None:
        """Draw an event that was acknowledged, with its points."""
        return self._random.choice(self.acknowledged) if self.acknowledged else None

    def chance(self, of: float) -> bool:
        """Tell whether something that happens with a probability happens."""
        return self._random.random() < of

    def between(self, least: int, most: int) -> int:
        """Draw a whole number."""
        return self._random.randint(least, most)

    def _event(self, kind: str, member: str | None = None) -> Event:
        return {
            "event_id": f"load-{self._run}-{self._process}-{next(self._numbers)}",
            "type": kind,
            "member": member or self.member(),
            "at": self._clock.at(),
        }

    def _purchase(self) -> Event:
        event = self._event("purchase") | {"station": f"S{self._random.randint(1, 20):03d}"}
        if self._shop.fuels and (not self._shop.goods or self.chance(0.8)):
            litres = self._random.uniform(5, 70)
            event |= {
                "product": self._random.choice(self._shop.fuels),
                "litres": f"{litres:.3f}",
                "amount": f"{litres * 7.85:.2f}",
            }
        else:
            event |= {
                "product": self._random.choice(self._shop.goods),
                "amount": f"{self._random.uniform(2, 120):.2f}",
            }
        return event

    def _refund(self, purchase: Event) -> Event:
        event = self._event("refund", purchase["member"]) | {"ref": purchase["event_id"]}
        if self.chance(0.5):
            part = float(purchase["amount"]) * self._random.uniform(0.1, 0.9)
            event["amount"] = f"{max(part, 0.01):.2f}"
        return event
