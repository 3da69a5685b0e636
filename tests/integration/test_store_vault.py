"""The vault against real servers: equal tokens, no clear value, and nothing left of the erased."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import redis

from actors.store import keys
from actors.store.client import connect
from actors.store.errors import StoreUnavailable
from actors.store.key_dump import dump_keys, restore_key
from actors.store.server import EmbeddedServer
from actors.store.vault import Value, Vault
from rules.season.personal import is_token

SECRET = b"a secret of the installation"
PHONE = Value("m-1", "phone", "13800138000", "+86 138-0013-8000")
NAME = Value("m-1", "name", "王小明", "王小明")
PLATE = Value("m-1", "plate", "粤B12345", None)


def everything(client: redis.Redis) -> bytes:
    """Read every key and value there is as bytes."""
    parts: list[Any] = []
    for key in client.scan_iter():
        parts.append(key)
        kind = client.type(key)
        if kind == b"hash":
            parts += [part for pair in client.hgetall(key).items() for part in pair]
        elif kind == b"zset":
            parts += client.zrange(key, 0, -1)
    return b"\n".join(parts)


def bytes_under(folder: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_equal_values_have_equal_tokens(client: redis.Redis) -> None:
    vault = Vault(client, "club", SECRET)
    [first, name, plate] = vault.seal([PHONE, NAME, PLATE])
    assert all(is_token(sealed.token) and sealed.new for sealed in (first, name, plate))
    [again] = vault.seal([PHONE])
    assert again.token == first.token
    assert not again.new
    [other] = vault.seal([PHONE._replace(member="m-2")])
    assert other.token == first.token
    assert other.new
    [email] = vault.seal([Value("m-1", "email", "13800138000", None)])
    assert email.token != first.token
    assert Vault(client, "club", b"another").token_of("phone", "13800138000") is None


def test_values_open_and_are_found(client: redis.Redis) -> None:
    vault = Vault(client, "club", SECRET)
    phone, name, plate = (one.token for one in vault.seal([PHONE, NAME, PLATE]))
    assert vault.opened("m-1") == {
        phone: ("phone", "+86 138-0013-8000"),
        name: ("name", "王小明"),
        plate: None,
    }
    assert vault.token_of("phone", "13800138000") == phone
    assert vault.token_of("phone", "13800138001") is None
    vault.seal([PHONE._replace(member="m-10")])
    assert vault.holders(phone) == ["m-1", "m-10"]
    assert vault.opened("nobody") == {}


def test_no_value_lies_in_clear(client: redis.Redis) -> None:
    Vault(client, "club", SECRET).seal([PHONE, NAME, PLATE])
    held = everything(client)
    escaped = json.dumps("王小明").strip('"').encode()
    for clear in ("13800138000", "138-0013", "王小明", "粤B12345"):
        assert clear.encode() not in held
    assert escaped not in held


def test_the_key_of_one_member_opens_nothing_of_another(client: redis.Redis) -> None:
    vault = Vault(client, "club", SECRET)
    vault.seal([NAME, NAME._replace(member="m-2")])
    values, held = keys.vault("club", "values"), keys.vault("club", "keys")
    client.hset(values, "m-2", client.hget(values, "m-1") or b"")
    client.hset(held, "m-2", client.hget(held, "m-1") or b"")
    with pytest.raises(StoreUnavailable, match="does not open"):
        vault.opened("m-2")


def test_a_forgotten_member_leaves_what_others_hold(client: redis.Redis) -> None:
    vault = Vault(client, "club", SECRET)
    [phone, name] = (one.token for one in vault.seal([PHONE, NAME]))
    vault.seal([NAME._replace(member="m-2")])
    assert vault.forget(["m-1"]) == 2
    assert vault.forget(["m-1"]) == 0
    assert vault.opened("m-1") == {}
    assert vault.token_of("phone", "13800138000") is None
    assert vault.token_of("name", "王小明") == name
    assert vault.holders(name) == ["m-2"]
    assert phone.encode() not in everything(client)
    # Who comes back is someone new.
    assert vault.seal([PHONE])[0].token != phone


def test_a_refused_value_is_let_go_of(client: redis.Redis) -> None:
    vault = Vault(client, "club", SECRET)
    [phone, name] = (one.token for one in vault.seal([PHONE, NAME]))
    assert vault.release([("m-1", phone)]) == 1
    assert list(vault.opened("m-1")) == [name]
    assert vault.token_of("phone", "13800138000") is None
    vault.release([("m-1", name)])
    assert client.hlen(keys.vault("club", "values")) == 0
    assert client.hlen(keys.vault("club", "keys")) == 0


def test_a_backup_of_the_keys_has_the_vault(client: redis.Redis) -> None:
    vault = Vault(client, "club", SECRET)
    [phone] = (one.token for one in vault.seal([PHONE]))
    dumped = list(dump_keys(client, "club"))
    client.flushall()
    for entry in dumped:
        restore_key(client, entry)
    assert vault.opened("m-1") == {phone: ("phone", "+86 138-0013-8000")}
    assert vault.holders(phone) == ["m-1"]


def test_many_values_at_once(client: redis.Redis) -> None:
    vault = Vault(client, "club", SECRET)
    values = [Value(f"m-{n % 4000}", "phone", f"p{n}", f"p{n}") for n in range(12_000)]
    sealed = vault.seal(values)
    assert len({one.token for one in sealed}) == 12_000
    assert [one.token for one in vault.seal(values)] == [one.token for one in sealed]
    assert {given for _, given in filter(None, vault.opened("m-7").values())} == {
        "p7",
        "p4007",
        "p8007",
    }


def test_after_cleansing_no_file_has_what_was_forgotten(
    own_server: EmbeddedServer, tmp_path: Path
) -> None:
    with connect(own_server.url, answer_within_s=30.0) as client:
        vault = Vault(client, "club", SECRET)
        [phone] = (one.token for one in vault.seal([PHONE]))
        [key] = client.hvals(keys.vault("club", "keys"))
        secret = json.loads(key)[phone].encode()
        assert secret in bytes_under(tmp_path)
        assert not vault.unclean()
        vault.forget(["m-1"])
        assert vault.unclean()
        assert vault.cleanse()
        assert not vault.unclean()
        left = bytes_under(tmp_path)
        assert secret not in left
        assert phone.encode() not in left


def test_a_server_that_is_away_is_said(own_server: EmbeddedServer) -> None:
    with connect(own_server.url) as client:
        vault = Vault(client, "club", SECRET)
        vault.seal([PHONE])
        own_server.stop()
        for call in (
            lambda: vault.seal([PHONE]),
            lambda: vault.forget(["m-1"]),
            lambda: vault.opened("m-1"),
            vault.unclean,
            vault.cleanse,
        ):
            with pytest.raises(StoreUnavailable):
                call()
