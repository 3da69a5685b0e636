"""Simulations: what was asked of the simulator, how far each is, and the files it made.

A folder each under DATA/simulations, named by its id: `asked.json` (the record, written last and
anew at each change of state), the texts it was asked with, `progress.json` while it runs, and
`files/`. The gateway alone writes records; the process that simulates writes the rest.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

import msgspec

from actors.store.folder import write_durably

FOLDER: Final = "simulations"
FILES: Final = "files"
SUMMARY: Final = "summary.json"
TEXTS: Final = ("season", "candidate", "population", "space", "mapping")

Kind = Literal["simulate", "compare", "tune", "adversaries", "calibrate", "forecast", "judge"]
MembersAre = Literal["mixed", "panel", "new"]
AgentKind = Literal["ring", "refund_cycling", "order_splitting", "shared_cards", "coupon_races"]
State = Literal["queued", "running", "done", "failed", "cancelled"]


class NoAnswer(Exception):  # noqa: N818  says what is wrong, as every error here
    """The simulator didn't answer a question: ask again when the machine has less to do."""


class Simulation(msgspec.Struct, frozen=True):
    """One simulation as it was asked for, and what became of it.

    `runs` are those it will make, of a search about so many. `budget_fen`, `draws` and
    `model_form` belong to one file simulated; `objective`, `budgets`, `trials` and `effort` to a
    search, whose `seeds` are those a file plays at most; `agents`, their kinds (all without
    any) and `closing` to adversaries; `log`, the file in its folder ("" for the season's own), and
    `members_are` to a calibration; `as_of_us` to a forecast: the instant it goes on from, or by
    which the season it is judged by was final.
    """

    id: str
    kind: Kind
    season: str
    names: tuple[str, ...]
    currency: str
    members: int
    seeds: int
    seed: int
    asked_us: int
    until_us: int | None = None
    own_population: bool = False
    runs: int = 0
    budget_fen: int | None = None
    draws: int = 0
    model_form: bool = False
    objective: str = ""
    budgets: tuple[str, ...] = ()
    trials: int = 0
    effort: str = ""
    agents: int = 0
    agent_kinds: tuple[str, ...] = ()
    closing: bool = False
    log: str = ""
    members_are: MembersAre = "mixed"
    as_of_us: int | None = None
    state: State = "queued"
    starts: int = 0
    started_us: int | None = None
    ended_us: int | None = None
    reason: str = ""
    reason_zh: str = ""

    @property
    def over(self) -> bool:
        """Tell whether nothing more will become of it."""
        return self.state in ("done", "failed", "cancelled")


class Failure(msgspec.Struct, frozen=True):
    """Why a simulation came to nothing, in both languages."""

    en: str
    zh: str


class Progress(msgspec.Struct, frozen=True):
    """How far a running simulation is: so many of so many of what."""

    done: int
    total: int
    what: str


class SimulationShelf:
    """Keeps simulations in a data folder; every method blocks on the disk."""

    def __init__(self, data: Path) -> None:
        self.folder = data / FOLDER

    def load(self) -> list[Simulation]:
        """Read all records, those asked first before the others; drops what is none."""
        found = []
        for folder in self.folder.iterdir() if self.folder.is_dir() else ():
            try:
                content = (folder / "asked.json").read_bytes()
                found.append(msgspec.json.decode(content, type=Simulation))
            except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
                # The system ended while it was being put here or taken away.
                shutil.rmtree(folder, ignore_errors=True)
        return sorted(found, key=lambda one: (one.asked_us, one.id))

    def add(self, one: Simulation, texts: Mapping[str, str], log: Path | None = None) -> None:
        """Keep a new simulation with the texts it was asked with, by their names of TEXTS.

        The log that it was asked with is moved into its folder, under the record's name for it.
        """
        folder = self.path(one.id)
        folder.mkdir(parents=True)
        for name, text in texts.items():
            (folder / f"{name}.toml").write_text(text, encoding="utf-8")
        if log is not None:
            log.replace(folder / one.log)
        self.save(one)

    def save(self, one: Simulation) -> None:
        """Write a record durably; a log of one that is over goes, for people are named in it."""
        write_durably(self.path(one.id) / "asked.json", msgspec.json.encode(one))
        if one.over and one.log:
            (self.path(one.id) / one.log).unlink(missing_ok=True)

    def remove(self, simulation: str) -> None:
        """Remove a simulation with all its files."""
        shutil.rmtree(self.path(simulation), ignore_errors=True)

    def path(self, simulation: str) -> Path:
        """Give a simulation's folder."""
        return self.folder / simulation

    def progress(self, simulation: str) -> Progress | None:
        """Tell how far it is; None before it told."""
        try:
            content = (self.path(simulation) / "progress.json").read_bytes()
        except FileNotFoundError:
            return None
        return msgspec.json.decode(content, type=Progress)

    def files(self, simulation: str) -> list[str]:
        """Name the files it made."""
        folder = self.path(simulation) / FILES
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []

    def file(self, simulation: str, name: str) -> bytes | None:
        """Read a file it made; None where it made none of that name."""
        # Only a name that is in the folder opens anything: never a path somewhere else.
        if name not in self.files(simulation):
            return None
        return (self.path(simulation) / FILES / name).read_bytes()
