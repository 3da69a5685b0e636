"""Seasons: the opening of the next one, and reading the one before while it runs its course."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from actors.gateway.answers import name_json
from actors.gateway.auth import Caller
from actors.gateway.masks import masked
from actors.gateway.orders import order_everywhere
from actors.gateway.problems import Problem, warming
from actors.gateway.state import State
from actors.messages import ShardDown, stand_of
from actors.phases import Window, instant
from actors.rules_book import RulesBook
from rules.compiling.compiled import Rules
from rules.decoding.event_columns import Names
from rules.judging.next_season import joined_names
from rules.ranks.official_order import NO_TIME_US
from rules.ranks.prizes import allocate, prize_boards
from rules.ranks.standings import BoardRows, Standing, board_rows

PERIOD_S: Final = 0.2

log = logging.getLogger(__name__)


def names_of(book: RulesBook) -> Names:
    """Give the names that events may use, of every season that is held or awaited."""
    names = book.rules.names
    for other in (book.older, book.upcoming):
        if other is not None:
            names = joined_names(book.rules, other)
    return names


async def watch_opening(state: State) -> None:
    """Open the next season at every shard once its start is reached, then show it.

    Likewise bring every shard past a final instant that the events have passed.
    """
    while True:
        try:
            await _pass_final(state)
        except Exception:  # the next round tries again, whatever it was
            log.exception("the final instant waits")
        upcoming = state.book.upcoming
        if upcoming is not None and state.now_us() >= upcoming.starts_us:
            try:
                await _open(state, upcoming)
            except Exception:  # the next round tries again, whatever it was
                log.exception("the next season waits")
        await asyncio.sleep(PERIOD_S)


async def _pass_final(state: State) -> None:
    """Bring shards past the final instant that no event comes to any more.

    Only this gateway can under the events' clock: it stamps, and its lanes keep the order.
    """
    if state.clock != "events":
        return
    clock_us = state.ingest.clock_us
    held = (state.rules, *([state.book.older] if state.book.older is not None else []))
    passed_us = max((rules.final_us for rules in held if rules.final_us <= clock_us), default=None)
    if passed_us is not None and any(lane.clock_us < passed_us for lane in state.ingest.lanes):
        await state.ingest.order("advance", clock_us)


async def _open(state: State, upcoming: Rules) -> None:
    async with state.changing:
        statuses = await state.ingest.order("advance", max(upcoming.starts_us, state.now_us()))
        if any(status.season != upcoming.season_id for status in statuses):
            return
        state.use(state.book.follow(state.book.versions, stand_of(statuses)))
        log.info("season %s is open", upcoming.season_id)


@dataclass(slots=True)
class _Kept:
    key: tuple[Any, ...]
    rows: BoardRows


_kept: dict[tuple[str, str], _Kept] = {}


async def older_page(
    state: State, caller: Caller, board: str, season: str, after: int, limit: int
) -> dict[str, Any]:
    """Give rows of a board of the season before; raises Problem 404 for a season not held."""
    rules = state.book.older
    if rules is None or rules.season_id != season:
        held = [state.rules.season_id, *([rules.season_id] if rules else [])]
        raise Problem(
            404,
            f"There is no season {season!r} here; held are {', '.join(held)}.",
            "unknown-season",
        )
    ids = [known.id for known in rules.boards]
    if board not in ids:
        raise Problem(
            404, f"There is no board {board!r}; {season} has {', '.join(ids)}.", "unknown-board"
        )
    as_of_us = state.as_of_us()
    version, rows = await _rows(state, rules, board)
    team = next(known.team for known in rules.boards if known.id == board) is not None
    shown = [
        _row(rows, place, caller, team=team)
        for place in range(after, min(after + limit, len(rows)))
    ]
    end = after + len(shown)
    return {
        "season": season,
        "board": board,
        "as_of": instant(as_of_us),
        "version": version,
        "phase": Window.of(rules).phase(state.now_us()),
        "total": len(rows),
        "rows": shown,
        "next_cursor": str(end) if shown and end < len(rows) else None,
    }


async def _rows(state: State, rules: Rules, board: str) -> tuple[int, BoardRows]:
    """Sort a board of the season before, anew when a shard has applied something since."""
    versions = tuple(state.ingest.versions())
    key = (versions, rules.rules_hash, rules.ends_us)
    kept = _kept.get((rules.season_id, board))
    if kept is None or kept.key != key:
        everyone = Standing.concat(await _standings(state))
        rows = await asyncio.to_thread(
            board_rows, everyone, rules.boards, board, rules.levels, rules.tie_break
        )
        kept = _kept[rules.season_id, board] = _Kept(key, rows)
    return sum(versions), kept.rows


async def send_older_awards(state: State, rules: Rules) -> None:
    """Tell every shard who has won what in the season before, once its list is published."""
    final = state.shelf(rules.season_id).load()
    if final is None or not final.published or not rules.season.prizes:
        return
    everyone = Standing.concat(await _standings(state))
    barred = {everyone.member[row] for row in np.flatnonzero(everyone.disqualified).tolist()}
    boards = {
        board: board_rows(everyone, rules.boards, board, rules.levels, rules.tie_break)
        for board in prize_boards(rules.season)
    }
    within = rules.season.prize_rules.claim_within
    awards = allocate(boards, rules.season, barred)
    order = {
        "id": f"awards {rules.season_id} {final.published_at_us} {sorted(barred)}",
        "kind": "awards",
        "season": rules.season_id,
        "deadline_us": rules.calendar.later(final.published_at_us, within),
        "awards": [
            {name: getattr(award, name) for name in ("board", "place", "rank", "member", "reward")}
            for award in awards
        ],
    }
    await order_everywhere(state, order)


async def _standings(state: State) -> list[Standing]:
    """Gather everyone's standing in the season before."""
    try:
        parts = await asyncio.gather(*(shard.older_standing() for shard in state.members))
    except ShardDown as error:
        raise warming(f"A member shard does not answer: {error}") from None
    held = [part for part in parts if part is not None]
    if len(held) < len(parts):
        raise warming("The shards are opening the next season.")
    return held


def _row(rows: BoardRows, place: int, caller: Caller, *, team: bool) -> dict[str, Any]:
    member, at_us = rows.member[place], int(rows.tasks_completed_at_us[place])
    return {
        "rank": int(rows.rank[place]),
        "member": member if team or caller.sees(member) else masked(member),
        "name": member if team else masked(member),
        "score": int(rows.score[place]),
        "tier": rows.tier[place],
        "tasks_completed_at": None if at_us == NO_TIME_US else instant(at_us),
        "active_days": int(rows.active_days[place]),
    }


def others_json(state: State) -> dict[str, Any]:
    """Describe the season before and the one to come, None where there is none."""
    now_us = state.now_us()

    def told(rules: Rules | None) -> dict[str, Any] | None:
        if rules is None:
            return None
        window = Window.of(rules)
        final = state.shelf(rules.season_id).load()
        return {
            "season": rules.season_id,
            "name": name_json(rules.season.season.name, rules.season_id),
            "starts": instant(window.starts_us),
            "ends": instant(window.ends_us),
            "score_end": instant(window.score_end_us),
            "final_at": instant(window.final_us),
            "phase": window.phase(now_us),
            "boards": [{"id": board.id, "team": board.team} for board in rules.boards],
            "standings_hash": final.standings_hash if final else None,
            "published": bool(final and final.published),
        }

    return {"older": told(state.book.older), "upcoming": told(state.book.upcoming)}
