"""The answers about adversaries: what leaks to them, through which rules, and what closes it."""

from __future__ import annotations

import msgspec

from ui.answers.season import Name
from ui.answers.spread import Sentences, Spread


class KindLeak(msgspec.Struct, frozen=True):
    """What one kind of agents gets more than honest members who buy the same fuel."""

    agents: int
    accounts: Spread
    litres_ml: Spread
    leak_fen: Spread
    leak_per_agent_fen: Spread
    refused: Spread


class RuleLeak(msgspec.Struct, frozen=True):
    """What one kind gets through one rule of the file."""

    kind: str
    rule: str
    name: Name
    leak_fen: Spread
    points: Spread


class Crowding(msgspec.Struct, frozen=True):
    """What honest members lose to the agents."""

    prize_losers: Spread
    prize_lost_fen: Spread
    reward_lost_fen: Spread


class Refusal(msgspec.Struct, frozen=True):
    """How often a kind of event of a kind of agents was refused, and why."""

    kind: str
    type: str
    reason: str
    count: Spread


class Stopped(msgspec.Struct, frozen=True):
    """What the file as it is stops already."""

    kinds: tuple[str, ...]
    refusals: tuple[Refusal, ...]


class Closing(msgspec.Struct, frozen=True):
    """A change tried: the leak before and after, and what it takes from honest members."""

    changes: tuple[str, ...]
    against: tuple[str, ...]
    recommended: bool
    before_fen: Spread
    after_fen: Spread
    closed_fen: Spread
    honest_cost_fen: Spread
    honest_losers: Spread
    reading: str = ""
    said: Sentences | None = None


class Leaks(msgspec.Struct, frozen=True):
    """What a study of adversaries found; `closes` are all changes worth it, in one file."""

    verdict: Sentences
    members: int
    agents: dict[str, int]
    leak_fen: Spread
    kinds: dict[str, KindLeak]
    leaks: tuple[RuleLeak, ...]
    crowding: Crowding
    already_stopped: Stopped
    closings: tuple[Closing, ...]
    closes: Closing | None
    runs: int
