"""Replicated: a store of several servers, found through Sentinels or as a Redis Cluster.

`redis+sentinel://[user:password@]host:port,host:port/NAME` asks the Sentinels for the primary of
that name, `redis+cluster://[user:password@]host:port,host:port` spreads the shards over the
primaries of a cluster; `rediss+…` speaks TLS. With `?copies=N` an append counts only once N
replicas have it too: a failover then loses nothing that was acknowledged.
"""

from __future__ import annotations

from typing import Any, Final, cast
from urllib.parse import parse_qsl, unquote, urlsplit

import redis
from redis.backoff import NoBackoff
from redis.cluster import RedisCluster
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import MovedError
from redis.retry import Retry

untyped: Any = redis  # these classes of it carry no types
COPIES: Final = "copies"
COPIED_WITHIN_MS: Final = 2_000
CLUSTER_TRIES: Final = 3
_SCHEMES: Final = ("redis+sentinel", "rediss+sentinel", "redis+cluster", "rediss+cluster")


def is_replicated(url: str) -> bool:
    """Tell whether a URL is one of these.

    >>> is_replicated("redis+cluster://db-1:6379,db-2:6379"), is_replicated("redis://db:6379")
    (True, False)
    """
    return url.partition("://")[0] in _SCHEMES


def copies_of(url: str) -> int:
    """Give how many replicas have to hold an append, 0 without `copies`.

    >>> copies_of("redis+sentinel://a:26379/main?copies=1"), copies_of("unix:///tmp/s.sock")
    (1, 0)

    Raises:
        ValueError: it is no whole number from 0 on.
    """
    if not is_replicated(url):
        return 0
    text = dict(parse_qsl(urlsplit(url).query)).get(COPIES, "0")
    if not text.isascii() or not text.isdigit():
        raise ValueError(f"{COPIES} = {text!r}: must be a whole number, such as 1")
    return int(text)


def open_replicated(url: str, **options: Any) -> redis.Redis:
    """Open a client; options are those of redis-py's connections.

    Raises:
        ValueError: the URL names no host, or no primary where Sentinels are to be asked.
    """
    parts = urlsplit(url)
    user_part, _, host_part = parts.netloc.rpartition("@")
    hosts = [_host_and_port(text) for text in host_part.split(",") if text]
    if not hosts:
        raise ValueError(f"{parts.scheme}:// names no host: give host:port,host:port")
    given: dict[str, Any] = dict(parse_qsl(parts.query))
    given.pop(COPIES, None)
    given |= options
    user, _, password = user_part.partition(":")
    if user_part:
        given |= {"username": unquote(user) or None, "password": unquote(password)}
    if parts.scheme.startswith("rediss"):
        given["ssl"] = True
    if parts.scheme.endswith("cluster"):
        given.pop("retry", None)
        return cast(
            redis.Redis,  # it has the same commands
            RedisCluster(
                startup_nodes=[untyped.cluster.ClusterNode(host, port) for host, port in hosts],
                require_full_coverage=False,
                # Finds the new primary after a failover; what is repeated here bears repeating.
                retry=Retry(NoBackoff(), CLUSTER_TRIES),
                **given,
            ),
        )
    name = parts.path.strip("/").partition("/")[0]
    if not name:
        raise ValueError("redis+sentinel:// names no primary: give host:port,host:port/NAME")
    timeouts = {key: given[key] for key in given if key.startswith("socket_")}
    asked = untyped.Sentinel(hosts, sentinel_kwargs=timeouts, **given)
    found: redis.Redis = asked.master_for(name)
    return found


def run_copied(client: redis.Redis, key: str, called: Any, arguments: Any, copies: int) -> Any:
    """Run a script and wait until replicas have what it wrote; returns its answer.

    Both go over one connection, as the server counts the writes of a connection.

    Raises:
        redis.ConnectionError: too few replicas have it in time, or the primary is gone: whether
            it was written is unknown.
    """
    node = _node_of(client, key)
    try:
        with node.pipeline(transaction=False) as both:
            called(*arguments, client=both)
            both.wait(copies, COPIED_WITHIN_MS)
            answer, there = both.execute()
    except (Disconnected, MovedError) as error:
        _look_again(client)
        raise Disconnected(f"the primary of this shard moved or is gone: {error}") from error
    if there < copies:
        raise Disconnected(f"{there} of {copies} replicas have the append")
    return answer


def _node_of(client: redis.Redis, key: str) -> redis.Redis:
    """Give the client of the server that holds a key."""
    if not isinstance(client, RedisCluster):
        return client
    node = client.get_node_from_key(key)
    if node is None:
        raise Disconnected(f"no primary serves the slot of {key} now")
    return client.get_redis_connection(node)


def _look_again(client: Any) -> None:
    """Learn a cluster's primaries anew."""
    if isinstance(client, RedisCluster):
        client.nodes_manager.initialize()


def _host_and_port(text: str) -> tuple[str, int]:
    host, mark, port = text.rpartition(":")
    if not mark or not port.isdigit():
        raise ValueError(f"{text!r}: must be host:port")
    return host.strip("[]"), int(port)
