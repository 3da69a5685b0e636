"""People routes: find a member by phone or plate, show what they told, and erase them."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Request

from actors.gateway.acts import act, own_member
from actors.gateway.answers import encoded
from actors.gateway.audit_trail import note
from actors.gateway.owner_reads import ask_owner
from actors.gateway.problems import Problem, taken_by
from actors.gateway.read_answers import member_of
from actors.gateway.routes_read import caller_of, state_of
from actors.gateway.state import State
from actors.gateway.texts import Text
from actors.messages import ShardDown
from actors.phases import instant
from actors.store.errors import StoreError
from rules.season.personal import KEPT, is_token, normalised

CLEANSED_WITHIN_S: Final = 20.0
REMAINS: Final = (
    "the member id with its points, visits and standings, without a name or attributes",
    "in log and archive: tokens that lead nowhere, a birthday's day and month, plain attributes",
    "entries of the audit trail, by member id",
    "backups that were made before: destroy them, or erase again after a restore",
)

router = APIRouter(prefix="/v1")


@router.post("/members/lookup", openapi_extra=taken_by(("till", "admin")))
async def lookup(
    request: Request,
    phone: Annotated[Text | int | None, Body()] = None,
    plate: Annotated[Text | None, Body()] = None,
) -> Any:
    """Find who has a phone number or plate now; `member` is null where several share it."""
    state = state_of(request)
    caller_of(request, ("till", "admin"))
    given = {"phone": phone, "plate": plate}
    asked = {name: value for name, value in given.items() if value is not None}
    if len(asked) != 1:
        raise Problem(422, "Send either phone or plate.")
    [(name, value)] = asked.items()
    members = await holders_of(state, name, value)
    if not members:
        raise Problem(404, f"No member has this {name}.", "unknown-member")
    return encoded({"member": members[0] if len(members) == 1 else None, "members": members})


async def holders_of(state: State, name: str, value: object) -> list[str]:
    """List the members whose attribute has a value as things stand, ascending."""
    try:
        token = await asyncio.to_thread(state.vault.token_of, name, normalised(name, value))
        held = await asyncio.to_thread(state.vault.holders, token) if token else []
    except StoreError as error:
        raise away(error) from None
    found = set()
    for member in held:
        # Under a merged record's id another one may answer, whose value may be newer.
        attributes = await ask_owner(state, member, "attributes") or {}
        if token in (value for key, value in attributes.items() if key.strip().casefold() == name):
            [owner, *_] = await ask_owner(state, member, "ids_of")
            found.add(owner)
    return sorted(found)


@router.get("/members/{member:path}/profile")
async def profile(request: Request, member: str) -> Any:
    """Show what a member told: values that are kept as they gave them, of others that they did."""
    state, caller = state_of(request), caller_of(request, ("app", "admin"))
    own_member(caller, member)
    as_of_us = state.as_of_us()
    attributes = await ask_owner(state, member, "attributes")
    if attributes is None:
        raise Problem(404, f"There is no member {member!r}.", "unknown-member")
    known = await opened(state, member)
    shown, sealed = {}, []
    for key, value in attributes.items():
        if not is_token(value):
            shown[key] = value
            continue
        entry = known.get(value)
        if entry is not None:
            shown[key] = entry[1]
        elif key.strip().casefold() not in KEPT:
            sealed.append(key)
    body = {"member": member, "as_of": instant(as_of_us), "attributes": shown}
    return encoded(body | {"kept_as_token": sorted(sealed)})


async def opened(state: State, member: str) -> dict[str, tuple[str, str] | None]:
    """Open what a member and the records merged into theirs hold; raises Problem 503."""
    ids = await ask_owner(state, member, "ids_of") or [member]
    found: dict[str, tuple[str, str] | None] = {}
    try:
        for one in dict.fromkeys([*ids, member]):
            found |= await asyncio.to_thread(state.vault.opened, one)
    except StoreError as error:
        raise away(error) from None
    return found


@router.delete("/members/{member:path}")
async def erase(request: Request, member: str) -> Any:
    """Erase what is known of a person; their points stay under an id that leads to nobody."""
    state = state_of(request)
    caller_of(request, ("admin",))
    known = await ask_owner(state, member, "known")
    held = await opened(state, member)
    if not known and not held and await member_of(state, member) is None:
        raise Problem(404, f"There is no member {member!r}.", "unknown-member")
    if known:
        # The answer to its event comes after the vault forgot; what is sent again forgets again.
        await act(state, request, {"type": "erase", "member": member})
    try:
        await state.sealer.forget(member)
    except (StoreError, ShardDown) as error:
        raise away(error) from None
    cleansed = await state.cleanser.settled(CLEANSED_WITHIN_S)
    note(request, values=len(held), cleansed=cleansed)
    return encoded(
        {
            "member": member,
            "erased": True,
            "values": len(held),
            "cleansed": cleansed,
            "remains": REMAINS,
        }
    )


def away(error: Exception) -> Problem:
    """Say that the vault can't be asked."""
    return Problem(503, f"The vault of personal values does not answer: {error}.", retry_after_s=1)
