"""Questions that share an answer: never one that began before they came, and no reading twice."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import msgspec
import pytest

from actors.gateway import shown_pages
from actors.gateway.auth import Caller
from actors.gateway.board_pages import Page
from actors.gateway.board_read import BoardRead
from actors.gateway.masks import masked
from actors.gateway.problems import Problem, warming
from actors.gateway.rounds import Rounds
from actors.gateway.shown_pages import ShownPages
from actors.messages import Row
from rules.ranks.official_order import key_of

ANALYST, APP, OWN = Caller("k", "analyst"), Caller("a", "app"), Caller("a", "app", "member-1")


@pytest.fixture(autouse=True)
def _long_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no moment end by itself: a busy machine may take longer than it lasts."""
    monkeypatch.setattr(shown_pages, "MOMENT_S", 600.0)


class Board:
    """A board of two members in memory: what the ranking shards would answer."""

    def __init__(self) -> None:
        self.version = 1
        self.reads = self.written = 0
        self.trouble: Problem | None = None
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.pages = ShownPages(self.read, self.write, lambda: self.version)

    async def read(self, board: str, after: int, limit: int) -> BoardRead:
        version = self.version
        self.reads += 1
        await self.may_answer.wait()
        if self.trouble is not None:
            raise self.trouble
        rows = [
            Row(key_of(9 - n, 0, 0, f"member-{n}", ("active_days",)), 0, 0, 0, False)
            for n in range(2)
        ]
        page = Page(board, len(rows), 1, rows[after : after + limit], version, [])
        return BoardRead(board, page, None, {}, False, 0, "open")

    def write(self, caller: Caller, read: BoardRead, _rows: msgspec.Raw | None) -> dict[str, Any]:
        self.written += 1
        members = [row.key.member for row in read.page.rows]
        shown = [member if caller.sees(member) else masked(member) for member in members]
        return {"version": read.page.version, "rows": shown}

    async def show(self, caller: Caller = ANALYST, limit: int = 50) -> dict[str, Any]:
        page = await self.pages.page("overall", 0, limit)
        told: dict[str, Any] = json.loads(page.body(caller))
        return told


def test_readers_of_one_moment_share_a_page_and_what_is_written_of_it() -> None:
    async def run() -> None:
        board = Board()
        told = await asyncio.gather(*(board.show() for _ in range(32)))
        told.append(await board.show())
        assert all(page == {"version": 1, "rows": ["member-0", "member-1"]} for page in told)
        assert (board.reads, board.written) == (1, 1)
        assert len((await board.show(limit=1))["rows"]) == 1
        assert board.reads == 2

    asyncio.run(run())


def test_each_sees_what_they_may() -> None:
    async def run() -> None:
        board = Board()
        shown = [(await board.show(caller))["rows"] for caller in (ANALYST, APP, OWN, APP, ANALYST)]
        names, masks = ["member-0", "member-1"], ["me•••-0", "me•••-1"]
        assert shown == [names, masks, ["me•••-0", "member-1"], masks, names]
        assert (board.reads, board.written) == (1, 3)

    asyncio.run(run())


def test_what_is_acknowledged_before_a_question_is_in_its_answer() -> None:
    async def run() -> None:
        board = Board()
        board.may_answer.clear()
        early = asyncio.create_task(board.show())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert board.reads == 1
        board.version = 2
        late = [asyncio.create_task(board.show()) for _ in range(3)]
        await asyncio.sleep(0)
        board.may_answer.set()
        assert (await early)["version"] == 1
        assert [(await one)["version"] for one in late] == [2, 2, 2]
        assert board.reads == 2
        board.version = 3
        assert (await board.show())["version"] == 3

    asyncio.run(run())


def test_a_page_is_read_again_after_its_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown_pages, "MOMENT_S", 0.0)

    async def run() -> None:
        board = Board()
        await board.show()
        await board.show()
        assert board.reads == 2

    asyncio.run(run())


def test_everyone_who_shares_a_round_hears_of_its_trouble_and_the_next_one_goes_on() -> None:
    async def run() -> None:
        board = Board()
        board.trouble = warming("not yet")
        told = await asyncio.gather(*(board.show() for _ in range(3)), return_exceptions=True)
        assert [type(one) for one in told] == [Problem] * 3
        board.trouble = None
        assert (await board.show())["version"] == 1

    asyncio.run(run())


def test_questions_on_one_subject_are_put_together_and_answered_each() -> None:
    rounds: list[tuple[str, list[int]]] = []

    async def answer(subject: str, asked: list[int]) -> list[str]:
        rounds.append((subject, asked))
        await asyncio.sleep(0)
        return [f"{subject}{question}" for question in asked]

    async def run() -> None:
        shared = Rounds(answer)
        asked = [("a", 1), ("a", 2), ("b", 1), ("a", 3)]
        told = await asyncio.gather(*(shared.ask(*one) for one in asked))
        assert told == ["a1", "a2", "b1", "a3"]
        assert await shared.ask("a", 4) == "a4"

    asyncio.run(run())
    assert rounds == [("a", [1, 2, 3]), ("b", [1]), ("a", [4])]
