"""The ways the store can fail, and how a server's answers map to them."""

# ruff: noqa: N818 - the names say what happened to the caller, as in `except Fenced`.

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from redis import exceptions as redis_errors


class StoreError(Exception):
    """Base of everything the store raises on purpose."""


class StoreUnavailable(StoreError):
    """The store cannot be reached or cannot write now; try again later.

    Nothing that raised this may be acknowledged. Whether a write took place is unknown
    unless the raising method says otherwise.
    """


class Fenced(StoreError):
    """Another owner took this shard's log over: stop, the shard runs elsewhere now."""


class Unsettled(StoreError):
    """An earlier append has an unknown outcome: call `settle()` before appending anything else."""


class LogGap(StoreError):
    """Entries that were asked for are not in the log: read them from the archive."""


class FolderInUse(StoreError):
    """Another process owns the data folder."""


class FolderFormat(StoreError):
    """The data folder was written in a format that this version does not read."""


class ServerUnsuitable(StoreError):
    """The server at the URL is too old or refuses the given user."""


# Answers of a healthy client to a server that is up but cannot take writes for now. redis-py
# has classes for some and leaves the others as a ResponseError that starts with the code.
_PASSING_CODES = ("MISCONF", "NOREPLICAS", "BUSY ", "UNKILLABLE", "NOTREADY", "FAILOVER")
_PASSING_CLASSES = (
    redis_errors.ConnectionError,
    redis_errors.TimeoutError,
    redis_errors.OutOfMemoryError,
    redis_errors.ReadOnlyError,
    redis_errors.TryAgainError,
    redis_errors.ClusterDownError,
    redis_errors.ClusterError,
    redis_errors.RedisClusterException,
)


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn passing server troubles into `StoreUnavailable`, leave programming errors alone.

    Passing are: no connection, time-out, LOADING, OOM, READONLY, MISCONF (the disk), a cluster
    that fails over. Everything else (a wrong type, a bad argument) is a fault in the code.

    >>> with translated("append to the log of shard 3"):
    ...     raise redis_errors.ResponseError("MISCONF Errors writing to the AOF file")
    Traceback (most recent call last):
    actors.store.errors.StoreUnavailable: cannot append to the log of shard 3: MISCONF ...

    Args:
        doing: what was being done, in the infinitive, for the message.

    Raises:
        StoreUnavailable: for passing troubles.
        ServerUnsuitable: when the server refuses the user or one of its commands.
    """
    try:
        yield
    except (
        redis_errors.AuthenticationError,
        redis_errors.AuthorizationError,
        redis_errors.NoPermissionError,
    ) as error:
        raise ServerUnsuitable(
            f"cannot {doing}: the server refuses the user: {error}; "
            "check user and password in the URL and the user's ACL"
        ) from error
    except _PASSING_CLASSES as error:
        raise StoreUnavailable(f"cannot {doing}: {_told(error)}") from error
    except redis_errors.ResponseError as error:
        if str(error).startswith(_PASSING_CODES):
            raise StoreUnavailable(f"cannot {doing}: {error}") from error
        raise
    except OSError as error:
        raise StoreUnavailable(f"cannot {doing}: {error}") from error


def _told(error: Exception) -> str:
    """Give the server's words, or the kind of error when it has none."""
    return str(error) or type(error).__name__
