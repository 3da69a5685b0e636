"""Coupons, points and prizes over HTTP: a member's way from enrolment to a claimed prize."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from actors.gateway.auth import sign_token
from tests.integration.live_fixtures import (
    SEASON,
    Live,
    purchase,
    ray_session,
    start_system,
    stop,
)

__all__ = ["ray_session"]

REWARDS = """
[points]
expire_after = "2mo"
[[coupons]]
id = "fuel-50-10"
kind = "amount_off"
off = "10.00"
min_spend = "50.00"
where = { category = ["fuel"] }
[[coupons]]
id = "shop-80"
kind = "percent"
pay = "0.80"
max_off = "30.00"
where = { category = ["shop"] }
[[triggers]]
on = "enrol"
issue = "fuel-50-10"
[[catalogue]]
id = "half-price"
points = 10
coupon = "shop-80"
[checkout]
points = 10
amount = "1.00"
[segments.big]
where = { litres = { min = 15 } }
"""
LINES = [
    {"product": "92", "litres": "10.000", "amount": "75.00"},
    {"product": "shop", "amount": "25.00"},
]
OK = httpx.codes.OK


@pytest.fixture(scope="module")
def live(ray_session: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:  # noqa: ARG001  Ray has to be up
    system = start_system(tmp_path_factory.mktemp("rewards"), season_text=SEASON + REWARDS)
    yield system
    stop(system)


def act(live: Live, path: str, **body: Any) -> httpx.Response:
    return live.http.post(path, json=body)


def newcomer(live: Live, member: str) -> str:
    """Enrol a member with 20 points and give the code of their welcome coupon."""
    live.post(
        [
            {"event_id": "e", "type": "enrol", "member": member, "at": "2026-06-01T00:00:00Z"},
            purchase(0, member, 0, "20.000"),
        ]
    )
    [coupon] = live.get(f"/v1/members/{member}/coupons")["coupons"]
    return str(coupon["code"])


def test_a_coupon_from_issue_to_use(live: Live) -> None:
    code = newcomer(live, "anna")

    reserved = act(live, f"/v1/coupons/{code}/reserve", order="o1", lines=LINES)
    assert reserved.status_code == OK, reserved.text
    assert reserved.json()["discount"] == "10.00"
    elsewhere = act(live, f"/v1/coupons/{code}/use", order="o2", lines=LINES)
    assert (elsewhere.status_code, elsewhere.json()["reason"]) == (409, "coupon_not_valid")
    used = act(live, f"/v1/coupons/{code}/use", order="o1", lines=LINES, points=10)
    assert used.json()["to_pay"] == "89.00"
    assert used.json()["points"] == -10
    again = act(live, f"/v1/coupons/{code}/use", order="o3", lines=LINES)
    assert (again.status_code, again.json()["reason"]) == (409, "coupon_spent")
    assert live.get(f"/v1/coupons/{code}")["status"] == "redeemed"
    member = live.get("/v1/members/anna")
    assert (member["active"], member["redeemed"], member["coupons"]) == (10, 10, {"redeemed": 1})


def test_the_same_use_again_gives_the_same_answer(live: Live) -> None:
    code = newcomer(live, "bert")
    body = {"order": "o1", "lines": LINES, "event_id": "u1", "at": "2026-06-01T01:00:00Z"}

    first = act(live, f"/v1/coupons/{code}/use", **body)
    second = act(live, f"/v1/coupons/{code}/use", **body)

    assert second.json() == first.json() | {"status": "duplicate"}


def test_a_till_that_says_no_time_and_asks_again_later_gets_the_same_answer(live: Live) -> None:
    """It lost the first answer; meanwhile the clock went on, as it always does."""
    code = newcomer(live, "berta")
    body = {"order": "o2", "lines": LINES, "event_id": "u2"}
    first = act(live, f"/v1/coupons/{code}/use", **body)
    later = {"event_id": "on", "type": "check_in", "member": "else", "at": "2026-06-01T09:00:00Z"}
    assert live.send(later)["results"][0]["status"] != "rejected"

    second = act(live, f"/v1/coupons/{code}/use", **body)
    other = act(live, f"/v1/coupons/{code}/use", **body | {"order": "o3"})

    assert second.json() == first.json() | {"status": "duplicate"}
    assert (other.status_code, other.json()["reason"]) == (409, "conflict")


def test_another_members_coupon_is_not_yours(live: Live) -> None:
    code = newcomer(live, "carl")

    answer = act(live, f"/v1/coupons/{code}/use", member="dora", order="o", lines=LINES)

    assert answer.json()["reason"] in ("not_yours", "coupon_not_valid")
    assert answer.status_code in (403, 409)


def test_redemption_and_the_best_coupon_for_an_order(live: Live) -> None:
    newcomer(live, "emma")
    redeemed = act(live, "/v1/members/emma/redemptions", item="half-price")
    assert (redeemed.json()["points"], redeemed.status_code) == (-10, OK)
    broke = act(live, "/v1/members/emma/redemptions", item="half-price", event_id="r2")
    assert broke.status_code == OK
    empty = act(live, "/v1/members/emma/redemptions", item="half-price", event_id="r3")
    assert (empty.status_code, empty.json()["reason"]) == (409, "insufficient_points")
    unknown = act(live, "/v1/members/emma/redemptions", item="moon")
    assert (unknown.status_code, unknown.json()["reason"]) == (404, "unknown_item")

    quoted = act(live, "/v1/members/emma/coupons/quote", lines=LINES).json()

    assert [(one["coupon"], one["off"], one["usable"]) for one in quoted["coupons"]] == [
        ("fuel-50-10", "10.00", True),
        ("shop-80", "5.00", True),
        ("shop-80", "5.00", True),
    ]
    small = act(live, "/v1/members/emma/coupons/quote", lines=LINES[1:]).json()["coupons"]
    assert [one["usable"] for one in small] == [True, True, False]
    assert small[-1]["reason"] == "coupon_not_valid"
    bad = act(live, "/v1/members/emma/coupons/quote", lines=[{"product": "92"}])
    assert bad.status_code == httpx.codes.UNPROCESSABLE_ENTITY


def test_lots_card_and_what_an_app_may_do(live: Live) -> None:
    code = newcomer(live, "fred")
    lots = live.get("/v1/members/fred/lots")["lots"]
    assert lots == [{"at": "2026-08-01T16:00:00.000000Z", "points": 20}]
    headers = live.as_role("app")
    token = sign_token("fred", live.keys["app.secret"], int(time.time()) + 60)
    mine = headers | {"X-Member-Token": token}

    assert live.http.get("/v1/members/fred/coupons", headers=headers).status_code == 403
    assert live.http.get("/v1/members/fred/coupons", headers=mine).status_code == OK
    assert live.http.get("/v1/members/anna/coupons", headers=mine).status_code == 403
    card = live.http.get("/v1/members/fred/card.svg", headers=mine)
    assert card.headers["content-type"] == "image/svg+xml"
    assert card.text.startswith("<svg")
    used = live.http.post(
        f"/v1/coupons/{code}/use", json={"order": "o", "lines": LINES}, headers=mine
    )
    assert used.status_code == OK, used.text


def test_segments_and_a_campaign(live: Live) -> None:
    for member in ("gina", "hugo", "ines"):
        newcomer(live, member)
    counted = live.get("/v1/segments/big")
    assert counted["count"] == len(counted["members"]) >= 3
    wanted = {"id": "push", "coupon": "shop-80", "members": ["gina", "hugo"]}

    preview = act(live, "/v1/campaigns", campaign=wanted).json()
    assert (preview["issued"], preview["cost"]) == (2, "60.00")
    assert len(live.get("/v1/members/gina/coupons")["coupons"]) == 1
    sent = act(live, "/v1/campaigns", campaign=wanted, preview=False)
    assert (sent.status_code, sent.json()["issued"]) == (201, 2)
    again = act(live, "/v1/campaigns", campaign=wanted, preview=False)
    assert again.status_code == httpx.codes.UNPROCESSABLE_ENTITY

    held = live.get("/v1/members/gina/coupons")["coupons"]
    assert sorted(coupon["coupon"] for coupon in held) == ["fuel-50-10", "shop-80"]
    codes = act(live, "/v1/claim-codes", batch="radio", coupon="shop-80", count=3).text.split()
    claimed = act(live, f"/v1/coupons/{codes[0]}/claim", member="ines")
    assert claimed.status_code == OK, claimed.text
    twice = act(live, f"/v1/coupons/{codes[0]}/claim", member="gina", event_id="x")
    assert twice.status_code == 409


def test_prizes_are_claimed_after_publishing(live: Live) -> None:
    newcomer(live, "zoe")
    early = act(live, "/v1/prizes/overall:1/claim")
    assert (early.status_code, early.json()["reason"]) == (409, "not_final")
    assert live.http.post("/v1/season/finalise").status_code == OK
    assert live.http.post("/v1/season/publish").status_code == OK
    winner = live.get("/v1/prizes")["awards"][0]["member"]

    def stand(kind: str) -> None:
        season = live.get("/v1/season")
        event = {"event_id": f"{kind}-1", "type": kind, "member": winner, "at": season["now"]}
        assert live.post(event)["results"][0]["status"] == "applied"

    stand("disqualify")
    barred = act(live, "/v1/prizes/overall:1/claim", member=winner, delivery="pickup")
    assert (barred.status_code, barred.json()["reason"]) == (409, "not_a_winner")
    heir = live.get("/v1/prizes")["awards"][0]["member"]
    assert heir != winner
    by_post = act(live, "/v1/prizes/overall:1/claim", member=heir, delivery="post")
    assert by_post.json()["reason"] == "bad_field", by_post.text
    stand("reinstate")
    wrong = act(live, "/v1/prizes/overall:1/claim", member="nobody")
    assert wrong.status_code == 409
    claimed = act(live, "/v1/prizes/overall:1/claim", delivery="pickup", station="S1")
    assert claimed.json()["state"] == "claimed", claimed.text
    twice = act(live, "/v1/prizes/overall:1/claim", delivery="pickup")
    assert (twice.status_code, twice.json()["reason"]) == (409, "claimed_already")
    assert act(live, "/v1/prizes/overall:1/state", state="ready").status_code == OK
    assert act(live, "/v1/prizes/overall:1/state", state="collected").status_code == OK

    claims = live.get("/v1/prizes/claims")
    first = next(one for one in claims["claims"] if one["prize"] == "overall:1")
    assert (first["member"], first["state"], first["station"]) == (winner, "collected", "S1")
