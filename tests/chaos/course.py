"""Course: the eras of a run, by rounds or by the clock, one after the other."""

import math
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.chaos.era import Era, run_era
from tests.chaos.summary import Summary

ROUNDS_AN_ERA = 40
TMPFS_BYTES = 1 << 29
SHORT_ERAS = 2
"""What a run by the clock is cut into: each ground is its own start and end, some 15 s."""


def eras_of(rounds: int, seed: int, tmpfs: bool, rounds_an_era: int = ROUNDS_AN_ERA) -> list[Era]:
    """Cut a run of so many rounds into eras."""
    return [
        _era(number, min(rounds_an_era, rounds - first), seed, tmpfs)
        for number, first in enumerate(range(0, rounds, rounds_an_era))
    ]


def eras_within(minutes: float, seed: int, tmpfs: bool) -> list[Era]:
    """Share so many minutes of load among a short run's eras, however many rounds they hold."""
    lasts_s = 60 * minutes / SHORT_ERAS
    return [_era(number, 10_000, seed, tmpfs, lasts_s) for number in range(SHORT_ERAS)]


def _era(number: int, rounds: int, seed: int, tmpfs: bool, lasts_s: float = math.inf) -> Era:
    """Give an era its ground by turns: whose store, how many shards, events in files or memory.

    A driver that died leaves actors behind for some seconds, which over a line still write.
    """
    turn = number // 2
    return Era(
        number,
        rounds,
        shards=2 - turn % 2,
        lined=number % 2 == 1,
        seed=seed,
        tmpfs=tmpfs,
        lasts_s=lasts_s,
        filed=(number + turn) % 2 == 0,
    )


def run(eras: list[Era], summary: Summary, keep: Path | None = None) -> None:
    """Run eras, each in a folder of its own; a failed one's folder is kept where told."""
    for era in eras:
        home = Path(tempfile.mkdtemp(prefix="chaos-"))
        if era.tmpfs:
            mount = ["mount", "-t", "tmpfs", "-o", f"size={TMPFS_BYTES}", "chaos", str(home)]
            subprocess.run(mount, check=True)
        try:
            before = len(summary.faults)
            run_era(era, home, summary)
            if keep is not None and len(summary.faults) > before:
                shutil.copytree(
                    home, keep / f"era-{era.number}", dirs_exist_ok=True,
                    ignore=shutil.ignore_patterns("*.sock", "*.sock.aside"),
                )  # fmt: skip
        finally:
            if era.tmpfs:
                subprocess.run(["umount", "--lazy", str(home)], check=False)
            shutil.rmtree(home, ignore_errors=True)
