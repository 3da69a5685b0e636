"""Messages: what shards, ranking shards and the gateway tell one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from actors.season_versions import Stand, Version
from rules.compiling.calendar import Calendar
from rules.ranks.board import Board
from rules.ranks.official_order import Key
from rules.ranks.standings import Standing

if TYPE_CHECKING:
    from rules.compiling.compiled import Rules


class ShardDown(Exception):  # noqa: N818  says what happened
    """A shard or its store can't be reached now; the outcome of the call is unknown: resend it."""


class Warming(Exception):  # noqa: N818  says what happens
    """A ranking shard holds no standings yet, or older ones than were asked for."""


class OutOfTurn(Exception):  # noqa: N818  says what happened
    """A batch came to a shard before one that has to go first: send both again, in order."""


class Turn(NamedTuple):
    """A batch's place in its lane, and the oldest one there that has no answer yet.

    crowded tells that many more events wait behind those on their way.
    """

    lane: str
    number: int
    oldest: int
    crowded: bool = False


@dataclass(slots=True)
class BatchAnswer:
    """What a member shard answers to a batch: one entry a row, and where its log stands.

    status uint8[n] and reason uint8[n] index rules.results.STATUSES and REASONS; points int64[n];
    details and notes by row, as in rules.results.Outcome.
    version is the log's seq that the ranking shard has to have reached to show this batch;
    waiting tells that it wasn't sent there yet: the next batch sends it, or `push`.
    """

    status: npt.NDArray[np.uint8]
    reason: npt.NDArray[np.uint8]
    points: npt.NDArray[np.int64]
    version: int
    clock_us: int
    details: dict[int, dict[str, Any]] = field(default_factory=dict)
    notes: dict[int, str] = field(default_factory=dict)
    waiting: bool = False


def stand_of(statuses: Sequence[ShardStatus]) -> Stand:
    """Tell where the season stands in shards that agree; a close reaches them one by one."""
    ends_us = min(status.ends_us for status in statuses)
    return Stand(statuses[0].season, ends_us, statuses[0].older_ends_us)


@dataclass(slots=True)
class ShardStatus:
    """Where a member shard stands."""

    shard: int
    seq: int
    version: int
    clock_us: int
    ends_us: int
    members: int
    epoch: int
    final: bool
    rules_number: int = 1  # the version of the season file in force; the folder's first is 1
    season: str = ""
    older: str | None = None  # the season before, while it is held
    older_final: bool = False
    older_ends_us: int | None = None
    points_per_hour: dict[int, int] = field(default_factory=dict)


class LaneCalls(Protocol):
    """What goes to a member shard in strict order; every call may raise ShardDown."""

    async def apply(self, batch: bytes, stamp: str, turn: Turn) -> BatchAnswer:
        """Log and apply a batch (an Arrow stream); stamp is "given" or "wall".

        Calls reach the shard in the order they are made in, without waiting for one another.
        """

    async def push(self) -> None:
        """Have the shard send its ranking shard what waits to be sent."""

    async def advance(self, to_us: int) -> ShardStatus:
        """Move the clock, running every tick due."""

    async def close(self, ends_us: int) -> ShardStatus:
        """Move the season's end to an instant."""

    async def adopt_rules(self, number: int, text: str, at_us: int) -> ShardStatus:
        """Go on under a version of the season file, unless it is in force or past."""


