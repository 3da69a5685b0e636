"""Rules routes: the season file in force with its history, and a new version of it."""

from __future__ import annotations

import asyncio
import logging
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request

from actors.gateway.answers import encoded
from actors.gateway.problems import Problem, taken_by
from actors.gateway.routes_campaigns import ask_all
from actors.gateway.routes_read import caller_of, state_of
from actors.gateway.state import State
from actors.messages import stand_of
from actors.phases import instant
from actors.rules_book import RulesBook, keep_copy
from rules.advice.findings import placed
from rules.advice.lint import lint
from rules.advice.season_diff import adverse, changes
from rules.advice.tier_preview import TierMoves
from rules.compiling.compiled import Rules, compile_rules
from rules.judging.next_season import joined_names
from rules.judging.version_checks import VersionRefused
from rules.judging.versions import successor
from rules.season.season_file import SeasonErrors, load_season_bytes
from rules.season.season_models import Season
from rules.wording.terms import terms
from rules.wording.terms_words import LANGUAGES

TEXT_BYTES_MAX: Final = 1024 * 1024

router = APIRouter(prefix="/v1")
log = logging.getLogger(__name__)


@router.get("/season/rules")
async def rules(request: Request) -> Any:
    """Give the season file in force, its version, its hash, and the versions before."""
    state = state_of(request)
    caller_of(request, ("analyst", "admin"))
    first, versions = state.book.first, state.book.versions
    texts = [state.settings.season_text, *(version.text for version in versions)]
    history = [{"version": 1, "rules_hash": first.rules_hash, "since": None}]
    history += [
        {
            "version": version.number,
            "rules_hash": version.rules_hash,
            "since": instant(version.since_us),
        }
        for version in versions
    ]
    return encoded(
        {
            "season": state.rules.season_id,
            "version": state.book.number,
            "rules_hash": state.rules.rules_hash,
            "text": texts[-1],
            "history": history,
        }
    )


@router.put("/season/rules", openapi_extra=taken_by(("analyst", "admin")))
async def change_rules(
    request: Request,
    dry_run: Annotated[bool, Query()] = False,
    accept_adverse: Annotated[bool, Query()] = False,
) -> Any:
    """Go on under a new version of the season file (a TOML body), or only tell what it changes."""
    state = state_of(request)
    caller = caller_of(request, ("analyst", "admin") if dry_run else ("admin",))
    content = await _body(request)
    async with state.changing:
        now_us = state.now_us()
        try:
            season = await asyncio.to_thread(load_season_bytes, content, "rules")
            rules = await asyncio.to_thread(_checked, state.book, season, now_us)
        except (SeasonErrors, VersionRefused, ValueError) as error:
            errors = _errors(error)
            if dry_run:
                told = _told(state, "", None, now_us)
                return encoded(told | {"errors": errors, "dry_run": True})
            raise Problem(422, str(error), "rules-refused", errors=errors) from None
        text = content.decode("utf-8-sig")
        told = await asyncio.to_thread(_told, state, text, rules, now_us)
        if dry_run:
            told["tiers"] = await _tiers(state, text)
            told["terms"] = {one: terms(season, one) for one in LANGUAGES}
        if not dry_run and told["changed"]:
            if told["adverse"] and not accept_adverse:
                raise Problem(
                    409,
                    f"{len(told['adverse'])} of the changes take something from members after the "
                    "season has started: send it again with ?accept_adverse=true "
                    "(--accept-adverse) if that is meant.",
                    "adverse",
                    adverse=told["adverse"],
                )
            await _adopt(state, text, rules)
            log.info("key %s puts version %d in force", caller.key_id, state.book.number)
            told["version"] = state.book.number
    return encoded(told | {"dry_run": dry_run})


async def _body(request: Request) -> bytes:
    content = await request.body()
    if not content.strip():
        raise Problem(400, "The body is empty; send the season file as TOML.")
    if len(content) > TEXT_BYTES_MAX:
        raise Problem(413, f"The season file is larger than {TEXT_BYTES_MAX >> 20} MiB.")
    return content


def _checked(book: RulesBook, season: Season, now_us: int) -> Rules:
    """Compile a file and see that it can go on for the running one, or follow it."""
    rules = compile_rules(season)
    book.check(rules, now_us)
    successor(book.rules, rules)
    return rules


def _errors(error: Exception) -> list[dict[str, Any]]:
    if isinstance(error, SeasonErrors):
        return error.as_rows()
    refusals = error.refusals if isinstance(error, VersionRefused) else [str(error)]
    return [{"problem": refusal} for refusal in refusals]


def _told(state: State, text: str, rules: Rules | None, now_us: int) -> dict[str, Any]:
    """Tell what a file changes: in words, what of it is adverse, and what the lint finds."""
    told: dict[str, Any] = {
        "season": state.rules.season_id,
        "version": state.book.number,
        "rules_hash": rules.rules_hash if rules else None,
        "changed": rules is not None and rules.rules_hash != state.rules.rules_hash,
        "errors": [],
        "lint": [],
        "diff": [],
        "adverse": [],
    }
    if rules is not None:
        season = rules.season
        told["lint"] = [one.as_row() for one in placed(text, lint(season))]
        told["diff"] = [one.as_row() for one in changes(state.book.file, season)]
        if rules.season_id == state.rules.season_id:
            told["adverse"] = [one.as_row() for one in adverse(state.book.file, season, now_us)]
        else:
            told["opens"] = instant(rules.starts_us)
    return told


async def _tiers(state: State, text: str) -> dict[str, Any]:
    """Count who would stand where at the next review, on what they have bought so far."""
    moves = TierMoves.added(await ask_all(state, "tier_moves", text))
    return {
        "review_at": instant(moves.review_us),
        "moves": moves.rows(),
        "months_missing": moves.months_missing,
    }


async def _adopt(state: State, text: str, rules: Rules) -> None:
    """Have every shard go on under the new version, then show it."""
    number = state.book.number + 1
    names = joined_names(state.rules, rules)
    if rules.season_id == state.rules.season_id:
        going_on = await asyncio.to_thread(successor, state.rules, rules)
        names = going_on.names
        if state.book.older is not None:
            names = joined_names(going_on, state.book.older)
    statuses = await state.ingest.adopt_rules(number, text, names)
    versions = await state.members[statuses[0].shard].rules_versions()
    state.use(state.book.follow(versions, stand_of(statuses)))
    keep_copy(state.settings.folder, versions[-1])
