"""Final list: the frozen standings of a season, their hash, and whether they are published."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from actors.store.folder import write_durably
from rules.compiling.compiled import Rules
from rules.ranks.standings import Standing, board_rows
from rules.ranks.standings_file import standings_csv, standings_hash

HASHED_BOARD: Final = 0


class FinalList(msgspec.Struct, frozen=True):
    """What is known of a frozen season; the rows are in the files beside."""

    season: str
    standings_hash: str
    frozen_at_us: int
    published: bool = False
    published_at_us: int = 0


class FinalShelf:
    """Keeps the frozen list in a folder: one CSV a board and final.json, written last."""

    def __init__(self, folder: Path, season: str) -> None:
        self._folder = folder / season
        self._season = season
        self._path = self._folder / "final.json"

    def load(self) -> FinalList | None:
        """Read the frozen list; None before the season is final."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=FinalList)
        except FileNotFoundError:
            return None

    def freeze(self, rules: Rules, parts: Sequence[Standing], at_us: int) -> FinalList:
        """Write the standings of all boards; a list that is frozen already stays as it is."""
        found = self.load()
        if found is not None:
            return found
        self._folder.mkdir(parents=True, exist_ok=True)
        everyone = Standing.concat(parts)
        digest = ""
        for board in rules.boards:
            rows = board_rows(everyone, rules.boards, board.id, rules.levels, rules.tie_break)
            content = standings_csv(rows)
            write_durably(self._folder / f"standings-{board.id}.csv", content)
            if board.id == hashed_board(rules):
                digest = standings_hash(content)
        frozen = FinalList(self._season, digest, at_us)
        write_durably(self._path, msgspec.json.encode(frozen))
        return frozen

    def publish(self, at_us: int) -> FinalList | None:
        """Mark the frozen list as published; None when there is none yet."""
        found = self.load()
        if found is None or found.published:
            return found
        published = FinalList(found.season, found.standings_hash, found.frozen_at_us, True, at_us)
        write_durably(self._path, msgspec.json.encode(published))
        return published


def hashed_board(rules: Rules) -> str:
    """Name the board whose file is hashed: `overall`, or the first where there is none."""
    ids = [board.id for board in rules.boards]
    return "overall" if "overall" in ids else ids[HASHED_BOARD]
