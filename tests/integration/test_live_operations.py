"""What whoever runs a system sees of it: live boards, metrics, operations, request ids, logs."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from actors.gateway.auth import sign_token
from actors.gateway.board_feed import applied
from tests.integration.live_fixtures import (
    ADMIN,
    SEASON,
    Live,
    ndjson,
    purchase,
    ray_session,
    season_log,
    start_system,
    stop,
)
from tests.patience import looks
from ui.client import Client

__all__ = ["ray_session"]

DOCS = Path(__file__).parents[2] / "docs"
BUDGET = """
[[coupons]]
id = "ten-off"
kind = "amount_off"
off = "10.00"
valid = "30d"
claim = { times = 1, per = "day" }
[[budgets]]
id = "coupons"
covers = ["ten-off"]
at = "issue"
cost = "500.00"
"""
MAYBE = {
    "forecourt_notices_total",
    "forecourt_stage_seconds_total",
    "forecourt_stage_cpu_seconds_total",
}
END = 15 * 24 * 60


@pytest.fixture(scope="module")
def live(ray_session: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:  # noqa: ARG001  Ray has to be up
    system = start_system(
        tmp_path_factory.mktemp("operations"),
        shards=1,
        season_text=SEASON + BUDGET,
        log_format="json",
        stream_readers=4,
    )
    bulk(system, season_log(1_000))
    # The keeper and the outbox come up behind the others.
    wait_for(lambda: all(one["up"] for one in system.get("/v1/operations")["actors"]), "all up")
    yield system
    stop(system)


def bulk(live: Live, events: list[dict[str, Any]]) -> None:
    headers = {"Content-Type": "application/x-ndjson"}
    answer = live.http.post("/v1/events", content=ndjson(events), headers=headers)
    assert answer.status_code == httpx.codes.OK, answer.text


class Listener:
    """Reads one stream; `page` is what its events add up to."""

    def __init__(self, response: httpx.Response) -> None:
        self.page: dict[str, Any] = {}
        self.last_id = ""
        self.heard: list[str] = []
        self._lines = response.iter_lines()

    def next(self) -> bool:
        """Take one event; False at the end of the stream."""
        fields: dict[str, str] = {}
        for line in self._lines:
            if not line and "event" in fields:
                break
            if not line:
                fields = {}
            name, _, value = line.partition(": ")
            if name:
                fields[name] = value
        else:
            return False
        body = json.loads(fields["data"])
        self.page = applied(self.page, body) if fields["event"] == "delta" else body
        self.last_id = fields["id"]
        self.heard.append(fields["event"])
        return True


@contextmanager
def listening(
    live: Live, headers: dict[str, str], limit: int = 50, last_id: str = ""
) -> Iterator[Listener]:
    asked = headers | ({"Last-Event-ID": last_id} if last_id else {})
    path = f"/v1/standings/overall/stream?limit={limit}"
    with live.http.stream("GET", path, headers=asked) as response:
        assert response.status_code == httpx.codes.OK, response.read()
        assert response.headers["content-type"].startswith("text/event-stream")
        yield Listener(response)


def follow(live: Live, listener: Listener, headers: dict[str, str], limit: int) -> None:
    """Listen until the page of all that was acknowledged is there."""
    path = f"/v1/standings/overall?limit={limit}"
    wanted = live.http.get(path, headers=headers).json()
    while listener.page.get("version", -1) < wanted["version"]:
        assert listener.next()
    assert listener.page["rows"] == wanted["rows"]
    for name in ("total", "phase", "cut_lines", "next_cursor", "board"):
        assert listener.page[name] == wanted[name]


def test_streams_add_up_to_the_page_for_every_role(live: Live) -> None:
    rows = live.get("/v1/standings/overall", limit=50)["rows"]
    own = rows[3]["member"]
    app = live.as_role("app")
    secret = live.keys["app.secret"]
    mine = app | {"X-Member-Token": sign_token(own, secret, int(time.time()) + 600)}
    admin: dict[str, str] = {}
    with (
        listening(live, admin) as whole,
        listening(live, app, 20) as masked,
        listening(live, mine, 20) as member,
    ):
        for each in (whole, masked, member):
            assert each.next()
            assert each.heard == ["snapshot"]
        for number in range(3):
            events = [
                purchase(700_000 + number * 10 + at, row["member"], END + number, f"{at + 1}0.000")
                for at, row in enumerate(rows[3:8])
            ]
            live.post(events)
            follow(live, whole, admin, 50)
            follow(live, masked, app, 20)
            follow(live, member, mine, 20)
        assert own in {row["member"] for row in member.page["rows"]}
        assert own not in json.dumps(masked.page)
        last_id, page = whole.last_id, whole.page
    live.post(purchase(700_100, rows[9]["member"], END + 5, "300.000"))
    with listening(live, admin, last_id=last_id) as again:
        again.page = page
        follow(live, again, admin, 50)
        assert set(again.heard) == {"delta"}
    with listening(live, admin, last_id="elsewhere.7") as anew:
        assert anew.next()
        assert anew.heard == ["reset"]


def test_a_member_is_told_of_how_many_others_it_stands_ahead(live: Live) -> None:
    page = live.get("/v1/standings/overall", limit=1000)
    for row in (page["rows"][0], page["rows"][40], page["rows"][-1]):
        place = live.get(f"/v1/members/{row['member']}")["boards"]["overall"]
        behind = page["total"] - row["rank"]
        assert (place["rank"], place["total"]) == (row["rank"], page["total"])
        assert place["percentile"] == round(100 * behind / (page["total"] - 1), 1)


def test_what_a_stream_refuses(live: Live) -> None:
    till = live.http.get("/v1/standings/overall/stream", headers=live.as_role("till"))
    assert till.status_code == httpx.codes.FORBIDDEN
    assert live.http.get("/v1/standings/nobodys/stream").status_code == httpx.codes.NOT_FOUND
    assert live.http.get("/v1/standings/overall/stream?limit=1001").status_code == 422
    with (
        listening(live, {}),
        listening(live, {}),
        listening(live, {}),
        listening(live, {}),
    ):
        full = live.http.get("/v1/standings/overall/stream")
        assert full.status_code == httpx.codes.SERVICE_UNAVAILABLE
        assert int(full.headers["Retry-After"]) > 0
        assert full.json()["type"] == "urn:forecourt:too-many-readers"
    wait_for(lambda: live.get("/v1/operations")["streams"]["readers"] == 0, "no readers")


def wait_for(there: Callable[[], bool], awaited: str) -> None:
    for _ in looks(60, awaited):
        if there():
            break


def told(live: Live) -> str:
    answer = httpx.get(f"{live.system.url}/metrics", trust_env=False)
    assert answer.status_code == httpx.codes.OK, answer.text
    return answer.text


def test_metrics_are_well_formed_and_name_nobody(live: Live) -> None:
    live.post(purchase(710_000, "m-00001", END + 6))
    live.post({"event_id": "broken", "type": "purchase", "member": "m-00001"})
    live.http.get("/v1/members/m-00001")
    live.http.get("/no/such/path/m-00001")
    text = told(live)
    families = list(text_string_to_metric_families(text))
    assert len({family.name for family in families}) == len(families)
    seen: set[tuple[str, tuple[tuple[str, str], ...]]] = set()
    for family in families:
        assert family.documentation, family.name
        assert family.type in ("counter", "gauge", "histogram")
        for sample in family.samples:
            series = (sample.name, tuple(sorted(sample.labels.items())))
            assert series not in seen
            seen.add(series)
            assert (family.type == "counter") == sample.name.endswith("_total")
            for value in sample.labels.values():
                assert not re.search(r"m-0\d|p-\d|c-\d", value), sample
        if family.type == "histogram":
            buckets_rise(family.samples)
    values = {sample.name: sample.value for family in families for sample in family.samples}
    assert values["forecourt_ready"] == values["forecourt_store_up"] == 1
    # Labels come in the order of their names.
    by = {(s.name, *s.labels.values()): s.value for f in families for s in f.samples}
    assert by["forecourt_events_total", "none", "applied"] > 1_000
    assert by["forecourt_events_total", "bad_field", "rejected"] >= 1
    assert by["forecourt_requests_total", "POST", "/v1/events", "200"] >= 2
    assert by["forecourt_requests_total", "GET", "unmatched", "404"] >= 1
    assert by["forecourt_requests_total", "GET", "/v1/members/{member}", "200"] >= 1
    assert by["forecourt_shard_members", "0"] > 100
    assert by["forecourt_budget_left", "coupons", "cost"] == 500
    assert by["forecourt_process_memory_bytes", "member", "0"] > 20e6
    actors = {labels[1] for labels in by if labels[0] == "forecourt_actor_up" and by[labels] == 1}
    assert actors == {"gateway", "keeper", "outbox", "member", "ranking"}
    asked = {"Accept": "application/openmetrics-text; version=1.0.0"}
    open_text = httpx.get(f"{live.system.url}/metrics", headers=asked, trust_env=False).text
    parse: Any = openmetrics.text_string_to_metric_families  # it has no types
    assert {family.name for family in parse(open_text)} == {
        family.name.removesuffix("_total") for family in families
    }


def buckets_rise(samples: list[Any]) -> None:
    last: dict[str, float] = {}
    for sample in samples:
        key = str(sample.labels.get("route", ""))
        if sample.name.endswith("_bucket"):
            assert sample.value >= last.get(key, 0.0)
            last[key] = sample.value
        elif sample.name.endswith("_count"):
            assert sample.value == last[key]


@pytest.mark.parametrize(
    "file", ["grafana/forecourt.json", "prometheus/alerts.yml", "operations.md"]
)
def test_every_metric_that_is_written_about_exists(live: Live, file: str) -> None:
    text = (DOCS / file).read_text(encoding="utf-8")
    if file.endswith(".json"):
        panels = json.loads(text)["panels"]
        exprs = [target["expr"] for panel in panels for target in panel.get("targets", ())]
        assert len(exprs) > 20
    named = set(re.findall(r"forecourt_[a-z0-9_]+", text))
    families = list(text_string_to_metric_families(told(live)))
    there = {sample.name for family in families for sample in family.samples}
    there |= {family.name for family in families}
    assert len(named) > 10
    missing = named - there
    # What is told only once something happened: these need a notice or a stage to have run.
    assert missing <= MAYBE, missing


def test_metrics_are_open_to_this_machine_only(live: Live) -> None:
    url = f"{live.system.url}/metrics"
    forwarded = {"X-Forwarded-For": "203.0.113.9"}
    with httpx.Client(trust_env=False) as plain:
        assert plain.get(url).status_code == httpx.codes.OK
        assert plain.get(url, headers=forwarded).status_code == httpx.codes.UNAUTHORIZED
        till = forwarded | live.as_role("till")
        assert plain.get(url, headers=till).status_code == httpx.codes.FORBIDDEN
        analyst = forwarded | live.as_role("analyst")
        assert plain.get(url, headers=analyst).status_code == httpx.codes.OK


def test_operations_tell_how_the_system_does(live: Live) -> None:
    reports = Path(live.system.settings.data) / "load-reports"
    reports.mkdir()
    checks = [{"check": "members' points", "compared": 312, "differences": 0}]
    verdict = {
        "passed": True,
        "audit": {"acknowledged": 659, "members": 156, "checks": checks},
        "figures": [{"name": "POST /v1/events", "requests": 80, "per_s": 9.5, "p99_ms": 41}],
    }
    (reports / "first.json").write_text(json.dumps(verdict))
    (reports / "rank.json").write_text(json.dumps({"bench": "rank", "ratio": 25.1, "reach": 20}))
    (reports / "torn.json").write_text('{"passed": tr')
    found = live.http.get("/v1/operations", headers=live.as_role("analyst")).json()
    assert found["ready"] is True
    assert found["reasons"] == []
    assert found["samples"][-1].keys() >= {"at", "events_per_s", "p99_ms", "mirror_lag_s"}
    assert {actor["actor"] for actor in found["actors"] if actor["up"]} == {
        "gateway", "keeper", "outbox", "member", "ranking",
    }  # fmt: skip
    [shard] = found["shards"]
    assert shard["members"] > 100
    assert shard["ranking_lag_entries"] == 0
    assert [(b["budget"], b["measure"], b["left"]) for b in found["budgets"]] == [
        ("coupons", "cost", "500.00"),
    ]
    assert {one["name"]: one["kind"] for one in found["load_reports"]} == {
        "first": "loadtest",
        "rank": "bench",
        "torn": "unreadable",
    }
    assert found["store"]["memory_bytes"] > 0
    # What the page reads it with understands all of it, the trail and the keys too.
    with closing(Client(live.system.url, ADMIN)) as pages:
        assert pages.operations().shards[0].members == shard["members"]
        assert {"admin", "analyst"} <= {key.role for key in pages.keys().keys}
        assert "key.make" in {entry.act for entry in pages.audit(100).entries}
    refused = live.http.get("/v1/operations", headers=live.as_role("till"))
    assert refused.status_code == httpx.codes.FORBIDDEN
    paths = live.get("/openapi.json")["paths"]
    assert {"/v1/operations", "/metrics", "/v1/standings/{board}/stream"} <= paths.keys()


def test_requests_have_ids_and_lines_in_the_log(live: Live) -> None:
    sent = {"X-Request-ID": "till-7.42"}
    single = purchase(720_000, "m-00002", END + 8)
    answer = live.http.post("/v1/events", json=single, headers=sent)
    assert answer.headers["X-Request-ID"] == "till-7.42"
    odd = live.http.get("/v1/season", headers={"X-Request-ID": "two words"})
    made = odd.headers["X-Request-ID"]
    assert re.fullmatch("[0-9a-f]{16}", made)
    bulk(live, [purchase(721_000 + at, "m-00003", END + 9) for at in range(150)])
    path = Path(live.system.settings.data) / "logs" / "gateway.log"

    def lines() -> list[dict[str, Any]]:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

    wait_for(lambda: any(line.get("first_event_id") == "p-721000" for line in lines()), "a line")
    by_id = {line["request_id"]: line for line in lines() if "request_id" in line}
    one = by_id["till-7.42"]
    assert (one["event_id"], one["shard"], one["status"]) == ("p-720000", 0, 200)
    assert one["took_ms"] > 0
    assert by_id[made]["route"] == "/v1/season"
    batch = next(line for line in by_id.values() if line.get("first_event_id") == "p-721000")
    assert (batch["events"], batch["shard"]) == (150, 0)
    whole = path.read_text(encoding="utf-8")
    for secret in ("m-00002", "m-00003", *(key for key in live.keys.values() if len(key) > 12)):
        assert secret not in whole
    member_log = path.with_name("member-0.log").read_text(encoding="utf-8").splitlines()
    assert all(json.loads(line)["actor"] == "member-0" for line in member_log)


def test_streams_end_with_the_system(live: Live) -> None:
    with listening(live, {}) as listener:
        assert listener.next()
        ending = threading.Thread(target=live.system.stop)
        ending.start()
        while listener.next():
            pass  # ends without an error: the last chunk was sent
        ending.join(60)
        assert not ending.is_alive()
