"""What the HTTP interface answers: events, standings, members, prizes, and every error's shape."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pyarrow as pa
import pytest

from actors.gateway.auth import sign_token
from actors.store import keys
from actors.store.client import connect
from tests.integration.live_fixtures import (
    SEASON,
    Live,
    ndjson,
    purchase,
    ray_session,
    season_log,
    start_system,
    stop,
)
from tests.integration.plain_reads import COMMON, READS, STANDINGS
from tests.patience import looks

__all__ = ["ray_session"]

PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def live(ray_session: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:  # noqa: ARG001  Ray has to be up
    system = start_system(tmp_path_factory.mktemp("live"))
    answer = system.http.post(
        "/v1/events",
        content=ndjson(season_log(2_000)),
        headers={"Content-Type": "application/x-ndjson"},
    )
    assert answer.status_code == httpx.codes.OK, answer.text
    yield system
    stop(system)


def late(number: int, member: str, litres: str = "10.000") -> dict[str, Any]:
    """A purchase behind the log's last event, so that the clock hardly moves."""
    return purchase(number, member, 15 * 24 * 60, litres)


def test_one_event_answers_one_result(live: Live) -> None:
    event = late(900_001, "single-1")
    assert live.post(event) == {
        "results": [{"event_id": "p-900001", "status": "applied", "points": 20}]
    }
    assert live.post(event)["results"][0] == {
        "event_id": "p-900001",
        "status": "duplicate",
        "points": 20,
    }
    other = event | {"amount": "1.00"}
    assert live.post(other)["results"][0]["status"] == "conflict"


def test_an_array_answers_in_arrival_order(live: Live) -> None:
    events = [late(900_100 + number, f"array-{number % 3}", f"{number}.000") for number in range(9)]
    events[4] = {"event_id": "broken", "type": "purchase", "member": "array-1"}
    events[6]["product"] = "coal"
    results = live.post(events)["results"]
    assert [result["event_id"] for result in results] == [event["event_id"] for event in events]
    assert results[4]["reason"] == "bad_field"
    assert results[6]["reason"] == "unknown_product"
    assert results[8]["points"] == 16
    assert all(result["sentence"] for result in results if "reason" in result)


def test_bulk_answers_counts_and_those_not_applied(live: Live) -> None:
    events = [late(901_000 + number, f"bulk-{number % 50}") for number in range(300)]
    body = ndjson(events[:299]) + b"\nnot json at all"
    headers = {"Content-Type": "application/x-ndjson"}
    answer = live.http.post("/v1/events", content=body, headers=headers).json()
    assert (answer["received"], answer["applied"], answer["rejected"]) == (300, 299, 1)
    assert answer["results"][0]["reason"] == "bad_field"
    assert answer["reasons"] == {"bad_field": 1}
    assert answer["as_of"].endswith("Z")
    again = live.http.post("/v1/events?results=all", content=ndjson(events[:299]), headers=headers)
    results = again.json()["results"]
    assert len(results) == 299
    assert {result["status"] for result in results} == {"duplicate"}


def test_arrow_answers_as_json_does(live: Live) -> None:
    events = [late(902_000 + number, "arrow-1") for number in range(3)]
    table = pa.Table.from_pylist(events)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    answer = live.http.post(
        "/v1/events",
        content=sink.getvalue().to_pybytes(),
        headers={"Content-Type": "application/vnd.apache.arrow.stream"},
    )
    assert [result["points"] for result in answer.json()["results"]] == [20, 20, 20]


