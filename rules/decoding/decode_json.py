"""JSON and NDJSON bodies, decoded whole; only a body that fails is looked at line by line."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
from msgspec.structs import astuple

from rules.decoding.canonical_json import NotCanonical, attributes_json, lines_json
from rules.decoding.decode_few import FEW, decode_few
from rules.decoding.event_checks import check_events
from rules.decoding.event_columns import Decoded, Names, UnreadableBody
from rules.decoding.event_faults import Faults, shown
from rules.decoding.event_text import tidy_text
from rules.decoding.plain_lines import plain_fields
from rules.decoding.quantities import plain_text
from rules.decoding.raw_events import RawEvents

_Loose = str | int | float | None


class Event(msgspec.Struct, gc=False, frozen=True):
    """One event as it is sent; a field no one named is skipped by the decoder."""

    event_id: str | None = None
    type: str | None = None
    member: str | None = None
    at: str | None = None
    station: _Loose = None
    product: _Loose = None
    litres: _Loose = None
    amount: _Loose = None
    pay: _Loose = None
    order: _Loose = None
    ref: _Loose = None
    score: _Loose = None
    coupon: _Loose = None
    item: _Loose = None
    points: _Loose = None
    lines: list[Any] | str | None = None
    attributes: dict[str, str | int | float | bool | None] | None = None


FIELDS: Final = Event.__struct_fields__
_NUMBERS: Final = frozenset({"litres", "amount", "score", "points"})
_UNREADABLE: Final = (ValueError, RecursionError)
"""What the decoder raises: its own and UTF-8 errors are ``ValueError``s."""

_ONE: Final = msgspec.json.Decoder(Event)
_ONE_OR_MANY: Final = msgspec.json.Decoder(Event | list[Event])
_ANYTHING: Final = msgspec.json.Decoder()
_BLOCK: Final = 256
_BLANK: Final = Event()
_BOM: Final = b"\xef\xbb\xbf"

Broken = dict[int, tuple[str, str]]
"""Row → (event_id or "", sentence) of the events that can't be read as such."""


def decode_json(body: bytes, names: Names) -> Decoded:
    """Decode one event or an array of events. Raises `UnreadableBody` where it isn't JSON."""
    body = body.removeprefix(_BOM)
    if not body.isascii():
        _require_utf8(body)
    try:
        found = _ONE_OR_MANY.decode(body)
        events = found if isinstance(found, list) else [found]
        return decode_few(events, names) or _decoded(events, {}, names)
    except _UNREADABLE:
        return _decode_elements(body, names)


def _require_utf8(body: bytes) -> None:
    try:
        body.decode()
    except UnicodeDecodeError as problem:
        raise UnreadableBody(
            f"the body is not UTF-8 at byte {problem.start}; send JSON as UTF-8"
        ) from problem


def _decode_elements(body: bytes, names: Names) -> Decoded:
    """Decode a body in which some event is not one, element by element."""
    try:
        whole = msgspec.json.decode(body, type=msgspec.Raw)
        elements = (
            msgspec.json.decode(whole, type=list[msgspec.Raw])
            if bytes(whole).lstrip()[:1] == b"["
            else [whole]
        )
    except _UNREADABLE as problem:
        raise UnreadableBody(
            f"the body is not JSON ({_said(problem)}); send one event or an array of events"
        ) from problem
    broken: Broken = {}
    events = [
        _read_one(bytes(element), row, f"event {row}", broken)
        for row, element in enumerate(elements)
    ]
    return _decoded(events, broken, names)


def decode_ndjson(body: bytes, names: Names, first_line: int = 1) -> Decoded:
    """Decode one event a line; an unreadable line is that line's ``bad_field``.

    Blank lines are no events, but are counted in the line numbers of sentences. Never raises
    for content: bytes that are no lines of JSON are as many refused events. ``first_line`` is
    the number of the body's first line, where the body is a part of a log.
    """
    body = body.removeprefix(_BOM)
    lines = _object_lines(body)
    if lines:
        try:
            if not body.isascii():
                body.decode()
            if lines > FEW and (plain := plain_fields(body, lines)) is not None:
                faults = Faults(lines)
                tidy = {name: tidy_text(name, plain[name], faults) for name in plain}
                return _checked(lines, tidy, faults, names)
            events = _ONE.decode_lines(body)
            if len(events) == lines:
                return decode_few(events, names) or _decoded(events, {}, names)
        except _UNREADABLE:
            pass
    return _decode_lines(body, names, first_line)


def _object_lines(body: bytes) -> int:
    r"""Count the lines of a body in which every newline stands between ``}`` and ``{``; else 0.

    The decoder reads values, not lines. Inside a JSON object a ``}`` is never followed by a
    ``{``, so a body like this, with as many values as lines, holds exactly one on each.
    """
    data = np.frombuffer(body, dtype=np.uint8)
    if len(data) == 0 or data[0] != ord("{"):
        return 0
    ends = np.flatnonzero(data == ord("\n"))
    closed = len(ends) > 0 and bool(ends[-1] == len(data) - 1)
    inner = ends[:-1] if closed else ends
    before = data[ends - 1]
    if (before == ord("\r")).any():
        before = np.where(before == ord("\r"), data[ends - 2], before)
    if not ((before == ord("}")).all() and (data[inner + 1] == ord("{")).all()):
        return 0
    return len(inner) + 1


