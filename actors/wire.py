"""Wire: what actors tell one another for every batch and read, as plain bytes.

Ray passes bytes on as they are. Anything else it pickles, which for a batch of a few events costs
more than their rules do.
"""

from __future__ import annotations

import pickle
from typing import Any, Final

import msgspec
import numpy as np

from actors.messages import Ask, BatchAnswer, Reading, StandingChange, Turn


class _Answer(msgspec.Struct, array_like=True):
    """A BatchAnswer, its arrays as their bytes."""

    status: bytes
    reason: bytes
    points: bytes
    version: int
    clock_us: int
    details: dict[int, dict[str, Any]]
    notes: dict[int, str]
    waiting: bool


class _Change(msgspec.Struct, array_like=True):
    """A StandingChange between two versions, its arrays as their bytes."""

    after: int
    version: int
    clock_us: int
    columns: list[bytes]
    first_name: int
    names: list[str]
    first_company: int
    companies: list[str]
    crowded: bool


_COLUMNS: Final[dict[str, type[np.generic]]] = {
    "rows": np.int64,
    "score": np.int64,
    "tasks_completed_at_us": np.int64,
    "active_days": np.int32,
    "tier": np.int16,
    "on_board": np.uint32,
    "company": np.int32,
    "disqualified": np.bool_,
}
"""The columns of a StandingChange and their types."""

_encoder = msgspec.msgpack.Encoder()
_heads = msgspec.msgpack.Decoder(tuple[str, Turn])
_answers = msgspec.msgpack.Decoder(_Answer)
_changes = msgspec.msgpack.Decoder(_Change)


def asks_bytes(asks: list[Ask]) -> bytes:
    """Write questions to a ranking shard.

    >>> read_asks(asks_bytes([("head", "overall", 50)]))
    [('head', 'overall', 50)]
    """
    return pickle.dumps(asks, pickle.HIGHEST_PROTOCOL)


def read_asks(content: bytes) -> list[Ask]:
    """Read what asks_bytes wrote."""
    asks: list[Ask] = pickle.loads(content)
    return asks


def reading_bytes(asks: list[Ask], reading: Reading) -> bytes:
    """Write the answers to questions, in their order.

    They are rows and keys of many kinds. Ray would pickle them too, but in a slower way that also
    writes functions and classes.
    """
    answers = [reading.answers[ask] for ask in asks]
    return pickle.dumps((reading.version, answers, reading.rules_hash), pickle.HIGHEST_PROTOCOL)


def read_reading(asks: list[Ask], content: bytes) -> Reading:
    """Read what reading_bytes wrote of the same questions."""
    version, answers, rules_hash = pickle.loads(content)
    return Reading(version, dict(zip(asks, answers, strict=True)), rules_hash)


def head_bytes(stamp_by: str, turn: Turn) -> bytes:
    """Write how a batch is stamped and its turn.

    >>> read_head(head_bytes("wall", Turn("lane", 7, 6)))
    ('wall', Turn(lane='lane', number=7, oldest=6, crowded=False))
    """
    return _encoder.encode((stamp_by, turn))


def read_head(head: bytes) -> tuple[str, Turn]:
    """Read what head_bytes wrote."""
    return _heads.decode(head)


def answer_bytes(answer: BatchAnswer) -> bytes:
    """Write an answer."""
    return _encoder.encode(
        _Answer(
            answer.status.tobytes(),
            answer.reason.tobytes(),
            answer.points.tobytes(),
            answer.version,
            answer.clock_us,
            answer.details,
            answer.notes,
            answer.waiting,
        )
    )


def read_answer(content: bytes) -> BatchAnswer:
    """Read what answer_bytes wrote; the arrays are not to be written to."""
    told = _answers.decode(content)
    return BatchAnswer(
        np.frombuffer(told.status, np.uint8),
        np.frombuffer(told.reason, np.uint8),
        np.frombuffer(told.points, np.int64),
        told.version,
        told.clock_us,
        told.details,
        told.notes,
        told.waiting,
    )


def change_bytes(after: int, version: int, clock_us: int, change: StandingChange) -> bytes:
    """Write the standings that changed between two versions, and the clock then."""
    return _encoder.encode(
        _Change(
            after,
            version,
            clock_us,
            [
                getattr(change, name).astype(kind, copy=False).tobytes()
                for name, kind in _COLUMNS.items()
            ],
            change.first_name,
            change.names,
            change.first_company,
            change.companies,
            change.crowded,
        )
    )


def read_change(content: bytes) -> tuple[int, int, int, StandingChange]:
    """Read what change_bytes wrote; the arrays are not to be written to."""
    told = _changes.decode(content)
    columns: dict[str, Any] = {
        name: np.frombuffer(part, kind)
        for (name, kind), part in zip(_COLUMNS.items(), told.columns, strict=True)
    }
    change = StandingChange(
        **columns,
        first_name=told.first_name,
        names=told.names,
        first_company=told.first_company,
        companies=told.companies,
        crowded=told.crowded,
    )
    return told.after, told.version, told.clock_us, change
