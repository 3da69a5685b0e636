"""Audit trail: what administrators did and who was refused, in capped streams.

An act is written before it is done and again, whole, with its outcome: one without an outcome
was cut off. Refusals have a stream of their own, so that many of them never push out an act.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec
import redis

from actors.store import keys
from actors.store.errors import translated

ACTS_MAX: Final = 1_000_000
REFUSALS_MAX: Final = 100_000
LOOKED_AT_MAX: Final = 200_000
"""Most entries one question goes through."""
_CHUNK: Final = 500
_LATER: Final = 2_000
"""How many entries after a page's first one may tell the outcome of an act on it."""
_REFUSAL: Final = "r"

Place = tuple[int, int, int]
"""Milliseconds, number, and 1 for a refusal: the order of all entries."""


class Act(NamedTuple):
    """Who did what to what, and how it ended; at_us is the gateway's clock."""

    at_us: int
    key: str
    role: str
    act: str
    thing: str
    outcome: str = ""
    detail: Mapping[str, Any] = {}


class AuditLog:
    """The trail of one installation. Every method may raise StoreUnavailable."""

    def __init__(
        self,
        client: redis.Redis,
        scope: str,
        acts_max: int = ACTS_MAX,
        refusals_max: int = REFUSALS_MAX,
    ) -> None:
        self._client = client
        self._acts, self._refusals = keys.audit(scope), keys.audit_refusals(scope)
        self._acts_max, self._refusals_max = acts_max, refusals_max

    def write(self, act: Act, of: str = "") -> str:
        """Append an act and return its id; `of` is the id of its beginning."""
        return self._append(self._acts, self._acts_max, act, of)

    def refuse(self, act: Act) -> str:
        """Append an access that was refused."""
        return self._append(self._refusals, self._refusals_max, act, "") + _REFUSAL

    def read(self, limit: int, before: str | None = None, act: str | None = None) -> list[Any]:
        """List the newest entries, or those before an id; `act` is a word or its first part.

        Raises ValueError for an id that is none.
        """
        cursor = _place_of(before) if before else None
        settled = self._outcomes_after(cursor) if cursor else set()
        found: list[dict[str, Any]] = []
        for seen, (place, told) in enumerate(self._merged(cursor)):
            if len(found) == limit or seen == LOOKED_AT_MAX:
                break
            begun = told.pop("of", "")
            if begun:
                settled.add(begun)
            entry_id = _id_of(place)
            if not told["outcome"]:
                if entry_id in settled:
                    continue
                told["outcome"] = "unknown"
            if act is None or told["act"] == act or told["act"].startswith(act + "."):
                found.append({"id": entry_id, **told})
        return found

    def _append(self, key: str, most: int, act: Act, of: str) -> str:
        fields: dict[Any, Any] = {"told": msgspec.json.encode(act._asdict()), "of": of}
        with translated("write the audit trail"):
            made: Any = self._client.xadd(key, fields, maxlen=most, approximate=True)
        return str(made.decode())

    def _merged(self, cursor: Place | None) -> Iterator[tuple[Place, dict[str, Any]]]:
        """Yield the entries of both streams, the newest first."""
        streams = (
            self._newest(self._acts, 0, cursor),
            self._newest(self._refusals, 1, cursor),
        )
        return heapq.merge(*streams, key=lambda entry: entry[0], reverse=True)

    def _newest(
        self, key: str, refusal: int, cursor: Place | None
    ) -> Iterator[tuple[Place, dict[str, Any]]]:
        last = "+"
        if cursor is not None:
            inclusive = cursor[2] > refusal
            if not inclusive and cursor[:2] == (0, 0):
                return  # nothing is before the first id there can be; the server refuses to look
            last = f"{'' if inclusive else '('}{cursor[0]}-{cursor[1]}"
        while True:
            with translated("read the audit trail"):
                entries: Any = self._client.xrevrange(key, last, "-", _CHUNK)
            for entry_id, fields in entries:
                millis, number = entry_id.decode().split("-")
                told = msgspec.json.decode(fields[b"told"])
                yield (int(millis), int(number), refusal), told | {"of": fields[b"of"].decode()}
            if len(entries) < _CHUNK:
                return
            last = f"({entries[-1][0].decode()}"

    def _outcomes_after(self, cursor: Place) -> set[str]:
        with translated("read the audit trail"):
            entries: Any = self._client.xrange(self._acts, f"{cursor[0]}-{cursor[1]}", "+", _LATER)
        return {fields[b"of"].decode() for _, fields in entries} - {""}


def _place_of(entry_id: str) -> Place:
    refusal = entry_id.endswith(_REFUSAL)
    millis, _, number = entry_id.removesuffix(_REFUSAL).partition("-")
    if not (millis.isdigit() and number.isdigit()) or len(entry_id) > 40:
        raise ValueError(f"{entry_id!r} is no id of the audit trail")
    return int(millis), int(number), int(refusal)


def _id_of(place: Place) -> str:
    return f"{place[0]}-{place[1]}{_REFUSAL if place[2] else ''}"
