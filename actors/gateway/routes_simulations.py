"""Simulation routes: seasons played ahead, compared or tuned, in a process of their own."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path as FilePath
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Body, Path, Request, Response
from pydantic import BaseModel, ConfigDict

from actors.gateway.answers import encoded
from actors.gateway.outlook import as_of_us
from actors.gateway.problems import Problem, taken_by
from actors.gateway.routes_read import caller_of, state_of
from actors.gateway.simulation_answers import planned, told
from actors.gateway.simulation_queue import KEPT_MAX, WAITING_MAX, QueueFull, SimulationQueue
from actors.gateway.simulation_wishes import LIMITS, FileText, Wanted, names_of, until_of
from actors.gateway.state import State, wall_us
from actors.simulations import SUMMARY, TEXTS, NoAnswer, Simulation
from actors.uploaded_logs import UploadedLogs
from rules.compiling.compiled import Rules, compile_rules
from rules.season.season_file import SeasonErrors, load_season

READING: Final = ("analyst", "admin")
BUSY_RETRY_S: Final = 30
SHIPPED: Final = FilePath(__file__).resolve().parents[2] / "seasons"
_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "toml": "application/toml",
}
_ALONE: Final = {
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:",
    "X-Content-Type-Options": "nosniff",
}
"""A report carries names out of a file that anyone may have sent: it may not act, only show."""

router = APIRouter(prefix="/v1")
Id = Annotated[str, Path(pattern="^[0-9a-f]{12}$")]


class Season(BaseModel):
    """A season file to look at; the one in force without a text."""

    model_config = ConfigDict(extra="forbid")

    season: FileText | None = None


def queue_of(state: State) -> SimulationQueue:
    """Give the queue; raises Problem 404 where the system was started without a simulator."""
    if state.simulations is None:
        raise Problem(
            404,
            "This system was started without a simulator; `forecourt serve` starts one with it.",
            "no-simulator",
        )
    return state.simulations


@router.post("/simulations", openapi_extra=taken_by(READING))
async def ask(request: Request, wanted: Annotated[Wanted, Body()]) -> Any:
    """Simulate a season file, compare two, tune or cheat one, fit members, or forecast the season.

    Without `season` it is the file in force. The work is done by a process of its own at the
    lowest priority, one simulation at a time.
    """
    state = state_of(request)
    caller_of(request, READING)
    queue = queue_of(state)
    wanted.check()
    texts = {name: text for name in TEXTS if (text := getattr(wanted, name)) is not None}
    texts.setdefault("season", in_force(state))
    files = [name for name in ("season", "candidate") if name in texts]
    rules = await asyncio.to_thread(_read, {name: texts[name] for name in files})
    until_us, budget_fen = until_of(wanted.until, list(rules.values())), wanted.budget_fen()
    from_us = await asyncio.to_thread(as_of_us, wanted.kind, state)
    log = await asyncio.to_thread(_uploaded, state, wanted.log)
    runs, seeds = wanted.runs, wanted.repeats
    if wanted.kind == "tune":
        plan = await _answer(queue, "search", texts, wanted.search())
        runs, seeds = planned(plan)
    wanted.check_size(runs)
    asked = Simulation(
        id=secrets.token_hex(6),
        kind=wanted.kind,
        season=rules["season"].season_id,
        names=names_of(wanted, rules),
        currency=rules["season"].season.programme.currency,
        members=wanted.count,
        seeds=seeds,
        seed=wanted.seed,
        asked_us=wall_us(),
        until_us=until_us,
        own_population=wanted.population is not None,
        runs=runs,
        budget_fen=budget_fen,
        draws=wanted.draws,
        model_form=wanted.model_form,
        as_of_us=from_us,
        agents=wanted.cheats,
        agent_kinds=wanted.agent_kinds,
        closing=wanted.closing and wanted.kind == "adversaries",
        log="" if log is None else f"log{log.suffix}",
        members_are=wanted.members_are,
    )
    if wanted.kind == "tune":
        asked = msgspec.structs.replace(
            asked, objective=wanted.objective, budgets=wanted.budgets, trials=wanted.trials,
            effort=wanted.effort,
        )  # fmt: skip
    try:
        await queue.add(asked, texts, log)
    except QueueFull:
        raise _full("simulations wait already", "when one is done, or cancel one") from None
    response = encoded(told(queue, asked), 201)
    response.headers["Location"] = f"/v1/simulations/{asked.id}"
    return response


@router.post("/simulations/offers", openapi_extra=taken_by(READING))
async def offers(request: Request, wanted: Annotated[Season, Body()]) -> Any:
    """List the values of a season file that a search may vary, each with what to try."""
    state = state_of(request)
    caller_of(request, READING)
    queue = queue_of(state)
    texts = {"season": in_force(state) if wanted.season is None else wanted.season}
    await asyncio.to_thread(_read, texts)
    return encoded(await _answer(queue, "offers", texts, {}))


@router.get("/simulations")
async def simulations(request: Request) -> Any:
    """List the simulations that are kept, the one asked last first, and the limits."""
    state = state_of(request)
    caller_of(request, READING)
    queue = queue_of(state)
    return encoded(
        {
            "simulations": [told(queue, one) for one in queue.listed()],
            "limits": LIMITS | {"waiting": WAITING_MAX, "kept": KEPT_MAX},
        }
    )


@router.get("/simulations/seasons")
async def shipped(request: Request) -> Any:
    """Give the season files that come with the program, to simulate or to start from."""
    caller_of(request, READING)
    return encoded({"seasons": await asyncio.to_thread(_shipped)})


@router.get("/simulations/{simulation}")
async def simulation(request: Request, simulation: Id) -> Any:
    """Tell how far a simulation is; once it is done, its summary and files."""
    queue, one = _found(request, simulation)
    answer = told(queue, one)
    if one.state == "running":
        progress = await asyncio.to_thread(queue.shelf.progress, one.id)
        answer["progress"] = None if progress is None else msgspec.to_builtins(progress)
    if one.state == "done":
        summary = await asyncio.to_thread(queue.shelf.file, one.id, SUMMARY)
        answer["summary"] = None if summary is None else msgspec.Raw(summary)
        answer["files"] = await asyncio.to_thread(queue.shelf.files, one.id)
    return encoded(answer)


@router.get("/simulations/{simulation}/report.html")
async def report(request: Request, simulation: Id) -> Response:
    """Give the report as one page that needs nothing else."""
    return await _file(request, simulation, "report.html")


@router.get("/simulations/{simulation}/files/{name}")
async def file(
    request: Request,
    simulation: Id,
    name: Annotated[str, Path(pattern="^[a-z]{1,40}[.](html|json|csv|parquet|toml)$")],
) -> Response:
    """Give one of the files a simulation made."""
    return await _file(request, simulation, name)


@router.delete("/simulations/{simulation}")
async def cancel(request: Request, simulation: Id) -> Any:
    """Cancel a simulation that waits or runs; remove one that is over, with its files."""
    queue, one = _found(request, simulation)
    left = await queue.cancel(one)
    return encoded({"id": one.id, "removed": True} if left is None else told(queue, left))


def in_force(state: State) -> str:
    """Give the text of the season file in force."""
    versions = state.book.versions
    return versions[-1].text if versions else state.settings.season_text


def _found(request: Request, simulation: str) -> tuple[SimulationQueue, Simulation]:
    caller_of(request, READING)
    queue = queue_of(state_of(request))
    one = queue.get(simulation)
    if one is None:
        raise Problem(404, f"There is no simulation {simulation}.", "unknown-simulation")
    return queue, one


async def _file(request: Request, simulation: str, name: str) -> Response:
    queue, one = _found(request, simulation)
    content = None
    if one.state == "done":
        content = await asyncio.to_thread(queue.shelf.file, one.id, name)
    if content is None:
        raise Problem(404, f"Simulation {one.id} is {one.state} and has no {name}.", "unknown-file")
    kind = name.rpartition(".")[2]
    headers = _ALONE if kind == "html" else {}
    return Response(content, media_type=_TYPES[kind], headers=headers)


async def _answer(
    queue: SimulationQueue, question: str, texts: Mapping[str, str], wanted: Mapping[str, Any]
) -> dict[str, Any]:
    """Ask the simulator; raises Problem 429 or 503 where it can't answer now."""
    try:
        return await queue.consult(question, texts, wanted)
    except QueueFull:
        raise _full("questions to the simulator wait already", "in half a minute") from None
    except NoAnswer as error:
        raise Problem(
            503, f"The simulator didn't answer: {error}; try again.", "no-answer",
            retry_after_s=BUSY_RETRY_S,
        ) from None  # fmt: skip


