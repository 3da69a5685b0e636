"""Export routes: what a system holds, streamed whole to an admin; and what events may name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

import pyarrow as pa
from fastapi import APIRouter, Request
from starlette.responses import StreamingResponse

from actors.event_export import SCHEMA, event_batches
from actors.gateway.answers import encoded
from actors.gateway.board_pages import owner_of
from actors.gateway.bodies import ARROW
from actors.gateway.owner_reads import ask_journal
from actors.gateway.problems import Problem
from actors.gateway.read_answers import member_of
from actors.gateway.routes_explain import ENTRIES_MAX
from actors.gateway.routes_notices import notices_of
from actors.gateway.routes_people import opened
from actors.gateway.routes_read import caller_of, state_of
from actors.gateway.state import State
from actors.messages import ShardDown
from actors.phases import instant
from rules.ranks.official_order import NO_TIME_US
from rules.ranks.standings import Standing, board_rows

HELD: Final = ("members", "coupons")
EXPORTS: Final = (*HELD, "standings", "events")
NOTICES_MAX: Final = 10_000
_SLICE_ROWS: Final = 65_536

router = APIRouter(prefix="/v1")


@router.get("/names")
async def names(request: Request) -> Any:
    """Tell what events of this season may name, for whoever checks a log before sending it."""
    state = state_of(request)
    caller_of(request, ("till", "analyst", "admin"))
    known = state.rules.names
    return encoded(
        {
            "season": state.rules.season_id,
            "system": state.system,
            "timezone": state.rules.timezone,
            "products": None if known.products is None else sorted(known.products),
            "kinds": sorted(known.kinds),
            "stations": sorted(state.rules.season.stations),
            "earliest": instant(known.earliest_us),
            "latest": instant(known.latest_us),
        }
    )


@router.get("/export/{what}")
async def export(request: Request, what: str, member: str | None = None) -> StreamingResponse:
    """Stream members, coupons, standings or events as Arrow; events of one member on demand."""
    state = state_of(request)
    caller_of(request, ("admin",))
    if what not in EXPORTS:
        raise Problem(404, f"There is no export {what!r}; there are {', '.join(EXPORTS)}.")
    if what == "events":
        await asyncio.to_thread(_reachable, state)
        return StreamingResponse(_event_stream(state, member), media_type=ARROW)
    if member is not None:
        raise Problem(422, f"{what} are exported whole; leave member out.")
    parts = _standing_parts(state) if what == "standings" else _held_parts(state, what)
    # The first part is waited for, so that a shard that is away is a problem, not a broken file.
    first = await anext(parts)
    return StreamingResponse(_joined(first, parts), media_type=ARROW)


@router.get("/members/{member:path}/export")
async def export_member(request: Request, member: str) -> Any:
    """Give everything held about one member, personal values opened where they are kept."""
    state = state_of(request)
    caller_of(request, ("admin",))
    shown = await member_of(state, member)
    owner = owner_of(member, len(state.members))
    try:
        held = await state.members[owner].read("held", member)
        ids = await state.members[owner].read("ids_of", member) or [member]
        claims = await state.members[owner].read("claims")
    except ShardDown as error:
        raise Problem(503, f"Member shard {owner}: {error}", "warming", retry_after_s=1) from None
    personal = await opened(state, member)
    events = await asyncio.to_thread(_events_of, state, owner, member)
    if held is None and not events and not personal:
        raise Problem(404, f"There is no member {member!r}.", "unknown-member")
    body: dict[str, Any] = {"member": member, "as_of": instant(state.as_of_us()), "shown": shown}
    body |= held or {}
    body["ids"] = ids
    body["personal"] = [_opened_json(token, entry) for token, entry in personal.items()]
    body["statement"] = await ask_journal(state, member, "statement", 0, ENTRIES_MAX)
    body["claims"] = [
        {"prize": name, **claim} for name, claim in claims.items() if claim["member"] in ids
    ]
    notices = [await notices_of(state, one, NOTICES_MAX) for one in ids]
    body["notices"] = [notice for part in notices for notice in part]
    return encoded(body | {"events": events})


def _opened_json(token: str, entry: tuple[str, str] | None) -> dict[str, Any]:
    """Write one value of the vault; of one that isn't kept there is the token alone."""
    attribute, value = entry if entry is not None else (None, None)
    return {"token": token, "attribute": attribute, "value": value}


