"""The member table of one shard: every member's points, tier, counters and season.

Rows are numbered in the order members first appear. Rings hold the days, weeks and months
that events may still fall into; a period's slot is its number modulo the ring's width.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rules.accounts.journal import Journal
from rules.compiling.compiled import Rules
from rules.compiling.past_rules import PastRules
from rules.coupons.campaigns import Campaigns
from rules.coupons.claim_codes import ClaimCodes
from rules.coupons.coupon_book import CouponBook
from rules.coupons.coupon_lines import CouponLines
from rules.coupons.triggers import Triggers
from rules.decoding.identity import IdentityMap, hash_strings
from rules.judging.fulfilment import Fulfilment
from rules.judging.lots import Lots
from rules.judging.segments import segment_bits_of
from rules.notices.notice_book import NoticeBook
from rules.ranks.official_order import NO_TIME_US
from rules.ranks.prize_desk import PrizeDesk
from rules.ranks.standings import Standing
from rules.table.columns import Columns, Field
from rules.table.ledger import Ledger, WaitingRefund
from rules.table.narrow import NarrowColumn
from rules.table.numbered_ids import NumberedIds
from rules.table.older_season import OlderSeason
from rules.table.order_book import OrderBook
from rules.table.pools import Pools
from rules.table.referral_book import ReferralBook
from rules.table.storage import MEMORY, Memory
from rules.table.tallies import Tallies
from rules.table.windows import Windows

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

Who = tuple[
    npt.NDArray[np.int16],
    npt.NDArray[np.int16],
    npt.NDArray[np.uint64],
    npt.NDArray[np.uint64] | None,
]
"""Levels, kinds, attribute bits and segment bits of some members: what conditions look at."""

NO_CLOCK_US: Final = -(2**62)
PIECE: Final = 10_000
"""Entries of a list that are written as JSON at a time."""
UNNAMED_COMPANY: Final = 0


NARROW: Final[dict[str, npt.DTypeLike]] = {
    **dict.fromkeys(
        (
            "active", "slack", "earned_base", "litres_ml", "amount_fen", "score", "season_fen",
            "month_ml", "month_fen",
        ),
        np.int32,
    ),
    **dict.fromkeys(
        (
            "earned_bonus", "earned_task", "visits", "active_days", "goal_points", "day_points",
            "month_visits",
        ),
        np.int16,
    ),
    **dict.fromkeys(
        (
            "debt", "adjusted", "redeemed", "expired", "reversed_points", "waiting",
            "merged_into", "task_counts", "final_level", "final_company",
        ),
        np.int8,
    ),
    "final_on_board": np.uint8,
}  # fmt: skip
"""How members' numbers begin: most people's fit, and what nobody has takes a byte."""


class Part(Protocol):
    """A part of the table that saves and restores itself as arrays."""

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Copy everything the part holds."""

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Fill an empty part from state()."""


class Members(Columns):
    """One row a member; G goals, D day slots, S task slots, M month slots, W day words."""

    kind: npt.NDArray[np.int16]
    company: npt.NDArray[np.int32]
    attribute_bits: npt.NDArray[np.uint64]
    described: Bools  # attributes were given
    enrolled: Bools
    listed: Bools
    disqualified: Bools
    level: npt.NDArray[np.int16]
    waiting: NarrowColumn  # refunds waiting for their purchase
    merged_into: NarrowColumn  # 1 + the row this record was merged into; 0 none
    first_order: npt.NDArray[np.int32]  # 1 + the sale that a referral may be paid for; 0 none
    first_order_at_us: Int64s
    birthday: npt.NDArray[np.int16]  # see rules.birthdays; 0 unknown
    last_purchase_us: Int64s  # the greatest instant of a purchase; 0 none
    fired_us: Int64s  # by trigger that remembers, its last firing; 0 none
    level_since_us: Int64s
    trial_until_us: Int64s
    # The level bought with points, which the next review passes over; 0 none, else level + 1.
    bought_level: npt.NDArray[np.int16]
    active: NarrowColumn
    debt: NarrowColumn
    slack: NarrowColumn  # points of lots expired so far less all draws so far; see rules.lots
    earned_base: NarrowColumn
    earned_bonus: NarrowColumn
    earned_task: NarrowColumn
    adjusted: NarrowColumn
    redeemed: NarrowColumn
    expired: NarrowColumn
    reversed_points: NarrowColumn
    litres_ml: NarrowColumn
    amount_fen: NarrowColumn
    visits: NarrowColumn
    score: NarrowColumn
    tasks_completed_at_us: Int64s
    active_days: NarrowColumn
    # As they stood at the final instant, which the final standings keep.
    final_level: NarrowColumn
    final_on_board: NarrowColumn
    final_company: NarrowColumn
    season_day_words: npt.NDArray[np.uint64]
    season_fen: NarrowColumn
    goal_held: Bools
    goal_scored: Bools
    goal_points: NarrowColumn
    goal_day: npt.NDArray[np.int32]
    day_points: NarrowColumn
    task_counts: NarrowColumn
    month_ml: NarrowColumn
    month_fen: NarrowColumn
    month_visits: NarrowColumn

    def __init__(self, rules: Rules) -> None:
        rings = rules.rings
        goals = len(rules.goals)
        wide: dict[str, Field] = {
            "season_day_words": (np.uint64, rules.season_day_words),
            "goal_held": (np.bool_, goals),
            "goal_scored": (np.bool_, goals),
            "goal_points": (np.int64, goals),
            "goal_day": (np.int32, goals),
            "day_points": (np.int64, rings.cap_days),
            "task_counts": (np.int64, rings.task_slots),
            "month_ml": (np.int64, rings.months),
            "month_fen": (np.int64, rings.months),
            "month_visits": (np.int64, rings.months),
            "fired_us": (np.int64, rules.trigger_rules.memories),
        }
        single: dict[str, type] = {
            "kind": np.int16,
            "company": np.int32,
            "attribute_bits": np.uint64,
            "described": np.bool_,
            "enrolled": np.bool_,
            "listed": np.bool_,
            "disqualified": np.bool_,
            "level": np.int16,
            "bought_level": np.int16,
            "final_level": np.int16,
            "final_on_board": np.uint32,
            "final_company": np.int32,
            "active_days": np.int32,
            "waiting": np.int32,
            "merged_into": np.int32,
            "first_order": np.int32,
            "birthday": np.int16,
        }
        for name in type(self).__annotations__:
            if name not in wide:
                single.setdefault(name, np.int64)
        fields: dict[str, Field] = {name: (dtype, None) for name, dtype in single.items()}
        super().__init__(fields | wide, NARROW)

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Fill an empty instance from state(); raises KeyError when a column is missing."""
        # A season that ends earlier than it was to still has words for all the days it had.
        self.relay("season_day_words", state["season_day_words"][:0])
        super().restore(state)


