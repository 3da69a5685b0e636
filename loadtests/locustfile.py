"""Locust users: tills that send events, apps and analysts that read, all over HTTP.

Started by `forecourt loadtest`, or by Locust itself; docs/load-tests.md tells how. What the
tills are told goes to a ledger, and at the end `loadtests.audit` compares it with the system.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gevent
from locust import FastHttpUser, between, events, task
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.exception import StopUser
from locust.runners import MasterRunner, WorkerRunner

from loadtests.run_state import NotServed, Run
from loadtests.shoppers import Event

RETRY_STATUSES = (0, 429, 502, 503, 504)
PAUSE_S_MAX = 5.0
BATCH_EVENTS_MAX = 20
BULK_EVENTS_MAX = 500
PAGES_MAX = 5

running: Run | None = None


def add_options(parser: LocustArgumentParser) -> None:
    """Add the options of this load test; each has an environment variable too."""
    group = parser.add_argument_group("Forecourt")
    for name, default, text in (
        ("ledger", "", "folder of what the users were told; a temporary one without it"),
        ("run-id", "", "name of the run, the same for all its processes; drawn without it"),
        ("fuels", "92,95,98,0", "products sold by the litre"),
        ("goods", "shop,wash", "products sold without litres"),
        ("kinds", "private,taxi,ride_hailing,fleet", "kinds members enrol as"),
    ):
        group.add_argument(f"--{name}", default=default, help=text, env_var=_variable(name))
    parser.add_argument(
        "--key", default="", help="an admin's key", env_var="FORECOURT_KEY", include_in_web_ui=False
    )
    for name, number, text in (
        ("members", 2_000, "how many members the events are of"),
        ("seed", 1, "draws the same members and events, for each process"),
    ):
        group.add_argument(
            f"--{name}", type=int, default=number, help=text, env_var=_variable(name)
        )
    group.add_argument(
        "--clock-speed",
        type=float,
        default=600.0,
        env_var=_variable("clock-speed"),
        help="under the events' clock: seconds the events' time passes in one real second",
    )
    group.add_argument(
        "--scored",
        action="store_true",
        env_var=_variable("scored"),
        help="the season scores every kind of points: the audit compares scores with points too",
    )


def _variable(name: str) -> str:
    return f"FORECOURT_{name.upper().replace('-', '_')}"


def begin(environment: Environment, **_: Any) -> None:
    """Open the ledger, make the keys, read the season."""
    global running  # noqa: PLW0603  Locust's users have no other way to a common object
    if isinstance(environment.runner, MasterRunner):
        return
    options: Any = environment.parsed_options
    if not options.ledger:
        options.ledger = tempfile.mkdtemp(prefix="forecourt-ledger-")
    if isinstance(environment.runner, WorkerRunner):
        # All of them get the leader's options: each draws members and events of its own.
        options.seed += max(0, environment.runner.worker_index)
    try:
        running = Run(environment.host or "", options)
    except NotServed as error:
        print(f"error: {error}", file=sys.stderr)
        environment.process_exit_code = 1
        assert environment.runner is not None
        environment.runner.quit()


def end(**_: Any) -> None:
    """Close the ledger; the users have ended."""
    if running is not None:
        running.close()


def judge(environment: Environment, **_: Any) -> None:
    """Write the figures and audit the ledger; any difference makes Locust leave with 1."""
    options: Any = environment.parsed_options
    if isinstance(environment.runner, WorkerRunner) or environment.process_exit_code:
        return
    if not options.ledger or not any(Path(options.ledger).glob("ledger-*.ndjson")):
        return
    figures = [
        {
            "name": f"{entry.method} {entry.name}",
            "requests": entry.num_requests,
            "failures": entry.num_failures,
            "per_s": round(entry.total_rps, 1),
            "median_ms": round(entry.median_response_time or 0, 1),
            "p99_ms": round(entry.get_response_time_percentile(0.99) or 0, 1),
        }
        for entry in environment.stats.entries.values()
    ]
    path = Path(options.ledger) / "figures.json"
    path.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    # A process of its own: what the users were told is judged without Locust's patched sockets.
    audit = [sys.executable, "-m", "loadtests.audit", "--ledger", options.ledger]
    audit += ["--url", environment.host or "", *(["--scored"] if options.scored else [])]
    done = subprocess.run(audit, env=os.environ | {"FORECOURT_KEY": options.key}, check=False)
    environment.process_exit_code = done.returncode


hooks: Any = events  # Locust's hooks carry no types
hooks.init_command_line_parser.add_listener(add_options)
hooks.test_start.add_listener(begin)
hooks.test_stop.add_listener(end)
hooks.quitting.add_listener(judge)


class Visitor(FastHttpUser):
    """What all users share: the run, a key of their role, and answers that must be."""

    abstract = True
    role = ""
    network_timeout = 20.0
    connection_timeout = 5.0
    wait_time = between(0.02, 0.2)

    def on_start(self) -> None:
        """Take the run; without one (it could not be begun) the user ends."""
        if running is None:
            raise StopUser
        self.load = running

    def headers(self, member: str | None = None) -> dict[str, str]:
        """Give the headers of this user's role, for an app with one member's token."""
        return self.load.headers(self.role, member)

    def read(self, path: str, name: str, member: str | None = None, body: Any = None) -> Any:
        """Read a path; None when it is not served now. Any other refusal is a fault."""
        method = "GET" if body is None else "POST"
        with self.client.request(
            method, path, name=name, headers=self.headers(member), json=body, catch_response=True
        ) as response:
            if response.status_code == 200:
                response.success()
                return response.json()
            response.failure(f"{response.status_code}")
            if response.status_code not in RETRY_STATUSES:
                self.load.ledger.fault(f"{method} {path}: {response.status_code} {response.text}")
        return None

    def expect_order(self, page: dict[str, Any] | None) -> None:
        """Note a fault when the rows of a page don't stand in the official order."""
        if page is not None:
            for sentence in self.load.order_faults(page):
                self.load.ledger.fault(sentence)


