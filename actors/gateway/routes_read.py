"""Reading routes: standings, ranks, members, prizes and the season."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import pyarrow as pa
from fastapi import APIRouter, Body, Query, Request

from actors.gateway.answers import award_json, cost_json, encoded, season_json
from actors.gateway.auth import Caller
from actors.gateway.board_answer import board_json, read_board, read_with_prizes, with_changes
from actors.gateway.board_pages import owner_of
from actors.gateway.masks import masked
from actors.gateway.prize_view import PrizeView
from actors.gateway.problems import Problem
from actors.gateway.seasons import older_page, others_json
from actors.gateway.state import State
from actors.gateway.texts import Text
from actors.messages import Ask, Reading, Row, ShardDown
from actors.phases import instant
from rules.compiling.calendar import HOUR_US
from rules.decoding.identity import shard_of

READERS = ("app", "analyst", "admin")
EVERYONE = ("till", *READERS)
RANKS_MAX = 10_000
HOURS_MAX = 100_000

router = APIRouter(prefix="/v1")


def state_of(request: Request) -> State:
    """Give the gateway's state."""
    state: State = request.app.state.gateway
    return state


def caller_of(request: Request, allowed: tuple[str, ...]) -> Caller:
    """Give the caller, when the role may do this."""
    return state_of(request).keys.authorise(request.headers, allowed)


def check_board(state: State, board: str) -> None:
    """Refuse a board that the season file doesn't have."""
    ids = [known.id for known in state.rules.boards]
    if board not in ids:
        raise Problem(
            404, f"There is no board {board!r}; the season has {', '.join(ids)}.", "unknown-board"
        )


@router.get("/standings/{board}")
async def standings(
    request: Request,
    board: str,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    cursor: Annotated[str | None, Query(pattern="^[0-9]{1,12}$")] = None,
    around: str | None = None,
    span: Annotated[int, Query(ge=0, le=100)] = 5,
    season: str | None = None,
) -> Any:
    """Give rows of a board: from a rank on, or around a member; also of the season before."""
    state, caller = state_of(request), caller_of(request, READERS)
    if season not in (None, state.rules.season_id):
        if around is not None:
            raise Problem(422, "around is for the running season; leave season out.")
        return encoded(await older_page(state, caller, board, season, int(cursor or 0), limit))
    check_board(state, board)
    if around is None:
        page_read = await read_board(state, board, int(cursor or 0), limit)
        return encoded(board_json(state, caller, page_read))
    if not caller.sees(around) and caller.role == "app":
        raise Problem(403, "The role app may look around its own member only.")
    as_of_us, phase = state.as_of_us(), state.phase()

    async def read(asks: list[Ask]) -> tuple[Any, list[Reading]]:
        found = await state.pages.around(board, around, span, asks)
        return found, found[0].readings if found else []

    found, view = await read_with_prizes(state, read)
    if found is None:
        await _not_on_board(state, board, around)
    page, focus = found
    around_read = await with_changes(state, board, page, view, as_of_us, phase)
    return encoded(board_json(state, caller, around_read) | {"focus": focus})


async def _not_on_board(state: State, board: str, member: str) -> None:
    """Say why there are no rows around a member."""
    teams = {known.id for known in state.rules.boards if known.team is not None}
    if board not in teams:
        known = await member_of(state, member)
        if known is not None:
            raise Problem(404, f"{member} exists but isn't ranked on {board}.", "not-on-board")
    raise Problem(404, f"There is no member {member!r}.", "unknown-member")


async def member_of(state: State, member: str) -> dict[str, Any] | None:
    """Ask the owning shard for a member."""
    owner = owner_of(member, len(state.members))
    try:
        return await state.members[owner].member(member)
    except ShardDown as error:
        raise Problem(
            503, f"Member shard {owner} does not answer: {error}", "warming", retry_after_s=1
        ) from None


@router.post("/ranks")
async def ranks(
    request: Request,
    members: Annotated[list[Text], Body(embed=True, max_length=RANKS_MAX)],
    board: Annotated[Text | None, Body()] = None,
) -> Any:
    """Give the ranks of many members on one board."""
    state = state_of(request)
    caller_of(request, ("analyst", "admin"))
    board = board or state.rules.boards[0].id
    check_board(state, board)
    as_of_us = state.as_of_us()
    found, version = await ranks_of(state, board, members)
    return encoded({"as_of": instant(as_of_us), "version": version, "board": board, "ranks": found})


async def ranks_of(
    state: State, board: str, members: list[str]
) -> tuple[dict[str, int | None], int]:
    """Find ranks: keys from the owners, then how many stand ahead of each, everywhere."""
    if any(known.id == board and known.team is not None for known in state.rules.boards):
        page = await state.pages.page(board, 0, 2**31, [])
        ranked = {row.key.member: rank for rank, row in enumerate(page.rows, 1)}
        return {member: ranked.get(member) for member in members}, page.version
    if not members:
        return {}, sum(state.ingest.versions())
    shards = shard_of(pa.array(members, pa.utf8()), len(state.members))
    owned = [
        [members[place] for place in np.flatnonzero(shards == shard).tolist()]
        for shard in range(len(state.members))
    ]
    asks: list[list[Ask]] = [[("keys", board, tuple(mine))] if mine else [] for mine in owned]
    keys: dict[str, Any] = {}
    for mine, own, reading in zip(owned, asks, await state.readings.each(asks), strict=True):
        if own:
            keys.update(zip(mine, reading.answers[own[0]], strict=True))
    stood = [member for member in members if keys[member] is not None]
    ask: Ask = ("ahead", board, tuple(keys[member] for member in stood))
    readings = await state.readings.everywhere([ask])
    found: dict[str, int | None] = dict.fromkeys(members)
    for place, member in enumerate(stood):
        found[member] = 1 + sum(reading.answers[ask][place] for reading in readings)
    return found, sum(reading.version for reading in readings)