def test_pages_meet_without_gap_and_around_agrees(live: Live) -> None:
    whole = live.get("/v1/standings/overall", limit=1000)
    rows: list[dict[str, Any]] = []
    cursor: str | None = "0"
    while cursor is not None:
        page = live.get("/v1/standings/overall", limit=17, cursor=cursor)
        rows += page["rows"]
        cursor = page["next_cursor"]
    assert [row["member"] for row in rows] == [row["member"] for row in whole["rows"]]
    assert [row["rank"] for row in rows] == list(range(1, whole["total"] + 1))
    scores = [row["score"] for row in rows]
    assert scores == sorted(scores, reverse=True)
    middle = rows[len(rows) // 2]
    around = live.get("/v1/standings/overall", around=middle["member"], span=2)
    assert around["focus"] == middle["rank"]
    assert [row["rank"] for row in around["rows"]] == [middle["rank"] + by for by in range(-2, 3)]
    members = [row["member"] for row in rows[::9]] + ["nobody"]
    ranks = live.http.post("/v1/ranks", json={"members": members}).json()["ranks"]
    assert ranks == {row["member"]: row["rank"] for row in rows[::9]} | {"nobody": None}


def test_a_reader_sees_its_own_write(live: Live) -> None:
    for number in range(20):
        live.post(late(903_000 + number, "own-write", "1.000"))
        found = live.get("/v1/members/own-write")
        assert found["active"] == found["boards"]["overall"]["score"] == 2 * (number + 1)


def test_team_board_adds_members_up(live: Live) -> None:
    companies = live.get("/v1/standings/companies")
    assert companies["total"] == 7
    assert {row["tier"] for row in companies["rows"]} == {""}
    listed = {board["id"]: board["total"] for board in live.get("/v1/season")["boards"]}
    assert listed["companies"] == 7


def test_prizes_go_to_the_first_three(live: Live) -> None:
    prizes = live.get("/v1/prizes")
    top = live.get("/v1/standings/overall", limit=3)["rows"]
    assert [award["member"] for award in prizes["awards"]] == [row["member"] for row in top]
    assert [award["reward"] for award in prizes["awards"]] == ["phone", "mug", "mug"]
    assert prizes["total"] == {"unit_cost": "120.00", "tax": "20.00", "total": "140.00"}
    assert prizes["provisional"] is True


def test_the_sorted_sets_agree_with_the_standings(live: Live) -> None:
    expected = {
        row["member"]: row["score"] for row in live.get("/v1/standings/overall", limit=1000)["rows"]
    }
    with connect(live.system.settings.redis_url) as client:
        for look in looks(20, "the sorted sets to catch up"):
            found: dict[str, int] = {}
            for shard in range(2):
                name = keys.board("test-season", "overall", shard)
                rows: Any = client.zrange(name, 0, -1, withscores=True)
                found |= {member.decode(): int(score) for member, score in rows}
            info: Any = client.hgetall(keys.info("test-season"))
            if found == expected and info:  # the keeper may have come up behind the gateway
                break
            look.saw = (found, info)
    assert info[b"shards"] == b"2"
    assert info[b"phase"] == b"open"


def test_an_app_sees_masked_names_and_its_own_member(live: Live) -> None:
    headers = live.as_role("app")
    page = live.http.get("/v1/standings/overall", headers=headers).json()
    assert all("•••" in row["member"] for row in page["rows"])
    member = live.get("/v1/standings/overall", limit=1)["rows"][0]["member"]
    assert live.http.get(f"/v1/members/{member}", headers=headers).status_code == 403
    token = sign_token(member, live.keys["app.secret"], int(time.time()) + 60)
    own = headers | {"X-Member-Token": token}
    assert live.http.get(f"/v1/members/{member}", headers=own).json()["member"] == member
    shown = live.http.get("/v1/standings/overall", headers=own).json()["rows"]
    assert [row["member"] for row in shown if "•••" not in row["member"]] == [member]
    assert live.http.get("/v1/members/array-0", headers=own).status_code == 403
    stale = headers | {"X-Member-Token": sign_token(member, live.keys["app.secret"], 1)}
    assert live.http.get(f"/v1/members/{member}", headers=stale).status_code == 401
    forged = headers | {"X-Member-Token": sign_token(member, "guess", int(time.time()) + 60)}
    assert live.http.get(f"/v1/members/{member}", headers=forged).status_code == 401


def test_a_revoked_key_is_refused(live: Live) -> None:
    headers = live.as_role("analyst")
    assert live.http.get("/v1/season", headers=headers).status_code == 200
    assert live.http.delete(f"/v1/keys/{live.keys['analyst.id']}").status_code == 200
    assert live.http.get("/v1/season", headers=headers).status_code == 401
    del live.keys["analyst"]


def test_reads_are_answered_alike_by_the_read_door_and_the_framework(live: Live) -> None:
    """A body without a length goes through the framework, which passes over it where none is due.

    So each request is sent twice, without and with one.
    """
    member = live.get(STANDINGS, limit=1)["rows"][0]["member"]
    app = live.as_role("app")
    token = sign_token(member, live.keys["app.secret"], int(time.time()) + 300)
    callers: tuple[dict[str, str], ...] = (
        *(live.as_role(role) for role in ("till", "analyst")),
        app,
        app | {"X-Member-Token": token},
        app | {"X-Member-Token": token[:-2]},
        {"Authorization": ""},
        {"Authorization": "Bearer guess"},
        {"If-None-Match": "*", "Accept-Language": "zh", "X-Request-Id": "read-7"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/json; charset=utf-8"},
    )
    statuses = set()
    for method, path, body in READS:
        sent = (body or b"").replace(b"MEMBER", member.encode())
        for headers in ({}, *(callers if (method, path, body) in COMMON else ())):
            told = [
                live.http.request(
                    method, path.replace("MEMBER", member), content=content, headers=headers
                )
                for content in (sent, iter([sent or b" "]))
            ]
            said = [
                (answer.status_code, answer.content, lasting(answer.headers)) for answer in told
            ]
            assert said[0] == said[1], (method, path, body, headers)
            statuses.add(told[0].status_code)
    assert statuses == {200, 400, 401, 403, 404, 405, 422}


def lasting(headers: httpx.Headers) -> dict[str, str]:
    """Give the headers of an answer that another one to the same request has too."""
    made = headers["x-request-id"] != "read-7"
    passing = {"date", "x-request-id"} if made else {"date"}
    return {name: value for name, value in headers.items() if name not in passing}


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/v1/nothing", 404, "not-found"),
        ("GET", "/v1/events", 405, "method-not-allowed"),
        ("GET", "/v1/standings/elsewhere", 404, "unknown-board"),
        ("GET", "/v1/standings/overall?limit=0", 422, "bad-request"),
        ("GET", "/v1/standings/overall?limit=1001", 422, "bad-request"),
        ("GET", "/v1/standings/overall?cursor=x", 422, "bad-request"),
        ("GET", "/v1/standings/overall?around=nobody", 404, "unknown-member"),
        ("GET", "/v1/members/nobody", 404, "unknown-member"),
        ("POST", "/v1/ranks", 422, "bad-request"),
        ("POST", "/v1/season/publish", 409, "conflict"),
        ("DELETE", "/v1/keys/none", 404, "unknown-key"),
        ("GET", "/v1/simulations/none", 404, "not-found"),
    ],
)
def test_errors_are_problems(live: Live, method: str, path: str, status: int, kind: str) -> None:
    answer = live.http.request(method, path)
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == PROBLEM
    problem = answer.json()
    assert problem["type"] == f"urn:forecourt:{kind}"
    assert problem["status"] == status
    assert problem["detail"]


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b"not arrow", "application/vnd.apache.arrow.stream", 400),
        (b"a,b", "text/csv", 415),
        (ndjson([{"event_id": str(n)} for n in range(20_001)]), "application/x-ndjson", 413),
    ],
)
def test_bodies_that_are_refused_whole(
    live: Live, body: bytes, media_type: str, status: int
) -> None:
    answer = live.http.post("/v1/events", content=body, headers={"Content-Type": media_type})
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == PROBLEM