def _decode_lines(body: bytes, names: Names, first_line: int) -> Decoded:
    """Decode line by line, keeping the place of a line that can't be read."""
    broken: Broken = {}
    events: list[Event] = []
    for number, line in enumerate(body.split(b"\n"), start=first_line):
        if line and not line.isspace():
            events.append(_read_one(line, len(events), f"line {number}", broken))
    return _decoded(events, broken, names)


def _read_one(text: bytes, row: int, where: str, broken: Broken) -> Event:
    """Decode one event; one that can't be read is blank and noted as broken."""
    try:
        if not text.isascii():
            text.decode()
        return _ONE.decode(text)
    except _UNREADABLE as problem:
        broken[row] = (_event_id_in(text), _broken_sentence(where, text, problem))
        return _BLANK


def _event_id_in(text: bytes) -> str:
    """Return the event_id of an event of which another field is wrong, or ""."""
    try:
        found = _ANYTHING.decode(text)
    except _UNREADABLE:
        return ""
    name = found.get("event_id") if isinstance(found, dict) else None
    return name if isinstance(name, str) else ""


def _broken_sentence(where: str, text: bytes, problem: Exception) -> str:
    """Say what is wrong with an event that can't be read, and what to send."""
    said = _said(problem)
    if isinstance(problem, UnicodeDecodeError):
        return f"{where} is not UTF-8 at byte {problem.start}; send it as UTF-8"
    if isinstance(problem, msgspec.ValidationError) and " - at `$." in said:
        wrong, _, path = said.partition(" - at `$.")
        return f"{where}: {path.rstrip('`')} has the wrong kind of value: {wrong}; send that kind"
    if isinstance(problem, msgspec.ValidationError):
        return f"{where} is not an event: {said}; send a JSON object"
    sent = shown(text[:99].decode("utf-8", "replace"))
    return f"{where} is not JSON ({said}): {sent}; send one event as a JSON object"


def _said(problem: Exception) -> str:
    """Return what the decoder said."""
    return "nested too deeply" if isinstance(problem, RecursionError) else str(problem)


def _decoded(events: Sequence[Event], broken: Broken, names: Names) -> Decoded:
    """Turn decoded events into columns and check them."""
    rows = len(events)
    faults = Faults(rows)
    for row, (event_id, sentence) in broken.items():
        faults.mark_row(row, "bad_field", sentence, event_id)
    fields: dict[str, pa.Array] = {}
    for name, values in zip(FIELDS, _columns_of(events), strict=True):
        # Looking at one value first spares most columns a comparison a row.
        if not rows or (values[0] is None and values.count(None) == rows):
            continue
        if name == "attributes":
            _add_attributes(values, fields, faults)
        elif name == "lines":
            fields[name] = _json_texts(values, lines_json, faults)
        elif name in _NUMBERS:
            fields[name] = tidy_text(name, _numbers(values), faults)
        else:
            fields[name] = tidy_text(name, _texts(values), faults)
    return _checked(rows, fields, faults, names)


def _checked(rows: int, fields: dict[str, pa.Array], faults: Faults, names: Names) -> Decoded:
    """Check so many events, given by field."""
    place = np.arange(rows, dtype=np.int64)
    return check_events(RawEvents(rows, fields, faults, place), names)


def _columns_of(events: Sequence[Event]) -> list[list[Any]]:
    """Turn events into one list a field.

    In blocks, so that the tuples between are too few at a time to wake the garbage collector.
    """
    columns: list[list[Any]] = [[] for _ in FIELDS]
    for first in range(0, len(events), _BLOCK):
        block = zip(*map(astuple, events[first : first + _BLOCK]), strict=True)
        for column, part in zip(columns, block, strict=True):
            column.extend(part)
    return columns


def _texts(values: Sequence[Any]) -> pa.StringArray:
    """Return text as it is and numbers as their text."""
    try:
        return pa.array(values, pa.utf8())
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        return pa.array(
            [v if v is None or isinstance(v, str) else plain_text(v) for v in values], pa.utf8()
        )


def _numbers(values: Sequence[Any]) -> pa.Array:
    """Return doubles where all are numbers that fit them, else everything as text."""
    try:
        return pa.array(values, pa.utf8())
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        pass
    try:
        # Arrow refuses integers beyond 2^53 here, and would cut 0.5 to 0 for an integer type.
        return pa.array(values, pa.float64())
    except (pa.ArrowTypeError, pa.ArrowInvalid, OverflowError):
        return _texts(values)


def _json_texts(
    values: Sequence[Any], write: Callable[[Any], str | None], faults: Faults
) -> pa.StringArray:
    """Write each given value as canonical JSON, refusing the rows where that can't be done."""
    texts: list[str | None] = [None] * len(values)
    for row, value in enumerate(values):
        if value is not None:
            try:
                texts[row] = write(value)
            except NotCanonical as problem:
                faults.mark_row(row, "bad_field", str(problem))
    return pa.array(texts, pa.utf8())


def _add_attributes(values: Sequence[Any], fields: dict[str, pa.Array], faults: Faults) -> None:
    """Add the attributes as canonical JSON, and their ``kind`` for its check."""
    fields["attributes"] = _json_texts(values, attributes_json, faults)
    kinds = [None if given is None else given.get("kind") for given in values]
    if kinds.count(None) < len(kinds):
        fields["kind"] = tidy_text("attributes.kind", _texts(kinds), faults)
