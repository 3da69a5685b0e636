"""Which rows of a body are refused, each for the first reason that was found."""

from collections.abc import Callable
from typing import Final

import numpy as np

from rules.decoding.event_columns import Refusal
from rules.decoding.text_bytes import Bools, Ints

SHOWN_CHARACTERS: Final = 40
_ID_CHARACTERS: Final = 128


class Faults:
    """The refused rows so far; a row keeps the first fault marked on it."""

    def __init__(self, rows: int) -> None:
        self.refused: Bools = np.zeros(rows, dtype=np.bool_)
        self._said: dict[int, tuple[str, str, str | None]] = {}

    def mark(self, rows: Bools, reason: str, sentence: Callable[[int], str] | str) -> None:
        """Refuse the rows, bool[n], that nothing refused before, saying why for each.

        ``sentence`` is one for all, or is called with the row number of each new one.
        """
        if not rows.any():
            return
        fresh = rows & ~self.refused
        self.refused |= fresh
        for row in np.flatnonzero(fresh).tolist():
            said = sentence if isinstance(sentence, str) else sentence(row)
            self._said[row] = (reason, said, None)

    def mark_row(self, row: int, reason: str, sentence: str, event_id: str | None = None) -> None:
        """Refuse one row, unless it is refused already; ``event_id`` if no column holds it."""
        if not self.refused[row]:
            self.refused[row] = True
            self._said[row] = (reason, sentence, event_id)

    def refusals(
        self, place: Ints, event_id: Callable[[int], object], at_us: Callable[[int], int | None]
    ) -> list[Refusal]:
        """Return every refused row as a `Refusal`, by place; the others give its id and time."""
        found = []
        for row in sorted(self._said):
            reason, sentence, known_id = self._said[row]
            name = event_id(row) if known_id is None else known_id
            text = name[:_ID_CHARACTERS] if isinstance(name, str) else ""
            found.append(Refusal(int(place[row]), text, reason, sentence, at_us(row)))
        return found


def shown(value: object) -> str:
    """Write a value for a sentence: quoted text, cut where it is long.

    >>> shown("x" * 99)
    "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…'"
    """
    if isinstance(value, str):
        cut = value if len(value) <= SHOWN_CHARACTERS else value[:SHOWN_CHARACTERS] + "…"
        return repr(cut)
    text = str(value)
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "…"
