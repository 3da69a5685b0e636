"""The benchmarks' lean client against a plain HTTP server, and the bodies they send."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import numpy as np
import pytest

from loadtests.bench._bodies import STARTS_US, arrow_of, draw, ndjson_of
from loadtests.bench._wire import BrokenExchange, exchange, request
from rules.decoding.event_columns import Names
from rules.decoding.events import decode_arrow, decode_ndjson

NAMES = Names(frozenset({"92", "95", "98", "0"}), frozenset(), STARTS_US, STARTS_US + 10**12)


class Echo(BaseHTTPRequestHandler):
    """Answers a POST with its body; /no with 400, /busy with 503 once."""

    protocol_version = "HTTP/1.1"
    seen: ClassVar[set[bytes]] = set()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = {"/no": 400, "/busy": 503}.get(self.path, 200)
        if status == 503:
            status = 200 if body in self.seen else 503
            self.seen.add(body)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


class Quiet(ThreadingHTTPServer):
    """Passes over clients that go away, as the benchmark does at a refusal."""

    def handle_error(self, *_: object) -> None:
        """Stay quiet."""


@pytest.fixture
def echo() -> Iterator[str]:
    server = Quiet(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_answers_come_back_in_the_order_of_the_requests(echo: str) -> None:
    bodies = [b"x" * size + b"end" for size in (1, 5_000_000, 70_000, *range(200))]
    requests = [request(echo, "POST", "/yes", "key", body, "text/plain") for body in bodies]
    answers = exchange(echo, requests, 8)
    assert answers.bodies == bodies
    assert len(answers.latency_s) == len(bodies)
    assert (answers.latency_s > 0).all()
    assert answers.took_s >= answers.latency_s.max()


def test_a_busy_server_is_asked_again(echo: str) -> None:
    bodies = [b"a", b"b"]
    requests = [request(echo, "POST", "/busy", "key", body, "text/plain") for body in bodies]
    answers = exchange(echo, requests, 2)
    assert answers.bodies == bodies
    assert answers.retries == 2


def test_requests_are_held_back_to_a_rate(echo: str) -> None:
    requests = [request(echo, "POST", "/", "key", b"%d" % number) for number in range(21)]
    answers = exchange(echo, requests, 3, per_s=200.0)
    assert answers.bodies == [b"%d" % number for number in range(21)]
    assert answers.took_s >= 20 / 200.0


def test_a_refusal_ends_the_exchange(echo: str) -> None:
    requests = [request(echo, "POST", "/no", "key", b"why", "text/plain")]
    with pytest.raises(BrokenExchange, match="400"):
        exchange(echo, requests, 1)


def test_both_bodies_are_the_same_events() -> None:
    random = np.random.default_rng(5)
    drawn = draw(random, random.integers(0, 1_000, 3_000), 7, repeated=0.05)
    lines, columns = decode_ndjson(ndjson_of(drawn), NAMES), decode_arrow(arrow_of(drawn), NAMES)
    assert lines.refused == columns.refused == []
    assert lines.columns.to_pylist() == columns.columns.to_pylist()
    ids = np.unique(drawn.number)
    assert 0 < 3_000 - len(ids) < 300
    assert (np.diff(drawn.at_us) >= 0).mean() > 0.9
