"""Read answers: what pages and apps read, as JSON: rows of a board, ranks, a member.

The routes and the read door both answer with these; neither says anything of its own.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec
import pyarrow as pa

from actors.gateway.auth import Caller
from actors.gateway.board_answer import board_json, read_with_prizes, with_changes
from actors.gateway.board_pages import owner_of
from actors.gateway.masks import masked
from actors.gateway.prize_view import PrizeView
from actors.gateway.problems import Problem
from actors.gateway.state import State
from actors.messages import Ask, Place, Reading, Row, ShardDown
from actors.phases import instant
from rules.decoding.identity import shard_of

READERS: Final = ("app", "analyst", "admin")
RANK_READERS: Final = ("analyst", "admin")
STANDINGS_PATH: Final = "/v1/standings/{board}"
RANKS_PATH: Final = "/v1/ranks"
MEMBER_PATH: Final = "/v1/members/{member}"
RANKS_MAX: Final = 10_000
LIMIT_MAX: Final = 1_000
SPAN_MAX: Final = 100
CURSOR: Final = "^[0-9]{1,12}$"

Ranks = dict[str, int | None]

_encode = msgspec.json.Encoder().encode


class Wish(NamedTuple):
    """Which rows of a board: from behind a rank on, or around a member."""

    board: str
    limit: int = 50
    after: int = 0
    around: str | None = None
    span: int = 5


def check_board(state: State, board: str) -> None:
    """Refuse a board that the season file doesn't have."""
    ids = [known.id for known in state.rules.boards]
    if board not in ids:
        raise Problem(
            404, f"There is no board {board!r}; the season has {', '.join(ids)}.", "unknown-board"
        )


async def standings_answer(state: State, caller: Caller, wish: Wish) -> bytes:
    """Answer `GET /v1/standings/{board}` of the running season; raises Problem."""
    check_board(state, wish.board)
    if wish.around is not None:
        return await _around_answer(state, caller, wish.board, wish.around, wish.span)
    shown = await state.shown.page(wish.board, wish.after, wish.limit)
    return shown.body(caller)


async def _around_answer(state: State, caller: Caller, board: str, around: str, span: int) -> bytes:
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
    return _encode(board_json(state, caller, around_read) | {"focus": focus})


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


async def ranks_answer(state: State, members: list[str], board: str | None) -> bytes:
    """Answer `POST /v1/ranks`; raises Problem."""
    board = board or state.rules.boards[0].id
    check_board(state, board)
    found, version, as_of_us = await state.ranks.ask(board, members)
    body = {"as_of": instant(as_of_us), "version": version, "board": board, "ranks": found}
    return _encode(body)


async def ranks_together(
    state: State, board: str, asked: list[list[str]]
) -> list[tuple[Ranks, int, int]]:
    """Find the ranks that several ask for in one go: to each theirs, the version and as_of."""
    as_of_us = state.as_of_us()
    if len(asked) == 1:
        return [(*await _ranks_of(state, board, asked[0]), as_of_us)]
    every = list(dict.fromkeys(member for members in asked for member in members))
    ranks, version = await _ranks_of(state, board, every)
    return [({member: ranks[member] for member in members}, version, as_of_us) for members in asked]


async def _ranks_of(state: State, board: str, members: list[str]) -> tuple[Ranks, int]:
    """Find ranks: places from the owners, then how many stand ahead in all other shards."""
    if any(known.id == board and known.team is not None for known in state.rules.boards):
        page = await state.pages.page(board, 0, 2**31, [])
        ranked = {row.key.member: rank for rank, row in enumerate(page.rows, 1)}
        return {member: ranked.get(member) for member in members}, page.version
    if not members:
        return {}, sum(state.ingest.versions())
    lanes = range(len(state.members))
    shards = shard_of(pa.array(members, pa.utf8()), len(lanes)).tolist()
    owner = dict(zip(members, shards, strict=True))
    own = [tuple(member for member in owner if owner[member] == lane) for lane in lanes]
    asks: list[list[Ask]] = [[("places", board, names)] if names else [] for names in own]
    first = await state.readings.each(asks)
    places: dict[str, Place] = {}
    for names, ask, reading in zip(own, asks, first, strict=True):
        told = zip(names, reading.answers[ask[0]] if ask else (), strict=True)
        places |= {member: place for member, place in told if place is not None}
    ahead = {member: place.ahead for member, place in places.items()}
    # An owner counted whom it holds itself; the other shards count theirs.
    other = [tuple(member for member in places if owner[member] != lane) for lane in lanes]
    asks = [
        [("ahead", board, tuple(places[member].key for member in names))] if names else []
        for names in other
    ]
    then = await state.readings.each(asks) if any(asks) else first
    for names, ask, reading in zip(other, asks, then, strict=True):
        for member, count in zip(names, reading.answers[ask[0]] if ask else (), strict=True):
            ahead[member] += count
    version = sum(
        (now if ask else before).version for ask, now, before in zip(asks, then, first, strict=True)
    )
    return {member: 1 + ahead[member] if member in ahead else None for member in members}, version


async def member_answer(state: State, caller: Caller, member: str) -> bytes:
    """Answer `GET /v1/members/{member}`; raises Problem."""
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
    return _encode(found)


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