class MemberShardCalls(LaneCalls, Protocol):
    """What the gateway and the keeper ask of a member shard; every call may raise ShardDown."""

    async def order(self, order: bytes, at_us: int | None) -> dict[str, Any]:
        """Log and apply an order (JSON) at an instant, or now; returns what it did."""

    async def rules_versions(self) -> list[Version]:
        """List the versions of the season file after the first."""

    async def purge(self) -> None:
        """Replace every snapshot by the table as it is."""

    async def older_standing(self) -> Standing | None:
        """Give the standing of all members in the season before, None when none is held."""

    async def status(self, hours: int = 0) -> ShardStatus:
        """Tell where the shard stands, with the points of the last hours (-1: of all)."""

    async def member(self, member: str) -> dict[str, Any] | None:
        """Describe one member, or None when there is none of that id."""

    async def export(self, what: str, first: int) -> tuple[int, bytes]:
        """Give some rows of what the shard holds, as an Arrow stream, and where to go on."""

    async def standing(self) -> Standing:
        """Give the standing of all members."""

    async def read(self, name: str, *arguments: Any) -> Any:
        """Ask the table something; actors.member_reads lists what."""

    async def explain(self, what: str, *arguments: Any) -> Any:
        """Ask about members' postings; a method of actors.member_journal.MemberJournal."""


Ask = tuple[Any, ...]
"""One question to a ranking shard, hashable so that equal ones are asked once:

("size", board) → int; ("head", board, n) → list[Row]; ("samples", board, n) → list[Key];
("slice", board, key, before, after) → Slice; ("places", board, members) → list[Place | None];
("ahead", board, keys) → list[int]; ("row", board, member) → Row | None; ("teams", board) →
TeamRows;
("past", board, members, day) → list[Key | None] | None; ("past_ahead", board, keys, day) →
list[int] | None; ("past_teams", board, day) → TeamRows | None (None: not known for that day).
"""


class Row(NamedTuple):
    """One member's row on a board; tier indexes the rules' levels."""

    key: Key
    tier: int
    tasks_completed_at_us: int
    active_days: int
    disqualified: bool


class Slice(NamedTuple):
    """Rows of one shard around a key: `ahead` of the whole board's rows here are before it.

    first is the position here of rows[0].
    """

    ahead: int
    first: int
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class BoardLayout:
    """The boards that standings are for, in the order of their bits, and how ties break.

    All of the rules that a ranking shard needs, with the calendar its days are counted by.
    """

    season: str
    rules_hash: str
    boards: tuple[Board, ...]
    tie_break: tuple[str, ...]
    calendar: Calendar = field(repr=False, compare=False)

    @classmethod
    def of(cls, rules: Rules) -> BoardLayout:
        """Take the layout from compiled rules."""
        return cls(rules.season_id, rules.rules_hash, rules.boards, rules.tie_break, rules.calendar)


@dataclass(slots=True)
class StandingChange:
    """Standings that changed, in numbers: one entry a member, members by their row numbers.

    rows int64[k] are distinct; company int32[k] numbers the company that a member counts for on
    team boards, 0 for none; the other columns are those of rules.standings.Standing. A name
    travels once: names are the members of the rows from first_name on, companies those from
    number first_company on. crowded tells that many more events wait already.
    """

    rows: npt.NDArray[np.int64]
    score: npt.NDArray[np.int64]
    tasks_completed_at_us: npt.NDArray[np.int64]
    active_days: npt.NDArray[np.int32]
    tier: npt.NDArray[np.int16]
    on_board: npt.NDArray[np.uint32]
    company: npt.NDArray[np.int32]
    disqualified: npt.NDArray[np.bool_]
    first_name: int
    names: list[str]
    first_company: int
    companies: list[str]
    crowded: bool = False


class Place(NamedTuple):
    """Where a member of a shard stands: the key, and how many rows of that shard are before it."""

    key: Key
    ahead: int


@dataclass(slots=True)
class Reading:
    """A ranking shard's answers to some asks: one snapshot under one version of the rules."""

    version: int
    answers: dict[Ask, Any]
    rules_hash: str = ""


class RankingShardCalls(Protocol):
    """What the gateway asks of a ranking shard; may raise ShardDown or Warming."""

    async def read(self, asks: list[Ask], at_least: int) -> Reading:
        """Answer from one snapshot that shows at least a version."""


class KeeperCalls(Protocol):
    """What the gateway asks of the season keeper; may raise ShardDown."""

    async def freeze(self) -> None:
        """Freeze the final list once every shard is past the final instant."""
