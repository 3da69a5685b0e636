"""The checks that turn raw columns into valid events and refusals, a column at a time.

An event is refused for the first of: its shape, its type, its values, its
product, its time.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from rules.decoding.event_columns import (
    AMOUNT_FEN_MAX,
    COLUMNS,
    EVENT_ID_BYTES_MAX,
    LITRES_ML_MAX,
    MEMBER_BYTES_MAX,
    POINTS_MAX,
    TYPES,
    Decoded,
    Names,
    batch_of,
)
from rules.decoding.event_faults import shown
from rules.decoding.event_words import TYPE_CODE, WORDS, is_type, look_up
from rules.decoding.instants import format_instant, instants_of_timestamps, read_instants
from rules.decoding.order_lines import LineFault, check_lines
from rules.decoding.quantities import read_integers, read_quantities
from rules.decoding.raw_events import RawEvents
from rules.decoding.text_bytes import Bools, Ints, TextBytes, has_control, null_rows

_NEEDED: Final = (
    ("refund", "ref", "names the event_id of its purchase or top-up"),
    ("referral", "ref", "names the member who was referred"),
    ("merge", "ref", "names the member's other record"),
    ("redeem", "item", "names an item of the catalogue"),
    ("claim", "coupon", "names a coupon's code or template"),
    ("reserve", "coupon", "names a coupon's code or template"),
    ("reserve", "order", "names the order it is for"),
    ("reserve", "lines", "lists the lines of its order"),
    ("use", "order", "names the order it is for"),
    ("use", "lines", "lists the lines of its order"),
    ("release", "coupon", "names a coupon's code or template"),
    ("prize_claim", "item", "names the prize"),
)
"""Types with a field they can't do without, and what it says."""
_ID_LIMITS: Final = {"event_id": EVENT_ID_BYTES_MAX, "member": MEMBER_BYTES_MAX}


def check_events(raw: RawEvents, names: Names) -> Decoded:
    """Check every row and return the valid ones as `COLUMNS`, the others as refusals."""
    faults = raw.faults
    raw = replace(raw, fields=_with_words(raw.fields))
    _check_presence(raw)
    type_code = _type_codes(raw)
    arrays: dict[str, pa.Array] = {
        name: raw.fields[name] for name in COLUMNS.names if name in raw.fields
    }
    at_us, has_time = _check_at(raw)
    arrays["at_us"] = pa.array(at_us)
    _check_quantities(raw, type_code, arrays)
    _check_numbers(raw, type_code, arrays)
    _check_other_member(raw, type_code)
    _check_kind(raw, names)
    _check_products(raw, names, type_code)
    _check_orders(raw, names, type_code, arrays)
    outside = (at_us < names.earliest_us) | (at_us > names.latest_us)
    faults.mark(
        outside,
        "bad_time",
        lambda row: (
            f"at = {shown(_sent_at(raw, row))}: outside {format_instant(names.earliest_us)} to "
            f"{format_instant(names.latest_us)}; send events of this programme's time"
        ),
    )
    return _decoded(raw, arrays, lambda row: int(at_us[row]) if has_time[row] else None)


