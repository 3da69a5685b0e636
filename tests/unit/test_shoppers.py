"""The members and events of a load test."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from loadtests.shoppers import Clock, Shop, Shoppers
from rules.decoding.event_columns import Names
from rules.decoding.events import decode_ndjson

SHOP = Shop(("92", "0"), ("shop",), ("private", "taxi"))
STARTS = datetime(2026, 6, 1, tzinfo=UTC)


def shoppers(process: str = "p", seed: int = 3) -> Shoppers:
    clock = Clock(STARTS, 60.0, now_s=iter(range(100_000)).__next__)
    return Shoppers("r", process, 300, SHOP, clock, seed)


def names() -> Names:
    starts_us = int(STARTS.timestamp()) * 1_000_000
    return Names(
        frozenset({"92", "0", "shop"}), frozenset({"private", "taxi"}),
        starts_us, starts_us + 400 * 86_400 * 1_000_000,
    )  # fmt: skip


def test_every_event_drawn_is_one_the_system_takes() -> None:
    drawn = shoppers()
    events = []
    for _ in range(2_000):
        event = drawn.event()
        events.append(event)
        drawn.remember(event, "applied", 1)
    body = "\n".join(json.dumps(event) for event in events).encode()
    decoded = decode_ndjson(body, names())
    assert [refusal.sentence for refusal in decoded.refused] == []
    kinds = Counter(event["type"] for event in events)
    assert set(kinds) >= {"purchase", "refund", "check_in", "survey", "top_up", "enrol"}
    assert kinds["purchase"] > 1_000


def test_ids_differ_between_processes_and_members_are_the_runs() -> None:
    here, there = shoppers("a"), shoppers("b")
    events = [one.event() for one in (here, there) for _ in range(500)]
    assert len({event["event_id"] for event in events}) == 1_000
    assert {event["member"] for event in events} <= {f"load-r-{n:06d}" for n in range(300)}


def test_few_members_do_most() -> None:
    drawn = shoppers()
    counts = Counter(drawn.member() for _ in range(20_000))
    first = sum(counts[f"load-r-{n:06d}"] for n in range(30))
    assert first > 0.4 * 20_000
    assert len(counts) > 250


def test_a_purchase_is_refunded_at_most_once() -> None:
    drawn = shoppers()
    refunds: Counter[str] = Counter()
    for _ in range(3_000):
        event = drawn.event()
        drawn.remember(event, "applied", 1)
        if event["type"] == "refund":
            refunds[event["ref"]] += 1
    assert refunds
    assert max(refunds.values()) == 1


@pytest.mark.parametrize(
    ("clock", "now", "starts_at", "speed"),
    [
        ("real", "2026-07-01T00:00:00Z", "2026-07-01T00:00:00Z", 1.0),
        ("events", "1970-01-01T00:00:00Z", "2026-06-01T00:00:00Z", 600.0),
        ("events", "2026-07-01T00:00:00Z", "2026-07-01T00:00:00Z", 600.0),
        ("events", "2026-08-31T23:00:00Z", "2026-08-31T23:00:00Z", 28.8),
    ],
)
def test_events_time_follows_the_season(clock: str, now: str, starts_at: str, speed: float) -> None:
    season = {"clock": clock, "now": now, "starts": "2026-06-01T00:00:00Z",
              "ends": "2026-09-01T00:00:00Z"}  # fmt: skip
    found = Clock.of_season(season, 100.0, 600.0)
    assert found.starts == datetime.fromisoformat(starts_at)
    assert found.speed == pytest.approx(speed)


def test_the_clock_runs_at_its_speed() -> None:
    clock = Clock(STARTS, 60.0, now_s=lambda: 12.0, began_s=2.0)
    assert datetime.fromisoformat(clock.at()) == STARTS + timedelta(minutes=10)
