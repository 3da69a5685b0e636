"""Board feed: what all readers of one board see alike: a snapshot, then numbered deltas.

A delta patches the answer of `GET /v1/standings/{board}` place by place: names are masked for
some readers, so a row is known by its rank, never by its member. The last deltas are kept, so
that a reader who was away a moment goes on where they were.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

RING_FRAMES_MAX: Final = 240
RING_BYTES_MAX: Final = 1 << 20
HEAD: Final = ("as_of", "version", "phase", "total", "next_cursor", "cut_lines")
"""What a delta says anew besides the rows."""
SEEN: Final = ("phase", "total", "next_cursor", "cut_lines")
"""Those whose change is worth a delta by itself; the version and as_of alone can wait."""

Json = dict[str, Any]

_DATA: Final = b"\ndata: "
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def changed_rows(before: Sequence[Json], now: Sequence[Json]) -> list[Json]:
    """List what is new, by rank: a whole row, or only what changed for the same member.

    A row with a `member` replaces the one of its rank; one without is merged into it.

    >>> changed_rows(
    ...     [{"rank": 1, "member": "a", "score": 9}, {"rank": 2, "member": "b", "score": 5}],
    ...     [{"rank": 1, "member": "a", "score": 9}, {"rank": 2, "member": "b", "score": 7}],
    ... )
    [{'rank': 2, 'score': 7}]
    """
    rows: list[Json] = []
    for place, row in enumerate(now):
        old = before[place] if place < len(before) else None
        if row == old:
            continue
        if old is None or row["member"] != old["member"] or row.keys() != old.keys():
            rows.append(row)
        else:
            news = {name: value for name, value in row.items() if value != old[name]}
            rows.append({"rank": row["rank"], **news})
    return rows


def applied(answer: Mapping[str, Any], delta: Mapping[str, Any]) -> Json:
    """Apply a delta to an answer, as a reader does: the page of the delta's version comes out."""
    rows = list(answer["rows"][: delta["length"]])
    first = rows[0]["rank"] if rows else 1
    for row in delta["rows"]:
        place = row["rank"] - first
        if place == len(rows):
            rows.append(row)
        else:
            rows[place] = row if "member" in row else rows[place] | row
    return {**answer, **{name: delta[name] for name in HEAD}, "rows": rows}


@dataclass(frozen=True, slots=True)
class Frame:
    """One event for all readers: its bytes, and where in `rows` each member is named.

    A reader who may see one member's id in a masked board gets bytes of their own when that
    member's row is in the frame.
    """

    id: str
    event: str
    members: dict[str, int]
    data: bytes

    @classmethod
    def of(cls, frame_id: str, event: str, body: Json, members: dict[str, int]) -> Frame:
        """Write an event; only its bytes are kept, since many frames are."""
        return cls(frame_id, event, members, _written(frame_id, event, body))

    @property
    def body(self) -> Json:
        """Read the body back from the bytes."""
        body: Json = _decode(self.data.split(_DATA, 1)[1])
        return body

    def for_reader(self, own: str | None) -> bytes:
        """Give the bytes for a reader, whose own member is not masked to them."""
        place = None if own is None else self.members.get(own)
        if place is None:
            return self.data
        body = self.body
        body["rows"][place]["member"] = own
        return _written(self.id, self.event, body)


def _written(frame_id: str, event: str, body: Json) -> bytes:
    # JSON without line breaks, so that an event's data is one line.
    head = b"id: %b\nevent: %b" % (frame_id.encode(), event.encode())
    return b"%b%b%b\n\n" % (head, _DATA, _encode(body))


class BoardFeed:
    """A board as readers of one limit and one masking see it.

    `advance` takes the page of a newer version and gives the frame to send, if there is one.
    Frames are numbered under a word drawn anew for each feed, so an id of another gateway, limit
    or masking, or of before a restart, is never mistaken for one of this feed.
    """

    def __init__(self, answer: Json, members: Sequence[str]) -> None:
        self.word = secrets.token_hex(4)
        self.number = 0
        self.answer = answer
        self._members = list(members)
        self._ring: deque[Frame] = deque()
        self._ring_bytes = 0
        self._snapshots: dict[str, Frame] = {}

    def advance(self, answer: Json, members: Sequence[str], *, quiet: bool = False) -> Frame | None:
        """Go on to a newer page, whose rows are those of members; give the frame that says it.

        None when nothing is to be sent: the same page, or, unless it has been quiet for long, one
        on which only the version differs.
        """
        before = self.answer
        # The raw ids are compared too: two members may look alike behind their masks.
        moved = {row["rank"] for row, was, now in zip(before["rows"], self._members, members,
                 strict=False) if was != now}  # fmt: skip
        old = [row if row["rank"] not in moved else {"member": None} for row in before["rows"]]
        rows = changed_rows(old, answer["rows"])
        seen = rows or any(answer[name] != before[name] for name in SEEN)
        if not seen and (not quiet or answer["version"] == before["version"]):
            return None
        self.number += 1
        self.answer, self._members = answer, list(members)
        self._snapshots = {}
        body = {name: answer[name] for name in HEAD}
        body |= {"length": len(answer["rows"]), "rows": rows}
        first = answer["rows"][0]["rank"] if answer["rows"] else 1
        named = {
            members[row["rank"] - first]: place for place, row in enumerate(rows) if "member" in row
        }
        frame = Frame.of(self._id(self.number), "delta", body, named)
        self._keep(frame)
        return frame

    def snapshot(self, event: str) -> Frame:
        """Give the whole page as it was last sent, under `snapshot` or `reset`."""
        if event not in self._snapshots:
            named = {member: place for place, member in enumerate(self._members)}
            self._snapshots[event] = Frame.of(self._id(self.number), event, self.answer, named)
        return self._snapshots[event]

    def since(self, last_id: str) -> list[Frame] | None:
        """Give the deltas after one, by its id; None when they are not all here."""
        word, _, digits = last_id.partition(".")
        if word != self.word or not digits.isascii() or not digits.isdecimal():
            return None
        if len(digits) > 18:
            return None
        missed = self.number - int(digits)
        if not 0 <= missed <= len(self._ring):
            return None
        return list(self._ring)[len(self._ring) - missed :]

    def _id(self, number: int) -> str:
        return f"{self.word}.{number}"

    def _keep(self, frame: Frame) -> None:
        self._ring.append(frame)
        self._ring_bytes += len(frame.data)
        while len(self._ring) > RING_FRAMES_MAX or self._ring_bytes > RING_BYTES_MAX:
            self._ring_bytes -= len(self._ring.popleft().data)
