"""Station days: on which local days each station had events, and where days are missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa

from rules.decoding.event_columns import text_of
from rules.decoding.text_bytes import Ints
from rules.season.season_models import Station

SHOWN_MAX: Final = 50
_EPOCH: Final = date(1970, 1, 1)


@dataclass(slots=True)
class StationDays:
    """Gathers the distinct days of every station."""

    counts: dict[str, int] = field(default_factory=dict)
    _days: dict[str, set[int]] = field(default_factory=dict)

    def add(self, columns: pa.RecordBatch, day: Ints) -> None:
        """Take decoded columns and each row's local day, int64[n] since 1970-01-01."""
        encoded = text_of(columns, "station").dictionary_encode()
        code = encoded.indices.fill_null(-1).to_numpy()
        for number, word in enumerate(encoded.dictionary.to_pylist()):
            here = day[code == number]
            self.counts[word] = self.counts.get(word, 0) + len(here)
            self._days.setdefault(word, set()).update(np.unique(here).tolist())

    def outside(self, register: Mapping[str, Station]) -> dict[str, dict[str, Any]]:
        """Count by station the days with events on which the register says it was closed."""
        found = {}
        for name, days in sorted(self._days.items()):
            station = register.get(name)
            if station is None or (station.opened is None and station.closed is None):
                continue
            shut = sorted(day for day in days if not station.sells_on(_EPOCH + timedelta(days=day)))
            if shut:
                found[name] = {"days": len(shut), "from": _text(shut[0]), "to": _text(shut[-1])}
        return found

    def gaps(self) -> list[dict[str, Any]]:
        """List stations with days without events, from their first day to the log's last one."""
        last = max((max(days) for days in self._days.values() if days), default=0)
        found = []
        for station, days in sorted(self._days.items()):
            if not days:
                continue
            there = np.array([*sorted(days), last + 1], dtype=np.int64)
            missing = np.diff(there) - 1
            if not missing.any():
                continue
            longest = int(np.argmax(missing))
            begin = int(there[longest]) + 1
            found.append(
                {
                    "station": station,
                    "days": int(missing.sum()),
                    "longest": {
                        "from": _text(begin),
                        "to": _text(begin + int(missing[longest]) - 1),
                        "days": int(missing[longest]),
                    },
                }
            )
        return found


def _text(day: int) -> str:
    return (_EPOCH + timedelta(days=day)).isoformat()