class Till(Visitor):
    """Sends events one by one and in small batches, each until it is answered."""

    role = "till"
    weight = 2

    @task(24)
    def send_one(self) -> None:
        """Send one event."""
        self.send([self.load.shoppers.event()], "one")

    @task(8)
    def send_batch(self) -> None:
        """Send a few events at once."""
        count = self.load.shoppers.between(2, BATCH_EVENTS_MAX)
        self.send([self.load.shoppers.event() for _ in range(count)], "batch")

    @task(1)
    def send_bulk(self) -> None:
        """Send what a station has collected: some hundred events in one body."""
        count = self.load.shoppers.between(101, BULK_EVENTS_MAX)
        self.send([self.load.shoppers.event() for _ in range(count)], "bulk")

    @task(2)
    def send_again(self) -> None:
        """Send an acknowledged event again: it is a duplicate with the first points."""
        known = self.load.shoppers.acknowledged_before()
        if known is None:
            return
        event, points = known
        for result in self.answers([event], "again"):
            if (result["status"], result["points"]) != ("duplicate", points):
                self.load.ledger.fault(
                    f"{event['event_id']} sent again: {result}, not duplicate with {points}"
                )

    def send(self, batch: list[Event], name: str) -> None:
        """Send events and note what is told."""
        with self._noted(batch):
            results = self.answers(batch, name)
        for event, result in zip(batch, results, strict=False):
            status, points = result["status"], result["points"]
            self.load.ledger.told(event, status, points, result.get("reason", ""))
            if result["event_id"] != event["event_id"]:
                self.load.ledger.fault(f"{event['event_id']} was answered as {result['event_id']}")
            if status in ("applied", "limit_reached", "duplicate"):
                self.load.shoppers.remember(event, status, points)

    @contextmanager
    def _noted(self, batch: list[Event]) -> Iterator[None]:
        """Note events as unanswered when the run ends before their answer comes."""
        try:
            yield
        except BaseException:  # the end of the run kills the greenlet
            self.load.ledger.unanswered(batch)
            raise

    def answers(self, batch: list[Event], name: str) -> list[dict[str, Any]]:
        """Post events until they are answered, the same bytes each time."""
        if len(batch) == 1:
            body, kind = json.dumps(batch[0]), "application/json"
        else:
            body, kind = "\n".join(map(json.dumps, batch)), "application/x-ndjson"
        headers = self.headers() | {"Content-Type": kind}
        pause_s = 0.1
        while True:
            with self.client.post(
                "/v1/events?results=all",
                data=body,
                headers=headers,
                name=f"/v1/events {name}",
                catch_response=True,
            ) as response:
                if response.status_code == 200:
                    results: list[dict[str, Any]] = response.json()["results"]
                    if len(results) != len(batch):
                        self.load.ledger.fault(f"{len(batch)} events, {len(results)} results")
                    response.success()
                    return results
                response.failure(f"{response.status_code}")
                if response.status_code not in RETRY_STATUSES:
                    self.load.ledger.fault(f"{response.status_code} {response.text}: {body}")
                    return []
                wait_s = _retry_after_s(response.headers, pause_s)
            gevent.sleep(wait_s)
            pause_s = min(PAUSE_S_MAX, pause_s * 2)


