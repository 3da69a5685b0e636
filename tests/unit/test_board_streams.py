"""Who is told what, when: crowds, masks, resumes, slow readers, limits and the end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from actors.gateway import board_streams
from actors.gateway.auth import Caller
from actors.gateway.board_feed import applied
from actors.gateway.board_pages import Page
from actors.gateway.board_read import BoardRead
from actors.gateway.board_reader import QUEUE_FRAMES_MAX, Reader
from actors.gateway.board_streams import BoardStreams
from actors.gateway.masks import masked
from actors.gateway.problems import Problem, warming
from actors.messages import Row
from rules.ranks.official_order import key_of

ANALYST, APP = Caller("k", "analyst"), Caller("a", "app")
TIE_BREAK = ("tasks_completed_at", "active_days")


class Board:
    """A board in memory: what the ranking shards would answer."""

    def __init__(self) -> None:
        self.version = 1
        self.scores = {f"member-{number}": 100 - number for number in range(5)}
        self.reads = 0
        self.trouble: Problem | None = None
        self.allowed = True
        self.streams = BoardStreams(self.read, self.write, lambda: self.version, self.check, 8)

    async def read(self, board: str, limit: int) -> BoardRead:
        self.reads += 1
        await asyncio.sleep(0)
        if self.trouble is not None:
            raise self.trouble
        rows = [
            Row(key_of(score, 0, 0, member, TIE_BREAK), 0, 0, 0, False)
            for member, score in self.scores.items()
        ]
        rows.sort()
        page = Page(board, len(rows), 1, rows[:limit], self.version, [])
        return BoardRead(board, page, None, {}, False, 0, "open")

    def write(self, caller: Caller, read: BoardRead) -> dict[str, Any]:
        rows = []
        for place, row in enumerate(read.page.rows):
            member = row.key.member
            shown = member if caller.sees(member) else masked(member)
            rows.append({"rank": place + 1, "member": shown, "score": row.key.score})
        return {
            "board": read.board,
            "as_of": "now",
            "version": read.page.version,
            "phase": read.phase,
            "total": read.page.total,
            "rows": rows,
            "next_cursor": read.page.next_cursor,
            "cut_lines": [],
        }

    def check(self, headers: object) -> None:
        del headers
        if not self.allowed:
            raise Problem(401, "The key is not known.")

    def move(self, member: str, score: int) -> None:
        self.scores[member] = score
        self.version += 1


def events(data: bytes) -> list[tuple[str, str, dict[str, Any]]]:
    found = []
    for block in data.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if line)
        if "event" in fields:
            found.append((fields["event"], fields["id"], msgspec.json.decode(fields["data"])))
    return found


def told(test: Callable[[Board], Awaitable[None]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board_streams, "TICK_S", 0.001)
    monkeypatch.setattr(board_streams, "LOOK_S", 0.05)

    async def main() -> None:
        board = Board()
        running = asyncio.create_task(board.streams.run())
        try:
            await asyncio.wait_for(test(board), 20)
        finally:
            running.cancel()

    asyncio.run(main())


async def heard(reader: Reader) -> list[tuple[str, str, dict[str, Any]]]:
    while True:
        data = await reader.next()
        assert data is not None
        found = events(data)
        if found:
            return found


def test_readers_share_reads_and_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(board: Board) -> None:
        streams = board.streams
        readers = await asyncio.gather(
            *(streams.join("overall", 3, ANALYST, {}) for _ in range(4)),
            *(streams.join("overall", 5, APP, {}) for _ in range(3)),
        )
        assert streams.readers == 7
        assert board.reads == 2
        seen = [(await heard(reader))[-1] for reader in readers]
        assert [event for event, _, _ in seen] == ["snapshot"] * 7
        assert [len(body["rows"]) for _, _, body in seen] == [3, 3, 3, 3, 5, 5, 5]
        assert seen[0][2]["next_cursor"] == "3"
        assert seen[0][2]["rows"][0]["member"] == "member-0"
        assert seen[-1][2]["rows"][0]["member"] == "me•••-0"
        board.move("member-3", 1000)
        news = [await reader.next() for reader in readers]
        assert news[0] is news[1] is news[2] is news[3]
        assert news[4] is news[5] is news[6]
        for (_, _, body), data in zip(seen, news, strict=True):
            assert data is not None
            [(event, _, delta)] = events(data)
            now = applied(body, delta)
            assert (event, now["version"], now["rows"][0]["score"]) == ("delta", 2, 1000)

    told(test, monkeypatch)


def test_an_app_sees_its_own_member_and_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(board: Board) -> None:
        mine = await board.streams.join("overall", 5, Caller("a", "app", "member-3"), {})
        other = await board.streams.join("overall", 5, APP, {})
        [(_, _, page)] = await heard(mine)
        names = [row["member"] for row in page["rows"]]
        assert [name for name in names if "•" not in name] == ["member-3"]
        await heard(other)
        board.move("member-3", 1000)
        [(_, _, delta)] = await heard(mine)
        assert applied(page, delta)["rows"][0]["member"] == "member-3"
        [(_, _, delta)] = await heard(other)
        assert delta["rows"][0]["member"] == "me•••-3"
        board.move("member-0", 2000)
        [(_, _, delta)] = await heard(mine)
        assert [row["member"] for row in delta["rows"]] == ["me•••-0", "member-3"]

    told(test, monkeypatch)


def test_a_reader_comes_back_where_it_was_or_is_told_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(board: Board) -> None:
        streams = board.streams
        first = await streams.join("overall", 5, ANALYST, {})
        [(_, last_id, page)] = await heard(first)
        streams.leave(first)
        board.move("member-4", 500)  # nobody listens: the next join brings the feed up to it
        again = await streams.join("overall", 5, ANALYST, {}, last_id)
        [(event, _, delta)] = await heard(again)
        assert event == "delta"
        assert applied(page, delta)["rows"][0]["member"] == "member-4"
        stranger = await streams.join("overall", 4, ANALYST, {}, last_id)
        [(event, _, page)] = await heard(stranger)
        assert (event, len(page["rows"])) == ("reset", 4)
        assert (streams.figures.resumed, streams.figures.reset) == (1, 1)

    told(test, monkeypatch)


def test_a_slow_reader_is_let_go_and_others_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(board: Board) -> None:
        streams = board.streams
        slow = await streams.join("overall", 5, ANALYST, {})
        quick = await streams.join("overall", 5, ANALYST, {})
        [(_, _, page)] = await heard(quick)
        for score in range(200, 202 + QUEUE_FRAMES_MAX):
            board.move("member-1", score)
            for _, _, delta in await heard(quick):
                page = applied(page, delta)
        assert page["rows"][0]["score"] == 201 + QUEUE_FRAMES_MAX
        assert slow.late
        assert await slow.next() is None
        assert streams.figures.late == 1
        streams.leave(slow)
        assert streams.readers == 1

    told(test, monkeypatch)


def test_too_many_readers_and_a_warming_board_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(board: Board) -> None:
        streams = board.streams
        board.trouble = warming("Ranking shard 0 is being rebuilt")
        with pytest.raises(Problem, match="rebuilt") as refused:
            await streams.join("overall", 5, ANALYST, {})
        assert (refused.value.status, refused.value.retry_after_s) == (503, 1)
        assert streams.readers == 0
        board.trouble = None
        readers = [await streams.join("overall", 5, ANALYST, {}) for _ in range(8)]
        with pytest.raises(Problem, match="8 readers listen already") as refused:
            await streams.join("overall", 5, ANALYST, {})
        assert refused.value.response().headers["Retry-After"] == "10"
        # Warming while they listen is said once, and passes.
        await heard(readers[0])
        board.trouble = warming("Ranking shard 0 is being rebuilt")
        board.move("member-1", 300)
        assert await readers[0].next() == board_streams.WARMING
        board.trouble = None
        [(event, _, _)] = await heard(readers[0])
        assert event == "delta"

    told(test, monkeypatch)


def test_the_end_comes_after_what_waits_and_revoked_keys_end_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(board_streams, "HEARTBEAT_S", 0.02)

    async def test(board: Board) -> None:
        streams = board.streams
        reader = await streams.join("overall", 5, ANALYST, {"authorization": "Bearer x"})
        reader.task = asyncio.current_task()
        await heard(reader)
        assert await reader.next() == board_streams.HEARTBEAT
        board.allowed = False
        while (data := await reader.next()) is not None:
            assert data == board_streams.HEARTBEAT
        streams.leave(reader)
        board.allowed = True
        last = await streams.join("overall", 5, ANALYST, {})
        closing = asyncio.create_task(streams.close())
        assert (await heard(last))[0][0] == "snapshot"
        while await last.next() is not None:
            pass
        streams.leave(last)
        await closing
        with pytest.raises(Problem, match="stopping"):
            await streams.join("overall", 5, ANALYST, {})

    told(test, monkeypatch)
