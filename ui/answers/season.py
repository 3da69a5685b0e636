"""The answers about the season: its phases, boards and prizes, and the body of a refusal."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec

Phase = Literal["before", "open", "grace", "hold", "final"]


class Name(msgspec.Struct, frozen=True):
    """A name in both languages."""

    zh: str
    en: str

    def in_language(self, language: str) -> str:
        """Give the name in `language` (English where the language is not Chinese).

        >>> Name(zh="夏季赛", en="Summer season").in_language("zh")
        '夏季赛'
        """
        return self.zh if language == "zh" else self.en


class Board(msgspec.Struct, frozen=True):
    """One board: `team` is the attribute a team board adds up by, `total` how many stand on it."""

    id: str
    team: str | None
    total: int


class Cost(msgspec.Struct, frozen=True):
    """What prizes cost, in the season's currency."""

    unit_cost: Decimal
    tax: Decimal
    total: Decimal


class NextChange(msgspec.Struct, frozen=True):
    """The phase the clock moves to next, and when."""

    phase: Phase
    at: datetime


class OtherBoard(msgspec.Struct, frozen=True):
    """A board of the season before or of the next one."""

    id: str
    team: str | None


class OtherSeason(msgspec.Struct, frozen=True):
    """The season before, that runs its course beside this one, or the one to come."""

    season: str
    name: Name
    starts: datetime
    ends: datetime
    final_at: datetime
    phase: Phase
    boards: tuple[OtherBoard, ...]
    standings_hash: str | None
    published: bool


class Season(msgspec.Struct, frozen=True):
    """The season as `GET /v1/season` tells it."""

    season: str
    programme: str
    name: Name
    currency: str
    timezone: str
    starts: datetime
    ends: datetime
    score_end: datetime
    final_at: datetime
    phase: Phase
    clock: Literal["real", "events"]
    now: datetime
    as_of: datetime
    version: int
    boards: tuple[Board, ...]
    levels: tuple[str, ...]
    tie_break: tuple[str, ...]
    standings_hash: str | None
    published: bool
    points_per_hour: tuple[tuple[datetime, int], ...]
    cost: Cost
    budget: Decimal | None
    next_change: NextChange | None
    older: OtherSeason | None = None
    upcoming: OtherSeason | None = None


class Row(msgspec.Struct, frozen=True):
    """One line of the standings; `name` is the masked form where the id may be seen.

    `change` is unset where nothing is known of yesterday, None for a member new since then.
    """

    rank: int
    member: str
    score: int
    tier: str
    tasks_completed_at: datetime | None
    active_days: int
    name: str | None = None
    change: int | msgspec.UnsetType | None = msgspec.UNSET
    gap_to_prize: int | None = None
    prize: str | None = None


class Standings(msgspec.Struct, frozen=True):
    """Some rows of one board, and the ranks after which a band of prizes ends."""

    board: str
    as_of: datetime
    version: int
    phase: Phase
    total: int
    rows: tuple[Row, ...]
    next_cursor: str | None
    cut_lines: tuple[int, ...] = ()
    focus: int | None = None


class Award(msgspec.Struct, frozen=True):
    """One prize and who holds it now."""

    board: str
    place: int
    rank: int | None
    member: str | None
    reward: str
    name: Name
    kind: str
    unit_cost: Decimal
    tax: Decimal
    tax_rule: str
    lead: int | None
    safe: bool | None
    masked: str | None = None
    daily_gain: int | None = None


class Prizes(msgspec.Struct, frozen=True):
    """The allocation of prizes, provisional or final."""

    as_of: datetime
    version: int
    provisional: bool
    standings_hash: str | None
    awards: tuple[Award, ...]
    total: Cost


class Claim(msgspec.Struct, frozen=True):
    """What became of one prize of the published list; `prize` is its board and place."""

    prize: str
    member: str
    reward: str
    state: str
    deadline: datetime
    delivery: str | None = None
    station: str | None = None
    claimed_at: datetime | None = None
    changed_at: datetime | None = None


class Claims(msgspec.Struct, frozen=True):
    """The claims of all prizes, and how many stand in each state."""

    claims: tuple[Claim, ...]
    states: dict[str, int]


class Ranks(msgspec.Struct, frozen=True):
    """Ranks of many members at once; None for one who is not ranked."""

    as_of: datetime
    ranks: dict[str, int | None]


class Problem(msgspec.Struct, frozen=True):
    """A problem+json body; every field may be missing from a proxy's answer."""

    type: str = ""
    title: str = ""
    status: int = 0
    detail: str = ""
    reasons: tuple[str, ...] = ()
