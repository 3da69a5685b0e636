"""Notice feed: carries what a shard's log entries have members told to its notice stream.

It works beside the shard: a batch is acknowledged whether or not its notices are appended yet.
What a crash loses here is told again from the log's tail.
"""

from __future__ import annotations

import logging
import queue
import threading
from itertools import islice
from typing import Final

from actors.store.errors import StoreError, StoreUnavailable
from actors.store.notice_stream import CHUNK, NoticeStream, StreamId
from rules.compiling.compiled import Rules
from rules.notices.notice_book import NoticeBook, Notices
from rules.table.member_table import MemberTable

NOTHING_ALONE: Final = 2**63
RETRY_AFTER_S: Final = 0.2
WAITING_MAX: Final = 200_000
WAIT_S: Final = 2.0

log = logging.getLogger(__name__)


class NoticeFeed:
    """Appends notices in a thread of its own, in the order of the log."""

    def __init__(self, stream: NoticeStream) -> None:
        self._stream = stream
        self._last: StreamId = (0, 0)
        self._queue: queue.SimpleQueue[tuple[int, Notices]] = queue.SimpleQueue()
        self._told = threading.Condition()
        self._put = 0  # batches so far
        self._appended = 0  # of them
        self._waiting = 0  # notices in them
        self._thread: threading.Thread | None = None

    def start(self, last_seq: int) -> None:
        """Learn what is in the stream; a new one begins behind the log's last entry.

        Raises StoreUnavailable.
        """
        self._last = self._stream.begin(last_seq)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="notice-feed", daemon=True)
            self._thread.start()

    @property
    def last_seq(self) -> int:
        """Give the log entry whose notices came last; all of those before it are in the stream."""
        return self._last[0]

    @property
    def idle(self) -> bool:
        """Tell whether everything is appended."""
        with self._told:
            return self._appended == self._put

    @property
    def put_so_far(self) -> int:
        """Count the batches that were put, for flush() to wait for."""
        return self._put

    def missing_from(self, rules: Rules, upcoming: Rules | None) -> int:
        """Give the entry from which on notices may be missing; they are numbered by entries.

        Where no file in force or to come has any, none are: NOTHING_ALONE.
        """
        files = (rules, upcoming)
        tells = any(one is not None and one.season.notices for one in files)
        return self.last_seq if tells else NOTHING_ALONE

    def take(self, seq: int, table: MemberTable) -> None:
        """Take what a log entry has members told; more is recorded where the file asks for it."""
        if table.notices is not None:
            self.put(seq, table.notices.take())
        wanted = table.rules.season.notices is not None
        if wanted != (table.notices is not None):
            table.notices = NoticeBook() if wanted else None

    def put(self, seq: int, notices: Notices) -> None:
        """Take the notices of a log entry, all of them at once; those there already are left."""
        if not len(notices) or seq < self._last[0]:
            return
        with self._told:
            # A shard that outruns its notices waits for them a little: what waits stays bounded.
            self._told.wait_for(lambda: self._waiting < WAITING_MAX, WAIT_S)
            self._put += 1
            self._waiting += len(notices)
        self._queue.put((seq, notices))

    def flush(self, within_s: float, batches: int | None = None) -> None:
        """Wait until so many batches are appended, by default all; raises StoreUnavailable.

        It may be called in another thread than put().
        """
        batches = self._put if batches is None else batches
        with self._told:
            if not self._told.wait_for(lambda: self._appended >= batches, within_s):
                raise StoreUnavailable(
                    f"the notices of {batches - self._appended} log entries of shard "
                    f"{self._stream.shard} are not appended yet"
                )

    def _run(self) -> None:
        while True:
            seq, notices = self._queue.get()
            try:
                self._append(seq, notices)
            except Exception:  # a fault in one must not hold back all others and every snapshot
                log.exception("the notices of log entry %d are lost", seq)
            with self._told:
                self._appended += 1
                self._waiting -= len(notices)
                self._told.notify_all()

    def _append(self, seq: int, notices: Notices) -> None:
        each = iter(notices)
        for n in range(0, len(notices), CHUNK):
            chunk = list(islice(each, CHUNK))
            while (seq, n) > self._last:
                try:
                    self._stream.append((seq, n), chunk)
                    self._last = seq, n
                except StoreError as error:
                    log.warning("%s", error)
                    threading.Event().wait(RETRY_AFTER_S)
