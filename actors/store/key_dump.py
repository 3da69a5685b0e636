"""Key dump: the store's keys that are no shard's own, read and written whatever their type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import redis

from actors.store import keys
from actors.store.errors import translated

Dumped = tuple[bytes, str, Any]
"""A key, its type, and its value as plain lists, bytes and numbers."""

_SCAN_COUNT: Final = 1000
_CHUNK: Final = 10_000


def dump_keys(client: redis.Redis, scope: str) -> Iterator[Dumped]:
    """Yield the keys of a season and those of the whole system, ascending.

    A shard's own keys (they carry its number in braces) are left out: its log is kept by
    itself, and everything else of a shard is rebuilt from it.
    """
    asked: Any = client
    with translated("list the keys"):
        found = sorted(set(asked.scan_iter(match=keys.EVERY, count=_SCAN_COUNT)))
    for key in found:
        name = key.decode(errors="replace")
        if not keys.is_of_shard(name) and keys.belongs(name, scope):
            with translated(f"read {name}"):
                kind = asked.type(key).decode()
                value = _read(asked, key, kind)
            if value is not None:
                yield key, kind, value


def restore_key(client: redis.Redis, dumped: Dumped) -> None:
    """Write a key as it was dumped, in place of what is there."""
    key, kind, value = dumped
    with translated(f"write {key.decode(errors='replace')}"), client.pipeline() as pipe:
        pipe.delete(key)
        if kind == "string":
            pipe.set(key, value)
        elif kind == "stream":
            for entry_id, fields in value:
                pipe.xadd(
                    key,
                    {fields[at]: fields[at + 1] for at in range(0, len(fields), 2)},
                    id=entry_id,
                )
        else:
            _write_many(pipe, key, kind, value)
        pipe.execute()


def _read(client: Any, key: bytes, kind: str) -> Any:
    """Read a value; None when the key went meanwhile."""
    answer: Any = None
    if kind == "string":
        answer = client.get(key)
    elif kind == "hash":
        answer = [part for pair in client.hgetall(key).items() for part in pair]
    elif kind == "zset":
        pairs = client.zrange(key, 0, -1, withscores=True)
        answer = [part for member, score in pairs for part in (score, member)]
    elif kind == "list":
        answer = client.lrange(key, 0, -1)
    elif kind == "set":
        answer = sorted(client.smembers(key))
    elif kind == "stream":
        found = client.xrange(key)
        answer = [
            [entry, [part for pair in fields.items() for part in pair]] for entry, fields in found
        ]
    elif kind != "none":
        raise ValueError(f"key {key!r} is a {kind}: only Redis's own types can be kept")
    return answer


def _write_many(pipe: Any, key: bytes, kind: str, value: list[Any]) -> None:
    command = {"hash": "HSET", "zset": "ZADD", "list": "RPUSH", "set": "SADD"}[kind]
    for first in range(0, len(value), _CHUNK):
        pipe.execute_command(command, key, *value[first : first + _CHUNK])
