"""Stream route: a board as server-sent events, each delta with an id to resume by."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from actors.gateway.board_answer import board_json, read_board
from actors.gateway.board_read import BoardRead
from actors.gateway.board_reader import Reader
from actors.gateway.board_streams import BoardStreams
from actors.gateway.read_answers import READERS, check_board
from actors.gateway.routes_read import caller_of, state_of
from actors.gateway.state import State

router = APIRouter(prefix="/v1")

HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # a proxy in between hands each event on at once
}


class EventStream(Response):
    """Writes what waits in a reader until one of both sides ends."""

    def __init__(self, streams: BoardStreams, reader: Reader) -> None:
        super().__init__(status_code=200, headers=HEADERS)
        del self.headers["content-length"]
        self._streams = streams
        self._reader = reader

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  the interface's
        """Serve the stream."""
        reader = self._reader
        reader.task = asyncio.current_task()
        watch = asyncio.create_task(self._watch(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            while (data := await reader.next()) is not None:
                await send({"type": "http.response.body", "body": data, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except asyncio.CancelledError:
            if not reader.late and not reader.left:
                raise
            # Let go while nothing could be written: the server closes the connection.
        finally:
            watch.cancel()
            self._streams.leave(reader)

    async def _watch(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._reader.leave()


def streams_of(state: State, readers_max: int) -> BoardStreams:
    """Build the streams of a gateway's boards."""

    async def read(board: str, limit: int) -> BoardRead:
        check_board(state, board)
        return await read_board(state, board, 0, limit)

    def mark() -> object:
        moved = tuple(state.ingest.versions())
        return moved, state.phase(), state.day(), state.rules.rules_hash

    return BoardStreams(
        read,
        lambda caller, page: board_json(state, caller, page),
        mark,
        lambda headers: state.keys.authorise(headers, READERS),
        readers_max,
    )


@router.get(
    "/standings/{board}/stream",
    response_class=Response,
    responses={
        200: {
            "description": "Events `snapshot` (the page), `delta` (what changed), and `reset` (the "
            "page again, when Last-Event-ID is too old or of another gateway)",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        }
    },
)
async def stream(
    request: Request, board: str, limit: Annotated[int, Query(ge=1, le=1000)] = 50
) -> Any:
    """Tell a board's first rows and then every change of them, as server-sent events."""
    state = state_of(request)
    caller = caller_of(request, READERS)
    check_board(state, board)
    headers = {
        name: request.headers[name]
        for name in ("authorization", "x-member-token")
        if name in request.headers
    }
    last_id = request.headers.get("last-event-id", "")
    reader = await state.streams.join(board, limit, caller, headers, last_id)
    return EventStream(state.streams, reader)
