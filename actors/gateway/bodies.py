"""Bodies: what a request may hold, decoded by its media type, and how much it is likely to be."""

from __future__ import annotations

from typing import Final

from actors.gateway.admission import SMOOTHING
from actors.gateway.batch_size import BATCH_EVENTS_MAX
from actors.gateway.problems import Problem
from actors.stages import STAGES
from rules.decoding.events import (
    Decoded,
    Names,
    UnreadableBody,
    decode_arrow,
    decode_json,
    decode_ndjson,
)

NDJSON: Final = ("application/x-ndjson", "application/ndjson", "application/jsonl")
ARROW: Final = "application/vnd.apache.arrow.stream"
JSON: Final = "application/json"

BODY_BYTES_MAX: Final = 32 * 1024 * 1024
UNDECLARED_BODY_BYTES: Final = 4 * 1024 * 1024
"""What a body counts for that does not say how long it is."""
SMALL_BODY_BYTES: Final = 4 * 1024
"""A body of a few events, which a key that has none waiting may always send."""
EVENT_BYTES: Final = 160.0
"""What an event takes of a body, until one of its media type was read."""


def media_type(content_type: str) -> str:
    """Read a media type without its parameters.

    >>> media_type("Application/JSON; charset=utf-8")
    'application/json'
    """
    return content_type.partition(";")[0].strip().lower()


class Bodies:
    """Decodes bodies under the names of the season file in force.

    It learns how many bytes an event takes in each media type, so that a body can be counted
    before it is read.
    """

    def __init__(self, names: Names) -> None:
        self.names = names
        self._event_bytes: dict[str, float] = {}  # by media type

    def expected(self, body: bytes, kind: str) -> int:
        """Tell how many events a body of a media type holds, going by those before it."""
        return max(1, int(len(body) / self._event_bytes.get(kind, EVENT_BYTES)))

    def lines(self, lines: bytes) -> Decoded:
        """Decode events that came alone and were put together, one a line."""
        return decode_ndjson(lines, self.names)

    def decode(self, body: bytes, kind: str) -> Decoded:
        """Decode a body of a media type; raises Problem 400, 413, 415."""
        with STAGES.timed("decode"):
            decoded = self._read(body, kind)
        if decoded.received > BATCH_EVENTS_MAX:
            raise Problem(
                413,
                f"The body holds {decoded.received:,} events; send at most "
                f"{BATCH_EVENTS_MAX:,} a request.",
            )
        if decoded.received:
            each = self._event_bytes.get(kind, EVENT_BYTES)
            self._event_bytes[kind] = each + SMOOTHING * (len(body) / decoded.received - each)
        return decoded

    def _read(self, body: bytes, kind: str) -> Decoded:
        try:
            if kind in NDJSON:
                return decode_ndjson(body, self.names)
            if kind == ARROW:
                return decode_arrow(body, self.names)
            if kind in ("", JSON):
                return decode_json(body, self.names)
        except UnreadableBody as error:
            raise Problem(400, f"The body can't be read: {error}") from None
        raise Problem(415, f"Content-Type {kind!r}: send {JSON}, application/x-ndjson or {ARROW}.")
