"""Run the chaos: `make chaos`, `make chaos CHAOS_ARGS="--rounds 10 --seed 7"`."""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.chaos.era import Era, run_era
from tests.chaos.summary import Summary

ROUNDS_AN_ERA = 40
TMPFS_BYTES = 1 << 29
UNSHARED = "FORECOURT_CHAOS_UNSHARED"


def eras_of(rounds: int, seed: int, tmpfs: bool, rounds_an_era: int) -> list[Era]:
    """Cut a run into eras: by turns the system's own store and one over a line, two shards and one.

    A driver that died leaves actors behind for some seconds, which over a line still write.
    """
    eras: list[Era] = []
    for first in range(0, rounds, rounds_an_era):
        number = len(eras)
        count = min(rounds_an_era, rounds - first)
        eras.append(Era(number, count, 2 - number // 2 % 2, number % 2 == 1, seed, tmpfs))
    return eras


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


def main() -> int:
    """Run and write the summary; 1 when anything was that must not be."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--rounds-an-era", type=int, default=ROUNDS_AN_ERA)
    parser.add_argument("--seed", type=int, default=None, help="drawn and printed without it")
    parser.add_argument("--out", type=Path, default=Path("out/chaos"))
    options = parser.parse_args()
    tmpfs = _unshare()
    # As Ctrl-C: what was started is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    seed = random.SystemRandom().randrange(1_000_000) if options.seed is None else options.seed
    print(f"seed {seed}", file=sys.stderr, flush=True)
    options.out.mkdir(parents=True, exist_ok=True)
    disk = "a small tmpfs, filled" if tmpfs else "RLIMIT_FSIZE on the server"
    summary = Summary(seed, f"full: {disk}; slow: bursts of SIGSTOP of the server")
    run(eras_of(options.rounds, seed, tmpfs, options.rounds_an_era), summary, options.out)
    text = json.dumps(summary.as_json(), ensure_ascii=False)
    (options.out / "summary.json").write_text(text, encoding="utf-8")
    print("\n".join(summary.table()))
    print(text)
    return 0 if summary.passed else 1


def _unshare() -> bool:
    """Go on in a mount namespace of our own where root may: a small disk to fill dies with us."""
    if os.environ.get(UNSHARED):
        return True
    tool = shutil.which("unshare")
    if os.geteuid() != 0 or tool is None:
        return False
    probe = [tool, "--mount", "sh", "-c", "mount -t tmpfs -o size=1m probe /mnt"]
    if subprocess.run(probe, capture_output=True, check=False).returncode:
        return False
    os.environ[UNSHARED] = "1"
    return os.execv(tool, [tool, "--mount", sys.executable, "-m", "tests.chaos", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
