"""Redis keys of Forecourt: the only place where one is spelled.

`scope` is the season's or programme's id. A key of shard p carries the hash tag `{p}`, so that
everything a shard's script touches lives in one slot of a Redis Cluster and the shards spread
over its nodes.
"""

from __future__ import annotations

import re

_ID = re.compile(r"[^\s:{}*?\[\]\\]{1,128}")
_SHARD_TAG = re.compile(r"\{[0-9]+\}")


EVERY = "forecourt:*"
"""Pattern of all of them."""


def belongs(key: str, scope: str) -> bool:
    """Tell whether a key is of a season, or of the system as a whole.

    >>> [belongs(key, "a") for key in ("forecourt:a:info", "forecourt:b:info", api_keys())]
    [True, False, True]
    """
    parts = key.split(":")
    return len(parts) == 2 or parts[1] == scope


def log(scope: str, shard: int) -> str:
    """Name the stream that is the log of a shard."""
    return _of_shard(scope, "log", shard)


def head(scope: str, shard: int) -> str:
    """Name the hash with the log's epoch, last seq and last stamp."""
    return _of_shard(scope, "head", shard)


def manifest(scope: str, shard: int) -> str:
    """Name the hash that tells of a shard's newest snapshot."""
    return _of_shard(scope, "manifest", shard)


def board(season: str, board_id: str, shard: int) -> str:
    """Name the sorted set of one board of a shard.

    >>> board("summer-2026", "overall", 3)
    'forecourt:summer-2026:board:overall:{3}'
    """
    return _of_shard(season, f"board:{_checked('board', board_id)}", shard)


def board_rebuild(season: str, board_id: str, shard: int) -> str:
    """Name the sorted set in which a board is rebuilt before it replaces the old one."""
    return _of_shard(season, f"rebuild:{_checked('board', board_id)}", shard)


def mirror_whole(season: str, shard: int) -> str:
    """Name the mark that says: every board of this shard was once written in full."""
    return _of_shard(season, "mirrored", shard)


def info(season: str) -> str:
    """Name the hash that describes a season to other readers.

    >>> info("summer-2026")
    'forecourt:summer-2026:info'
    """
    return f"forecourt:{_checked('season', season)}:info"


def pools(season: str) -> str:
    """Name the hash of what each shard has leased of budgets and stock."""
    return f"forecourt:{_checked('season', season)}:pools"


def notices(scope: str, shard: int) -> str:
    """Name the stream of what a shard's members are to be told."""
    return _of_shard(scope, "notices", shard)


def notices_of_lane(scope: str, lane: str, what: str, shard: int) -> str:
    """Name what a way of delivery keeps of a shard's notices.

    Hashes `cursor` and `done`, streams `history`, `dead` and `again`.

    >>> notices_of_lane("club", "webhook", "dead", 0)
    'forecourt:club:notices-webhook-dead:{0}'
    """
    return _of_shard(scope, f"notices-{_checked('lane', lane)}-{what}", shard)


def claim_codes(season: str) -> str:
    """Name the hash that says which member came first with a claim code, where shards share."""
    return f"forecourt:{_checked('season', season)}:claim-codes"


def api_keys() -> str:
    """Name the hash of access keys; they outlive seasons."""
    return "forecourt:api-keys"


def api_keys_used() -> str:
    """Name the hash that says when each access key was last used."""
    return "forecourt:api-keys-used"


def audit(scope: str) -> str:
    """Name the stream of what administrators did."""
    return f"forecourt:{_checked('scope', scope)}:audit"


def audit_refusals(scope: str) -> str:
    """Name the stream of accesses that were refused: many of them never push out an act."""
    return f"forecourt:{_checked('scope', scope)}:audit-refusals"


def vault(scope: str, part: str) -> str:
    """Name a part of the vault of personal values; all of them lie in one slot.

    >>> vault("summer-2026", "values")
    'forecourt:summer-2026:{vault}:values'
    """
    return f"forecourt:{_checked('scope', scope)}:{{vault}}:{_checked('part', part)}"


def is_of_shard(key: str) -> bool:
    """Tell whether a key is a shard's own: its log, or rebuilt from it.

    >>> is_of_shard(log("a", 3)), is_of_shard(vault("a", "values"))
    (True, False)
    """
    return _SHARD_TAG.search(key) is not None


def _of_shard(scope: str, what: str, shard: int) -> str:
    if shard < 0:
        raise ValueError(f"shard = {shard}: must be ≥ 0")
    return f"forecourt:{_checked('scope', scope)}:{what}:{{{shard}}}"


def _checked(what: str, name: str) -> str:
    """Return the name unless it would change what a key means.

    Raises:
        ValueError: for an empty or overlong name, or one with a colon, brace, space or
            wildcard; a brace would move the key to another slot than its shard's.
    """
    if not _ID.fullmatch(name):
        raise ValueError(
            f"{what} id {name!r}: must be 1 to 128 characters without space, ':', braces, "
            "'*', '?', brackets or backslash"
        )
    return name
