"""The HTTP protocol's own limits, on a real server with short times."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import uvicorn

from actors.gateway import front_door
from actors.gateway.front_door import FrontDoor, send_whole, sweep_connections

Heard = list[tuple[int, str]]


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answer with how many bytes came; `/early` answers before they do, `/large` with 50 MB.

    `/whole` answers in one piece.
    """
    size, more = 0, scope["path"] != "/early"
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message["body"])
        more = message["more_body"]
    body = b"x" * 50_000_000 if scope["path"] == "/large" else str(size).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    if scope["path"] == "/whole":
        await send_whole(scope, send, 200, headers, body)
        return
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, Heard]]:
    """The port of a server with this door, and what was refused at it."""
    for name, value in (
        ("HEAD_WITHIN_S", 0.5),
        ("BODY_PAUSE_S", 0.5),
        ("BODY_WITHIN_S", 1.5),
        ("ANSWER_PAUSE_S", 0.5),
        ("SWEEP_S", 0.05),
        ("UNREAD_BYTES_MAX", 1_000_000),
    ):
        monkeypatch.setattr(front_door, name, value)
    heard: Heard = []

    class Door(FrontDoor):
        connections_max = 6
        tell = staticmethod(lambda status, address: heard.append((status, address)))

    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        application,
        http=Door,
        lifespan="off",
        log_config=None,
        date_header=False,
        server_header=False,
        headers=[("x-every", "answer")],
    )
    server = uvicorn.Server(config)

    async def run() -> None:
        sweeping = asyncio.create_task(sweep_connections(server.server_state.connections))
        await server.serve([listening])
        sweeping.cancel()

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    yield int(listening.getsockname()[1]), heard
    server.should_exit = True
    thread.join(30)
    listening.close()


def opened(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), 30)


def rest_of(wire: socket.socket) -> bytes:
    """Read until the other side closes."""
    got = b""
    with suppress(ConnectionError):
        while part := wire.recv(65_536):
            got += part
    wire.close()
    return got


def status_of(answer: bytes) -> int:
    head, _, body = answer.partition(b"\r\n\r\n")
    status = int(head.split()[1])
    if status >= 400:
        assert b"content-type: application/problem+json" in head
        assert json.loads(body)["status"] == status
    return status


def test_whoever_is_too_slow_is_told_and_cut_off(door: tuple[int, Heard]) -> None:
    port, heard = door
    silent, head, body = opened(port), opened(port), opened(port)
    head.sendall(b"GET / HTTP/1.1\r\nHost: h\r\nX-Slow:")
    body.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n1234")
    assert [status_of(rest_of(wire)) for wire in (silent, head, body)] == [408, 408, 408]
    assert heard == [(408, "127.0.0.1")] * 3


def test_what_is_refused_at_the_door_has_an_id_too(door: tuple[int, Heard]) -> None:
    port, _ = door
    wires = [opened(port), opened(port)]
    for wire in wires:
        wire.sendall(b"BREW / HTTP/3.0\r\n\r\n")
    answers = [rest_of(wire) for wire in wires]
    assert [status_of(answer) for answer in answers] == [400, 400]
    ids = {answer.lower().split(b"\r\nx-request-id: ")[1].split(b"\r\n")[0] for answer in answers}
    assert len(ids) == 2


def test_a_body_that_drips_is_cut_off_too(door: tuple[int, Heard]) -> None:
    port, _ = door
    wire = opened(port)
    wire.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
    wire.settimeout(0.05)
    got = b""
    with suppress(ConnectionError):
        while b"\r\n\r\n" not in got:
            wire.sendall(b"1\r\nx\r\n")
            with suppress(TimeoutError):
                got += wire.recv(65_536)
    wire.close()
    assert got.startswith(b"HTTP/1.1 408 ")


def test_headers_without_an_end_are_cut_off(door: tuple[int, Heard]) -> None:
    port, _ = door
    for start in (b"GET / HTTP/1.1\r\nX-Endless: ", b"GET /"):
        wire = opened(port)
        wire.sendall(start)
        with suppress(ConnectionError):
            for _ in range(100):
                wire.sendall(b"x" * 4_096)
        answer = rest_of(wire)
        # Bytes still on their way when it closed may have cost us the answer.
        assert not answer or status_of(answer) in (414, 431)


def test_a_kept_connection_takes_large_bodies_one_after_another(door: tuple[int, Heard]) -> None:
    port, heard = door
    wire = opened(port)
    for size in (3_000_000, 10, 3_000_000):
        wire.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % size)
        wire.sendall(b"x" * size)
        got = b""
        while not got.endswith(str(size).encode()):
            part = wire.recv(65_536)
            assert part, got
            got += part
    wire.close()
    assert heard == []


def test_answers_in_one_piece_keep_a_connection_or_close_it(door: tuple[int, Heard]) -> None:
    port, heard = door
    asked = b"POST /whole HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
    wire = opened(port)
    wire.sendall(asked + asked.replace(b"Host: h", b"Host: h\r\nConnection: close"))
    told = b"HTTP/1.1 200 OK\r\nx-every: answer\r\ncontent-length: 1\r\n%b\r\n3"
    assert rest_of(wire) == told % b"" + told % b"connection: close\r\n"
    wire = opened(port)
    wire.sendall(asked.replace(b"1.1", b"1.0"))
    assert rest_of(wire) == told % b"connection: close\r\n"
    assert heard == []


def test_connections_beyond_the_limit_are_told_so(door: tuple[int, Heard]) -> None:
    port, heard = door
    held = [opened(port) for _ in range(6)]
    answer = rest_of(opened(port))
    assert status_of(answer) == 503
    assert b"retry-after: 1\r\n" in answer
    assert heard[0] == (503, "127.0.0.1")
    for wire in held:
        wire.close()


def test_the_rest_of_a_refused_body_is_read_only_so_far(door: tuple[int, Heard]) -> None:
    port, _ = door
    wire = opened(port)
    wire.sendall(b"POST /early HTTP/1.1\r\nHost: h\r\nContent-Length: 90000000\r\n\r\n")
    sent = 0
    with suppress(ConnectionError):
        while sent < 80_000_000:
            sent += wire.send(b"x" * 65_536)
    wire.close()
    assert sent < 80_000_000


def test_whoever_takes_nothing_of_an_answer_is_cut_off(door: tuple[int, Heard]) -> None:
    port, _ = door
    wire = opened(port)
    wire.sendall(b"GET /large HTTP/1.1\r\nHost: h\r\n\r\n")
    other = opened(port)
    other.sendall(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    assert status_of(rest_of(other)) == 200
    # Only once it was cut off do 6 others fit beside nobody.
    while True:
        held = [opened(port) for _ in range(6)]
        last = held[-1]
        last.sendall(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        answer = rest_of(last)
        for one in held:
            one.close()
        if answer.startswith(b"HTTP/1.1 200 "):
            break
    assert len(rest_of(wire)) < 50_000_000
