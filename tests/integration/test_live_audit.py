"""The audit trail of a live system: every admin act, every refusal, and a store that is away."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from actors.gateway.auth import sign_token
from tests.integration.live_fixtures import Live, purchase, ray_session, start_system, stop
from tests.patience import looks

__all__ = ["ray_session"]


@pytest.fixture(scope="module")
def live(ray_session: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:  # noqa: ARG001  Ray has to be up
    system = start_system(tmp_path_factory.mktemp("audit"), shards=1)
    yield system
    stop(system)


def entries(live: Live, **parameters: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = live.get("/v1/audit", **parameters)["entries"]
    return found


def test_keys_are_made_and_revoked_on_record(live: Live) -> None:
    made = live.http.post("/v1/keys", json={"role": "till", "label": "pump 4"}).json()
    assert live.http.delete(f"/v1/keys/{made['id']}").status_code == httpx.codes.OK
    assert live.http.delete("/v1/keys/ffffffffffff").status_code == httpx.codes.NOT_FOUND
    wrong, revoked, created = entries(live, act="key", limit=3)
    assert (created["act"], created["outcome"], created["role"]) == ("key.make", "done", "admin")
    assert created["object"] == made["id"]
    assert (revoked["act"], revoked["object"]) == ("key.revoke", made["id"])
    assert (wrong["outcome"], wrong["status"]) == ("refused", 404)
    assert made["key"] not in live.http.get("/v1/audit").text


def test_refused_accesses_are_on_record(live: Live) -> None:
    till, app = live.as_role("till"), live.as_role("app")
    live.post(purchase(1, "m-1", 1))
    unknown = {"Authorization": "Bearer fc_admin_guess"}
    token = {"X-Member-Token": sign_token("m-2", live.keys["app.secret"], int(time.time()) + 60)}
    refused = (
        ("/v1/keys", unknown, 401),
        ("/v1/keys", till, 403),
        ("/v1/members/m-1", app | token, 403),
    )
    for path, headers, status in refused:
        assert live.http.get(path, headers=headers).status_code == status
    ends_s = time.monotonic() + 30  # refusals are written behind the answers
    while len(found := entries(live, act="refused", limit=3)) < len(refused):
        assert time.monotonic() < ends_s, found
        time.sleep(0.05)
    by_role = {one["role"]: one for one in found}
    assert {role: (one["object"], one["act"]) for role, one in by_role.items()} == {
        "app": ("GET /v1/members/m-1", "refused.not-allowed"),
        "till": ("GET /v1/keys", "refused.not-allowed"),
        "": ("GET /v1/keys", "refused.no-key"),
    }
    assert by_role["app"]["key"] == live.keys["app.id"]
    assert by_role["till"]["key"] == live.keys["till.id"]
    assert "fc_admin_guess" not in str(found)


def test_a_flood_of_refusals_is_counted(live: Live) -> None:
    headers = {"Authorization": "Bearer flood"}
    for _ in range(50):
        assert live.http.get("/v1/season", headers=headers).status_code == 401
    for look in looks(20, "50 refusals to be counted"):
        flood = [one for one in entries(live, act="refused") if "season" in one["object"]]
        if sum(one["times"] for one in flood) == 50:
            break
        look.saw = flood
    assert len(flood) < 50


def test_acts_among_events_are_counted_by_request(live: Live) -> None:
    at = purchase(0, "", 5)["at"]
    events = [
        {"event_id": f"adj-{n}", "type": "adjust", "member": f"m-{n}", "points": 5, "at": at}
        for n in range(3)
    ]
    events.append({"event_id": "dq-1", "type": "disqualify", "member": "m-1", "at": at})
    live.post(events)
    by_word = {one["act"]: one for one in entries(live, act="event")}
    assert by_word["event.adjust"]["events"] == 3
    assert by_word["event.adjust"]["object"] == "3 members"
    assert by_word["event.disqualify"]["object"] == "m-1"
    count = len(entries(live))
    live.post([purchase(50 + n, "m-1", 6) for n in range(5)])
    assert len(entries(live)) == count


def test_a_look_at_personal_data_and_an_erasure_are_on_record(live: Live) -> None:
    event = purchase(90, "gone-1", 7)
    live.post(event)
    live.get("/v1/members/gone-1/profile")
    live.get("/v1/members/gone-1/export")
    assert live.http.delete("/v1/members/gone-1").status_code == httpx.codes.OK
    found = [(one["act"], one["object"]) for one in entries(live, act="member", limit=3)]
    assert found == [
        ("member.erase", "gone-1"),
        ("member.export", "gone-1"),
        ("member.profile", "gone-1"),
    ]


def test_only_an_admin_reads_it(live: Live) -> None:
    for role in ("till", "app", "analyst"):
        answer = live.http.get("/v1/audit", headers=live.as_role(role))
        assert answer.status_code == httpx.codes.FORBIDDEN
    assert live.http.get("/v1/audit", params={"before": "soon"}).status_code == 422
    first, second = entries(live, limit=1), entries(live, limit=2)
    assert entries(live, limit=1, before=first[0]["id"]) == second[1:]


@pytest.mark.long
def test_without_the_store_acts_fail_clearly_and_reads_go_on(live: Live) -> None:
    """The server hangs: nothing is written down, so nothing is done; boards are read on."""
    server = live.system.server
    assert server is not None
    assert server.pid is not None
    live.post(purchase(9_000, "m-1", 0))  # the season is open, whichever tests ran before
    live.get("/v1/standings/overall")
    os.kill(server.pid, signal.SIGSTOP)
    try:
        with ThreadPoolExecutor(1) as pool:
            sent = pool.submit(lambda: live.http.post("/v1/season/close"))
            assert live.http.get("/v1/standings/overall").status_code == httpx.codes.OK
            answer = sent.result()
        assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
        assert "audit trail" in answer.json()["detail"]
        unknown = {"Authorization": f"Bearer {'x' * 20}"}
        assert live.http.get("/v1/season", headers=unknown).status_code in (401, 503)
    finally:
        os.kill(server.pid, signal.SIGCONT)
    assert live.get("/v1/season")["phase"] == "open"
