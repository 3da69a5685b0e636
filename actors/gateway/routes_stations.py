"""Station routes: the register of stations with the prices that hold today."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from actors.gateway.answers import encoded
from actors.gateway.problems import Problem
from actors.gateway.routes_read import EVERYONE, caller_of, state_of
from actors.phases import instant
from rules.reporting.report_tables import date_of
from rules.season.price_list import PriceList
from rules.season.station_register import price_rows, prices_on, register

MARGINS_FOR = ("analyst", "admin")

router = APIRouter(prefix="/v1")


@router.get("/stations")
async def stations(
    request: Request,
    region: str | None = None,
    brand: str | None = None,
    day: Annotated[str | None, Query(description="A local date; today without one")] = None,
    history: Annotated[bool, Query(description="Also every row of the price list")] = False,
) -> Any:
    """List the stations with the prices of a local day; margins only for analysts and admins."""
    state = state_of(request)
    caller = caller_of(request, EVERYONE)
    season, as_of_us = state.rules.season, state.as_of_us()
    margins = caller.role in MARGINS_FOR
    on = date_of(state.rules.calendar.day(as_of_us)) if day is None else _date(day)
    listed = [
        row
        for row in register(season, on, margins=margins)
        if region in (None, row["region"]) and brand in (None, row["brand"])
    ]
    answer: dict[str, Any] = {
        "as_of": instant(as_of_us),
        "day": on.isoformat(),
        "currency": season.programme.currency,
        "stations": listed,
        "everywhere": prices_on(season, PriceList.of(season), None, on, margins=margins),
    }
    if history:
        answer["price_rows"] = price_rows(season)
    return encoded(answer)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Problem(422, f"day = {text!r}: must be a date such as 2026-06-09.") from None
