"""Bodies of events as tills send them, built before anything is timed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa

NDJSON = "application/x-ndjson"
ARROW = "application/vnd.apache.arrow.stream"
STARTS = datetime(2026, 6, 1, 1, 0, tzinfo=UTC)
"""9:00 in the zone of the shipped season, on its first day."""
STARTS_US = int(STARTS.timestamp()) * 1_000_000
TASK_SHARE = 0.1
FUELS = ("92", "95", "98", "0")
FEN_A_LITRE = 785
EVENT_SPACING_US = 1_000

Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Some events: number, member, type, product and quantity of each, int64[n]; at_us rising."""

    number: Int64s
    member: Int64s
    task: npt.NDArray[np.bool_]
    product: Int64s
    litres_ml: Int64s
    amount_fen: Int64s
    at_us: Int64s

    def __len__(self) -> int:
        return len(self.number)

    def part(self, first: int, last: int) -> Drawn:
        """Cut a run of events out."""
        rows = slice(first, last)
        return Drawn(*(getattr(self, name)[rows] for name in self.__slots__))


def member_name(number: int) -> str:
    """Name a member."""
    return f"m-{number:07d}"


def draw(random: np.random.Generator, members: Int64s, first: int, repeated: float = 0.0) -> Drawn:
    """Draw an event for each of some members, numbered from `first` on.

    Nine in ten are fuel purchases, the others check-ins. A share is repeated: such a row is the
    same event as an earlier one, as a till sends it that got no answer.
    """
    count = len(members)
    litres_ml = random.integers(5_000, 70_000, count)
    at = np.arange(count)
    again = np.flatnonzero(random.random(count) < repeated)
    again = again[again > 0]
    source = at.copy()
    source[again] = random.integers(0, again)
    # A repeat of a repeat is the first one's event.
    while (source[source] != source).any():
        source = source[source]
    return Drawn(
        number=(first + at)[source],
        member=members[source],
        task=(random.random(count) < TASK_SHARE)[source],
        product=random.integers(0, len(FUELS), count)[source],
        litres_ml=litres_ml[source],
        amount_fen=(litres_ml * FEN_A_LITRE // 1_000)[source],
        at_us=(STARTS_US + (first + at) * EVENT_SPACING_US)[source],
    )


def lines_of(events: Drawn) -> list[str]:
    """Write each event as a line of JSON."""
    seconds = np.datetime_as_string(events.at_us.astype("datetime64[us]"), unit="us")
    lines = []
    for number, member, task, product, ml, fen, at in zip(
        events.number.tolist(),
        events.member.tolist(),
        events.task.tolist(),
        events.product.tolist(),
        events.litres_ml.tolist(),
        events.amount_fen.tolist(),
        seconds.tolist(),
        strict=True,
    ):
        head = f'{{"event_id":"e-{number:09d}","member":"{member_name(member)}","at":"{at}Z"'
        if task:
            lines.append(f'{head},"type":"check_in"}}')
            continue
        lines.append(
            f'{head},"type":"purchase","station":"S001","product":"{FUELS[product]}",'
            f'"litres":"{ml // 1000}.{ml % 1000:03d}","amount":"{fen // 100}.{fen % 100:02d}"}}'
        )
    return lines


def ndjson_of(events: Drawn) -> bytes:
    """Write events as one NDJSON body."""
    return "\n".join(lines_of(events)).encode()


def arrow_of(events: Drawn) -> bytes:
    """Write events as one Arrow stream: text ids, dictionary words, decimals, µs instants."""
    bought = ~events.task
    table = pa.table(
        {
            "event_id": [f"e-{number:09d}" for number in events.number.tolist()],
            "type": _words(events.task.astype(np.int32), ["purchase", "check_in"], None),
            "member": [member_name(number) for number in events.member.tolist()],
            "at": pa.array(events.at_us, pa.timestamp("us", "UTC")),
            "station": _words(np.zeros(len(events), np.int32), ["S001"], bought),
            "product": _words(events.product.astype(np.int32), list(FUELS), bought),
            "litres": _decimals(events.litres_ml, 3, bought),
            "amount": _decimals(events.amount_fen, 2, bought),
        }
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _words(
    codes: npt.NDArray[np.int32], words: list[str], there: npt.NDArray[np.bool_] | None
) -> pa.Array:
    mask = None if there is None else ~there
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=mask), pa.array(words))


def _decimals(units: Int64s, scale: int, there: npt.NDArray[np.bool_]) -> pa.Array:
    words = np.zeros((len(units), 2), dtype=np.int64)
    words[:, 0] = units
    valid = pa.array(there).buffers()[1]
    return pa.Array.from_buffers(pa.decimal128(18, scale), len(units), [valid, pa.py_buffer(words)])
