"""Triggers: coupons that something happening to a member issues."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rules.member_table import MemberTable


class Triggers:
    """What is to be issued, and what has been fired."""

    def settle(self, table: MemberTable) -> None:
        """Issue what waits, in arrival order."""
