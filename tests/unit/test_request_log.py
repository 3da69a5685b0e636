"""Request ids, what is counted, and what a line of the log says and never says."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actors.gateway.request_log import RequestLog, route_of
from actors.gateway.tally import Tally
from actors.gateway.threshold import Threshold
from actors.log_lines import JsonLines, log_to
from rules.judging.results import REASON_CODES, STATUSES

Messages = list[dict[str, Any]]


class Route:
    """What the router leaves in the scope."""

    path = "/v1/members/{member:path}"


class Open:
    """A gate that lets everything in."""

    def admit(self, scope: Any) -> tuple[dict[bytes, bytes], int]:
        del scope
        return {}, 0

    def count(self, scope: Any, status: int) -> None:
        del scope, status


ROUTE = "/v1/members/{member}"


def answered(
    tally: Tally, status: int, *headers: tuple[bytes, bytes], every: bool = True
) -> Messages:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        del receive
        scope["route"] = Route()
        await send({"type": "http.response.start", "status": status, "headers": [(b"a", b"b")]})
        await send({"type": "http.response.body", "body": b""})

    sent: Messages = []

    async def main() -> None:
        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> Any:
            return {"type": "http.disconnect"}

        path = "/v1/members/m-secret"
        scope = {"type": "http", "method": "GET", "path": path, "headers": list(headers)}
        await Threshold(app, Open(), RequestLog(tally, every), ())(scope, receive, send)

    asyncio.run(main())
    return sent


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        (b"till-7.42", True),
        (b"a" * 64, True),
        (b"a" * 65, False),
        (b"", False),
        (b"two words", False),
        (b"x\r\nset-cookie: a", False),
        ("späť".encode(), False),
    ],
)
def test_a_sane_request_id_comes_back_and_another_is_replaced(given: bytes, taken: bool) -> None:
    [start, _] = answered(Tally(), 200, (b"x-request-id", given))
    [found] = [value for name, value in start["headers"] if name == b"x-request-id"]
    assert (found == given) is taken
    assert len(found) == (len(given) if taken else 16)
    assert (b"a", b"b") in start["headers"]


def test_lines_name_routes_and_never_paths(caplog: pytest.LogCaptureFixture) -> None:
    tally = Tally()
    with caplog.at_level(logging.INFO):
        answered(tally, 404, (b"authorization", b"Bearer secret"))
    [record] = caplog.records
    line = json.loads(JsonLines("gateway").format(record))
    assert line["route"] == ROUTE
    assert (line["status"], line["actor"], line["level"]) == (404, "gateway", "info")
    assert line["took_ms"] >= 0
    assert "secret" not in json.dumps(line)
    assert tally.requests == {("GET", ROUTE, 404): 1}
    assert sum(tally.seconds[ROUTE].counts) == 1


def test_plain_routes_are_named_by_their_path_and_unknown_paths_by_none() -> None:
    scope = {"type": "http", "method": "POST", "headers": []}
    assert route_of(scope | {"path": "/v1/events"}) == "/v1/events"
    assert route_of(scope | {"path": "/v1/events/m-secret"}) == "unmatched"


def test_plain_logs_have_lines_for_failures_only(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        answered(Tally(), 200, every=False)
        answered(Tally(), 503, every=False)
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_events_are_counted_alone_and_in_bulk() -> None:
    tally = Tally()
    applied, rejected = STATUSES.index("applied"), STATUSES.index("rejected")
    late = REASON_CODES["too_late"]
    tally.events(np.array([applied], np.uint8), np.zeros(1, np.uint8))
    tally.events(
        np.array([applied, rejected, rejected], np.uint8), np.array([0, late, late], np.uint8)
    )
    assert tally.events_by() == {("applied", ""): 2, ("rejected", "too_late"): 2}
    assert tally.events_total() == 4
    tally.request("BREW", "unmatched", 405)
    assert tally.requests == {("other", "unmatched", 405): 1}


def test_a_log_of_json_lines_keeps_a_traceback_in_one(tmp_path: Path) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    path = tmp_path / "logs" / "member-0.log"
    try:
        log_to(path, "member-0", "json")
        try:
            raise ValueError("line one\nline two")
        except ValueError:
            logging.getLogger("actors.somewhere").exception("it failed\nbadly")
        logging.info("plain words %d", 7, extra={"fields": {"shard": 0}})
    finally:
        for handler in root.handlers:
            handler.close()
        root.handlers[:] = before
        root.setLevel(level)
    failed, said = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    assert failed["said"] == "it failed\nbadly"
    assert "line two" in failed["error"]
    assert (said["said"], said["shard"], said["actor"]) == ("plain words 7", 0, "member-0")