def _with_words(fields: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
    """Return the fields, those of few words behind a dictionary, encoded once."""
    encoded = {
        name: fields[name].dictionary_encode()
        for name in WORDS
        if name in fields and not pa.types.is_dictionary(fields[name].type)
    }
    return {**fields, **encoded}


def _decoded(
    raw: RawEvents, arrays: dict[str, pa.Array], time_of: Callable[[int], int | None]
) -> Decoded:
    """Keep the rows without a fault; time_of gives a row's time where it can be read."""
    place = raw.place
    if raw.rows == 0:
        return Decoded(batch_of({}), place, [], 0)
    batch = batch_of(arrays)
    refused = []
    if raw.faults.refused.any():
        kept = ~raw.faults.refused
        batch = batch.filter(pa.array(kept))
        place = place[kept]
        refused = raw.faults.refusals(raw.place, lambda row: raw.value("event_id", row), time_of)
    return Decoded(batch, place, refused, raw.rows)


def _check_presence(raw: RawEvents) -> None:
    """Refuse rows without an event_id, type, member or at, or with one that can't be a name."""
    for name in ("event_id", "type", "member", "at"):
        absent = raw.absent(name)
        raw.faults.mark(absent, "bad_field", f"{name} is missing: every event needs one")
        if name in _ID_LIMITS and not bool(absent.all()):
            _check_id(raw, name, _ID_LIMITS[name])


def _check_id(raw: RawEvents, name: str, bytes_max: int) -> None:
    """Refuse ids that are too long or hold control characters."""
    text = TextBytes.of(_plain(raw.fields[name]))
    raw.faults.mark(
        text.length > bytes_max,
        "bad_field",
        lambda row: (
            f"{name} = {shown(raw.value(name, row))}: {int(text.length[row])} bytes of UTF-8; "
            f"send at most {bytes_max}"
        ),
    )
    raw.faults.mark(
        has_control(text),
        "bad_field",
        lambda row: (
            f"{name} = {shown(raw.value(name, row))}: holds a control character; "
            "send printable text"
        ),
    )


def _plain(column: pa.Array) -> pa.StringArray:
    """Return text without its dictionary."""
    return pc.cast(column, pa.utf8()) if pa.types.is_dictionary(column.type) else column


def _type_codes(raw: RawEvents) -> npt.NDArray[np.int8]:
    """Return each row's place in `TYPES`, int8[n], -1 unknown, refusing what is none."""
    codes = np.full(raw.rows, -1, dtype=np.int8)
    column = raw.fields.get("type")
    if column is not None:
        codes = look_up(column, lambda word: TYPE_CODE.get(word, -1), -1).astype(np.int8)
    raw.faults.mark(
        codes < 0,
        "unknown_type",
        lambda row: (
            f"type = {shown(raw.value('type', row))}: not an event type; use one of "
            f"{', '.join(TYPES)}"
        ),
    )
    return codes


def _check_at(raw: RawEvents) -> tuple[Ints, Bools]:
    """Return the times in µs UTC, and which are RFC 3339 with an offset; others are refused."""
    column = raw.fields.get("at")
    if column is None:
        return np.zeros(raw.rows, dtype=np.int64), np.zeros(raw.rows, dtype=np.bool_)
    if pa.types.is_timestamp(column.type):
        at_us, good = instants_of_timestamps(column)
    else:
        at_us, good = read_instants(TextBytes.of(_plain(column)))
    raw.faults.mark(
        ~good,
        "bad_field",
        lambda row: (
            f"at = {shown(_sent_at(raw, row))}: not an RFC 3339 time with an offset; "
            "write it like 2026-06-19T12:00:00+08:00"
        ),
    )
    return at_us, good


def _sent_at(raw: RawEvents, row: int) -> object:
    """Return a time as sent; a timestamp column as its number of ticks."""
    column = raw.fields["at"]
    if pa.types.is_timestamp(column.type):
        return f"{pc.cast(column.slice(row, 1), pa.int64())[0].as_py()} {column.type.unit}"
    return column[row].as_py()


def _check_quantities(
    raw: RawEvents, type_code: npt.NDArray[np.int8], arrays: dict[str, pa.Array]
) -> None:
    """Read litres and amount, refusing what is no such quantity, missing, or both on a refund."""
    arrays["litres_ml"] = _quantity(raw, "litres", 3, LITRES_ML_MAX)
    arrays["amount_fen"] = _quantity(raw, "amount", 2, AMOUNT_FEN_MAX)
    raw.faults.mark(
        is_type(type_code, "purchase", "top_up") & null_rows(arrays["amount_fen"]),
        "bad_field",
        lambda row: f"amount is missing: a {raw.value('type', row)} says what was paid",
    )
    raw.faults.mark(
        is_type(type_code, "refund")
        & ~null_rows(arrays["litres_ml"])
        & ~null_rows(arrays["amount_fen"]),
        "bad_field",
        lambda row: (
            f"litres = {shown(raw.value('litres', row))} and amount = "
            f"{shown(raw.value('amount', row))}: a refund names one of them, "
            "or neither for all that is left"
        ),
    )


def _quantity(raw: RawEvents, name: str, places: int, most: int) -> pa.Array:
    """Return a decimal field in units of 10^-places, null where absent or refused."""
    column = raw.fields.get(name)
    if column is None:
        return pa.nulls(raw.rows, pa.int64())
    value, good, absent = read_quantities(column, places, most)
    raw.faults.mark(
        ~absent & ~good,
        "bad_field",
        lambda row: (
            f"{name} = {shown(raw.value(name, row))}: not a decimal from 0 to "
            f"{most // 10**places} with at most {places} decimals; write it like "
            f"{'35.200' if places == 3 else '274.91'}"
        ),
    )
    return pa.array(value, mask=~good) if not good.all() else pa.array(value)


def _check_numbers(
    raw: RawEvents, type_code: npt.NDArray[np.int8], arrays: dict[str, pa.Array]
) -> None:
    """Read points and score, refusing what is out of range, and fields a type can't lack."""
    arrays["points"] = _whole_number(raw, "points", -POINTS_MAX, POINTS_MAX)
    arrays["score"] = _whole_number(raw, "score", 0, 10).cast(pa.int8())
    raw.faults.mark(
        is_type(type_code, "adjust") & null_rows(arrays["points"]),
        "bad_field",
        "points is missing: an adjust says how many, negative to take away",
    )
    present = np.zeros(len(TYPES) + 1, dtype=np.bool_)  # -1, an unknown type, is the last
    present[type_code] = True
    for word, name, why in _NEEDED:
        if not present[TYPE_CODE[word]]:
            continue
        raw.faults.mark(
            is_type(type_code, word) & raw.absent(name),
            "bad_field",
            f"{name} is missing: a {word} {why}",
        )


def _check_other_member(raw: RawEvents, type_code: npt.NDArray[np.int8]) -> None:
    """Refuse a referral of oneself, and a record merged with itself."""
    if "ref" not in raw.fields or "member" not in raw.fields:
        return
    two = is_type(type_code, "referral", "merge")
    if not two.any():
        return
    same = pc.equal(_plain(raw.fields["ref"]), _plain(raw.fields["member"])).fill_null(False)
    raw.faults.mark(
        two & same.to_numpy(zero_copy_only=False),
        "bad_field",
        lambda row: (
            f"ref = {shown(raw.value('ref', row))}: the member themselves; name the "
            f"{'referred member' if raw.value('type', row) == 'referral' else 'other record'}"
        ),
    )


def _whole_number(raw: RawEvents, name: str, least: int, most: int) -> pa.Array:
    """Return a field of whole numbers, null where absent or refused."""
    column = raw.fields.get(name)
    if column is None:
        return pa.nulls(raw.rows, pa.int64())
    value, good, absent = read_integers(column, least, most)
    raw.faults.mark(
        ~absent & ~good,
        "bad_field",
        lambda row: (
            f"{name} = {shown(raw.value(name, row))}: not a whole number from {least} to {most}; "
            "send one in that range"
        ),
    )
    return pa.array(value, mask=~good)


def _check_kind(raw: RawEvents, names: Names) -> None:
    """Refuse an attribute ``kind`` that the season doesn't have."""
    column = raw.fields.get("kind")
    if column is None:
        return
    known = look_up(column, lambda word: int(word in names.kinds), 1)
    raw.faults.mark(
        known == 0,
        "bad_field",
        lambda row: (
            f"attributes.kind = {shown(column[row].as_py())}: not a kind of this season; use one "
            f"of {', '.join(sorted(names.kinds))}"
        ),
    )


def _check_orders(
    raw: RawEvents, names: Names, type_code: npt.NDArray[np.int8], arrays: Mapping[str, pa.Array]
) -> None:
    """Refuse lines that can't be read or name unknown products, and a use of nothing."""
    with_lines = is_type(type_code, "reserve", "use")
    if not with_lines.any():
        return
    points = pc.fill_null(arrays["points"], 0).to_numpy()
    use = is_type(type_code, "use")
    raw.faults.mark(
        use & (points < 0),
        "bad_field",
        lambda row: f"points = {raw.value('points', row)}: a use takes points, from 0 up",
    )
    raw.faults.mark(
        use & (points == 0) & raw.absent("coupon"),
        "bad_field",
        "coupon is missing: a use names a coupon, or points to pay with",
    )
    for row in np.flatnonzero(with_lines & ~raw.faults.refused).tolist():
        try:
            check_lines(str(raw.value("lines", row)), names)
        except LineFault as fault:
            raw.faults.mark_row(row, fault.reason, str(fault))


def _check_products(raw: RawEvents, names: Names, type_code: npt.NDArray[np.int8]) -> None:
    """Refuse a purchase without a product, or of one the season doesn't know."""
    if names.products is None:
        return
    purchase = is_type(type_code, "purchase")
    raw.faults.mark(
        purchase & raw.absent("product"),
        "bad_field",
        "product is missing: a purchase names a product of the season file",
    )
    column = raw.fields.get("product")
    if column is None:
        return
    products = names.products
    known = look_up(column, lambda word: int(word in products), 1)
    raw.faults.mark(
        purchase & (known == 0),
        "unknown_product",
        lambda row: (
            f"product = {shown(column[row].as_py())}: not in the season file; add "
            "[products.…] there or send a product it names"
        ),
    )
