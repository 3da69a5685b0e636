"""Standing arrays: the frozen standing of a shard as arrays of its snapshot, and back."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from rules.standings import Standing

_PREFIX: Final = "final."
_TEXTS: Final = ("member", "team_key")


def final_arrays(final: Standing) -> dict[str, Any]:
    """Turn a frozen standing into arrays that travel with the table's."""
    arrays: dict[str, Any] = {}
    for name in Standing.__dataclass_fields__:
        column = getattr(final, name)
        arrays[_PREFIX + name] = pa.array(column, pa.large_utf8()) if name in _TEXTS else column
    return arrays


def final_from(arrays: dict[str, Any]) -> Standing | None:
    """Take the frozen standing out of a snapshot's arrays; None when there is none."""
    if _PREFIX + "member" not in arrays:
        return None
    columns = {name: arrays.pop(_PREFIX + name) for name in Standing.__dataclass_fields__}
    texts = {name: columns[name].to_pylist() for name in _TEXTS}
    return Standing(**(columns | texts))
