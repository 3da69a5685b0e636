"""Owner reads: what a request asks the one shard that holds a member."""

from __future__ import annotations

from typing import Any

from actors.gateway.board_pages import owner_of
from actors.gateway.problems import Problem
from actors.gateway.state import State
from actors.messages import ShardDown


async def ask_owner(state: State, member: str, name: str, *arguments: Any) -> Any:
    """Ask a member's shard one of `actors.member_reads` about them; raises Problem 503."""
    owner = owner_of(member, len(state.members))
    try:
        return await state.members[owner].read(name, member, *arguments)
    except ShardDown as error:
        raise Problem(
            503, f"Member shard {owner} does not answer: {error}", "warming", retry_after_s=1
        ) from None
