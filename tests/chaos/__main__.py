"""Run the chaos: `make chaos`, `make chaos-short`, `make chaos CHAOS_ARGS="--seed 7"`."""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from tests.chaos.course import ROUNDS_AN_ERA, eras_of, eras_within, run
from tests.chaos.summary import Summary

UNSHARED = "FORECOURT_CHAOS_UNSHARED"


def main() -> int:
    """Run and write the summary; 1 when anything was that must not be."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--minutes", type=float, help="so long in place of so many rounds")
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
    if options.minutes is None:
        eras = eras_of(options.rounds, seed, tmpfs, options.rounds_an_era)
    else:
        eras = eras_within(options.minutes, seed, tmpfs)
    run(eras, summary, options.out)
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
