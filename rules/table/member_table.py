"""The member table of one shard: who its members are, and everything that is held of them.

Rows are numbered in the order members first appear.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rules.accounts.journal import Journal
from rules.compiling.clauses import Who
from rules.compiling.compiled import Rules
from rules.coupons.campaigns import Campaigns
from rules.coupons.claim_codes import ClaimCodes
from rules.coupons.coupon_book import CouponBook
from rules.coupons.coupon_lines import CouponLines
from rules.coupons.triggers import Triggers
from rules.decoding.identity import hash_strings
from rules.judging.fulfilment import Fulfilment
from rules.judging.lots import Lots
from rules.judging.segments import segment_bits_of
from rules.notices.notice_book import NoticeBook
from rules.ranks.official_order import NO_TIME_US
from rules.ranks.prize_desk import PrizeDesk
from rules.ranks.standings import Standing
from rules.table import table_state
from rules.table.identity_map import IdentityMap
from rules.table.ledger import Ledger
from rules.table.members import Members
from rules.table.numbered_ids import NumberedIds
from rules.table.older_season import OlderSeason
from rules.table.order_book import OrderBook
from rules.table.past_rules import PastRules
from rules.table.pools import Pools
from rules.table.referral_book import ReferralBook
from rules.table.storage import MEMORY, Memory
from rules.table.tallies import Tallies
from rules.table.windows import Windows

Int64s = npt.NDArray[np.int64]

NO_CLOCK_US: Final = -(2**62)
UNNAMED_COMPANY: Final = 0


class Part(Protocol):
    """A part of the table that saves and restores itself as arrays."""

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Copy everything the part holds."""

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Fill an empty part from state()."""


class MemberTable:
    """All state of one shard: members, identities, waiting refunds and the clock.

    It knows who is who: a row for every id, companies by number, records merged into others. What
    a member's numbers are, Members says; what each part holds, its own module; how all of it
    becomes arrays and comes back, table_state. What is kept of every event lies in the storage
    given; all else in memory.
    """

    def __init__(self, rules: Rules, storage: Memory = MEMORY) -> None:
        self.rules = rules
        self.clock_us = NO_CLOCK_US
        self.next_tick_us = NO_CLOCK_US
        self.open_day = 0  # the latest local day whose ring slots are in use
        self.open_month = 0
        self.final = False  # the final instant's tick has run
        self.season_number = 0  # how many seasons were opened before the running one
        self.older: OlderSeason | None = None  # the season before, until the next one opens
        self.upcoming: Rules | None = None  # the next season's file, until it opens
        self.member_ids: list[str] | NumberedIds = []
        self.companies: list[str] = [""]
        self.attributes: dict[int, Mapping[str, Any]] = {}
        # The only attributes that are kept where members are described but once; None for all.
        self.attributes_kept: Collection[str] | None = None
        self.dropped: list[tuple[str, str, str]] = []  # member, event_id, reason
        self.points_by_hour: Int64s = np.zeros(rules.season_hours, dtype=np.int64)
        self.members = Members(rules)
        self.ledger = Ledger(storage)
        self.past = PastRules()
        self.lots = Lots(rules.lot_rules)
        self.pools = Pools(rules.pool_rules)
        self.coupon_book = CouponBook()
        self.coupon_lines = CouponLines()
        self.order_book = OrderBook()
        self.tallies = Tallies()
        self.triggers = Triggers()
        self.campaigns = Campaigns()
        self.claim_codes = ClaimCodes()
        self.referrals = ReferralBook()
        self.referrals_gathered: list[int] = []  # of the piece of a batch being applied
        self.windows = Windows(rules.segment_rules.windows)
        self.merges = 0  # how many records were merged into others
        # Records every movement of points when somebody asks for it; not part of the state.
        self.journal: Journal | None = None
        # Records what members are to be told, likewise.
        self.notices: NoticeBook | None = None
        self.prize_desk = PrizeDesk()
        self.orders: dict[str, dict[str, Any]] = {}  # what each order did, by its id
        self.fulfilments: list[tuple[int, Fulfilment]] = []  # goods owed, by member row
        self.parts: dict[str, Part] = {
            "members": self.members,
            "identities": self.ledger.identities,
            "sales": self.ledger.sales,
            "past": self.past,
            "lots": self.lots,
            "pools": self.pools,
            "coupons": self.coupon_book,
            "coupon_lines": self.coupon_lines,
            "orders": self.order_book,
            "tallies": self.tallies,
            "firings": self.triggers.firings,
            "campaigns": self.campaigns,
            "claim_codes": self.claim_codes,
            "referrals": self.referrals,
            "windows": self.windows,
            "prize_desk": self.prize_desk,
        }
        self.rows_by_id = IdentityMap()
        self._company_codes: dict[str, int] = {"": UNNAMED_COMPANY}

    def __len__(self) -> int:
        return self.members.size

    def row_of(self, member: str) -> int:
        """Find a member's row, or -1; a merged record's is that of the one it became."""
        return int(self.resolve(self.find_rows(*hash_strings(pa.array([member]))))[0])

    def resolve(self, rows: Int64s) -> Int64s:
        """Follow merges: the rows int64[n] that effects go to; -1 stays."""
        if not self.merges:
            return rows
        into = self.members.merged_into[rows]
        return np.where((rows >= 0) & (into > 0), into - 1, rows)

    def find_rows(self, hash_a: npt.NDArray[np.uint64], hash_b: npt.NDArray[np.uint64]) -> Int64s:
        """Find member rows by the hashes of their ids: int64[n], -1 where absent."""
        return self.rows_by_id.find(hash_a, hash_b).astype(np.int64)

    def add_members(
        self, hash_a: npt.NDArray[np.uint64], hash_b: npt.NDArray[np.uint64], ids: list[str]
    ) -> Int64s:
        """Add members, distinct and absent, and return their rows int64[k]."""
        first = self.members.extend(len(ids))
        rows = np.arange(first, first + len(ids), dtype=np.int64)
        self.members.kind[rows] = self.rules.default_kind
        self.members.tasks_completed_at_us[rows] = NO_TIME_US
        self.members.attribute_bits[rows] = self.rules.attribute_bits({})
        self.rows_by_id.insert(hash_a, hash_b, rows.astype(np.int32))
        self.member_ids.extend(ids)
        return rows

    def company_code(self, company: str) -> int:
        """Number a company, new ones at the end."""
        code = self._company_codes.get(company)
        if code is None:
            code = self._company_codes[company] = len(self.companies)
            self.companies.append(company)
        return code

    def name_companies(self, companies: list[str]) -> None:
        """Take over numbered companies, the unnamed one first."""
        self.companies = companies
        self._company_codes = {name: code for code, name in enumerate(companies)}

    def report_dropped(self, row: int, event_id: str, reason: str) -> None:
        """Note a waiting refund that took nothing, for the summary."""
        self.dropped.append((self.member_ids[row], event_id, reason))

    def standing(self, rows: Int64s | None = None) -> Standing:
        """Gather what rankings know of some members, or of all: one entry a row.

        From the final instant on it is what it was then, but for who is disqualified.
        """
        members = self.members
        if rows is None:
            rows = np.arange(members.size, dtype=np.int64)
        level, on_board, company = self.standing_codes(rows)
        return Standing(
            member=[self.member_ids[row] for row in rows.tolist()],
            score=members.score[rows],
            tasks_completed_at_us=members.tasks_completed_at_us[rows],
            active_days=members.active_days[rows],
            tier=level,
            on_board=on_board,
            team_key=[self.companies[code] for code in company.tolist()],
            disqualified=members.disqualified[rows],
        )

    def standing_codes(
        self, rows: Int64s
    ) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.uint32], npt.NDArray[np.int32]]:
        """Give the level, the board bits and the company's number of members by row."""
        members = self.members
        if self.final:
            level, on_board = members.final_level[rows], members.final_on_board[rows]
            return level, on_board, members.final_company[rows]
        on_board, company = self._boards_and_company(rows)
        return members.level[rows], on_board, company

    def older_standing(self) -> Standing:
        """Gather the standings of the season before, which runs its course."""
        older = self.older
        assert older is not None
        rows = np.arange(self.members.size, dtype=np.int64)
        older.fit(self.members.capacity)
        on_board, company = older.boards_of(self, rows)
        column = older.columns
        return Standing(
            member=[self.member_ids[row] for row in rows.tolist()],
            score=column["score"][rows],
            tasks_completed_at_us=column["tasks_completed_at_us"][rows],
            active_days=column["active_days"][rows],
            tier=column["final_level"][rows],
            on_board=on_board,
            team_key=[self.companies[code] for code in company.tolist()],
            disqualified=self.members.disqualified[rows],
        )

    def who(self, rows: Int64s) -> Who:
        """Gather what conditions on members look at: level, kind, attributes, segments."""
        members = self.members
        named = self.rules.segment_rules.in_conditions
        segment_bits = segment_bits_of(self, rows) if named else None
        return members.level[rows], members.kind[rows], members.attribute_bits[rows], segment_bits

    def _boards_and_company(
        self, rows: Int64s
    ) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int32]]:
        """Tell the boards whose scope members are in, and their company, unless excluded."""
        members, rules = self.members, self.rules
        who = self.who(rows)
        counted = np.ones(len(rows), dtype=np.bool_)
        if rules.excluded is not None:
            counted = rules.excluded.match(*who) == 0
        on_board = rules.board_scope.match(*who) * counted
        return on_board.astype(np.uint32), members.company[rows] * counted

    def freeze(self) -> None:
        """Keep the standings as they are: the season is final."""
        self.keep_boards()
        self.final = True

    def keep_boards(self) -> None:
        """Keep who stands on which board, in what tier and for which company."""
        rows = np.arange(self.members.size, dtype=np.int64)
        on_board, company = self._boards_and_company(rows)
        self.members.final_level[rows] = self.members.level[rows]
        self.members.final_on_board[rows] = on_board
        self.members.final_company[rows] = company

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Give the whole table as arrays for a snapshot; from_state() reads it back."""
        return self.copied()()

    def copied(self) -> Callable[[], dict[str, npt.NDArray[Any]]]:
        """Copy the table now; what is returned makes the arrays of state() as of now.

        That may be called in another thread, while this table goes on.
        """
        return table_state.copied(self)

    @classmethod
    def from_state(
        cls,
        rules: Rules,
        state: Mapping[str, npt.NDArray[Any]],
        older_rules: Rules | None = None,
        storage: Memory = MEMORY,
    ) -> MemberTable:
        """Rebuild the table that state() copied, under the same rules.

        older_rules are those of the season before, where that one is still held.
        """
        table = cls(rules, storage)
        table_state.restore(table, state, older_rules, storage)
        return table
