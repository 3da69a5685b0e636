"""Company routes: what a company may see of its members' use, and no more."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

import pyarrow as pa
from fastapi import APIRouter, Request

from actors.company_use import COLUMNS, on_disk, use_of
from actors.gateway.answers import encoded, money
from actors.gateway.auth import COMPANY_HEADER, Caller
from actors.gateway.problems import Problem
from actors.gateway.read_answers import READERS
from actors.gateway.routes_read import caller_of, state_of
from actors.gateway.state import State
from actors.messages import ShardDown
from actors.phases import instant
from actors.store.errors import StoreError
from actors.store.journal import JournalFiles

TRIES: Final = 3

router = APIRouter(prefix="/v1")


@router.get("/companies/{company:path}/members")
async def members(request: Request, company: str) -> Any:
    """List a company's members with their use by month and product."""
    state, caller = state_of(request), caller_of(request, READERS)
    own_company(caller, company)
    as_of_us = state.as_of_us()
    listed, use = await use_in(state, company)
    own: dict[str, list[dict[str, Any]]] = {one["member"]: [] for one in listed}
    for row in use:
        own[row["member"]].append(row)
    body = [
        {
            "member": one["member"],
            "kind": one["kind"],
            "tier": one["tier"],
            **_totals(own[one["member"]]),
            "use": [_shown(row) for row in _by_month(own[one["member"]])],
        }
        for one in listed
    ]
    return encoded({"company": company, "as_of": instant(as_of_us), "members": body})


@router.get("/companies/{company:path}")
async def company(request: Request, company: str) -> Any:
    """Add up the use of a company's members by month and product."""
    state, caller = state_of(request), caller_of(request, READERS)
    own_company(caller, company)
    as_of_us = state.as_of_us()
    listed, use = await use_in(state, company)
    body = {
        "company": company,
        "as_of": instant(as_of_us),
        "members": len(listed),
        "kinds": dict(sorted(Counter(one["kind"] for one in listed).items())),
        **_totals(use),
        "use": [_shown(row) for row in _by_month(use)],
    }
    return encoded(body)


def own_company(caller: Caller, company: str) -> None:
    """Let the role app ask about the company of its token only; raises Problem 403."""
    if caller.role == "app" and caller.company != company:
        raise Problem(
            403, f"The role app sees one company's use: send that company's {COMPANY_HEADER}."
        )


async def use_in(state: State, company: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Give a company's members and their use, under the id that stays; raises Problem 404, 503."""
    try:
        parts = await asyncio.gather(
            *(_use_in_shard(state, shard, company) for shard in range(len(state.members)))
        )
    except ShardDown as error:
        raise Problem(
            503, f"A member shard does not answer: {error}", "warming", retry_after_s=1
        ) from None
    except StoreError as error:
        raise Problem(503, f"{error}.", retry_after_s=2) from None
    listed = sorted((one for part, _ in parts for one in part), key=lambda one: one["member"])
    if not listed:
        raise Problem(404, f"No company {company!r} has members.", "unknown-company")
    return listed, [row for _, use in parts for row in use]


async def _use_in_shard(
    state: State, shard: int, company: str
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    listed = await state.members[shard].read("company_members", company)
    owner = {one: found["member"] for found in listed for one in found["ids"]}
    if not owner:
        return [], []
    files = JournalFiles(state.settings.folder / "journal", shard)
    for left in range(TRIES - 1, -1, -1):
        seq, recent = await state.members[shard].explain("recent", list(owner), list(COLUMNS))
        try:
            disk = await asyncio.to_thread(on_disk, files, list(owner), seq)
            break
        except (StoreError, OSError) as error:
            # Files are joined from time to time; what was one of them then isn't there any more.
            if not left:
                raise ShardDown(str(error)) from error
    tables = [*disk, pa.ipc.open_stream(recent).read_all()]
    use = await asyncio.to_thread(use_of, tables, state.rules.timezone)
    return listed, [row | {"member": owner[row["member"]]} for row in use]


def _by_month(use: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    summed: dict[tuple[str, str], Counter[str]] = {}
    for row in use:
        counts = summed.setdefault((row["month"], row["product"] or ""), Counter())
        counts.update({name: row[name] for name in ("litres_ml", "amount_fen", "visits")})
    return [
        {"month": month, "product": product or None, **counts}
        for (month, product), counts in sorted(summed.items())
    ]


def _totals(use: Iterable[dict[str, Any]]) -> dict[str, Any]:
    total: Counter[str] = Counter({"litres_ml": 0, "amount_fen": 0, "visits": 0})
    for row in use:
        total.update({name: row[name] for name in ("litres_ml", "amount_fen", "visits")})
    return _shown(dict(total))


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """Write litres and amount as text."""
    shown = {name: value for name, value in row.items() if name in ("month", "product")}
    shown["litres"] = f"{row['litres_ml'] / 1000:.3f}"
    shown["amount"] = money(row["amount_fen"])
    return shown | {"visits": row["visits"]}
