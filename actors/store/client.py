"""Connection to the Redis or Valkey server that holds the store."""

from __future__ import annotations

import re
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from actors.store.errors import ServerUnsuitable, translated
from actors.store.replicated import is_replicated, open_replicated

ANSWER_WITHIN_S = 5.0
CONNECT_WITHIN_S = 2.0
REDIS_MAJOR_MIN = 7
VALKEY_MAJOR_MIN = 8

_PASSWORD = re.compile(r"(?<=//)([^:/@]*):.*@|(?<=[?&])(password=)[^&]*")


def connect(
    url: str,
    *,
    answer_within_s: float = ANSWER_WITHIN_S,
    connect_within_s: float = CONNECT_WITHIN_S,
    name: str = "forecourt",
) -> redis.Redis:
    """Open a client for the server at a URL; nothing is sent before the first command.

    `redis://`, `rediss://` (TLS) and `unix://` are understood; an ACL user and password stand
    before the host (`rediss://user:password@host:6380/0`), TLS files in the query
    (`?ssl_ca_certs=…`); `actors.store.replicated` has those for several servers. Answers stay
    bytes. A command is never repeated behind the caller's back: the client cannot know whether a
    write that got no answer was carried out.

    Args:
        url: where the server is.
        answer_within_s: seconds to wait for an answer before `StoreUnavailable`.
        connect_within_s: seconds to wait for a connection.
        name: what `CLIENT LIST` shows for this connection.

    Raises:
        ValueError: when the URL is not one of a Redis server.
    """
    options: dict[str, Any] = {
        "socket_timeout": answer_within_s,
        "socket_connect_timeout": connect_within_s,
        "retry": Retry(NoBackoff(), 0),
        "client_name": name,
        # RESP2 is what every server from 7 on speaks without a handshake.
        "protocol": 2,
    }
    try:
        if is_replicated(url):
            with translated("find the servers of the store"):
                return open_replicated(url, **options)
        client: redis.Redis = redis.Redis.from_url(url, **options)
    except ValueError as error:
        raise ValueError(
            f"Redis URL {without_password(url)!r}: {error}; "
            "give redis://host:6379/0, rediss://user:password@host:6380/0 or unix:///path"
        ) from error
    return client


def without_password(url: str) -> str:
    """Blank the password of a URL, for messages and logs.

    >>> without_password("rediss://till:s3cret@db.example:6380/0")
    'rediss://till:…@db.example:6380/0'
    >>> without_password("redis://:a/b@c:d@h/0?db=1&password=s3cret&ssl_ca_certs=f")
    'redis://:…@h/0?db=1&password=…&ssl_ca_certs=f'
    """
    return _PASSWORD.sub(_blanked, url)


def _blanked(found: re.Match[str]) -> str:
    return f"{found[2]}…" if found[2] else f"{found[1]}:…@"


def check_server(client: redis.Redis) -> list[str]:
    """Refuse a server that is too old and tell what makes it a risk as the log's home.

    Returns:
        Warnings, each a sentence with its fix; none when the server keeps every
        acknowledged write.

    Raises:
        ServerUnsuitable: for Redis below 7 or Valkey below 8, or a refused user.
        StoreUnavailable: when the server does not answer.
    """
    with translated("ask the server for its version"):
        told: dict[str, Any] = client.info("server", "persistence", "memory")
    _refuse_old(told)
    warnings = []
    if not int(told.get("aof_enabled", 0)):
        warnings.append(
            "the server keeps no append-only file: a power cut loses acknowledged events; "
            "set appendonly yes and appendfsync always"
        )
    else:
        fsync = _setting(client, "appendfsync")
        if fsync not in ("always", None):
            warnings.append(
                f"appendfsync = {fsync}: a power cut loses about a second of acknowledged "
                "events; set appendfsync always"
            )
    policy = told.get("maxmemory_policy", "noeviction")
    if int(told.get("maxmemory", 0)) and policy != "noeviction":
        warnings.append(
            f"maxmemory-policy = {policy}: a full server would drop boards or the log; "
            "set maxmemory-policy noeviction"
        )
    return warnings


def _refuse_old(told: dict[str, Any]) -> None:
    """Raise `ServerUnsuitable` when the `INFO server` answer shows too old a server."""
    if "valkey_version" in told:
        kind, version, major_min = "Valkey", str(told["valkey_version"]), VALKEY_MAJOR_MIN
    else:
        kind, version, major_min = "Redis", str(told.get("redis_version", "0")), REDIS_MAJOR_MIN
    if int(version.split(".")[0]) < major_min:
        raise ServerUnsuitable(
            f"{kind} {version} is too old: use Redis ≥ {REDIS_MAJOR_MIN} or "
            f"Valkey ≥ {VALKEY_MAJOR_MIN}, or leave --redis-url out for the embedded server"
        )


def _setting(client: redis.Redis, name: str) -> str | None:
    """Read one server setting; None where hosted servers hide it."""
    try:
        with translated(f"read the server's {name}"):
            found: Any = client.config_get(name)
    except (ServerUnsuitable, redis.ResponseError):
        return None
    value = found.get(name)
    return None if value is None else str(value)
