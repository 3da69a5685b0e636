"""Reading routes: standings, ranks, members, prizes and the season."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request

from actors.gateway.answers import answered, award_json, cost_json, encoded, season_json
from actors.gateway.auth import Caller
from actors.gateway.board_answer import read_with_prizes
from actors.gateway.prize_view import PrizeView
from actors.gateway.problems import Problem, taken_by
from actors.gateway.read_answers import (
    CURSOR,
    LIMIT_MAX,
    RANK_READERS,
    RANKS_MAX,
    READERS,
    SPAN_MAX,
    Wish,
    member_answer,
    ranks_answer,
    standings_answer,
)
from actors.gateway.seasons import older_page, others_json
from actors.gateway.state import State
from actors.gateway.texts import Text
from actors.messages import Ask, Reading, ShardDown
from actors.phases import instant
from rules.compiling.calendar import HOUR_US

EVERYONE = ("till", *READERS)
HOURS_MAX = 100_000

router = APIRouter(prefix="/v1")


def state_of(request: Request) -> State:
    """Give the gateway's state."""
    state: State = request.app.state.gateway
    return state


def caller_of(request: Request, allowed: tuple[str, ...]) -> Caller:
    """Give the caller, when the role may do this."""
    return state_of(request).keys.authorise(request.headers, allowed)


@router.get("/standings/{board}")
async def standings(
    request: Request,
    board: str,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = 50,
    cursor: Annotated[str | None, Query(pattern=CURSOR)] = None,
    around: str | None = None,
    span: Annotated[int, Query(ge=0, le=SPAN_MAX)] = 5,
    season: str | None = None,
) -> Any:
    """Give rows of a board: from a rank on, or around a member; also of the season before."""
    state, caller = state_of(request), caller_of(request, READERS)
    if season not in (None, state.rules.season_id):
        if around is not None:
            raise Problem(422, "around is for the running season; leave season out.")
        return encoded(await older_page(state, caller, board, season, int(cursor or 0), limit))
    wish = Wish(board, limit, int(cursor or 0), around, span)
    return answered(await standings_answer(state, caller, wish))


@router.post("/ranks", openapi_extra=taken_by(RANK_READERS))
async def ranks(
    request: Request,
    members: Annotated[list[Text], Body(embed=True, max_length=RANKS_MAX)],
    board: Annotated[Text | None, Body()] = None,
) -> Any:
    """Give the ranks of many members on one board."""
    caller_of(request, RANK_READERS)
    return answered(await ranks_answer(state_of(request), members, board))


# As a path, so that an id with a percent-encoded slash is found too.
@router.get("/members/{member:path}")
async def member(request: Request, member: str) -> Any:
    """Describe one member: points, tier, what is missing to the next, places on the boards."""
    state, caller = state_of(request), caller_of(request, READERS)
    return answered(await member_answer(state, caller, member))


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
