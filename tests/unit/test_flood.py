"""The flood of the overload benchmark: at its pace, every event new, and refusals told apart."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from loadtests.bench._flood import SERIAL, Flood, Source


class Server(ThreadingHTTPServer):
    """Answers every other request with 429, and keeps the bodies."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        refused = len(self.server.bodies) % 2 == 0
        self.send_response(429 if refused else 200)
        if refused:
            self.send_header("Retry-After", "1")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base's name
        """Stay quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def source(per_s: float, connections: int = 2) -> Source:
    body = b'{"event_id": "e-' + SERIAL + b'-000000001"}'
    return Source("till", "key", [body], per_s, connections, "application/json")


def test_every_request_brings_new_events_and_refusals_are_told(server: Server) -> None:
    flood = Flood(f"http://127.0.0.1:{server.server_port}", [source(40.0)])
    flood.run(0.5)
    flood.drain(10.0)
    flood.close()

    assert len(flood.answers) == flood.sent == len(server.bodies) <= 21
    assert len(set(server.bodies)) == len(server.bodies) > 1
    refused = [answer for answer in flood.answers if answer.status == 429]
    assert len(refused) == len(flood.answers) // 2
    assert all(answer.patient for answer in refused)
    assert flood.broken == 0


def test_without_a_pace_it_sends_as_fast_as_it_is_answered(server: Server) -> None:
    flood = Flood(f"http://127.0.0.1:{server.server_port}", [source(0.0)], first=100)
    flood.run(0.3)
    flood.drain(10.0)
    flood.close()

    assert len(flood.answers) == flood.sent - 100 > 2
    assert flood.held_back == {"till": 0}
