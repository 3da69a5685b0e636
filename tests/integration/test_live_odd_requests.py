"""Odd requests: none is answered with 500, and what can be read is answered as any other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.integration.live_fixtures import Live, purchase, ray_session, start_system, stop

__all__ = ["ray_session"]

PROBLEM = "application/problem+json"
JSON = {"Content-Type": "application/json"}
DEEP = b"[" * 100_000 + b"]" * 100_000
ODD_MEMBERS = ("张三", "a b", "50%", "a/b", "a?b#c", "%41", "🚗x", "x\\y", '"q"', "a+b", "x/..y")


@pytest.fixture(scope="module")
def live(ray_session: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:  # noqa: ARG001  Ray has to be up
    system = start_system(tmp_path_factory.mktemp("live"))
    yield system
    stop(system)


def refused(answer: httpx.Response, *statuses: int) -> None:
    """Hold an answer to be a problem with one of the statuses."""
    assert answer.status_code in statuses, answer.text
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json()["status"] == answer.status_code
    assert answer.json()["detail"]


@pytest.mark.parametrize("member", ODD_MEMBERS)
def test_any_member_id_is_found_wherever_it_is_asked(live: Live, member: str) -> None:
    number = 1 + ODD_MEMBERS.index(member)
    assert live.post(purchase(number, member, 0))["results"][0]["status"] == "applied"
    assert live.get(f"/v1/members/{quote(member, safe='')}")["member"] == member
    around = live.get("/v1/standings/overall", around=member, span=0)
    assert [row["member"] for row in around["rows"]] == [member]
    ranks = live.http.post("/v1/ranks", json={"members": [member]}).json()["ranks"]
    assert ranks == {member: around["focus"]}


@pytest.mark.parametrize(
    "body",
    [b'{"event_id":' + DEEP + b"}", DEEP, b"", b" \n", b"{", b'{"event_id":"\\ud800"}', b"\xff"],
    ids=["deep-object", "deep-array", "empty", "blank", "open", "surrogate", "not-utf-8"],
)
def test_a_body_that_cannot_be_read_is_refused(live: Live, body: bytes) -> None:
    refused(live.http.post("/v1/events", content=body, headers=JSON), 400)


def test_a_single_broken_event_is_told_without_its_neighbours_lines(live: Live) -> None:
    """Single events are decoded together with others; a line number would be of that pile."""
    with live.lines(16) as http, ThreadPoolExecutor(16) as pool:

        def send(number: int) -> str:
            body = f'{{"event_id": "broken-{number}", "attributes": 7}}'.encode()
            answer = http.post("/v1/events", content=body, headers=JSON)
            return str(answer.json()["results"][0]["sentence"])

        sentences = list(pool.map(send, range(16)))
    assert len(set(sentences)) == 1
    assert sentences[0].startswith("the event: ")


def test_one_event_sent_by_many_at_once_counts_once(live: Live) -> None:
    with live.lines(64) as http, ThreadPoolExecutor(64) as pool:

        def send(_: int) -> dict[str, Any]:
            answer = http.post("/v1/events", json=purchase(500, "race", 0))
            result: dict[str, Any] = answer.json()["results"][0]
            return result

        results = list(pool.map(send, range(64)))
    assert Counter((one["status"], one["points"]) for one in results) == {
        ("applied", 10): 1,
        ("duplicate", 10): 63,
    }
    assert live.get("/v1/members/race")["active"] == 10


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=-1", "limit=1001", "limit=x", "cursor=x", "cursor=-1", "cursor=" + "9" * 20,
     "around=x&span=101", "around=x&span=-1"],
)  # fmt: skip
def test_bad_parameters_of_a_board_are_refused(live: Live, query: str) -> None:
    refused(live.http.get(f"/v1/standings/overall?{query}"), 422)


@pytest.mark.parametrize("hours", ["-2", "x", "9" * 21])
def test_bad_hours_are_refused(live: Live, hours: str) -> None:
    refused(live.http.get("/v1/season", params={"hours": hours}), 422)


@pytest.mark.parametrize(
    "body",
    [b'{"members":["\\ud800"]}', b'{"members":["m"],"board":"\\ud800"}', b'{"members":[1]}',
     b"{", b"", b"null", DEEP],
    ids=["surrogate-member", "surrogate-board", "number", "open", "empty", "null", "deep"],
)  # fmt: skip
def test_bad_bodies_of_ranks_are_refused(live: Live, body: bytes) -> None:
    refused(live.http.post("/v1/ranks", content=body, headers=JSON), 400, 422)


def test_a_body_without_content_type_is_read_as_json(live: Live) -> None:
    answer = live.http.post("/v1/ranks", content=b'{"members": ["nobody"]}')
    assert answer.json()["ranks"] == {"nobody": None}
    sent = live.http.post("/v1/events", content=b'{"event_id": "x"}')
    assert sent.json()["results"][0]["reason"] == "bad_field"


def test_a_label_that_is_no_text_is_refused(live: Live) -> None:
    body = b'{"role":"till","label":"\\ud800"}'
    refused(live.http.post("/v1/keys", content=body, headers=JSON), 422)


@pytest.mark.parametrize("path", ["/", "/v1/", "/v1/season/", "/v1/nothing", "/v1/standings/"])
def test_other_paths_are_not_found_and_never_redirected(live: Live, path: str) -> None:
    refused(live.http.get(path), 404)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_named_with_those_that_are_taken(live: Live, method: str) -> None:
    answer = live.http.request(method, "/v1/events")
    refused(answer, 405)
    assert answer.headers["Allow"] == "POST"


def test_the_description_names_keys_and_problems(live: Live) -> None:
    for _ in range(2):
        found = live.http.get("/openapi.json", headers={"Authorization": ""}).json()
    assert found["components"]["securitySchemes"] == {
        "bearer": {"type": "http", "scheme": "bearer"}
    }
    assert found["security"] == [{"bearer": []}]
    operations = [one for path in found["paths"].values() for one in path.values()]
    assert all(one["responses"]["default"] for one in operations)
    assert len({one["operationId"] for one in operations}) == len(operations)
    problem = found["components"]["responses"]["Problem"]["content"]
    assert list(problem) == [PROBLEM]
    assert "HTTPValidationError" not in str(found)
    assert found["paths"]["/readyz"]["get"]["security"] == []
    assert found["paths"]["/v1/events"]["post"]["responses"]["413"]["content"] == problem
