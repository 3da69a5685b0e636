"""Live systems for the tests: one Ray for the session, a real Valkey and real HTTP for each."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import ray

from actors.handles import NAMESPACE
from actors.ray_start import set_ray_defaults
from actors.system import System, Wanted
from tests.patience import looks
from tests.season_parts import CHECK_IN, KINDS_AND_PRODUCTS, THREE_BOARDS

ADMIN = "an-admin-key-for-the-tests"
TAKEN_WITHIN_S = 60.0
"""How long a killed part may take to come back on a busy machine."""

SEASON = (
    """
format = 1
[programme]
id = "test-club"
timezone = "Asia/Shanghai"
"""
    + KINDS_AND_PRODUCTS
    + """
[[multiplier]]
id = "member-day"
group = "day"
where = { weekday = ["tue"] }
factor = "2"
"""
    + CHECK_IN
    + """
[tiers]
[[tiers.levels]]
id = "silver"
[[tiers.levels]]
id = "gold"
entry = { any = { litres = "100" } }
[season]
id = "test-season"
starts = 2026-06-01T00:00:00
ends = 2026-06-20T00:00:00
late_events = "1d"
refund_hold = "2d"
exclude = { kind = ["staff"] }
"""
    + THREE_BOARDS
    + """
[rewards.phone]
kind = "goods"
unit_cost = "100.00"
tax = "programme_pays_20"
[rewards.mug]
kind = "goods"
unit_cost = "10.00"
[[prizes]]
board = "overall"
ranks = "1"
reward = "phone"
[[prizes]]
board = "overall"
ranks = "2-3"
reward = "mug"
"""
)


@dataclass
class Live:
    """A running system and a client with an admin key."""

    system: System
    http: httpx.Client
    keys: dict[str, str] = field(default_factory=dict)

    def post(self, events: Any, **parameters: str) -> dict[str, Any]:
        """Post events as JSON and return the answer, which has to be 200."""
        answer = self.http.post("/v1/events", json=events, params=parameters)
        assert answer.status_code == httpx.codes.OK, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def send(self, events: Any, within_s: float = TAKEN_WITHIN_S) -> dict[str, Any]:
        """Post events as a till does, again until they are answered 200.

        A list goes as NDJSON, a single one as JSON. Until then only 429 or 503 with Retry-After
        may come, or nothing from a gateway that is away.
        """
        one = isinstance(events, dict)
        body = json.dumps(events).encode() if one else ndjson(events)
        kind = {"Content-Type": "application/json" if one else "application/x-ndjson"}
        for look in looks(within_s, "the events to be taken"):
            try:
                answer = self.http.post("/v1/events", content=body, headers=kind)
            except httpx.HTTPError as error:
                look.saw = repr(error)
                continue
            if answer.status_code == httpx.codes.OK:
                break
            look.saw = answer.text
            assert answer.status_code in (429, 503), answer.text
            assert int(answer.headers["Retry-After"]) >= 1
        found: dict[str, Any] = answer.json()
        return found

    def board(self, board: str, **parameters: Any) -> list[dict[str, Any]]:
        """Read a board's rows, from when its shards have them again."""
        for _ in looks(TAKEN_WITHIN_S, f"the board {board} to be served"):
            answer = self.http.get(f"/v1/standings/{board}", params=parameters)
            if answer.status_code == httpx.codes.OK:
                break
            assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE, answer.text
            assert answer.json()["type"] == "urn:forecourt:warming"
        rows: list[dict[str, Any]] = answer.json()["rows"]
        return rows

    def get(self, path: str, **parameters: Any) -> Any:
        """Read a path as admin; it has to answer 200."""
        answer = self.http.get(path, params=parameters)
        assert answer.status_code == httpx.codes.OK, answer.text
        return answer.json()

    def lines(self, number: int, role: str | None = None) -> httpx.Client:
        """Give a client that many threads share, each with a connection of its own.

        A client each would build a TLS context each: 25 ms of the processor, plain HTTP or not.
        """
        return httpx.Client(
            base_url=self.system.url,
            headers=self.as_role(role) if role else self.http.headers,
            timeout=30.0,
            limits=httpx.Limits(max_connections=number),
            trust_env=False,
        )

    def as_role(self, role: str) -> dict[str, str]:
        """Give the headers of a key with a role, made at first use."""
        if role not in self.keys:
            made = self.http.post("/v1/keys", json={"role": role}).json()
            self.keys[role] = made["key"]
            self.keys[f"{role}.secret"] = made.get("member_secret", "")
            self.keys[f"{role}.id"] = made["id"]
        return {"Authorization": f"Bearer {self.keys[role]}"}