def test_roles_and_keys_are_checked(live: Live) -> None:
    with httpx.Client(base_url=live.system.url, trust_env=False) as bare:
        none = bare.get("/v1/season")
        wrong = bare.get("/v1/season", headers={"Authorization": "Bearer not-a-key"})
        unread = bare.post("/v1/keys", json={"rate": 7})
        assert bare.get("/healthz").json() == {"ok": True}
        assert bare.get("/readyz").json() == {"ready": True, "reasons": []}
    for answer in (none, wrong, unread):
        assert answer.status_code == 401
        assert answer.json()["type"] == "urn:forecourt:no-key"
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    till = live.as_role("till")
    assert live.http.get("/v1/standings/overall", headers=till).status_code == 403
    assert live.http.post("/v1/season/close", headers=till).status_code == 403
    sent = live.http.post("/v1/events", json=late(905_000, "till-1"), headers=till)
    assert sent.json()["results"][0]["status"] == "applied"


def test_who_may_not_call_a_route_is_not_told_what_it_takes(live: Live) -> None:
    described = live.http.get("/openapi.json").json()["paths"]
    taken = [
        (method.upper(), path, act["x-roles"])
        for path, acts in described.items()
        for method, act in acts.items()
        if "x-roles" in act
    ]
    assert {"/v1/keys", "/v1/campaigns", "/v1/ranks", "/v1/simulations"} <= {
        path for _, path, _ in taken
    }
    for method, path, roles in taken:
        address = path.replace("{act_word}", "use").replace("{log}", "0" * 12)
        for role in {"till", "app", "analyst"} - set(roles):
            for body in (b"", b"{}", b"{", b'{"role": 7}'):
                answer = live.http.request(
                    method, address, content=body, headers=live.as_role(role)
                )
                assert answer.status_code == 403, (method, path, role, body, answer.text)
                assert answer.json()["type"] == "urn:forecourt:not-allowed"
    nothing = live.http.post("/v1/keys", json={})
    assert nothing.status_code == 422


def test_openapi_names_every_path(live: Live) -> None:
    paths = json.loads(live.http.get("/openapi.json").content)["paths"]
    for path in (
        "/v1/events",
        "/v1/standings/{board}",
        "/v1/ranks",
        "/v1/members/{member}",
        "/v1/prizes",
        "/v1/season",
        "/v1/season/finalise",
        "/v1/keys",
        "/healthz",
        "/readyz",
    ):
        assert path in paths


def test_the_season_tells_its_times(live: Live) -> None:
    season = live.get("/v1/season", hours=2)
    assert season["season"] == "test-season"
    assert season["phase"] == "open"
    assert season["next_change"] == {"phase": "grace", "at": season["ends"]}
    assert season["levels"] == ["silver", "gold"]
    assert len(season["points_per_hour"]) == 2
    assert season["standings_hash"] is None
    assert "test-club" in SEASON
