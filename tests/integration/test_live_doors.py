"""Doors: no key, the wrong one, another member, a crooked request: refused and on record."""

from __future__ import annotations

import gzip
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from actors.gateway import front_door
from actors.gateway.auth import sign_company_token, sign_token
from actors.store import keys
from actors.store.client import connect
from tests.integration.live_fixtures import (
    ADMIN,
    Live,
    ndjson,
    purchase,
    ray_session,
    start_system,
    stop,
)
from tests.patience import looks

__all__ = ["ray_session"]

PROBLEM = "application/problem+json"
KEY = f"Authorization: Bearer {ADMIN}"


@pytest.fixture(scope="module")
def live(ray_session: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:  # noqa: ARG001  Ray has to be up
    system = start_system(
        tmp_path_factory.mktemp("doors"), shards=1, rates=("member=3/minute", "refused=40/minute")
    )
    yield system
    stop(system)


def raw(live: Live, *lines: str, body: bytes = b"", wait_s: float = 20.0) -> tuple[int, Any]:
    """Send bytes as they are and read the one answer: its status and its problem."""
    with socket.create_connection(("127.0.0.1", live.system.settings.port), wait_s) as wire:
        wire.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        return answer_of(wire)


def answer_of(wire: socket.socket) -> tuple[int, Any]:
    """Read one answer: its head, then as many bytes as that says."""
    got = b""
    while b"\r\n\r\n" not in got:
        part = wire.recv(65536)
        assert part, f"closed after {got!r}"
        got += part
    head, _, body = got.partition(b"\r\n\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    while len(body) < int(fields[b"content-length"]):
        part = wire.recv(65536)
        assert part, f"closed within {body!r}"
        body += part
    status = int(head.split()[1])
    if status >= 400:
        assert fields[b"content-type"] == PROBLEM.encode()
    return status, json.loads(body)


GET = ("GET /v1/season?hours=0 HTTP/1.1", "Host: h", KEY)
POST = ("POST /v1/events HTTP/1.1", "Host: h", KEY)
CROOKED: dict[str, tuple[tuple[str, ...], bytes, int]] = {
    "two keys": ((*GET, "Authorization: Bearer other"), b"", 400),
    "two member tokens": ((*GET, "X-Member-Token: a", "X-Member-Token: b"), b"", 400),
    "two lengths": ((*POST, "Content-Length: 2", "Content-Length: 3"), b"{}", 400),
    "two equal lengths": ((*POST, "Content-Length: 2", "Content-Length: 2"), b"{}", 400),
    "length and chunks": (
        (*POST, "Content-Length: 2", "Transfer-Encoding: chunked"),
        b"0\r\n\r\n",
        400,
    ),
    "two codings": ((*POST, "Transfer-Encoding: gzip, chunked"), b"0\r\n\r\n", 400),
    "odd coding": ((*POST, "Transfer-Encoding: xchunked"), b"0\r\n\r\n", 400),
    "negative length": ((*POST, "Content-Length: -1"), b"", 400),
    "signed length": ((*POST, "Content-Length: +2"), b"{}", 400),
    "no host": (("GET /v1/season HTTP/1.1", KEY), b"", 400),
    "two hosts": ((*GET, "Host: other"), b"", 400),
    "odd host": (("GET /v1/season HTTP/1.1", "Host: a b/../@", KEY), b"", 400),
    "space before colon": ((*GET, "X-Odd : 1"), b"", 400),
    "folded header": ((*GET, "X-Odd: 1", " folded"), b"", 400),
    "bare line feed": (("GET /v1/season HTTP/1.1\nX: 1", "Host: h", KEY), b"", 400),
    "no http": (("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",), b"", 400),
    "version 3": (("GET /v1/season HTTP/3.0", "Host: h", KEY), b"", 400),
    "other method": (("BREW /v1/season HTTP/1.1", "Host: h", KEY), b"", 400),
    "long path": ((f"GET /v1/{'x' * 9_000} HTTP/1.1", "Host: h", KEY), b"", 414),
    "long header": ((*GET, f"X-Long: {'x' * 33_000}"), b"", 431),
    "many headers": ((*GET, *(f"X-{n}: 1" for n in range(70))), b"", 431),
    "gzip body": (
        (*POST, "Content-Encoding: gzip", f"Content-Length: {len(gzip.compress(b'{}'))}"),
        gzip.compress(b"{}"),
        415,
    ),
    "large body announced": ((*POST, f"Content-Length: {33 << 20}"), b"", 413),
    "large other body": (
        ("POST /v1/ranks HTTP/1.1", "Host: h", KEY, f"Content-Length: {5 << 20}"),
        b"",
        413,
    ),
    "broken chunk": ((*POST, "Transfer-Encoding: chunked"), b"zz\r\n{}\r\n0\r\n\r\n", 400),
}


@pytest.mark.parametrize("case", list(CROOKED))
def test_a_crooked_request_is_refused(live: Live, case: str) -> None:
    lines, body, status = CROOKED[case]
    found, problem = raw(live, *lines, body=body)
    assert found == status, problem
    assert problem["status"] == status
    assert problem["detail"]
    assert ADMIN not in str(problem)


def test_forwarded_headers_and_any_host_change_nothing(live: Live) -> None:
    odd = ("X-Forwarded-For: 192.0.2.9", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil")
    for host in ("evil.example:80", "[::1]:8080", "127.0.0.1"):
        lines = ("GET /v1/season?hours=0 HTTP/1.1", f"Host: {host}", KEY, *odd)
        status, told = raw(live, *lines, "X-Original-URL: /v1/keys", "X-HTTP-Method-Override: PUT")
        assert status == 200
        assert told["season"] == "test-season"
    assert raw(live, "GET /v1/season HTTP/1.0", KEY)[0] == 200


def test_a_body_without_a_length_is_cut_off_at_the_limit(live: Live) -> None:
    def parts(size: int) -> Iterator[bytes]:
        for _ in range(size // 65_536):
            yield b" " * 65_536

    answer = live.http.post("/v1/events", content=parts(34 << 20))
    assert (answer.status_code, answer.headers["content-type"]) == (413, PROBLEM)
    answer = live.http.post("/v1/ranks", content=parts(5 << 20))
    assert (answer.status_code, answer.headers["content-type"]) == (413, PROBLEM)
    assert live.http.post("/v1/ranks", json={"members": ["m"]}).status_code == 200


@pytest.mark.long
def test_slow_requests_are_cut_off_and_hold_up_nobody(live: Live) -> None:
    port = live.system.settings.port
    silent = socket.create_connection(("127.0.0.1", port), 60)
    head = socket.create_connection(("127.0.0.1", port), 60)
    body = socket.create_connection(("127.0.0.1", port), 60)
    endless = socket.create_connection(("127.0.0.1", port), 60)
    head.sendall(b"GET /v1/season HTTP/1.1\r\nHost: h\r\nX-Slow: ")
    body.sendall("\r\n".join([*POST, "Content-Length: 50", "", "{"]).encode())
    endless.sendall(b"GET /v1/season HTTP/1.1\r\nX-Endless: ")
    began_s = time.monotonic()
    sent = 0
    try:
        while sent < 1 << 20:
            sent += endless.send(b"x" * 1024)
            time.sleep(0.001)
    except OSError:
        pass
    assert sent < 1 << 20
    for wire in (silent, head, body):
        assert live.http.get("/v1/season", params={"hours": 0}).status_code == 200
        status, problem = answer_of(wire)
        assert status == 408, problem
        wire.close()
    endless.close()
    assert time.monotonic() - began_s < front_door.BODY_PAUSE_S + 20


def test_keys_by_the_command_line_are_rotated_with_an_overlap(live: Live) -> None:
    def keys_command(*words: str) -> dict[str, Any]:
        command = [sys.executable, "-m", "ui.commands", "keys", *words, "--json"]
        command[1:3] = ["-c", "from ui.commands import main; main()"]
        given = ["--url", live.system.url, "--key", ADMIN]
        done = subprocess.run(
            [*command, *given], capture_output=True, text=True, check=True, timeout=60
        )
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found

    made = keys_command("create", "till", "--label", "north", "--rate", "100/second")
    new = keys_command("rotate", made["id"], "--overlap", "3s")
    assert (new["label"], new["rate"], new["replaces"]) == ("north", "100/second", made["id"])

    def status(key: str) -> int:
        headers = {"Authorization": f"Bearer {key}"}
        return live.http.get("/v1/audit", headers=headers).status_code

    # A till may not read the trail: 403 is a key that is known, 401 one that isn't.
    assert (status(made["key"]), status(new["key"])) == (403, 403)
    for _ in looks(30, "the rotated key to end"):
        if status(made["key"]) == 401:
            break
    assert status(new["key"]) == 403
    listed = {key["id"]: key for key in keys_command("list")["keys"]}
    assert listed[made["id"]]["replaced_by"] == new["id"]
    assert listed[new["id"]]["last_used"] is not None
    again = live.http.post(f"/v1/keys/{made['id']}/rotate", json={})
    assert (again.status_code, again.json()["type"]) == (409, "urn:forecourt:not-rotated")
    assert live.http.post("/v1/keys/ffffffffffff/rotate", json={}).status_code == 404
    keys_command("revoke", new["id"])
    assert status(new["key"]) == 401


def test_a_key_ends_when_it_was_told_to(live: Live) -> None:
    made = live.http.post("/v1/keys", json={"role": "analyst", "valid_s": 1}).json()
    headers = {"Authorization": f"Bearer {made['key']}"}
    for _ in looks(20, "the key to end"):
        if live.http.get("/v1/season", headers=headers).status_code == 401:
            break
    assert live.http.post("/v1/keys", json={"role": "till", "rate": "often"}).status_code == 422
    assert live.http.post("/v1/keys", json={"role": "till", "valid_s": 0}).status_code == 422


def test_a_token_is_good_for_one_member_and_one_key(live: Live) -> None:
    live.post([purchase(1, "tok-1", 1), purchase(2, "tok-2", 1)])
    first = live.http.post("/v1/keys", json={"role": "app"}).json()
    second = live.http.post("/v1/keys", json={"role": "app"}).json()
    soon, secret = int(time.time()) + 300, first["member_secret"]
    good = sign_token("tok-1", secret, soon)

    def ask(member: str, token: str, key: str = first["key"]) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {key}", "X-Member-Token": token}
        answer = live.http.get(f"/v1/members/{member}", headers=headers)
        return answer.status_code, answer.json().get("type", "").rpartition(":")[2]

    assert ask("tok-1", good)[0] == 200
    assert ask("tok-2", good)[0] == 403
    assert ask("nobody", good)[0] == 403
    assert ask("tok-1", good, second["key"]) == (401, "bad-token")
    assert ask("tok-1", sign_company_token("tok-1", secret, soon)) == (401, "bad-token")
    assert ask("tok-1", good[:-3]) == (401, "bad-token")
    assert ask("tok-1", "x" * 5_000) == (401, "bad-token")
    assert ask("tok-1", sign_token("tok-1", secret, int(time.time()) - 3_600))[1] == "token-expired"


def test_too_many_requests_are_told_when_to_come_again(live: Live) -> None:
    made = live.http.post("/v1/keys", json={"role": "analyst", "rate": "2/minute"}).json()
    headers = {"Authorization": f"Bearer {made['key']}"}
    statuses = [live.http.get("/v1/season", headers=headers).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    answer = live.http.get("/v1/season", headers=headers)
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json()["type"] == "urn:forecourt:rate-limited"
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert answer.headers["ratelimit-policy"] == "2;w=60"
    assert answer.headers["ratelimit-remaining"] == "0"
    assert live.get("/v1/season", hours=0)["season"] == "test-season"


def test_one_member_of_an_app_uses_up_only_their_own_rate(live: Live) -> None:
    app = live.as_role("app")
    soon = int(time.time()) + 300

    def ask(member: str) -> int:
        token = sign_token(member, live.keys["app.secret"], soon)
        return live.http.get(
            "/v1/season", params={"hours": 0}, headers={**app, "X-Member-Token": token}
        ).status_code

    assert [ask("busy") for _ in range(4)] == [200, 200, 200, 429]
    assert ask("calm") == 200


def test_refused_sign_ins_are_slowed_down_and_good_keys_are_not(live: Live) -> None:
    def guess(number: int) -> int:
        headers = {"Authorization": f"Bearer guess-{number}"}
        return live.http.get("/v1/season", headers=headers).status_code

    statuses = [guess(number) for number in range(60)]
    assert set(statuses) == {401, 429}
    assert statuses[-1] == 429
    assert live.http.get("/v1/season", params={"hours": 0}).status_code == 200


def test_refusals_are_on_record_without_secrets_and_cannot_fill_it(live: Live) -> None:
    client = connect(live.system.settings.redis_url)
    stream = keys.audit_refusals("test-season")

    def flood(start: int) -> None:
        with httpx.Client(base_url=live.system.url, trust_env=False) as http:
            for number in range(start, start + 150):
                http.get(f"/v1/members/x-{number}", headers={"Authorization": f"Bearer s{number}"})

    before = client.xlen(stream)
    threads = [threading.Thread(target=flood, args=(n * 1_000,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    entries = live.get("/v1/audit", act="refused", limit=1000)["entries"]
    assert client.xlen(stream) - before < 250
    assert sum(entry["times"] for entry in entries) >= 450
    words = {entry["act"] for entry in entries}
    assert {"refused.no-key", "refused.too-many", "refused.too-large"} <= words
    assert {entry["from"] for entry in entries} == {"127.0.0.1"}
    kept = str(client.xrange(stream))
    assert ADMIN not in kept
    assert "Bearer" not in kept
    client.close()


def test_what_tills_do_is_counted_in_the_trail(live: Live) -> None:
    till = live.as_role("till")
    for _ in range(5):
        live.http.post("/v1/coupons/NONE/use", json={"member": "m", "order": "o"}, headers=till)
    found = [
        entry
        for entry in live.get("/v1/audit", act="coupon", limit=50)["entries"]
        if entry["role"] == "till"
    ]
    assert sum(entry["times"] for entry in found) == 5
    assert {entry["key"] for entry in found} == {live.keys["till.id"]}


def test_everything_still_adds_up(live: Live) -> None:
    events = [purchase(1_000 + n, f"sum-{n % 7}", 10 + n) for n in range(200)]
    answer = live.http.post(
        "/v1/events", content=ndjson(events), headers={"Content-Type": "application/x-ndjson"}
    ).json()
    assert (answer["received"], answer["applied"]) == (200, 200)
