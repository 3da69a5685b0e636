"""Fuzz: a real system is sent everything but what it expects, and goes on as if nothing were.

`make fuzz` plays many more of the same, from a seed of its own that is printed when one fails.
"""

from __future__ import annotations

import io
import json
import random
import secrets
import socket
import warnings
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pyarrow as pa
import pytest
import ray
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable

from tests.fuzz.mutator import mutated
from tests.integration.live_fixtures import (
    ADMIN,
    SEASON,
    START,
    Live,
    ndjson,
    purchase,
    ray_session,
    season_log,
    start_system,
    stop,
)

__all__ = ["ray_session"]

PROBLEM = "application/problem+json"
NDJSON = "application/x-ndjson"
ARROW = "application/vnd.apache.arrow.stream"
JSON = "application/json"
WITHIN_S = 20.0
ENDS_THE_SEASON = ("/v1/season/close", "/v1/season/finalise", "/v1/season/publish")
LONG = 40
SEED = 20260601
"""Of the short rounds, so that they are the same in every run; the long ones draw theirs."""


@pytest.fixture(scope="module")
def live(ray_session: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:  # noqa: ARG001  Ray has to be up
    system = start_system(tmp_path_factory.mktemp("fuzz"), shards=1)
    yield system
    stop(system)


@pytest.fixture
def new_seed() -> int:
    """A seed of its own for each run; it is printed when the test fails."""
    made = secrets.randbelow(2**32)
    print(f"seed {made}")
    return made


def told(answer: httpx.Response, what: object) -> None:
    """Hold an answer to be one: no failure of ours, and a problem when it is a refusal."""
    assert answer.status_code < 500, (what, answer.status_code, answer.text)
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == PROBLEM, (what, answer.text)
        assert answer.json()["detail"], what
        assert ADMIN not in answer.text, what


def play_operations(live: Live, chosen: int, examples: int) -> int:
    """Send generated requests of every operation, those its description allows and others."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own dependencies warn at import
        # Here: every process of a test run imports this module, and one of them plays.
        import schemathesis
        from schemathesis import GenerationMode

    described = live.http.get("/openapi.json").json()
    loaded = schemathesis.openapi.from_dict(described)
    sent = 0
    unsatisfied: list[str] = []

    def play(operation: Any, mode: GenerationMode) -> None:
        @seed(chosen)
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def send(case: Any) -> None:
            nonlocal sent
            given_kwargs = case.as_transport_kwargs(base_url=live.system.url)
            request = _request(given_kwargs)
            if request is None:
                return
            told(live.http.send(request), case.as_curl_command())
            sent += 1

        try:
            send()
        except Unsatisfiable:
            unsatisfied.append(operation.label)  # nothing that it describes can be broken

    for found in loaded.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]  # an Err is a broken description: it fails here
        if operation.path in ENDS_THE_SEASON or operation.path.endswith("/stream"):
            continue
        play(operation, GenerationMode.POSITIVE)
        play(operation, GenerationMode.NEGATIVE)
    assert len(unsatisfied) < 40, unsatisfied
    return sent


def _request(given_kwargs: dict[str, Any]) -> httpx.Request | None:
    """Make a request of what was generated; None for what no client can put on the wire."""
    headers = {
        name: value
        for name, value in (given_kwargs.get("headers") or {}).items()
        if name.lower() not in ("authorization", "user-agent")
    }
    known = {name: given_kwargs[name] for name in ("params", "json") if given_kwargs.get(name)}
    data = given_kwargs.get("data")
    if data is not None:
        known["content"] = data if isinstance(data, str | bytes) else json.dumps(data, default=str)
    try:
        request = httpx.Request(given_kwargs["method"], given_kwargs["url"], **known)
        for name, value in headers.items():
            request.headers[name] = value
    except (UnicodeError, ValueError, TypeError, httpx.InvalidURL):
        return None
    request.headers["Authorization"] = f"Bearer {ADMIN}"
    return request


def now_of(live: Live) -> datetime:
    """Read the system's clock, which a spoiled event may have moved on."""
    return max(START, datetime.fromisoformat(live.get("/v1/season", hours=0)["now"]))


def bodies(start: int, now: datetime) -> dict[str, tuple[str, bytes]]:
    """Make good bodies with ids of their own: what is to be spoiled."""
    events = []
    for place, event in enumerate(season_log(30, members=6)):
        event.pop("ref", None)
        at = (now + timedelta(seconds=place)).isoformat()
        names = {"event_id": f"f{start}-{event['event_id']}", "member": f"f{event['member']}"}
        events.append(event | names | {"at": at})
    sales = [event for event in events if event["type"] == "purchase"]
    table = pa.RecordBatch.from_pylist(
        [{name: str(value) for name, value in event.items()} for event in sales]
    )
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_batch(table)
    return {
        "ndjson": (NDJSON, ndjson(events)),
        "array": (JSON, json.dumps(events).encode()),
        "single": (JSON, json.dumps(sales[0]).encode()),
        "arrow": (ARROW, sink.getvalue()),
        "wrong type": (NDJSON, sink.getvalue()),
    }


def play_bodies(live: Live, chosen: int, rounds: int) -> None:
    """Send spoiled bodies; what is refused has changed nothing, what is taken is told whole."""
    dice = random.Random(chosen)
    for number in range(rounds):
        for kind, (content_type, good) in bodies(chosen * 1_000 + number, now_of(live)).items():
            body = mutated(good, dice)
            where = (chosen, number, kind)
            before = live.get("/v1/season", hours=0)["version"]
            headers = {"Content-Type": content_type}
            answer = live.http.post("/v1/events?results=all", content=body, headers=headers)
            told(answer, where)
            if answer.status_code >= 400:
                assert live.get("/v1/season", hours=0)["version"] == before, where
                continue
            first = answer.json()
            again = live.http.post("/v1/events?results=all", content=body, headers=headers).json()
            check_same(first["results"], again["results"], where)
            if "received" in first:
                counted = sum(
                    first[status]
                    for status in ("applied", "duplicate", "limit_reached", "waiting", "conflict",
                                   "rejected")
                )  # fmt: skip
                assert first["received"] == counted == len(first["results"]), where


def check_same(first: list[Any], again: list[Any], where: object) -> None:
    """Hold a body sent again to repeat what was applied, with the same points."""
    assert len(first) == len(again), where
    for one, other in zip(first, again, strict=True):
        if one["status"] in ("applied", "limit_reached"):
            assert other["status"] == "duplicate", (where, one, other)
            assert other["points"] == one["points"], (where, one, other)
        elif one["status"] == "rejected":
            assert one["reason"], (where, one)
            assert one["sentence"], (where, one)


def play_rules(live: Live, chosen: int, rounds: int) -> None:
    """Send spoiled season files: each is read or refused with its errors."""
    dice = random.Random(chosen)
    for number in range(rounds):
        body = mutated(SEASON.encode(), dice)
        answer = live.http.put("/v1/season/rules?dry_run=true", content=body)
        told(answer, (chosen, number))
        assert live.get("/v1/season", hours=0)["season"] == "test-season"


def play_wire(live: Live, chosen: int, rounds: int) -> None:
    """Send spoiled requests down bare sockets: each is answered or closed, at once."""
    dice = random.Random(chosen)
    lines = [
        "POST /v1/events HTTP/1.1", "Host: h", f"Authorization: Bearer {ADMIN}",
        "Content-Type: application/json", "Content-Length: 2", "Expect: 100-continue", "",
        "{}",
    ]  # fmt: skip
    for number in range(rounds):
        sent = mutated("\r\n".join(lines).encode(), dice)
        address = ("127.0.0.1", live.system.settings.port)
        with socket.create_connection(address, WITHIN_S) as wire:
            try:
                wire.sendall(sent)
                wire.shutdown(socket.SHUT_WR)
                got = b"".join(iter(lambda: wire.recv(65_536), b""))
            except OSError:
                continue  # it was closed before we were done
        for line in got.split(b"\r\n"):
            if line.startswith(b"HTTP/1.1 "):
                assert int(line.split()[1]) < 500, (chosen, number, sent, got)


def gateway_pid(live: Live) -> int:
    found: int = ray.get(live.system.gateway.pid.remote())
    return found


PLAYS: dict[str, Callable[[Live, int, int], object]] = {
    "operations": play_operations,
    "bodies": play_bodies,
    "rules": play_rules,
    "wire": play_wire,
}
ROUNDS = {"operations": 3, "bodies": 25, "rules": 25, "wire": 200}


@pytest.mark.parametrize("play", list(PLAYS))
def test_nothing_breaks_it(live: Live, play: str) -> None:
    pid = gateway_pid(live)
    PLAYS[play](live, SEED, ROUNDS[play])
    assert gateway_pid(live) == pid


@pytest.mark.long
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("play", list(PLAYS))
def test_nothing_breaks_it_in_many_rounds(live: Live, play: str, new_seed: int) -> None:
    pid = gateway_pid(live)
    PLAYS[play](live, new_seed, ROUNDS[play] * LONG)
    assert gateway_pid(live) == pid


def test_then_it_still_counts(live: Live) -> None:
    """What comes after all that is counted to the point."""
    now = now_of(live)
    events = [
        purchase(n, f"after-{n % 5}", 0, "10.000")
        | {"event_id": f"after-{n}", "at": (now + timedelta(seconds=n)).isoformat()}
        for n in range(100)
    ]
    for expected in ("applied", "duplicate"):
        results = live.post(events)["results"]
        assert {one["status"] for one in results} == {expected}
        assert len(results) == 100
    for number in range(5):
        mine = [one for one in results if int(one["event_id"].rpartition("-")[2]) % 5 == number]
        found = live.get(f"/v1/members/after-{number}")
        assert found["active"] == sum(one["points"] for one in mine)
        assert found["active"] > 0
    assert live.http.get("/readyz").status_code == 200
