"""Explaining routes: a member's statement, the waterfall of an event, why a rank."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from actors.gateway.answers import encoded, row_json
from actors.gateway.auth import Caller
from actors.gateway.masks import masked
from actors.gateway.owner_reads import ask_journal
from actors.gateway.problems import Problem
from actors.gateway.read_answers import READERS, check_board
from actors.gateway.routes_read import caller_of, state_of
from actors.messages import Row
from actors.phases import instant
from rules.ranks.why_rank import Stand, why_rank

ENTRIES_MAX = 10_000

router = APIRouter(prefix="/v1")


@router.get("/members/{member:path}/statement")
async def statement(
    request: Request,
    member: str,
    limit: Annotated[int, Query(ge=1, le=ENTRIES_MAX)] = 1_000,
    cursor: Annotated[str | None, Query(pattern="^[0-9]{1,12}$")] = None,
) -> Any:
    """Give every movement of a member's points in order: why, by what rule, the balance after."""
    state, caller = state_of(request), caller_of(request, READERS)
    check_own(caller, member)
    as_of_us = state.as_of_us()
    found = await ask_journal(state, member, "statement", int(cursor or 0), limit)
    if found is None:
        raise Problem(404, f"There is no member {member!r}.", "unknown-member")
    return encoded({"as_of": instant(as_of_us)} | found)


@router.get("/members/{member:path}/events/{event_id:path}")
async def event(request: Request, member: str, event_id: str) -> Any:
    """Explain one event: each rule and multiplier, ceiling, cap, goals, and what it just missed."""
    state, caller = state_of(request), caller_of(request, READERS)
    check_own(caller, member)
    as_of_us = state.as_of_us()
    found = await ask_journal(state, member, "event", event_id)
    if found is None:
        raise Problem(
            404, f"No event {event_id!r} of member {member!r} was accepted.", "unknown-event"
        )
    return encoded({"as_of": instant(as_of_us)} | found)


@router.get("/standings/{board}/why/{member:path}")
async def why(request: Request, board: str, member: str) -> Any:
    """Explain a rank: the score by kind, what decides against both neighbours, the gap up."""
    state, caller = state_of(request), caller_of(request, READERS)
    check_board(state, board)
    check_own(caller, member)
    as_of_us = state.as_of_us()
    found = await state.pages.around(board, member, 1, [])
    if found is None:
        raise Problem(404, f"{member} isn't ranked on {board}.", "not-on-board")
    page, rank = found
    team = any(known.id == board and known.team is not None for known in state.rules.boards)
    scores = None if team else await ask_journal(state, member, "score_by_kind")
    rows = [_stand(caller, at, row, team=team) for at, row in enumerate(page.rows, page.first_rank)]
    place = rank - page.first_rank
    answer = why_rank(state.rules.tie_break, rows, place, scores)
    for side, at in (("ahead", place - 1), ("behind", place + 1)):
        if answer[side] is not None:
            shown = row_json(state.rules, caller, rows[at].rank, page.rows[at], team)
            answer[side] = shown | answer[side]
    about = {"board": board, "as_of": instant(as_of_us), "version": page.version}
    return encoded(about | {"total": page.total} | answer)


def check_own(caller: Caller, member: str) -> None:
    """Let the role app ask about its own member only; raises Problem 403."""
    if not caller.sees(member):
        raise Problem(
            403, "The role app sees one member's own data: send that member's X-Member-Token."
        )


def _stand(caller: Caller, rank: int, row: Row, *, team: bool) -> Stand:
    member = row.key.member
    shown = member if team or caller.sees(member) else masked(member)
    times = row.tasks_completed_at_us, row.active_days
    return Stand(rank, member, row.key.score, *times, shown)
