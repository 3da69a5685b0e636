"""Owner reads: what a request asks the one shard that holds a member."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from actors.gateway.board_pages import owner_of
from actors.gateway.problems import Problem
from actors.gateway.state import State
from actors.messages import ShardDown


async def ask_owner(state: State, member: str, name: str, *arguments: Any) -> Any:
    """Ask a member's shard one of `actors.member_reads` about them; raises Problem 503."""
    owner = owner_of(member, len(state.members))
    return await _answer(owner, state.members[owner].read(name, member, *arguments))


async def ask_journal(state: State, member: str, what: str, *arguments: Any) -> Any:
    """Ask a member's shard about their postings: a method of MemberJournal; raises Problem 503."""
    owner = owner_of(member, len(state.members))
    return await _answer(owner, state.members[owner].explain(what, member, *arguments))


async def _answer(owner: int, asked: Awaitable[Any]) -> Any:
    try:
        return await asked
    except ShardDown as error:
        raise Problem(
            503, f"Member shard {owner} does not answer: {error}", "warming", retry_after_s=1
        ) from None