def _retry_after_s(headers: Any, otherwise_s: float) -> float:
    value = str((headers or {}).get("Retry-After", ""))
    return min(PAUSE_S_MAX, float(value)) if value.isdigit() else otherwise_s


class App(Visitor):
    """Reads as a member's phone does: the top, the rows around the member, the member's page."""

    role = "app"
    weight = 2

    @task(4)
    def top(self) -> None:
        """Read the first page of a board."""
        board = self.load.a_board(teams=True)
        page = self.read(f"/v1/standings/{board}?limit=50", "/v1/standings/{board}")
        self.expect_order(page)

    @task(3)
    def around(self) -> None:
        """Read the rows around the member, who stands among them, or isn't on the board."""
        member = self.load.shoppers.someone_present()
        if member is None:
            return
        path = f"/v1/standings/{self.load.a_board()}?around={member}&span=5"
        name = "/v1/standings/{board}?around"
        with self.client.get(
            path, name=name, headers=self.headers(member), catch_response=True
        ) as response:
            if response.status_code == 200:
                response.success()
                page = response.json()
                self.expect_order(page)
                if not any(row["member"] == member for row in page["rows"]):
                    self.load.ledger.fault(f"{path}: {member} isn't among the rows")
            elif response.status_code == 404 and "not-on-board" in (response.text or ""):
                response.success()
            else:
                response.failure(f"{response.status_code}")
                if response.status_code not in RETRY_STATUSES:
                    self.load.ledger.fault(f"{path}: {response.status_code} {response.text}")

    @task(3)
    def own_page(self) -> None:
        """Read the member's points, tier and ranks."""
        member = self.load.shoppers.someone_present()
        if member is not None:
            self.read(f"/v1/members/{member}", "/v1/members/{id}", member)


class Analyst(Visitor):
    """Reads whole boards page after page, many ranks at once, prizes and the season."""

    role = "analyst"
    weight = 1

    @task(4)
    def pages(self) -> None:
        """Read a board page after page."""
        board, cursor = self.load.a_board(teams=True), "0"
        for _ in range(PAGES_MAX):
            path = f"/v1/standings/{board}?limit=200&cursor={cursor}"
            page = self.read(path, "/v1/standings/{board}?cursor")
            self.expect_order(page)
            if page is None or page["next_cursor"] is None:
                return
            cursor = page["next_cursor"]

    @task(2)
    def ranks(self) -> None:
        """Ask for the ranks of many members at once."""
        members = [self.load.shoppers.member() for _ in range(100)]
        body = {"board": self.load.a_board(), "members": members}
        answer = self.read("/v1/ranks", "/v1/ranks", body=body)
        if answer is not None and set(answer["ranks"]) != set(members):
            self.load.ledger.fault("/v1/ranks answered other members than asked for")

    @task(1)
    def prizes(self) -> None:
        """Read who would win now."""
        self.read("/v1/prizes", "/v1/prizes")

    @task(1)
    def season(self) -> None:
        """Read the season."""
        self.read("/v1/season?hours=24", "/v1/season")
