"""Mixed run: a season played with agents in the traffic, honest ones or cheats, on one seed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import numpy.typing as npt

from rules.compiling.compiled import Rules, compile_rules
from simulator.adversaries.agent_figures import KINDS, AgentFigures
from simulator.adversaries.crowd import Crowd
from simulator.adversaries.gains import gains_of
from simulator.log.event_log import log_table
from simulator.log.log_writer import LogWriter
from simulator.people.keyed import Keyed
from simulator.people.population import Population
from simulator.play.effects import ALL_EFFECTS, Effects
from simulator.play.play import Play, Progress, Write
from simulator.play.run_figures import result_of
from simulator.play.source import Source

if TYPE_CHECKING:
    from rules.season.season_models import Season
    from simulator.play.run_result import RunResult

Arm = Literal["without", "honest", "cheats"]
ARMS: Final[tuple[Arm, ...]] = ("without", "honest", "cheats")
_AFTER_FINAL_US: Final = 2 * 3_600_000_000
"""How long a run with agents goes on after the final instant: refunds that wait for it come."""


@dataclass(frozen=True, slots=True)
class AgentJob:
    """One run to make: the season's population, and so many agents of each kind in one arm.

    Without agents it is the run that `simulate` makes, to the byte.
    """

    season: Season
    population: Population
    figures: AgentFigures
    members: int
    seed: int
    arm: Arm
    counts: Mapping[str, int]
    effects: Effects = ALL_EFFECTS
    until_us: int | None = None
    people_seed: int | None = None
    log: Path | None = None


@dataclass(frozen=True, slots=True)
class MixedRun:
    """What is kept of a run: picklable, some 16 bytes a member.

    points and fen are what agents got, by kind and rule; stopped what they were refused, by kind,
    event type and reason; litres_ml and amount_fen their net purchases by kind; honest_…_fen
    int64[members] what each member of the population got.
    """

    seed: int
    arm: Arm
    result: bytes
    cost_fen: float
    points: Mapping[tuple[str, str], float]
    fen: Mapping[tuple[str, str], float]
    stopped: Mapping[tuple[str, str, str], int]
    sent: Mapping[str, int]
    litres_ml: Mapping[str, int]
    amount_fen: Mapping[str, int]
    accounts: Mapping[str, int]
    honest_reward_fen: npt.NDArray[np.int64]
    honest_prize_fen: npt.NDArray[np.int64]

    def digest(self) -> bytes:
        """Hash the run by its canonical bytes (SHA-256)."""
        found = hashlib.sha256(self.result)
        found.update(f"{self.seed}{self.arm}{float(self.cost_fen).hex()}".encode())
        for name in ("points", "fen", "stopped", "sent", "litres_ml", "amount_fen", "accounts"):
            held = sorted(
                (str(key), float(value).hex()) for key, value in getattr(self, name).items()
            )
            found.update(f"{name}{held}".encode())
        for column in (self.honest_reward_fen, self.honest_prize_fen):
            found.update(np.ascontiguousarray(column).tobytes())
        return found.digest()


def play_mixed(
    job: AgentJob, progress: Progress | None = None, rules: Rules | None = None
) -> MixedRun:
    """Make one run.

    Raises:
        ValueError: as `simulate_run`.
        OSError: the log can't be written.
    """
    known = rules or compile_rules(job.season)
    if job.log is None:
        return _played(job, known, progress, None)
    with LogWriter(job.log) as log:
        return _played(
            job, known, progress, lambda batch: log.write(log_table(batch, known.timezone))
        )


def _played(
    job: AgentJob, rules: Rules, progress: Progress | None, write: Write | None
) -> MixedRun:
    play, crowd = mixed_play(job, rules, write)
    play.run(progress)
    return _kept(job, play, result_of(play), crowd)


def mixed_play(
    job: AgentJob, rules: Rules, write: Write | None = None
) -> tuple[Play, Crowd | None]:
    """Set up a run, to be played, with its agents; None where it has none."""
    mixed = job.arm != "without" and any(job.counts.values())
    until_us = job.until_us
    if mixed and until_us is None:
        until_us = rules.final_us + _AFTER_FINAL_US
    sources: list[Source] = []
    play = Play(
        rules, job.population, job.members, job.seed, effects=job.effects, until_us=until_us,
        people_seed=job.people_seed, sources=sources, write=write,
    )  # fmt: skip
    if not mixed:
        return play, None
    crowd = Crowd(
        Keyed(job.seed), job.figures, job.population, play.setting, job.counts, play.table,
        first_day=play.first_day, honest=job.arm == "honest",
    )  # fmt: skip
    # The agents need the table, which the run has made; it looks at its sources each day.
    sources.append(crowd)
    return play, crowd


def _kept(job: AgentJob, play: Play, result: RunResult, crowd: Crowd | None) -> MixedRun:
    """Keep of a played run what leaks are told from."""
    table, held = play.table, play.table.members
    points: dict[tuple[str, str], float] = {}
    fen: dict[tuple[str, str], float] = {}
    litres, amount, accounts = (dict.fromkeys(KINDS, 0) for _ in range(3))
    tiers_fen = 0
    if crowd is not None:
        crowd.keep_postings(table)
        for key, gain in gains_of(crowd, table, result).items():
            points[key], fen[key] = gain.points, gain.fen
        for account, kind in crowd.kind_of.items():
            row = table.row_of(account)
            if row >= 0:
                accounts[kind] += 1
                litres[kind] += int(held.litres_ml[row])
                amount[kind] += int(held.amount_fen[row])
        tiers_fen = sum(crowd.till.tier_fen.values())
    return MixedRun(
        seed=job.seed,
        arm=job.arm,
        result=result.digest(),
        cost_fen=result.figures["cost_total_fen"] + tiers_fen,
        points=points,
        fen=fen,
        stopped=dict(crowd.stopped) if crowd else {},
        sent=dict(crowd.sent) if crowd else {},
        litres_ml=litres,
        amount_fen=amount,
        accounts=accounts,
        honest_reward_fen=result.members["reward_fen"].astype(np.int64),
        honest_prize_fen=result.members["prize_fen"].astype(np.int64),
    )
