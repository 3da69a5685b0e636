"""Shown pages: rows and prizes kept from the reading before are those that a new one gives."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from actors.gateway import shown_pages
from actors.gateway.auth import Caller, eyes
from actors.gateway.board_answer import board_json
from actors.gateway.board_pages import Page
from actors.gateway.board_read import BoardRead
from actors.gateway.prize_view import PrizeReader
from actors.gateway.shown_pages import ShownPages
from actors.messages import Reading, Row
from rules.compiling.compiled import compile_rules
from rules.ranks.official_order import key_of
from rules.season.season_file import load_season

SEASON = Path(__file__).parents[2] / "seasons" / "summer-2026.toml"
RULES = compile_rules(load_season(SEASON.read_text(encoding="utf-8")))
CALLERS = Caller("k", "analyst"), Caller("a", "app"), Caller("a", "app", "member-003")
READINGS = 60


class Season:
    """The boards of a season in memory, and what of them changes from reading to reading."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.prizes = PrizeReader(RULES)
        self.state: Any = SimpleNamespace(rules=RULES)
        self.version = 0
        self.scores = {f"member-{n:03d}": self.random.randrange(2000, 9000) for n in range(200)}
        self.out: set[str] = set()
        self.before: dict[str, int | None] = {}
        self.written_anew = 0
        self.reused = 0
        self.last: BoardRead | None = None
        self.pages = ShownPages(self.read, self.write, lambda: self.version)

    def move(self) -> None:
        """Let something happen: mostly to somebody who is nowhere near the top."""
        self.version += 1
        chance, member = self.random.random(), f"member-{self.random.randrange(200):03d}"
        if chance < 0.2:
            self.scores[member] += self.random.randrange(1, 4000)
        elif chance < 0.25:
            self.out ^= {member}
        elif chance < 0.3:
            self.before[member] = self.random.choice([None, 1, 7])

    def rows(self, count: int) -> list[Row]:
        """Give the first rows."""
        rows = [
            Row(key_of(score, 5, 2, member, RULES.tie_break), score % 3, 5, 2, member in self.out)
            for member, score in self.scores.items()
        ]
        return sorted(rows)[:count]

    async def read(self, board: str, after: int, limit: int) -> BoardRead:
        """Read a page."""
        readings = [Reading(self.version, {ask: self.rows(ask[2]) for ask in self.prizes.asks()})]
        view = self.prizes.view(readings)
        assert view is not None
        fresh = PrizeReader(RULES).view(readings)
        assert fresh is not None
        assert (view.awards, view.barred, view.taken) == (fresh.awards, fresh.barred, fresh.taken)
        rows = self.rows(after + limit)[after:]
        page = Page(board, 200, after + 1, rows, self.version, readings)
        before = {
            row.key.member: self.before[row.key.member]
            for row in rows
            if row.key.member in self.before
        }
        self.last = BoardRead(board, page, fresh, before, False, self.version, "open")
        return replace(self.last, view=view)

    def write(self, caller: Caller, read: BoardRead, rows: msgspec.Raw | None) -> dict[str, Any]:
        """Write a page, counting what was kept."""
        self.reused += rows is not None
        self.written_anew += rows is None
        return board_json(self.state, caller, read, rows)


@pytest.mark.parametrize("seed", [1])
def test_what_is_kept_of_a_page_is_what_writing_it_again_gives(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shown_pages, "MOMENT_S", 600.0)
    season = Season(seed)
    anew = partial(board_json, season.state)

    async def run() -> None:
        for _ in range(READINGS):
            season.move()
            for after in (0, 5):
                shown = await season.pages.page("overall", after, 20)
                assert season.last is not None
                for caller in CALLERS:
                    own = caller.member is not None
                    wanted = anew(caller if own else eyes(caller.role == "app"), season.last)
                    assert shown.body(caller) == msgspec.json.encode(wanted)

    asyncio.run(run())
    assert season.reused > READINGS, "most of what happens moves nobody shown"
    assert season.written_anew > READINGS / 4, "and some of it does"
