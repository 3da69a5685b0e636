"""Seeds: the runs of a simulation, one a seed, in this process or as Ray tasks.

A run is a whole: it holds all members in one table and draws by key alone. So the result can't
depend on how many workers share the runs, nor on the order they end in.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from rules.compiling.compiled import Rules, compile_rules
from simulator.log.event_log import log_table
from simulator.log.log_writer import LogWriter
from simulator.people.population import Population
from simulator.play.effects import ALL_EFFECTS, Effects
from simulator.play.play import Progress
from simulator.play.run import simulate_run
from simulator.play.run_result import RunResult

if TYPE_CHECKING:
    import pyarrow as pa

    from rules.season.season_models import Season

Made = TypeVar("Made")


class AnyJob(Protocol):
    """A job of some season; everything else is its own."""

    @property
    def season(self) -> Season:
        """Give the season to compile."""


@dataclass(frozen=True, slots=True)
class Job:
    """One run to make; `log` is the file its events are written to, if any."""

    season: Season
    population: Population
    members: int
    seed: int
    effects: Effects = ALL_EFFECTS
    until_us: int | None = None
    log: Path | None = None
    people_seed: int | None = None
    """What the members are drawn by; `seed` without it."""


def run_job(job: Job, progress: Progress | None = None, rules: Rules | None = None) -> RunResult:
    """Make one run.

    Raises:
        ValueError: as `simulate_run`.
        UnknownLogFormat: the log's extension is none that is known.
        OSError: the log can't be written.
    """
    known = rules or compile_rules(job.season)

    def run(write: Callable[[pa.RecordBatch], None] | None) -> RunResult:
        return simulate_run(
            known, job.population, job.members, job.seed, effects=job.effects,
            until_us=job.until_us, people_seed=job.people_seed, progress=progress, write=write,
        )  # fmt: skip

    if job.log is None:
        return run(None)
    with LogWriter(job.log) as log:
        return run(lambda batch: log.write(log_table(batch, known.timezone)))


def figures_of_job(
    job: Job, progress: Progress | None = None, rules: Rules | None = None
) -> Mapping[str, float]:
    """Make one run and keep only its figures."""
    return run_job(job, progress, rules).figures


def run_jobs(
    jobs: Sequence[Job], *, workers: int = 1, progress: Progress | None = None
) -> list[RunResult]:
    """Make runs and return them in the order of the jobs, whatever the number of workers.

    progress is told (done, total, what): days of all runs in one process, whole runs with Ray.
    Memory: about 1.2 kB a member for each worker, and 130 bytes a member for each run kept.
    """
    return made_by_jobs(jobs, run_job, workers, progress)


def run_figures(
    jobs: Sequence[Job], *, workers: int = 1, progress: Progress | None = None
) -> list[Mapping[str, float]]:
    """Make runs as `run_jobs` does, and keep only the figures of each, some kilobytes a run."""
    return made_by_jobs(jobs, figures_of_job, workers, progress)


def made_by_jobs(
    jobs: Sequence[AnyJob], make: Callable[..., Made], workers: int, progress: Progress | None
) -> list[Made]:
    """Do jobs and return what each made, in their order, whatever the number of workers.

    make is given the job, and in one process also a progress to tell its days to and the rules
    that the job's season compiles to.
    """
    if workers <= 1 or len(jobs) <= 1:
        return _here(jobs, make, progress)
    return _as_tasks(jobs, make, min(workers, len(jobs)), progress)


def _here(
    jobs: Sequence[AnyJob], make: Callable[..., Made], progress: Progress | None
) -> list[Made]:
    runs: list[Made] = []
    compiled: dict[int, Rules] = {}

    def within(done: int, total: int, what: str) -> None:
        if progress is not None:
            progress(len(runs) * total + done, len(jobs) * total, what)

    for job in jobs:
        if id(job.season) not in compiled:
            compiled[id(job.season)] = compile_rules(job.season)
        runs.append(make(job, within, compiled[id(job.season)]))
    return runs


@contextmanager
def workers_up(workers: int) -> Iterator[None]:
    """Keep Ray up for as many workers: the one this process or RAY_ADDRESS names, else its own.

    Others that happen to run on this machine are left alone. Within, `run_jobs` starts none anew.
    """
    if workers <= 1:
        yield
        return
    import ray
    from ray._private import ray_constants

    started = not ray.is_initialized()
    if started:
        named = os.environ.get("RAY_ADDRESS")
        if not named:
            # On Linux a Ray of one's own would listen on every address of the machine, and run
            # what anybody there sends it; there is no public option for what it does elsewhere.
            ray_constants.ENABLE_RAY_CLUSTER = False
        ray.init(
            address=named or "local", num_cpus=None if named else workers,
            include_dashboard=False, log_to_driver=False, configure_logging=False,
        )  # fmt: skip
    try:
        yield
    finally:
        if started:
            ray.shutdown()


def _as_tasks(
    jobs: Sequence[AnyJob], make: Callable[..., Made], workers: int, progress: Progress | None
) -> list[Made]:
    """Make runs as Ray tasks."""
    import ray

    with workers_up(workers):
        task = ray.remote(num_cpus=1, max_retries=2)(make)
        waiting: list[Any] = [task.remote(job) for job in jobs]
        place = {ref: nth for nth, ref in enumerate(waiting)}
        runs: dict[int, Made] = {}
        while waiting:
            [ready], waiting = ray.wait(waiting, num_returns=1)
            runs[place[ready]] = ray.get(ready)
            if progress is not None:
                progress(len(runs), len(jobs), "runs")
        return [runs[nth] for nth in range(len(jobs))]
