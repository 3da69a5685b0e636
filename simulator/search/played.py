"""Played: the runs a search has made, each file on each seed once, kept so that it can go on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from simulator.play.play import Progress
from simulator.play.seeds import Job, run_figures
from simulator.report.method_report import versions_used
from simulator.search.variants import Variant

TOGETHER: Final = 32
"""Runs between two writes of what was made."""

Figures = Mapping[str, float]
RunMany = Callable[[Sequence[Job], Progress | None], list[Figures]]


def job_of(first: Job, variant: Variant, seed: int) -> Job:
    """Make the run of a file on a seed: with members of its own, so that luck in them shows too."""
    assert variant.season is not None, variant.why
    return replace(first, season=variant.season, seed=seed, people_seed=None)


def made_with(first: Job) -> dict[str, object]:
    """Name everything a run hangs on but its file and its seed."""
    return {
        "members": first.members,
        "population": {
            path: one.value for path, one in sorted(first.population.parameters.items())
        },
        "effects": str(first.effects),
        "until_us": first.until_us,
        "versions": versions_used(),
    }


class OtherRuns(ValueError):  # noqa: N818  it says what the file holds
    """The kept runs were made with other members, population or season: leave --resume out."""


class KeptRuns:
    """The runs of a search in a file, a line each, under a line that says what made them."""

    def __init__(self, path: Path, made_with: Mapping[str, object], *, resume: bool) -> None:
        """Open the file, with the runs it holds where they are to be gone on with.

        Raises:
            OtherRuns: it holds runs made with something else.
            OSError: it can't be read or written.
        """
        self.found: dict[tuple[str, int], Figures] = {}
        self._path = path
        head = json.dumps({"made_with": dict(made_with)}, sort_keys=True, ensure_ascii=False)
        if resume and path.exists():
            self._read(head)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8") as file:
            file.write(head + "\n")
        self.add(self.found)

    def _read(self, head: str) -> None:
        lines = self._path.read_text(encoding="utf-8").split("\n")
        if lines[0] != head:
            raise OtherRuns(f"{self._path} holds runs made with other options or versions: leave "
                            f"--resume out to begin anew\n  there: {lines[0][:300]}\n"
                            f"  now:   {head[:300]}")  # fmt: skip
        # What follows the last line end was cut off while it was written.
        for nth, line in enumerate(lines[1:-1], start=2):
            try:
                row = json.loads(line)
                self.found[row["file"], row["seed"]] = row["figures"]
            except (ValueError, KeyError, TypeError):
                raise OtherRuns(f"{self._path}:{nth} is no run: remove the line, or leave "
                                "--resume out to begin anew") from None  # fmt: skip

    def add(self, runs: Mapping[tuple[str, int], Figures]) -> None:
        """Append runs."""
        with self._path.open("a", encoding="utf-8") as file:
            for (key, seed), figures in runs.items():
                row = {"file": key, "seed": seed, "figures": figures}
                file.write(json.dumps(row) + "\n")


class Played:
    """Plays files on seeds, no run twice; a file's seeds are the first so many of one list.

    `job` makes the run of a file on a seed; `planned` is about how many runs there will be;
    `stage` is what runs are made for just now, as progress is told.
    """

    stage: str = "runs"

    def __init__(
        self, job: Callable[[Variant, int], Job], *, workers: int = 1, planned: int = 0,
        progress: Progress | None = None, kept: KeptRuns | None = None,
        run: RunMany | None = None,
    ) -> None:  # fmt: skip
        self._job, self._progress, self._kept = job, progress, kept
        self._run = run or (lambda jobs, told: run_figures(jobs, workers=workers, progress=told))
        self._runs: dict[tuple[str, int], Figures] = dict(kept.found) if kept else {}
        self._asked: dict[tuple[str, int], None] = {}
        self._planned = planned

    @property
    def runs(self) -> int:
        """Count the runs asked for so far, those gone on with included."""
        return len(self._asked)

    def play(self, variants: Sequence[Variant], seeds: Sequence[int]) -> None:
        """Make what is missing of these files on these seeds, in order."""
        wanted = {(one.key, seed): (one, seed) for seed in seeds for one in variants}
        self._asked |= dict.fromkeys(wanted)
        missing = [pair for key, pair in wanted.items() if key not in self._runs]
        begun = self.runs - len(missing)
        for first in range(0, len(missing), TOGETHER):
            part = missing[first : first + TOGETHER]
            made = self._run([self._job(*pair) for pair in part], self._told(begun, len(part)))
            new = {
                (one.key, seed): figures for (one, seed), figures in zip(part, made, strict=True)
            }
            self._runs |= new
            begun += len(part)
            if self._kept is not None:
                self._kept.add(new)
        if self._progress is not None:
            self._progress(self.runs, max(self._planned, self.runs), self.stage)

    def _told(self, begun: int, part: int) -> Progress | None:
        progress = self._progress
        if progress is None:
            return None

        def within(done: int, total: int, what: str) -> None:  # noqa: ARG001  days or runs
            now = begun + done * part // max(1, total)
            progress(now, max(self._planned, self.runs), self.stage)

        return within

    def values(self, variant: Variant, figure: str, seeds: Sequence[int]) -> list[float]:
        """Give a figure of a file on seeds it was played on."""
        return [self._runs[variant.key, seed][figure] for seed in seeds]

    def figures(self, variant: Variant, seeds: Sequence[int]) -> list[Figures]:
        """Give all figures of a file, one a seed."""
        return [self._runs[variant.key, seed] for seed in seeds]