def _reachable(state: State) -> None:
    """Ask each log for its end before an answer begins; raises Problem 503 when one is away."""
    for shard in range(len(state.members)):
        state.history.check(shard)


def _events_of(state: State, shard: int, member: str) -> list[dict[str, Any]]:
    found = pa.Table.from_batches(event_batches([state.history.entries(shard)], member), SCHEMA)
    plain = [
        column.cast(pa.string())
        if pa.types.is_decimal(column.type) or pa.types.is_timestamp(column.type)
        else column
        for column in found.columns
    ]
    rows = pa.table(plain, names=found.column_names).to_pylist()
    return [{name: cell for name, cell in row.items() if cell is not None} for row in rows]


def _event_stream(state: State, member: str | None) -> Iterator[bytes]:
    """Write the events of all shards, or of one member, as one Arrow stream."""
    shards = range(len(state.members))
    if member is not None:
        shards = range(owner := owner_of(member, len(state.members)), owner + 1)
    sink = _Sink()
    with pa.ipc.new_stream(sink.file, SCHEMA) as writer:
        histories = [state.history.entries(shard) for shard in shards]
        for batch in event_batches(histories, member):
            writer.write_batch(batch)
            yield sink.taken()
    yield sink.taken()


async def _held_parts(state: State, what: str) -> AsyncIterator[pa.Table]:
    """Ask the shards in turn for what they hold, some rows at a time."""
    for number, shard in enumerate(state.members):
        first = 0
        while first >= 0:
            try:
                first, content = await shard.export(what, first)
            except ShardDown as error:
                raise Problem(
                    503, f"Member shard {number}: {error}", "warming", retry_after_s=1
                ) from None
            yield pa.ipc.open_stream(content).read_all()


async def _standing_parts(state: State) -> AsyncIterator[pa.Table]:
    """Rank all members on every board as they stand now."""
    try:
        parts = await asyncio.gather(*(shard.standing() for shard in state.members))
    except ShardDown as error:
        raise Problem(503, f"A member shard is away: {error}", "warming", retry_after_s=1) from None
    everyone = Standing.concat(parts)
    for board in state.rules.boards:
        yield await asyncio.to_thread(_board, state, everyone, board.id)


def _board(state: State, everyone: Standing, board: str) -> pa.Table:
    rules = state.rules
    rows = board_rows(everyone, rules.boards, board, rules.levels, rules.tie_break)
    at_us = rows.tasks_completed_at_us
    times = pa.array(at_us, pa.timestamp("us", "UTC"), mask=at_us == NO_TIME_US)
    return pa.table(
        {
            "board": pa.repeat(pa.scalar(board), len(rows)),
            "rank": rows.rank,
            "member": pa.array(rows.member, pa.string()),
            "score": rows.score,
            "tier": pa.array(rows.tier, pa.string()),
            "tasks_completed_at": times,
            "active_days": pa.array(rows.active_days, pa.int64()),
        }
    )


async def _joined(first: pa.Table, rest: AsyncIterator[pa.Table]) -> AsyncIterator[bytes]:
    """Write tables of one schema as one Arrow stream."""
    sink = _Sink()
    with pa.ipc.new_stream(sink.file, first.schema) as writer:
        writer.write_table(first, _SLICE_ROWS)
        yield sink.taken()
        async for part in rest:
            writer.write_table(part.cast(first.schema), _SLICE_ROWS)
            yield sink.taken()
    yield sink.taken()


class _Sink:
    """Collects what an Arrow writer writes until it is taken."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.file = pa.PythonFile(self, mode="w")
        self.closed = False

    def write(self, content: bytes) -> int:
        """Take some bytes."""
        self._parts.append(bytes(content))
        return len(content)

    def flush(self) -> None:
        """Do nothing: what is written is there."""

    def taken(self) -> bytes:
        """Give what was written since the last time."""
        content, self._parts = b"".join(self._parts), []
        return content
