"""History: everything a shard ever logged, from the archive and then from the log itself."""

from __future__ import annotations

from collections.abc import Iterator

from actors.store.archive import Archive
from actors.store.errors import LogGap
from actors.store.log import Entry, ShardLog


def read_history(archive: Archive, log: ShardLog, after_seq: int = 0) -> Iterator[Entry]:
    """Yield a shard's entries after a seq, in order, up to the last one there is now.

    It may run beside the shard: what is archived and trimmed meanwhile is read from the archive.

    Raises:
        LogGap: entries are neither archived nor in the log any more.
        ArchiveDamaged: an archive file cannot be read.
        StoreUnavailable: the server cannot be reached.
    """
    seq, last = after_seq, log.last_seq()
    while seq < last:
        began = seq
        for entry in archive.read_archive(log.shard, seq):
            seq = entry.seq
            yield entry
            if seq == last:
                return
        try:
            for entry in log.read(seq):
                seq = entry.seq
                yield entry
                if seq == last:
                    return
        except LogGap:
            # Trimmed since the archive was read: then it is archived now.
            if seq == began and archive.last_seq(log.shard) <= seq:
                raise
