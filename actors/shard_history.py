"""History: what a shard starts from, and what its log and archive have behind that."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import numpy as np

from actors.shard_places import ShardPlaces
from actors.store.errors import LogGap
from actors.store.history import read_history
from actors.store.pieces import Piece, ahead, pieces
from actors.store.snapshot import Snapshot
from rules.table.member_table import MemberTable

log = logging.getLogger(__name__)


class History:
    """Reads one shard's past at its start; the log is one of its own, for another thread."""

    def __init__(self, places: ShardPlaces) -> None:
        self._log = places.log.beside()
        self._archive = places.archive
        self._journal = places.journal

    def goes_on_from(self, found: Snapshot, empty: MemberTable) -> bool:
        """Tell whether to start from a snapshot, or else from the log's first entry."""
        return self._fits(found, empty) and not self._builds_journal(found)

    def behind(self, seq: int, alone_from: int) -> Iterator[Piece]:
        """Read what is behind an entry, in pieces as large as they may be.

        Entries from `alone_from` on come one by one. Postings on disk are counted by entries, so
        a piece ends where they do.
        """
        ends = [] if self._journal is None else [self._journal.written_seq]
        return ahead(pieces(read_history(self._archive, self._log, seq), alone_from, ends))

    def _fits(self, found: Snapshot, empty: MemberTable) -> bool:
        """Tell whether a snapshot is of this version's table.

        So a version whose tables hold more needs no step of its own to go on with a folder.
        """
        # Of what kind numbers are, not how wide: columns are as wide as what they hold.
        wanted = {name: array.dtype.kind for name, array in empty.state().items()}
        there = {
            name: array.dtype.kind if isinstance(array, np.ndarray) else None
            for name, array in found.arrays.items()
        }
        if there != wanted:
            log.warning(
                "shard %d: its snapshot is of another version; reading the whole log",
                self._log.shard,
            )
        return there == wanted

    def _builds_journal(self, found: Snapshot) -> bool:
        """Tell whether to start from the log's first entry, for a snapshot without its journal.

        So it is after a restore, and in a folder that was made before there were journals.
        """
        if self._journal is None or self._journal.written_seq >= found.seq:
            return False
        try:
            first = next(iter(read_history(self._archive, self._log, 0)), None)
        except LogGap:
            first = None
        shard = self._log.shard
        if first is None or first.seq != 1:
            log.warning("shard %d: its history is cut; statements begin with a sum", shard)
            return False
        log.info("shard %d builds its journal from the log's first entry", shard)
        self._journal.restart()
        return True
