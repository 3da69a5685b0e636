"""Prize reads: what a table knows of its members' prizes and claims."""

from __future__ import annotations

from typing import Any

from actors.phases import instant
from rules.ranks.prize_desk import Won
from rules.table.member_table import MemberTable


def claims_of(table: MemberTable) -> dict[str, dict[str, Any]]:
    """Describe the claims of all prizes that members here have won, by prize id."""
    desk = table.prize_desk
    return {name: _told(table, won) for name, won in desk.won.items()}


def _told(table: MemberTable, won: Won) -> dict[str, Any]:
    desk = table.prize_desk
    lapsed = not won.state and table.clock_us >= desk.deadline_us
    return {
        "member": table.member_ids[won.row],
        "reward": won.reward,
        "state": "lapsed" if lapsed else won.state or "won",
        "delivery": won.delivery or None,
        "station": won.station or None,
        "claimed_at": instant(won.claimed_us) if won.claimed_us else None,
        "changed_at": instant(won.changed_us) if won.changed_us else None,
        "deadline": instant(desk.deadline_us),
    }
