"""64 clients at once for one coupon, one last piece, the last of a budget: exactly one wins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.integration.live_fixtures import (
    SEASON,
    Live,
    ndjson,
    purchase,
    ray_session,
    start_system,
    stop,
)

__all__ = ["ray_session"]

CLIENTS = 64
REWARDS = """
[[coupons]]
id = "fuel-10"
kind = "amount_off"
off = "10.00"
min_spend = "50.00"
where = { category = ["fuel"] }
[[coupons]]
id = "any-5"
kind = "amount_off"
off = "5.00"
[[coupons]]
id = "rare"
kind = "amount_off"
off = "3.00"
claim = { times = 1, per = "season" }
[[triggers]]
on = "enrol"
issue = "fuel-10"
[[budgets]]
id = "rare-count"
covers = ["rare"]
count = 1
[[budgets]]
id = "fives"
covers = ["any-5"]
cost = "5.00"
[[catalogue]]
id = "mug"
points = 10
goods = { unit_cost = "5.00", stock = 1 }
[[catalogue]]
id = "five"
points = 10
coupon = "any-5"
"""
LINES = [{"product": "92", "litres": "10.000", "amount": "75.00"}]


@pytest.fixture(
    scope="module",
    params=[pytest.param(1, marks=pytest.mark.long), 2],
    ids=["one shard", "two shards"],
)
def live(
    ray_session: None,  # noqa: ARG001  Ray has to be up
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Live]:
    system = start_system(
        tmp_path_factory.mktemp("contended"),
        shards=request.param,
        season_text=SEASON + REWARDS,
    )
    yield system
    stop(system)


def all_at_once(live: Live, requests: list[tuple[str, dict[str, Any]]]) -> list[httpx.Response]:
    """Send every request over a line of its own, together."""
    clients = len(requests)
    with live.lines(clients, "till") as http, ThreadPoolExecutor(clients) as pool:
        return list(pool.map(lambda request: http.post(request[0], json=request[1]), requests))


def with_points(live: Live, name: str) -> list[str]:
    """Give as many members as clients 20 points each."""
    members = [f"{name}-{number}" for number in range(CLIENTS)]
    events = [purchase(0, member, 0, "20.000") for member in members]
    answer = live.http.post(
        "/v1/events",
        content=ndjson(events),
        headers={"Content-Type": "application/x-ndjson"},
    )
    assert answer.status_code == httpx.codes.OK, answer.text
    return members


def one_winner(answers: list[httpx.Response], reason: str) -> None:
    told = Counter(
        "won" if answer.status_code == httpx.codes.OK else answer.json().get("reason", answer.text)
        for answer in answers
    )
    assert told == {"won": 1, reason: len(answers) - 1}


def test_the_last_piece_of_stock(live: Live) -> None:
    members = with_points(live, "mug")

    answers = all_at_once(
        live, [(f"/v1/members/{member}/redemptions", {"item": "mug"}) for member in members]
    )

    one_winner(answers, "out_of_stock")
    left = Counter(live.get(f"/v1/members/{member}")["active"] for member in members)
    assert left == {10: 1, 20: CLIENTS - 1}


def test_the_last_yuan_of_a_budget(live: Live) -> None:
    members = with_points(live, "five")

    answers = all_at_once(
        live, [(f"/v1/members/{member}/redemptions", {"item": "five"}) for member in members]
    )

    one_winner(answers, "budget_exhausted")


def test_the_last_coupon_of_a_count(live: Live) -> None:
    members = with_points(live, "rare")

    answers = all_at_once(
        live, [("/v1/coupons/rare/claim", {"member": member}) for member in members]
    )

    one_winner(answers, "budget_exhausted")


def test_one_coupon_at_64_tills(live: Live) -> None:
    live.post(
        {
            "event_id": "enrol",
            "type": "enrol",
            "member": "owner",
            "at": "2026-06-01T00:00:00Z",
        }
    )
    [coupon] = live.get("/v1/members/owner/coupons")["coupons"]
    assert coupon["status"] == "issued"

    answers = all_at_once(
        live,
        [
            (f"/v1/coupons/{coupon['code']}/use", {"order": f"o-{till}", "lines": LINES})
            for till in range(CLIENTS)
        ],
    )

    one_winner(answers, "coupon_spent")
    [used] = live.get("/v1/members/owner/coupons")["coupons"]
    assert (used["status"], used["off"]) == ("redeemed", "10.00")
