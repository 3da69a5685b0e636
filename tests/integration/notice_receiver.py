"""A receiver of notices as a partner would write it: real HTTP, it checks every signature."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "a-secret-of-the-tests"


@dataclass
class Receiver:
    """What was posted: every id as it came, and the letters of those that were taken."""

    url: str = ""
    ids: list[str] = field(default_factory=list)
    letters: list[dict[str, Any]] = field(default_factory=list)
    forged: int = 0
    answer: Callable[[dict[str, Any]], int] = lambda _: 204
    came: threading.Condition = field(default_factory=threading.Condition)

    def wait_for(self, done: Callable[[], bool], within_s: float = 60.0) -> None:
        """Wait until posts that came make something true."""
        with self.came:
            assert self.came.wait_for(done, within_s), (self.ids, self.letters)

    def take(self, headers: dict[str, str], body: bytes) -> int:
        """Check and take one post; returns the answer's code."""
        signed = headers["Forecourt-Timestamp"].encode() + b"." + body
        wanted = "v1=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        letter = json.loads(body)
        with self.came:
            self.ids.append(headers["Idempotency-Key"])
            if not hmac.compare_digest(wanted, headers["Forecourt-Signature"]):
                self.forged += 1
                code = 401
            else:
                code = self.answer(letter)
                if code < 300:
                    self.letters.append(letter)
            self.came.notify_all()
        return code


@contextmanager
def receiving(port: int = 0) -> Iterator[Receiver]:
    """Run a receiver on a port of its own."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            code = receiver.take(dict(self.headers.items()), body)
            self.send_response(code)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_port}/notices"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
