"""Read door: serves what pages, apps and screens read all the time.

It takes a board's rows, ranks of members, and a member's page, asked for in the plain way. What a
query or a body says otherwise, and every other method, the framework reads or refuses.
"""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from functools import lru_cache, partial
from typing import Final
from urllib.parse import parse_qsl

import msgspec
from starlette.types import Receive, Scope

from actors.gateway.admission import reader_name
from actors.gateway.auth import Caller
from actors.gateway.doors import BODY_BYTES_MAX
from actors.gateway.read_answers import (
    LIMIT_MAX,
    MEMBER_PATH,
    RANK_READERS,
    RANKS_MAX,
    RANKS_PATH,
    READERS,
    SPAN_MAX,
    STANDINGS_PATH,
    Wish,
    member_answer,
    ranks_answer,
    standings_answer,
)
from actors.gateway.state import State
from actors.gateway.threshold import LeftToFramework, Way, body_of, caller_of

_STANDINGS: Final = "/v1/standings/"
_MEMBERS: Final = "/v1/members/"
_JSON: Final = (b"", b"application/json")
_NUMBER: Final = re.compile("[0-9]{1,12}")
_KNOWN: Final = frozenset(("limit", "cursor", "around", "span", "season"))


class _Asked(msgspec.Struct, forbid_unknown_fields=True):
    """A body of `POST /v1/ranks`; one with more in it is the framework's to read."""

    members: list[str]
    board: str | None = None


_decode = msgspec.json.Decoder(_Asked).decode


class ReadDoor:
    """Takes reads, and answers them as the routes of the same paths do."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._ranks = Way(RANKS_PATH, self._serve_ranks)

    def way(self, scope: Scope) -> Way | None:
        """Tell whether a request is for this door."""
        path, (found, length) = scope["path"], scope["state"]["admitted"]
        if scope["method"] == "GET":
            if length:
                return None
            if path.startswith(_STANDINGS):
                wish = wish_of(path.removeprefix(_STANDINGS), scope["query_string"])
                return wish and Way(STANDINGS_PATH, partial(self._serve_standings, wish))
            member = path.removeprefix(_MEMBERS)
            if member == path or not _is_one_part(member):
                return None
            return Way(MEMBER_PATH, partial(self._serve_member, member))
        plain = path == RANKS_PATH and scope["method"] == "POST" and length > 0
        return self._ranks if plain and found.get(b"content-type", b"") in _JSON else None

    async def _serve_standings(self, wish: Wish, scope: Scope, _receive: Receive) -> bytes:
        with self._counted(scope):
            return await standings_answer(self._state, self._caller(scope, READERS), wish)

    async def _serve_member(self, member: str, scope: Scope, _receive: Receive) -> bytes:
        with self._counted(scope):
            return await member_answer(self._state, self._caller(scope, READERS), member)

    async def _serve_ranks(self, scope: Scope, receive: Receive) -> bytes:
        with self._counted(scope):
            body = await body_of(receive, BODY_BYTES_MAX)
            try:
                asked = _decode(body)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                raise LeftToFramework(body) from None
            if len(asked.members) > RANKS_MAX:
                raise LeftToFramework(body)
            self._caller(scope, RANK_READERS)
            return await ranks_answer(self._state, asked.members, asked.board)

    def _counted(self, scope: Scope) -> AbstractContextManager[None]:
        """Count a read as under way; raises Problem 429 when its key has too many."""
        found, _ = scope["state"]["admitted"]
        return self._state.reads.hold(reader_name(found.get(b"authorization", b"")), 1)

    def _caller(self, scope: Scope, allowed: tuple[str, ...]) -> Caller:
        return caller_of(scope, self._state.keys, allowed)


@lru_cache(1024)
def wish_of(board: str, query: bytes) -> Wish | None:
    """Read which rows of a board are asked for; None where the framework has to.

    >>> wish_of("overall", b"limit=5&cursor=10")
    Wish(board='overall', limit=5, after=10, around=None, span=5)
    >>> wish_of("overall", b"limit=0"), wish_of("overall/stream", b"")
    (None, None)
    """
    if not _is_one_part(board):
        return None
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True) if query else []
    given = {name: value for name, value in pairs if name in _KNOWN}
    if len(given) < sum(name in _KNOWN for name, _ in pairs) or not all(given.values()):
        return None
    around = given.pop("around", None)
    if "season" in given or not all(_NUMBER.fullmatch(digits) for digits in given.values()):
        return None
    numbers = {name: int(digits) for name, digits in given.items()}
    limit, span = numbers.get("limit", 50), numbers.get("span", 5)
    if not 1 <= limit <= LIMIT_MAX or span > SPAN_MAX:
        return None
    return Wish(board, limit, numbers.get("cursor", 0), around, span)


def _is_one_part(text: str) -> bool:
    """Tell whether text is one part of a path, such as an id that a route takes whole."""
    return bool(text) and "/" not in text and "\n" not in text
