"""The audit trail on real servers: order, paging, outcomes, caps, and a server that is away."""

from __future__ import annotations

import pytest
import redis

from actors.store import keys
from actors.store.audit import Act, AuditLog
from actors.store.client import connect
from actors.store.errors import StoreUnavailable
from actors.store.server import EmbeddedServer


def act(number: int, word: str = "key.make", outcome: str = "done") -> Act:
    return Act(number, "ab12", "admin", word, f"thing-{number}", outcome, {"status": 200})


def things(entries: list[dict[str, object]]) -> list[object]:
    return [entry["thing"] for entry in entries]


def test_the_newest_come_first_and_pages_go_on(client: redis.Redis) -> None:
    trail = AuditLog(client, "club")
    for number in range(25):
        if number % 3:
            trail.write(act(number))
        else:
            trail.refuse(act(number, "refused.not-allowed", "refused"))
    whole = trail.read(100)
    assert sorted(things(whole), key=str) == sorted((f"thing-{n}" for n in range(25)), key=str)
    assert [entry["id"] for entry in whole if entry["id"].endswith("r")]
    paged: list[dict[str, object]] = []
    before = None
    while page := trail.read(4, before):
        paged += page
        before = str(page[-1]["id"])
    assert paged == whole
    assert trail.read(100, before) == []
    assert trail.read(100, "0-0") == []


def test_an_act_and_its_outcome_are_one_entry(client: redis.Redis) -> None:
    trail = AuditLog(client, "club")
    begun = trail.write(act(1, outcome=""))
    assert [entry["outcome"] for entry in trail.read(10)] == ["unknown"]
    trail.write(act(1), of=begun)
    [entry] = trail.read(10)
    assert entry["outcome"] == "done"
    # A page that begins between the two knows the outcome too.
    assert trail.read(10, before=entry["id"]) == []
    cut_off = trail.write(act(2, outcome=""))
    assert [one["id"] for one in trail.read(10)] == [cut_off, entry["id"]]


def test_acts_are_found_by_word_or_by_its_first_part(client: redis.Redis) -> None:
    trail = AuditLog(client, "club")
    for word in ("key.make", "key.revoke", "keys.odd", "season.close"):
        trail.write(act(0, word))
    assert len(trail.read(10, act="key")) == 2
    assert len(trail.read(10, act="key.make")) == 1
    assert trail.read(10, act="nothing") == []


def test_refusals_never_push_out_an_act(client: redis.Redis) -> None:
    trail = AuditLog(client, "club", acts_max=100, refusals_max=100)
    trail.write(act(0))
    for number in range(2_000):
        trail.refuse(act(number, "refused.no-key", "refused"))
    assert client.xlen(keys.audit_refusals("club")) < 500
    assert things(trail.read(1_000, act="key")) == ["thing-0"]


def test_an_id_that_is_none_is_refused(client: redis.Redis) -> None:
    with pytest.raises(ValueError, match="no id"):
        AuditLog(client, "club").read(10, before="soon")


def test_a_server_that_is_away_is_said(own_server: EmbeddedServer) -> None:
    with connect(own_server.url) as client:
        trail = AuditLog(client, "club")
        own_server.stop()
        for call in (lambda: trail.write(act(1)), lambda: trail.read(1)):
            with pytest.raises(StoreUnavailable, match="audit trail"):
                call()
