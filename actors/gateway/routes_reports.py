"""Report routes: every report as JSON, CSV or Parquet, and the offers that suit one member."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Final, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from fastapi import APIRouter, Query, Request, Response

from actors.gateway.answers import encoded
from actors.gateway.board_answer import read_with_prizes
from actors.gateway.owner_reads import ask_owner
from actors.gateway.problems import Problem
from actors.gateway.routes_campaigns import ask_all
from actors.gateway.routes_read import caller_of, state_of
from actors.gateway.state import State
from actors.messages import Ask
from actors.phases import instant
from actors.report_reads import read_part
from rules.ranks.prizes import Award
from rules.reporting.budget_reports import of_awards
from rules.reporting.report_query import (
    NAMES,
    WITHIN_DAYS,
    WITHIN_DAYS_MAX,
    QueryRefused,
    read_query,
)
from rules.reporting.report_query import Query as ReportQuery
from rules.reporting.report_tables import Part, csv_of, plain_rows
from rules.reporting.reports import finish

READING: Final = ("analyst", "admin")
CSV_TYPE: Final = "text/csv; charset=utf-8"
PARQUET_TYPE: Final = "application/vnd.apache.parquet"

router = APIRouter(prefix="/v1")


@router.get("/reports")
async def reports(request: Request) -> Any:
    """List the reports and what their rows may stand for."""
    caller_of(request, READING)
    return encoded({"reports": [{"name": name, "by": list(by)} for name, by in NAMES.items()]})


@router.get("/reports/{name}")
async def report(
    request: Request,
    name: str,
    first: Annotated[str | None, Query(alias="from")] = None,
    last: Annotated[str | None, Query(alias="to")] = None,
    by: str | None = None,
    split: str | None = None,
    within_days: Annotated[int, Query(ge=1, le=WITHIN_DAYS_MAX)] = WITHIN_DAYS,
    shape: Annotated[Literal["json", "csv", "parquet"], Query(alias="format")] = "json",
) -> Response:
    """Make a report of local days `from` to `to`, both included, as it stands now."""
    state = state_of(request)
    caller_of(request, READING)
    if name not in NAMES:
        known = ", ".join(NAMES)
        raise Problem(404, f"There is no report {name!r}; there are {known}.", "unknown-report")
    try:
        query = read_query(
            name, by=by, first=first, last=last, split=split, within_days=within_days
        )
    except QueryRefused as why:
        raise Problem(422, str(why)) from None
    as_of_us = state.as_of_us()
    streams = await ask_all(state, "report", query)
    awards = await _awards(state) if name == "prizes" else []
    table = await asyncio.to_thread(_made, state, streams, awards, query)
    if shape == "json":
        return encoded(
            {
                "report": name,
                "by": query.by,
                "as_of": instant(as_of_us),
                "columns": table.column_names,
                "rows": plain_rows(table),
            }
        )
    made, media_type = (
        (csv_of(table), CSV_TYPE) if shape == "csv" else (_parquet(table), PARQUET_TYPE)
    )
    named = {"Content-Disposition": f'attachment; filename="{name}.{shape}"'}
    return Response(made, media_type=media_type, headers=named)


def _made(
    state: State, streams: list[dict[str, bytes]], awards: list[Award], query: ReportQuery
) -> pa.Table:
    parts: list[Part] = [read_part(one) for one in streams]
    if query.name == "prizes" and not any(part["prizes"].num_rows for part in parts):
        parts.append(of_awards(awards))
    return finish(parts, state.rules, query)


async def _awards(state: State) -> list[Award]:
    """Tell who would win now, for as long as nobody has won."""

    async def read(asks: list[Ask]) -> Any:
        readings = await state.readings.everywhere(asks) if asks else []
        return None, readings

    _, view = await read_with_prizes(state, read)
    return view.awards if view is not None else []


def _parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return bytes(sink.getvalue().to_pybytes())


@router.get("/members/{member:path}/offers")
async def offers(request: Request, member: str) -> Any:
    """Rank the coupons for a member by the margin each is expected to bring, with the reason."""
    state = state_of(request)
    caller_of(request, READING)
    as_of_us = state.as_of_us()
    found = await ask_owner(state, member, "offers", state.now_us())
    if found is None:
        raise Problem(404, f"There is no member {member!r}.", "unknown-member")
    return encoded({"member": member, "as_of": instant(as_of_us), "offers": found})
