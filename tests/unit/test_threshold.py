"""Threshold: what fails behind it is answered, on a real server, and the connection stays."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from actors.gateway import problems
from actors.gateway.front_door import FrontDoor
from actors.gateway.request_log import RequestLog
from actors.gateway.tally import Tally
from actors.gateway.threshold import Threshold


class OpenGate:
    """Lets everything in."""

    def admit(self, _scope: Scope) -> tuple[dict[bytes, bytes], int]:
        """Find nothing to refuse."""
        return {}, 0

    def count(self, _scope: Scope, _status: int) -> None:
        """Count nothing: nothing is refused."""


def framework() -> FastAPI:
    """Build an application that fails before, within and after an answer, and one that doesn't."""
    app = FastAPI()
    problems.install(app)

    @app.get("/broken")
    async def broken() -> None:
        raise ZeroDivisionError

    @app.get("/half")
    async def half() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"half"
            raise ZeroDivisionError

        return StreamingResponse(parts(), headers={"content-length": "8"})

    @app.get("/fine")
    async def fine() -> str:
        return "fine"

    return app


@pytest.fixture
def served() -> Iterator[tuple[http.client.HTTPConnection, Tally]]:
    """Give a connection to a real server, and what was counted behind its door."""
    tally, app = Tally(), framework()

    async def outer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/bare":
            raise ZeroDivisionError  # past everything that the framework has for errors
        await app(scope, receive, send)

    threshold = Threshold(outer, OpenGate(), RequestLog(tally, False), ())
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(threshold, http=FrontDoor, lifespan="off", log_config=None)
    )
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])))
    thread.start()
    connection = http.client.HTTPConnection("127.0.0.1", listening.getsockname()[1], timeout=30)
    yield connection, tally
    connection.close()
    server.should_exit = True
    thread.join(30)
    listening.close()


def asked(connection: http.client.HTTPConnection, path: str) -> tuple[int, dict[str, str], bytes]:
    """Ask over a connection."""
    connection.request("GET", path)
    answer = connection.getresponse()
    headers = {name.lower(): value for name, value in answer.getheaders()}
    return answer.status, headers, answer.read()


def test_a_request_that_failed_is_answered_and_its_connection_serves_the_next(
    served: tuple[http.client.HTTPConnection, Tally],
) -> None:
    connection, tally = served
    connection.connect()
    first = connection.sock
    for path in ("/broken", "/bare", "/broken", "/fine"):
        status, headers, body = asked(connection, path)
        assert headers["x-request-id"]
        if path == "/fine":
            assert (status, json.loads(body)) == (200, "fine")
            continue
        assert status == 500
        assert headers["content-type"] == "application/problem+json"
        assert "connection" not in headers
        assert "ZeroDivisionError" in json.loads(body)["detail"]
    assert connection.sock is first, "it never had to connect again"
    assert sum(n for (*_, status), n in tally.requests.items() if status == 500) == 3


def test_an_answer_that_broke_off_ends_its_connection(
    served: tuple[http.client.HTTPConnection, Tally],
) -> None:
    connection, _ = served
    with pytest.raises(http.client.IncompleteRead):
        asked(connection, "/half")
