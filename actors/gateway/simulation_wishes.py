"""Simulation wishes: what a caller asks of the simulator, and how much may be asked at once."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from actors.gateway.problems import Problem
from actors.gateway.texts import Text
from actors.phases import instant
from actors.simulations import AgentKind, Kind, MembersAre
from rules.compiling.compiled import Rules
from rules.decoding.instants import read_instant

MEMBERS_MAX: Final = 200_000
SEEDS_MAX: Final = 64
DRAWS_MAX: Final = 256
TRIALS_MAX: Final = 1_000
BUDGETS_MAX: Final = 20
MEMBER_SEASONS_MAX: Final = 4_000_000
"""Members over all runs and files: beyond it a simulation takes hours beside a live system."""
EFFECTS: Final = 9
MODEL_SEEDS_MAX: Final = 4
"""With `model_form` each effect of the response is switched off in turn, in the first seeds."""
MEMBERS: Final = {"simulate": 10_000, "compare": 10_000, "tune": 2_000, "adversaries": 2_000}
SEEDS: Final = {"simulate": 8, "compare": 8, "forecast": 20, "adversaries": 4}
"""Members and runs without a word about them, by kind."""
TRIALS: Final = 48
ARMS: Final = 3
"""With agents a season is played without them, with honest ones, and with cheats."""
CLOSING_SEEDS_MAX: Final = 4
CLOSINGS_MAX: Final = 17
"""Changes are tried on the first seeds with honest agents and cheats, then all of them together."""
AGENTS_MAX: Final = 100_000
AGENTS_SHARE: Final = 0.01
TEXT_CHARACTERS_MAX: Final = 1024 * 1024
FEN_MAX: Final = 10**15
LIMITS: Final = {
    "members": MEMBERS_MAX,
    "seeds": SEEDS_MAX,
    "draws": DRAWS_MAX,
    "trials": TRIALS_MAX,
    "member_seasons": MEMBER_SEASONS_MAX,
    "agents": AGENTS_MAX,
    "effects": EFFECTS,
    "effect_seeds": MODEL_SEEDS_MAX,
    "arms": ARMS,
    "closings": CLOSINGS_MAX,
    "closing_seeds": CLOSING_SEEDS_MAX,
}
"""What may be asked for, and what the runs of a form are counted by before it is sent."""
PLAYED: Final = ("season", "season_name", "members", "until")
OWN: Final = {
    "simulate": (*PLAYED, "seeds", "budget", "draws", "model_form"),
    "compare": (*PLAYED, "seeds", "candidate", "candidate_name"),
    "tune": (*PLAYED, "space", "objective", "budgets", "trials", "effort"),
    "adversaries": (*PLAYED, "seeds", "agents", "agent_kinds", "closing"),
    "calibrate": ("log", "mapping", "members_are"),
    "forecast": ("seeds",),
    "judge": (),
}
"""What only some kinds take, by kind."""

AGENT_KINDS: Final[tuple[AgentKind, ...]] = get_args(AgentKind)
FileText = Annotated[Text, Field(max_length=TEXT_CHARACTERS_MAX)]
Label = Annotated[Text, Field(min_length=1, max_length=80)]
Short = Annotated[Text, Field(min_length=1, max_length=200)]


class Wanted(BaseModel):
    """What a caller asks of the simulator."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind = "simulate"
    season: FileText | None = None
    candidate: FileText | None = None
    season_name: Label | None = None
    candidate_name: Label | None = None
    members: Annotated[int, Field(ge=1, le=MEMBERS_MAX)] | None = None
    seeds: Annotated[int, Field(ge=1, le=SEEDS_MAX)] | None = None
    seed: Annotated[int, Field(ge=0, le=2**53 - 1)] = 1
    population: FileText | None = None
    until: str | None = None
    budget: Annotated[str, Field(max_length=40)] | None = None
    draws: Annotated[int, Field(ge=0, le=DRAWS_MAX)] = 0
    model_form: bool = False
    space: FileText | None = None
    objective: Short = "max:margin_fen"
    budgets: Annotated[tuple[Short, ...], Field(max_length=BUDGETS_MAX)] = ()
    trials: Annotated[int, Field(ge=2, le=TRIALS_MAX)] = TRIALS
    effort: Literal["quick", "normal", "full"] = "normal"
    agents: Annotated[int, Field(ge=1, le=AGENTS_MAX)] | None = None
    agent_kinds: Annotated[tuple[AgentKind, ...], Field(max_length=len(AGENT_KINDS))] = ()
    closing: bool = True
    log: Annotated[str, Field(pattern="^[0-9a-f]{12}$")] | None = None
    mapping: FileText | None = None
    members_are: MembersAre = "mixed"

    @property
    def count(self) -> int:
        """Give how many members each run has."""
        return MEMBERS.get(self.kind, 0) if self.members is None else self.members

    @property
    def repeats(self) -> int:
        """Give how many seeds each file is played with; a search decides it by itself."""
        return SEEDS.get(self.kind, 0) if self.seeds is None else self.seeds

    @property
    def runs(self) -> int:
        """Count the runs of all kinds but a search; with adversaries the most there can be."""
        if self.kind == "adversaries":
            tried = CLOSINGS_MAX * 2 * min(self.repeats, CLOSING_SEEDS_MAX) if self.closing else 0
            return ARMS * self.repeats + tried
        files = 2 if self.kind == "compare" else 1
        extra = EFFECTS * min(self.repeats, MODEL_SEEDS_MAX) if self.model_form else 0
        return self.repeats * files + self.draws + extra

    @property
    def cheats(self) -> int:
        """Count the agents of an adversaries study: so many in a hundred members without a word."""
        if self.kind != "adversaries":
            return 0
        return max(round(AGENTS_SHARE * self.count), 1) if self.agents is None else self.agents

    def check(self) -> None:
        """Refuse what doesn't go together; raises Problem 422."""
        if (self.kind == "compare") != (self.candidate is not None):
            raise Problem(
                422,
                "candidate: compare needs a second season file, the others take none; "
                f"kind is {self.kind!r}.",
            )
        if (self.kind == "tune") != (self.space is not None):
            raise Problem(
                422,
                "space: tune needs the text of a space file, [[vary]] tables that say which values "
                f"may change; the others take none; kind is {self.kind!r}.",
            )
        if self.mapping is not None and self.log is None:
            raise Problem(
                422,
                "mapping: says what the columns of an uploaded log mean; give its `log`, or leave "
                "it out for the running season's own.",
            )
        for name in sorted(one for one in self.model_fields_set if getattr(self, one)):
            kinds = [kind for kind, names in OWN.items() if name in names]
            if kinds and self.kind not in kinds:
                raise Problem(
                    422,
                    f"{name}: {self.kind} doesn't take it, {_listed(kinds)} "
                    f"{'does' if len(kinds) == 1 else 'do'}; leave it out.",
                )

    def check_size(self, runs: int) -> None:
        """Refuse more than may be asked for beside a running season; raises Problem 422."""
        whole = self.count * runs
        if whole <= MEMBER_SEASONS_MAX:
            return
        most = MEMBER_SEASONS_MAX // runs
        fewer = {"tune": "trials or effort", "adversaries": "seeds or closing"}.get(
            self.kind, "seeds"
        )
        way = f"lower members to {most:,}" if most else f"lower {fewer}"
        raise Problem(
            422,
            f"members × runs = {self.count:,} × {runs:,} = {whole:,}: at most "
            f"{MEMBER_SEASONS_MAX:,} beside a running season; {way} (or lower {fewer}), or use "
            f"`forecourt {self.kind}` elsewhere, which takes more.",
            "too-much",
            limit=MEMBER_SEASONS_MAX,
        )

    def budget_fen(self) -> int | None:
        """Read the budget in whole fen; raises Problem 422."""
        if self.budget is None:
            return None
        try:
            fen = Decimal(self.budget) * 100
        except InvalidOperation:
            fen = Decimal("NaN")
        if not fen.is_finite() or not 0 <= fen <= FEN_MAX or fen != int(fen):
            raise Problem(
                422,
                f"budget = {self.budget}: must be an amount of money, such as 50000 or 50000.00.",
            )
        return int(fen)

    def search(self) -> dict[str, Any]:
        """Give what says how to search, for the simulator to judge."""
        return {name: getattr(self, name) for name in ("objective", "trials", "effort", "seed")} | {
            "budgets": list(self.budgets)
        }


def names_of(wanted: Wanted, rules: dict[str, Rules]) -> tuple[str, ...]:
    """Call the files as the caller does, else by their seasons, and never both the same."""
    given = {"season": wanted.season_name, "candidate": wanted.candidate_name}
    names = [given[name] or one.season_id for name, one in rules.items()]
    if len(names) > len(set(names)):
        names[1] = f"{names[1]} (candidate)"
    return tuple(names)


def until_of(text: str | None, rules: list[Rules]) -> int | None:
    """Read the instant that runs go on to; raises Problem 422."""
    if text is None:
        return None
    until_us = read_instant(text)
    if until_us is None:
        raise Problem(
            422, f"until = {text[:80]}: must be a time with offset, such as "
            "2026-09-01T00:00:00+08:00."
        )  # fmt: skip
    first, last = max(one.starts_us for one in rules), min(one.latest_us for one in rules)
    if not first < until_us <= last:
        raise Problem(
            422, f"until = {text}: must lie after {instant(first)}, and up to {instant(last)}."
        )
    return until_us


def _listed(names: Sequence[str]) -> str:
    """Join names as a sentence does.

    >>> _listed(["simulate"]), _listed(["simulate", "compare", "tune"])
    ('simulate', 'simulate, compare and tune')
    """
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
