"""Snapshot pace: when a shard's next snapshot is due, and what is put into files before it."""

from __future__ import annotations

from typing import Final, Literal

LARGE_EVENTS: Final = 8_000_000
KEPT_SHARE: Final = 8


def events_between(wanted: int, kept: int) -> int:
    """Choose after how many events the next snapshot is due, of a table that keeps some already.

    A snapshot is of the whole table. Were one due every million however large it is, writing
    them would soon take longer than judging; so a large table's come after an eighth of what it
    keeps, and all of them together write about nine times what is kept in the end.

    >>> [events_between(1_000_000, kept) for kept in (0, 8_000_000, 60_000_000)]
    [1000000, 1000000, 7500000]
    >>> events_between(1_500, 20_000)
    1500
    """
    return max(wanted, kept // KEPT_SHARE) if kept > LARGE_EVENTS else wanted


class SnapshotPace:
    """Counts events since the last snapshot, and since postings and log were last put away.

    What piles up between the snapshots of a large table is put into files more often.

    >>> pace = SnapshotPace(1_000_000)
    >>> pace.count(1_000_000)
    >>> pace.due(kept=60_000_000), pace.due(kept=2_000_000)
    ('put_away', 'snapshot')
    >>> pace.put_away()
    >>> pace.due(kept=60_000_000), pace.since_snapshot
    (None, 1000000)
    """

    def __init__(self, events: int) -> None:
        self.since_snapshot = 0
        self._events = events
        self._since_away = 0

    def found(self, events: int) -> None:
        """Count events that came from the log: the next snapshot has to cover them too."""
        self.since_snapshot += events

    def count(self, events: int) -> None:
        """Count events that were applied."""
        self.since_snapshot += events
        self._since_away += events

    def due(self, kept: int) -> Literal["snapshot", "put_away"] | None:
        """Tell what is due for a table that keeps so many events."""
        if self.since_snapshot >= events_between(self._events, kept):
            return "snapshot"
        return "put_away" if self._since_away >= self._events else None

    def taken(self) -> None:
        """Note that a snapshot is taken or on its way."""
        self.since_snapshot = self._since_away = 0

    def put_away(self) -> None:
        """Note that postings and log are put away or on their way."""
        self._since_away = 0