@pytest.fixture(scope="session")
def ray_session() -> Iterator[None]:
    """One Ray on this machine for all tests, whichever module asks for it first."""
    if ray.is_initialized():
        yield
        return
    set_ray_defaults()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Ray's own start-up warnings are not ours to raise on
        ray.init(
            address="local",
            namespace=NAMESPACE,
            num_cpus=2,
            include_dashboard=False,
            log_to_driver=False,
            configure_logging=False,
            object_store_memory=200 * 1024 * 1024,
        )
    yield
    ray.shutdown()


StartLive = Callable[..., Live]


@pytest.fixture
def start_live(ray_session: None) -> Iterator[StartLive]:  # noqa: ARG001  it has to be up
    """Start systems on data folders; those still running at the end are stopped."""
    running: list[Live] = []

    def start(data: Path, **options: Any) -> Live:
        live = start_system(data, **options)
        running.append(live)
        return live

    yield start
    for live in running:
        stop(live)


def start_system(data: Path, **options: Any) -> Live:
    """Start one system under the events' clock with two shards, unless told otherwise."""
    given: dict[str, Any] = {"clock": "events", "shards": 2, "season_text": SEASON} | options
    wanted = Wanted(season_path="test-season.toml", data=data, port=0, admin_key=ADMIN, **given)
    system = System(wanted)
    system.start()
    http = httpx.Client(
        base_url=system.url,
        headers={"Authorization": f"Bearer {ADMIN}"},
        timeout=30.0,
        trust_env=False,
    )
    return Live(system, http)


def stop(live: Live) -> None:
    """Stop a system; harmless when it is stopped."""
    live.http.close()
    live.system.stop()


START = datetime(2026, 6, 1, 0, 0, tzinfo=UTC)


def purchase(number: int, member: str, minute: int, litres: str = "10.000") -> dict[str, Any]:
    """Make a fuel purchase a number of minutes after 1 June 2026, 08:00 in Shanghai."""
    return {
        "event_id": f"p-{number}",
        "type": "purchase",
        "member": member,
        "at": (START + timedelta(minutes=minute)).isoformat(),
        "product": "92",
        "litres": litres,
        "amount": "75.00",
    }


def season_log(events: int, members: int = 200) -> list[dict[str, Any]]:
    """Make a log in time order over 15 days: purchases, check-ins, companies and refunds."""
    log: list[dict[str, Any]] = []
    minutes = 15 * 24 * 60
    for number in range(events):
        minute = number * minutes // events
        member = f"m-{number * 7919 % members:05d}"
        event = purchase(number, member, minute, f"{1 + number * 31 % 57}.{number % 10}00")
        if number < members:
            event = _named(event, "enrol")
            event["attributes"] = {
                "kind": ("private", "taxi", "staff")[number % 20 % 3],
                "company": f"c-{number % 7}",
            }
        elif number % 5 == 0:
            event = _named(event, "check_in")
        elif number % 17 == 0 and log[-4]["type"] == "purchase":
            refunded = log[-4]
            event = _named(event, "refund") | {
                "member": refunded["member"],
                "ref": refunded["event_id"],
            }
        log.append(event)
    return log


def _named(event: dict[str, Any], kind: str) -> dict[str, Any]:
    return {name: event[name] for name in ("event_id", "member", "at")} | {"type": kind}


def ndjson(events: Sequence[dict[str, Any]]) -> bytes:
    """Write events as NDJSON."""
    return b"\n".join(json.dumps(event).encode() for event in events)