class MemberTable:
    """All state of one shard: members, identities, waiting refunds and the clock.

    What is kept of every event lies in the storage given; all else in memory.
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
        self._rows = IdentityMap()
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
        return self._rows.find(hash_a, hash_b).astype(np.int64)

    def add_members(
        self, hash_a: npt.NDArray[np.uint64], hash_b: npt.NDArray[np.uint64], ids: list[str]
    ) -> Int64s:
        """Add members, distinct and absent, and return their rows int64[k]."""
        first = self.members.extend(len(ids))
        rows = np.arange(first, first + len(ids), dtype=np.int64)
        self.members.kind[rows] = self.rules.default_kind
        self.members.tasks_completed_at_us[rows] = NO_TIME_US
        self.members.attribute_bits[rows] = self.rules.attribute_bits({})
        self._rows.insert(hash_a, hash_b, rows.astype(np.int32))
        self.member_ids.extend(ids)
        return rows

    def company_code(self, company: str) -> int:
        """Number a company, new ones at the end."""
        code = self._company_codes.get(company)
        if code is None:
            code = self._company_codes[company] = len(self.companies)
            self.companies.append(company)
        return code

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

    def older_standing(self, rows: Int64s | None = None) -> Standing:
        """Gather the standings of the season before, which runs its course."""
        older = self.older
        assert older is not None
        if rows is None:
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

        That may be called in another thread, while this table goes on. What nothing ever writes
        again isn't copied; see Columns.settled.
        """
        ledger = self.ledger
        texts = {
            "companies": self.companies.copy(),
            "dropped": self.dropped.copy(),
            "waiting": [
                [*key, [*map(_refund_cells, kept)]] for key, kept in ledger.waiting.items()
            ],
            "clock": [self.clock_us, self.next_tick_us, self.open_day, self.open_month],
            "final": self.final,
            "season_number": self.season_number,
            "fulfilments": [[row, *asdict(owed).values()] for row, owed in self.fulfilments],
            "orders": self.orders.copy(),
            "member_ids": self.member_ids.copy(),
        }
        # Pairs are made of these only when they are written: here a million of them take long.
        pairs: dict[str, dict[int, Any]] = {
            "attributes": dict(self.attributes),
            "details": ledger.details.copy(),
        }
        states = {name: part.state() for name, part in self.parts.items()}
        states |= {"rows": self._rows.state(), "map": ledger.map.state()}
        arrays = {
            f"{part}.{name}": column
            for part, state in states.items()
            for name, column in state.items()
        }
        if self.older is not None:
            older = self.older.state(self.members.size)
            arrays |= {f"older.{name}": column for name, column in older.items()}
        arrays["points_by_hour"] = self.points_by_hour.copy()

        def written() -> dict[str, npt.NDArray[Any]]:
            told = texts | {name: list(held.items()) for name, held in pairs.items()}
            return arrays | {f"json.{name}": _packed(value) for name, value in told.items()}

        return written

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

        def part(prefix: str) -> dict[str, npt.NDArray[Any]]:
            return {
                name.removeprefix(prefix): array
                for name, array in state.items()
                if name.startswith(prefix)
            }

        texts = {name: json.loads(packed.tobytes()) for name, packed in part("json.").items()}
        table = cls(rules, storage)
        for name, kept in table.parts.items():
            kept.restore(part(f"{name}."))
        table._rows = IdentityMap.from_state(part("rows."))
        table.ledger.map = IdentityMap.from_state(part("map."), storage)
        table.merges = int(np.count_nonzero(table.members.merged_into))
        table.clock_us, table.next_tick_us, table.open_day, table.open_month = texts["clock"]
        table.final = texts["final"]
        table.season_number = texts["season_number"]
        if older_rules is not None and "older.told" in state:
            table.older = OlderSeason.from_state(older_rules, part("older."), table.members)
        table.fulfilments = [(row, Fulfilment(*cells)) for row, *cells in texts["fulfilments"]]
        table.orders = texts["orders"]
        table.ledger.details = dict(texts["details"])
        table.member_ids = texts["member_ids"]
        table.companies = texts["companies"]
        table._company_codes = {name: code for code, name in enumerate(table.companies)}
        table.attributes = dict(texts["attributes"])
        table.dropped = [(member, event, why) for member, event, why in texts["dropped"]]
        for row, key_a, key_b, refunds in texts["waiting"]:
            waiting = [WaitingRefund(*cells) for cells in refunds]
            table.ledger.waiting[(row, key_a, key_b)] = waiting
        table.points_by_hour = state["points_by_hour"].copy()
        return table


def _packed(value: Any) -> npt.NDArray[np.uint8]:
    """Write JSON, a long list a piece at a time: other threads get their turn in between."""
    if not isinstance(value, list) or len(value) <= PIECE:
        text = json.dumps(value).encode()
    else:
        text = b"[" + b",".join(_pieces(value)) + b"]"
    return np.frombuffer(text, dtype=np.uint8)


def _pieces(values: list[Any]) -> Iterator[bytes]:
    for first in range(0, len(values), PIECE):
        yield json.dumps(values[first : first + PIECE])[1:-1].encode()


def _refund_cells(refund: WaitingRefund) -> list[str | int]:
    return [refund.event_id, refund.named, refund.quantity, refund.row]
