"""The line before a shard, held to a plain one: each key's own in order, orders in place, no wait
longer than a fair share of it."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from actors.gateway.shard_line import Order, Parcel, ShardLine
from actors.gateway.submission import Submission

BATCH_MAX = 40
SIZES = st.one_of(st.integers(1, 3), st.integers(1, BATCH_MAX))
ARRIVALS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from("abcd"), SIZES),
        st.tuples(st.just("singles"), st.lists(st.sampled_from("abcdef"), min_size=1, max_size=6)),
        st.tuples(st.just("order")),
        st.tuples(st.just("take")),
    ),
    max_size=60,
)


@dataclass
class Plain:
    """What the line must hold to, kept the long way: every event by key, between orders."""

    parts: list[dict[str, list[int]] | str] = field(default_factory=list)

    def put(self, key: str, event: int) -> None:
        if not self.parts or self.parts[-1] == "order":
            self.parts.append(defaultdict(list))
        part = self.parts[-1]
        assert isinstance(part, dict)
        part[key].append(event)

    def take(self, key: str, event: int) -> None:
        part = self.parts[0]
        assert isinstance(part, dict), "an event went past an order"
        assert part[key].pop(0) == event, "a key's events overtook one another, or one came twice"

    def settle(self) -> None:
        if self.parts and isinstance(self.parts[0], dict) and not any(self.parts[0].values()):
            self.parts.pop(0)


class Scene:
    """A line and the plain one beside it."""

    def __init__(self) -> None:
        self.line = ShardLine()
        self.plain = Plain()
        self.events = 0
        self.senders: dict[int, str] = {}

    def put(self, keys: list[str]) -> None:
        places = np.arange(self.events, self.events + len(keys))
        self.events += len(keys)
        for place, key in zip(places.tolist(), keys, strict=True):
            self.senders[place] = key
            self.plain.put(key, place)
        self.line.put(Parcel(Submission(0, 0), places, NOTHING, Counter(keys)))

    def singles(self, keys: list[str]) -> None:
        groups = self.line.together(keys)
        assert sorted(np.concatenate(groups).tolist()) == list(range(len(keys)))
        for group in groups:
            self.put([keys[row] for row in group.tolist()])

    def order(self) -> None:
        self.line.put(Order("advance", 0, asyncio.get_running_loop().create_future()))
        self.plain.parts.append("order")

    def take(self) -> None:
        if self.line.order is not None:
            assert self.plain.parts.pop(0) == "order", "an order went past an event"
            self.line.drop_order()
            return
        before = self.line.events
        parcels = self.line.take(BATCH_MAX)
        events = [int(place) for parcel in parcels for place in parcel.places]
        assert bool(events) == bool(before)
        assert len(events) <= max(BATCH_MAX, len(parcels[0].places) if parcels else 0)
        for event in events:
            self.plain.take(self.senders[event], event)
        self.plain.settle()


NOTHING = pa.RecordBatch.from_pydict({})


@given(ARRIVALS)
def test_nothing_is_lost_or_doubled_and_what_has_an_order_keeps_it(
    arrivals: list[tuple[object, ...]],
) -> None:
    async def scenario() -> None:
        scene = Scene()
        for what, *rest in arrivals:
            if what == "put":
                key, size = rest
                scene.put([str(key)] * int(str(size)))
            elif what == "singles":
                scene.singles(list(rest[0]))  # type: ignore[call-overload]  # drawn as a list
            elif what == "order":
                scene.order()
            else:
                scene.take()
        while scene.line:
            scene.take()
        assert not scene.plain.parts

    asyncio.run(scenario())


@given(
    st.lists(st.tuples(st.integers(1, 5), SIZES), min_size=1, max_size=80),
    st.integers(1, BATCH_MAX),
    st.integers(0, 40),
)
def test_a_key_waits_for_no_more_than_the_same_of_each_other_and_one_parcel(
    flood: list[tuple[int, int]], amount: int, served: int
) -> None:
    """Whatever piled up, whenever it came: others send as much as they like behind it, too."""

    async def scenario() -> None:
        scene = Scene()
        for number, size in flood:
            scene.put([f"flood-{number}"] * size)
        for _ in range(min(served, len(flood) - 1)):
            scene.line.take(1)
        scene.line.put(Parcel(Submission(0, 0), np.full(amount, -1), NOTHING, {"quiet": amount}))
        before: Counter[str] = Counter()
        while True:
            (parcel,) = scene.line.take(1)
            if "quiet" in parcel.keys:
                break
            ((key, size),) = parcel.keys.items()
            before[key] += size
            scene.put([key] * size)  # who floods sends the same again at once
        assert all(size <= amount + BATCH_MAX for size in before.values()), before

    asyncio.run(scenario())


@given(st.lists(SIZES, min_size=2, max_size=6), st.integers(50, 200))
def test_keys_that_push_get_equal_parts_whatever_their_parcels(
    sizes: list[int], taken: int
) -> None:
    async def scenario() -> None:
        scene = Scene()
        for number, size in enumerate(sizes):
            scene.put([f"key-{number}"] * size)
            scene.put([f"key-{number}"] * size)
        got: Counter[str] = Counter({f"key-{number}": 0 for number in range(len(sizes))})
        for _ in range(taken):
            (parcel,) = scene.line.take(1)
            ((key, size),) = parcel.keys.items()
            got[key] += size
            scene.put([key] * size)
        assert max(got.values()) - min(got.values()) <= 2 * max(sizes)

    asyncio.run(scenario())
