import json

import pytest
import redis

from actors.store import keys
from actors.store.api_keys import ApiKeys, NotRotated, Role
from actors.store.client import connect
from actors.store.errors import StoreUnavailable
from actors.store.server import EmbeddedServer

NOW_US = 1_790_000_000_000_000


def test_a_key_is_shown_once_and_gives_its_role(client: redis.Redis) -> None:
    kept = ApiKeys(client)
    made = [kept.create(role, NOW_US + place, "网点") for place, role in enumerate(Role)]
    assert [key.role for _, key in made] == list(Role)
    assert [kept.verify(token) for token, _ in made] == list(Role)
    assert kept.listed() == [key for _, key in made]
    stored = str(client.hgetall(keys.api_keys()))
    for token, _ in made:
        assert token.split("_", 2)[2] not in stored
    assert len({token for token, _ in made}) == 4


@pytest.mark.parametrize("token", ["", "x", "fc_admin_", "王" * 50, "a" * 100_000, "\ud800"])
def test_unknown_keys_have_no_role(client: redis.Redis, token: str) -> None:
    kept = ApiKeys(client)
    kept.create(Role.ADMIN, NOW_US)
    assert kept.verify(token) is None


def test_a_key_with_the_same_id_but_another_hash_is_refused(client: redis.Redis) -> None:
    kept = ApiKeys(client)
    token, key = kept.create(Role.TILL, NOW_US)
    stored = client.hget(keys.api_keys(), key.key_id)
    assert isinstance(stored, bytes)
    line = json.loads(stored)
    line["sha256"] = line["sha256"][:-1] + ("0" if line["sha256"][-1] != "0" else "1")
    client.hset(keys.api_keys(), key.key_id, json.dumps(line))
    assert kept.verify(token) is None


def test_a_revoked_key_stops_at_once(client: redis.Redis) -> None:
    here, elsewhere = ApiKeys(client), ApiKeys(client)
    token, key = here.create(Role.ANALYST, NOW_US)
    assert elsewhere.verify(token) is Role.ANALYST
    assert here.revoke(key.key_id)
    assert not here.revoke(key.key_id)
    assert (here.verify(token), elsewhere.verify(token)) == (None, None)
    assert here.by_digest() == {}


def test_a_rotated_key_works_until_its_overlap_ends(client: redis.Redis) -> None:
    kept = ApiKeys(client)
    old, key = kept.create(Role.TILL, NOW_US, "north", rate="100/second")
    made = kept.rotate(key.key_id, NOW_US + 5, overlap_us=1_000)
    assert made is not None
    new, listing = made
    assert (listing.role, listing.label, listing.rate) == (Role.TILL, "north", "100/second")
    assert kept.verify(old, NOW_US + 1_004) is Role.TILL
    assert kept.verify(old, NOW_US + 1_005) is None
    assert kept.verify(new, NOW_US + 10**12) is Role.TILL
    assert [(one.until_us, one.successor) for one in kept.listed()] == [
        (NOW_US + 1_005, listing.key_id),
        (None, ""),
    ]
    assert new.split("_", 2)[2] not in str(client.hgetall(keys.api_keys()))


def test_what_cannot_be_rotated_is_told_why(client: redis.Redis) -> None:
    kept = ApiKeys(client)
    assert kept.rotate("ffffffffffff", NOW_US, 0) is None
    kept.ensure_admin("first-given-key-0001", NOW_US)
    with pytest.raises(NotRotated, match="FORECOURT_ADMIN_KEY"):
        kept.rotate(kept.listed()[0].key_id, NOW_US, 0)
    _, key = kept.create(Role.TILL, NOW_US, until_us=NOW_US + 50)
    with pytest.raises(NotRotated, match="has ended"):
        kept.rotate(key.key_id, NOW_US + 50, 0)
    _, again = kept.create(Role.TILL, NOW_US)
    assert kept.rotate(again.key_id, NOW_US, 0) is not None
    with pytest.raises(NotRotated, match="rotated already"):
        kept.rotate(again.key_id, NOW_US, 0)


def test_the_last_use_of_a_key_is_listed(client: redis.Redis) -> None:
    kept = ApiKeys(client)
    _, key = kept.create(Role.TILL, NOW_US)
    assert kept.listed()[0].used_us == 0
    kept.mark_used({key.key_id: NOW_US + 7})
    assert kept.listed()[0].used_us == NOW_US + 7
    kept.revoke(key.key_id)
    assert client.hgetall(keys.api_keys_used()) == {}


def test_the_first_start_makes_one_admin_key_and_no_later_one_does(client: redis.Redis) -> None:
    token = ApiKeys(client).ensure_admin(None, NOW_US)
    assert token is not None
    assert ApiKeys(client).verify(token) is Role.ADMIN
    assert ApiKeys(client).ensure_admin(None, NOW_US) is None
    assert ApiKeys(client).ensure_admin("", NOW_US) is None
    assert len(ApiKeys(client).listed()) == 1


def test_a_given_admin_key_is_taken_and_replaces_the_one_given_before(
    client: redis.Redis,
) -> None:
    kept = ApiKeys(client)
    till, _ = kept.create(Role.TILL, NOW_US)
    first, second = "first-given-key-0001", "second-given-key-002"
    assert kept.ensure_admin(first, NOW_US) is None
    assert kept.verify(first) is Role.ADMIN
    assert kept.ensure_admin(first, NOW_US + 1) is None
    assert len(kept.listed()) == 2
    kept.ensure_admin(second, NOW_US + 2)
    assert (kept.verify(first), kept.verify(second)) == (None, Role.ADMIN)
    assert kept.verify(till) is Role.TILL
    with pytest.raises(ValueError, match="has 5 characters: give at least 16"):
        kept.ensure_admin("short", NOW_US)
    for unsendable in (
        "schlüssel-der-lang-genug-ist",
        "a key with spaces in it",
        "first-key-of-a-file\n",
    ):
        with pytest.raises(ValueError, match="characters that no header can carry"):
            kept.ensure_admin(unsendable, NOW_US)


def test_without_the_server_nobody_new_gets_in(own_server: EmbeddedServer) -> None:
    with connect(own_server.url) as client:
        kept = ApiKeys(client)
        token, _ = kept.create(Role.TILL, NOW_US)
        own_server.kill()
        with pytest.raises(StoreUnavailable):
            kept.verify(token)
        own_server.start()
        assert kept.verify(token) is Role.TILL
