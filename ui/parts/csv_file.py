"""Write what a page shows as a CSV file that spreadsheets open safely."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, Protocol

from ui.answers import Claims, Coupons, Entry, Prizes, Row, Standings, Statement
from ui.client import ROWS_MAX

BOARD_ROWS_MAX: Final = 100_000
BOARD_COLUMNS: Final = (
    "rank",
    "member",
    "score",
    "tier",
    "tasks_completed_at",
    "active_days",
    "gap_to_prize",
    "prize",
)
PRIZE_COLUMNS: Final = (
    "board",
    "place",
    "rank",
    "member",
    "reward",
    "unit_cost",
    "tax",
    "tax_rule",
    "lead",
    "safe",
)


ENTRY_COLUMNS: Final = (
    "at",
    "kind",
    "points",
    "balance",
    "score",
    "event_id",
    "type",
    "rule",
    "ref",
    "station",
    "product",
    "litres",
    "amount",
    "expires_at",
)
COUPON_COLUMNS: Final = (
    "code",
    "coupon",
    "kind",
    "status",
    "issued_at",
    "expires_at",
    "claimed_at",
    "used_at",
    "off",
)
CLAIM_COLUMNS: Final = (
    "prize",
    "member",
    "reward",
    "state",
    "deadline",
    "delivery",
    "station",
    "claimed_at",
    "changed_at",
)


class GivesEntries(Protocol):
    """Gives some movements of a member's points after the first `after`."""

    def statement(self, member: str, after: int, limit: int) -> Statement:
        """Give at most `limit` movements."""


class GivesPages(Protocol):
    """Gives some rows of a board from rank `after` + 1 on."""

    def standings(self, board: str, after: int, limit: int) -> Standings:
        """Give at most `limit` rows."""


def board_csv(client: GivesPages, board: str) -> str:
    """Fetch a whole board, 1,000 rows a call and at most 100,000 in all, and write it.

    Raises:
        CallFailed: the system doesn't answer.
    """
    rows: list[Row] = []
    while len(rows) < BOARD_ROWS_MAX:
        page = client.standings(board, after=rows[-1].rank if rows else 0, limit=ROWS_MAX)
        rows += page.rows
        if page.next_cursor is None or not page.rows:
            break
    return write(BOARD_COLUMNS, ([getattr(row, name) for name in BOARD_COLUMNS] for row in rows))


def prizes_csv(prizes: Prizes) -> str:
    """Write the allocation of prizes."""
    awards = prizes.awards
    return write(PRIZE_COLUMNS, ([getattr(a, name) for name in PRIZE_COLUMNS] for a in awards))


def statement_csv(client: GivesEntries, member: str) -> str:
    """Fetch a whole statement, 1,000 movements a call and at most 100,000, and write it.

    Raises:
        CallFailed: the system doesn't answer.
    """
    entries: list[Entry] = []
    while len(entries) < BOARD_ROWS_MAX:
        page = client.statement(member, after=len(entries), limit=ROWS_MAX)
        entries += page.entries
        if page.next_cursor is None or not page.entries:
            break
    return write(ENTRY_COLUMNS, ([getattr(one, name) for name in ENTRY_COLUMNS] for one in entries))


def coupons_csv(coupons: Coupons) -> str:
    """Write a member's coupons."""
    held = coupons.coupons
    return write(COUPON_COLUMNS, ([getattr(one, name) for name in COUPON_COLUMNS] for one in held))


def claims_csv(claims: Claims) -> str:
    """Write what became of every prize."""
    rows = claims.claims
    return write(CLAIM_COLUMNS, ([getattr(one, name) for name in CLAIM_COLUMNS] for one in rows))


def write(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Write rows under a header, lines ended by LF.

    >>> write(["member", "score"], [["=1+1", 5], ["m-1", None]])
    "member,score\\n'=1+1,5\\nm-1,\\n"
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        # A spreadsheet would run such a cell as a formula.
        return f"'{value}"
    return str(value)
