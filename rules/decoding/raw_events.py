"""A body's rows as they were sent, before any check."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rules.decoding.event_faults import Faults
from rules.decoding.text_bytes import Bools, Ints, null_rows


@dataclass(frozen=True, slots=True)
class RawEvents:
    """A body's rows before the checks.

    ``fields``: by the interface's name; text as ``string`` or ``dictionary<int32, string>``
    with empty text already null; quantities and whole numbers as text or any number; ``at`` as
    text or a timestamp with zone. A missing name is absent in every row. ``attributes`` is
    canonical JSON and ``kind`` the attribute of that name as text.
    """

    rows: int
    fields: Mapping[str, pa.Array]
    faults: Faults
    place: Ints

    def absent(self, name: str) -> Bools:
        """Return bool[n], true where the field is not given."""
        column = self.fields.get(name)
        return np.ones(self.rows, dtype=np.bool_) if column is None else null_rows(column)

    def value(self, name: str, row: int) -> object:
        """Return one value as it was sent."""
        column = self.fields.get(name)
        return None if column is None else column[row].as_py()