def _uploaded(state: State, log: str | None) -> FilePath | None:
    if log is None:
        return None
    found = UploadedLogs(state.settings.folder).find(log)
    if found is None:
        raise Problem(
            404, f"There is no log {log}: it was taken already, or others came after it.",
            "unknown-log",
        )  # fmt: skip
    return found


def _full(what: str, when: str) -> Problem:
    return Problem(429, f"{WAITING_MAX} {what}: try again {when}.", retry_after_s=BUSY_RETRY_S)


def _read(texts: dict[str, str]) -> dict[str, Rules]:
    """Compile season files; raises Problem 400 with every error of every file at its line."""
    rules: dict[str, Rules] = {}
    errors: list[dict[str, Any]] = []
    for name, text in texts.items():
        try:
            rules[name] = compile_rules(load_season(text, name))
        except SeasonErrors as error:
            errors += error.as_rows()
        except ValueError as error:
            errors.append({"file": name, "problem": str(error)})
    if errors:
        count = f"{len(errors)} error{'' if len(errors) == 1 else 's'}"
        files = " and ".join(sorted({one["file"] for one in errors}, key=list(texts).index))
        raise Problem(
            400, f"{count} in {files}; nothing was started.", "season-errors", errors=errors
        )
    return rules


@lru_cache(maxsize=1)
def _shipped() -> list[dict[str, str]]:
    # What stands beside a season, such as NAME.mapping.toml, isn't one.
    paths = sorted(path for path in SHIPPED.glob("*.toml") if "." not in path.stem)
    return [{"name": path.stem, "text": path.read_text(encoding="utf-8")} for path in paths]