# As a path, so that an id with a percent-encoded slash is found too.
@router.get("/members/{member:path}")
async def member(request: Request, member: str) -> Any:
    """Describe one member: points, tier, what is missing to the next, places on the boards."""
    state, caller = state_of(request), caller_of(request, READERS)
    if not caller.sees(member):
        raise Problem(
            403, "The role app sees one member's own data: send that member's X-Member-Token."
        )
    as_of_us = state.as_of_us()
    found = await member_of(state, member)
    if found is None:
        raise Problem(404, f"There is no member {member!r}.", "unknown-member")
    owner = owner_of(member, len(state.members))
    boards = [board.id for board in state.rules.boards if board.team is None]
    rows: list[Ask] = [("row", board, member) for board in boards]

    async def read(asks: list[Ask]) -> tuple[Any, list[Reading]]:
        readings = await state.readings.everywhere([*rows, *asks])
        return readings, readings

    readings, view = await read_with_prizes(state, read)
    stood = {
        board: row
        for board, ask in zip(boards, rows, strict=True)
        if (row := readings[owner].answers[ask]) is not None
    }
    found["name"] = masked(member)
    found["boards"] = await _places(state, stood, view)
    found["as_of"] = instant(as_of_us)
    return encoded(found)


async def _places(
    state: State, stood: dict[str, Row], view: PrizeView | None
) -> dict[str, dict[str, Any]]:
    asks: list[Ask] = [("ahead", board, (row.key,)) for board, row in stood.items()]
    sizes: list[Ask] = [("size", board) for board in stood]
    readings = await state.readings.everywhere([*asks, *sizes]) if asks else []
    places = {}
    for ask, size, (board, row) in zip(asks, sizes, stood.items(), strict=True):
        gap = view.of_row(board, row) if view else {}
        rank = 1 + sum(reading.answers[ask][0] for reading in readings)
        total = sum(reading.answers[size] for reading in readings)
        places[board] = {
            "rank": rank,
            "total": total,
            "percentile": percentile(rank, total),
            "score": row.key.score,
            "gap_to_prize": gap.get("gap_to_prize"),
            "prize": gap.get("prize"),
        }
    return places


def percentile(rank: int, total: int) -> float:
    """Tell how many of 100 others a rank stands ahead of; nobody is ahead of the only one.

    >>> percentile(1, 501), percentile(501, 501), percentile(17, 1001), percentile(1, 1)
    (100.0, 0.0, 98.4, 100.0)
    """
    return round(100 * (total - rank) / (total - 1), 1) if total > 1 else 100.0


@router.get("/prizes")
async def prizes(request: Request) -> Any:
    """Give the allocation of all prizes, as if the season ended now, or final."""
    state, caller = state_of(request), caller_of(request, READERS)
    as_of_us, phase = state.as_of_us(), state.phase()

    async def read(asks: list[Ask]) -> tuple[Any, list[Reading]]:
        readings = await state.readings.everywhere(asks) if asks else []
        return readings, readings

    readings, view = await read_with_prizes(state, read)
    final = state.final() if phase == "final" else None
    gains = await _daily_gains(state, view) if view else {}
    awards = []
    if view is not None:
        final_now = phase == "final"
        awards = [
            award_json(state.rules, caller, award, view, gains, final_now) for award in view.awards
        ]
    return encoded(
        {
            "as_of": instant(as_of_us),
            "version": sum(reading.version for reading in readings),
            "provisional": phase != "final",
            "standings_hash": final.standings_hash if final else None,
            "awards": awards,
            "total": cost_json(view.cost) if view else cost_json(None),
        }
    )


async def _daily_gains(state: State, view: PrizeView) -> dict[str, int]:
    """Find, by board, what the first one without a prize gained lately."""
    gains: dict[str, int] = {}
    now_us, day = state.now_us(), state.day()
    for board, lines in view.lines.items():
        if lines.contender is None:
            continue
        member = lines.contender.member
        today = await state.changes.scores_at(board, [member], day)
        if member not in today:
            continue
        if now_us - state.rules.calendar.midnight(day) >= 12 * HOUR_US:
            gains[board] = lines.contender.score - today[member]
            continue
        before = await state.changes.scores_at(board, [member], day - 1)
        if member in before:
            gains[board] = today[member] - before[member]
    return gains


@router.get("/season")
async def season(request: Request, hours: Annotated[int, Query(ge=-1, le=HOURS_MAX)] = -1) -> Any:
    """Give the season: names, times, phase, boards, points per hour, cost."""
    state = state_of(request)
    caller_of(request, EVERYONE)
    return encoded(await season_body(state, hours))


async def season_body(state: State, hours: int) -> dict[str, Any]:
    """Gather what `GET /v1/season` answers; readable also while ranking shards are warming."""
    as_of_us = state.as_of_us()
    sizes: list[Ask] = [
        ("teams", board.id) if board.team else ("size", board.id) for board in state.rules.boards
    ]

    async def read(asks: list[Ask]) -> tuple[Any, list[Reading]]:
        readings = await state.readings.everywhere([*sizes, *asks])
        return readings, readings

    readings, view = await read_with_prizes(state, read)
    per_hour: dict[int, int] = {}
    if hours:
        for calls in state.members:
            try:
                status = await calls.status(hours)
            except ShardDown as error:
                raise Problem(
                    503, f"A member shard does not answer: {error}", "warming", retry_after_s=1
                ) from None
            for at_us, points in status.points_per_hour.items():
                per_hour[at_us] = per_hour.get(at_us, 0) + points
    told = season_json(state, readings, view, per_hour, hours, as_of_us)
    return told | others_json(state)
