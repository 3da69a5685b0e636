"""Season versions: what actors tell one another of the season file's versions, in few words.

Without the rules themselves: a process that only passes these on imports none of them.
"""

from __future__ import annotations

import msgspec


class Version(msgspec.Struct, frozen=True):
    """One version after the first: its number from 2, its hash, since when, and the file's text."""

    number: int
    rules_hash: str
    since_us: int
    text: str


class Stand(msgspec.Struct, frozen=True):
    """Which season runs in a shard, when it ends, and the same of the one before, if held."""

    season: str
    ends_us: int
    older_ends_us: int | None = None


def encoded(version: Version, before: str) -> bytes:
    """Write a version as a log entry's payload; before is the hash of the rules it replaces."""
    return msgspec.json.encode(msgspec.to_builtins(version) | {"before": before})


def decoded(payload: bytes) -> Version:
    """Read a log entry's payload."""
    return msgspec.json.decode(payload, type=Version)
