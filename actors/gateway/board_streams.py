"""Board streams: tells everyone who listens what changed on a board, from one snapshot a tick.

A board is read once a tick for all its readers, and only when something moved; each masking and
limit is written once and the same bytes go to all who see alike. A reader who doesn't keep up is
let go with an id to come back with; nobody waits for anybody.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from actors.gateway.auth import Caller, eyes
from actors.gateway.board_feed import BoardFeed, Frame, Json
from actors.gateway.board_read import BoardRead
from actors.gateway.board_reader import Reader, StreamFigures, View
from actors.gateway.problems import Problem

FEEDS_MAX: Final = 128
TICK_S: Final = 0.25
WORK_SHARE: Final = 0.25
"""Most of the time that telling readers may take from everything else the gateway does."""
LOOK_S: Final = 1.0
"""How often a board is read although this gateway saw nothing move: others take events too."""
QUIET_S: Final = 1.0
"""After this long a delta is sent even when only the version moved."""
HEARTBEAT_S: Final = 15.0
IDLE_FEED_S: Final = 60.0
STALLED_S: Final = 30.0
CLOSE_WITHIN_S: Final = 3.0
RETRY_MS: Final = (1_000, 3_000)
"""Readers come back after a time drawn from this range, so that not all come at once."""
HEARTBEAT: Final = b": the board stands as it is\n\n"
WARMING: Final = b": the board is being rebuilt\n\n"

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Board:
    """What was last known of a board: which mark of the gateway it was read at, and when."""

    mark: object = None
    read_s: float = float("-inf")


class BoardStreams:
    """Keeps the feeds that are listened to going.

    read reads a board's first rows (and raises Problem while it can't), write writes them for a
    caller, mark gives something that changes whenever a read could answer otherwise, and check
    raises Problem for headers that may no longer listen.
    """

    def __init__(
        self,
        read: Callable[[str, int], Awaitable[BoardRead]],
        write: Callable[[Caller, BoardRead], Json],
        mark: Callable[[], object],
        check: Callable[[Mapping[str, str]], object],
        readers_max: int,
    ) -> None:
        self.figures = StreamFigures()
        self.readers_max = readers_max
        self._read = read
        self._write = write
        self._mark = mark
        self._check = check
        self._feeds: dict[View, BoardFeed] = {}
        self._sent_s: dict[View, float] = {}
        self._readers: dict[View, set[Reader]] = {}
        self._boards: dict[str, _Board] = {}
        self._joining: dict[View, asyncio.Lock] = {}
        self._reading: dict[str, asyncio.Lock] = {}
        self._listening = asyncio.Event()
        self._closing = False
        self._count = 0
        self._warming: set[str] = set()
        self._beat_s = time.monotonic()

    @property
    def readers(self) -> int:
        """Count who listens now."""
        return self._count

    async def join(
        self, board: str, limit: int, caller: Caller, headers: Mapping[str, str], last_id: str = ""
    ) -> Reader:
        """Begin to listen: a snapshot, or what was missed since last_id, waits in the reader.

        Raises Problem 503 while the board is warming, and beyond the limit of readers.
        """
        if self._closing:
            raise Problem(503, "The system is stopping; come again.", retry_after_s=5)
        if self._count >= self.readers_max:
            self.figures.refused += 1
            raise Problem(
                503,
                f"{self._count:,} readers listen already (at most {self.readers_max:,}); "
                "read the page instead or come again later.",
                "too-many-readers",
                retry_after_s=10,
            )
        masked = caller.role == "app"
        view = View(board, limit, masked)
        reader = Reader(view, caller.member if masked else None, headers)
        self._count += 1  # from here on, so that no crowd slips in while a board is read
        try:
            await self._begin(reader, last_id)
        except BaseException:
            self._count -= 1
            raise
        self._readers.setdefault(view, set()).add(reader)
        self._listening.set()
        self.figures.joined += 1
        return reader

    def leave(self, reader: Reader) -> None:
        """Forget a reader whose stream has ended."""
        here = self._readers.get(reader.view, set())
        if reader in here:
            here.remove(reader)
            self._count -= 1
            self._sent_s[reader.view] = time.monotonic()

    async def run(self) -> None:
        """Tell readers until cancelled; nothing is read while nobody listens."""
        while True:
            if not self._count:
                self._listening.clear()
                await self._listening.wait()
            began_s, before_s = time.monotonic(), self.figures.tick_s
            try:
                await self._tick()
            except Exception:  # readers of other boards and the next tick must go on
                log.exception("telling the readers of a board failed")
            # What the readers' own tasks write then is work too; waiting for a read is none.
            self.figures.tick_s += await self._settled()
            self.figures.ticks += 1
            worked_s = self.figures.tick_s - before_s
            took_s = time.monotonic() - began_s
            pause_s = max(TICK_S - took_s, worked_s * (1 / WORK_SHARE - 1))
            await asyncio.sleep(min(pause_s, LOOK_S))

    async def close(self) -> None:
        """End every stream after what waits, and take no more."""
        self._closing = True
        for readers in self._readers.values():
            for reader in readers:
                reader.leave()
        ends_s = time.monotonic() + CLOSE_WITHIN_S
        while self._count and time.monotonic() < ends_s:
            await asyncio.sleep(0.02)
        for readers in list(self._readers.values()):
            for reader in readers:
                if reader.task is not None:
                    reader.task.cancel()

    async def _begin(self, reader: Reader, last_id: str) -> None:
        """Line up what a new reader hears first."""
        view = reader.view
        async with self._joining.setdefault(view, asyncio.Lock()):
            feed = self._feeds.get(view)
            if feed is None or not self._readers.get(view):
                # Nobody kept it going: bring it up to now first.
                self._make_room(view)
                await self._refresh(view.board, [view])
                feed = self._feeds[view]
        retry = b"retry: %d\n\n" % random.randrange(*RETRY_MS)
        missed = feed.since(last_id) if last_id else None
        if missed is not None:
            self.figures.resumed += 1
            reader.put(b"".join([retry, *(frame.for_reader(reader.own) for frame in missed)]))
            return
        self.figures.reset += bool(last_id)
        snapshot = feed.snapshot("reset" if last_id else "snapshot")
        reader.put(retry + snapshot.for_reader(reader.own))

    async def _tick(self) -> None:
        now_s = time.monotonic()
        mark = self._mark()
        boards: dict[str, list[View]] = {}
        for view, readers in self._readers.items():
            if readers:
                boards.setdefault(view.board, []).append(view)
        for board, views in boards.items():
            known = self._boards.setdefault(board, _Board())
            if known.mark == mark and now_s - known.read_s < LOOK_S:
                continue
            try:
                await self._refresh(board, views)
            except Problem as problem:
                self._tell_trouble(board, views, problem)
        if now_s - self._beat_s >= HEARTBEAT_S:
            self._beat_s = now_s
            self._heartbeat(now_s)
            self._drop_idle(now_s)

    async def _refresh(self, board: str, views: list[View]) -> None:
        """Read a board once and bring some of its feeds up to it; raises Problem."""
        # One after the other, so that no feed is brought back to an older page.
        async with self._reading.setdefault(board, asyncio.Lock()):
            mark, now_s = self._mark(), time.monotonic()
            read = await self._read(board, max(view.limit for view in views))
            self._boards[board] = _Board(mark, now_s)
            began_s = time.monotonic()
            self._take(read, views, now_s)
            self.figures.tick_s += time.monotonic() - began_s

    def _take(self, read: BoardRead, views: list[View], now_s: float) -> None:
        """Write a page for every masking, and tell the readers of each feed what is new."""
        board = read.board
        self._warming.discard(board)
        members = [row.key.member for row in read.page.rows]
        answers: dict[bool, Json] = {}
        for view in views:
            if view.masked not in answers:
                answers[view.masked] = self._write(eyes(view.masked), read)
            answer = first_rows(answers[view.masked], view.limit)
            feed = self._feeds.get(view)
            if feed is None:
                self._feeds[view] = BoardFeed(answer, members[: view.limit])
                self._sent_s[view] = now_s
                continue
            quiet = now_s - self._sent_s[view] >= QUIET_S
            frame = feed.advance(answer, members[: view.limit], quiet=quiet)
            if frame is not None:
                self._sent_s[view] = now_s
                self._tell(view, frame)

    def _tell(self, view: View, frame: Frame) -> None:
        figures, data, members = self.figures, frame.data, frame.members
        figures.frames += 1
        for reader in self._readers.get(view, ()):
            mine = data
            if reader.own is not None and reader.own in members:
                mine = frame.for_reader(reader.own)
            if reader.put(mine):
                figures.sent += 1
                figures.sent_bytes += len(mine)
            else:
                figures.late += 1

    def _tell_trouble(self, board: str, views: list[View], problem: Problem) -> None:
        """Say once that a board can't be read; end the streams of one that is gone."""
        gone = problem.status == 404
        if board in self._warming and not gone:
            return
        self._warming.add(board)
        for view in views:
            for reader in self._readers[view]:
                if gone:
                    reader.leave()
                else:
                    reader.put(WARMING)

    def _heartbeat(self, now_s: float) -> None:
        """Keep quiet connections open, let go of who may no longer listen or hears nothing."""
        allowed: dict[tuple[str, str], bool] = {}
        for readers in self._readers.values():
            for reader in list(readers):
                if reader.task is None and now_s - reader.told_s >= HEARTBEAT_S:
                    self.leave(reader)  # gone before its stream began
                elif not self._may_listen(reader, allowed):
                    reader.leave()
                elif reader.writing_since_s is not None:
                    if now_s - reader.writing_since_s > STALLED_S and reader.task is not None:
                        self.figures.late += 1
                        reader.late = True
                        reader.task.cancel()
                elif now_s - reader.told_s >= HEARTBEAT_S / 2:
                    reader.put(HEARTBEAT)

    def _may_listen(self, reader: Reader, allowed: dict[tuple[str, str], bool]) -> bool:
        headers = reader.headers
        who = (headers.get("authorization", ""), headers.get("x-member-token", ""))
        if who not in allowed:
            try:
                self._check(headers)
                allowed[who] = True
            except Problem as problem:
                allowed[who] = problem.status == 503
        return allowed[who]

    async def _settled(self) -> float:
        """Wait until the readers that were told had their turn; tells how long they took."""
        began_s = time.monotonic()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return time.monotonic() - began_s

    def _make_room(self, view: View) -> None:
        """Forget the feed idle for longest when there are too many; raises Problem 503."""
        if view in self._feeds or len(self._feeds) < FEEDS_MAX:
            return
        idle = [one for one in self._feeds if not self._readers.get(one)]
        if not idle:
            raise Problem(
                503,
                f"Readers listen to {FEEDS_MAX} different views already; ask for a usual limit.",
                "too-many-readers",
                retry_after_s=10,
            )
        self._forget(min(idle, key=lambda one: self._sent_s[one]))

    def _drop_idle(self, now_s: float) -> None:
        for view in list(self._feeds):
            if not self._readers.get(view) and now_s - self._sent_s[view] > IDLE_FEED_S:
                self._forget(view)

    def _forget(self, view: View) -> None:
        del self._feeds[view], self._sent_s[view]
        self._readers.pop(view, None)
        self._joining.pop(view, None)


def first_rows(answer: Json, limit: int) -> Json:
    """Cut a page from rank 1 down to its first rows: what a smaller limit would have answered."""
    if len(answer["rows"]) <= limit:
        return answer
    return answer | {"rows": answer["rows"][:limit], "next_cursor": str(limit)}
