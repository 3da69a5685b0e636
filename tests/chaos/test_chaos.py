"""Some minutes of chaos: nothing acknowledged is lost, nothing counts twice."""

import json
import os
import random

import pytest

from tests.chaos.course import eras_within, run
from tests.chaos.summary import Summary

MINUTES = float(os.environ.get("FORECOURT_CHAOS_MINUTES", "1"))
"""`.ci/run` asks for five; whoever types `make test` waits for one."""
SEED = os.environ.get("FORECOURT_CHAOS_SEED")
"""Drawn anew without it; a failure tells which it was, and `make chaos` takes it too."""


@pytest.mark.timeout(900)
def test_chaos_loses_and_doubles_nothing() -> None:
    seed = int(SEED) if SEED is not None else random.SystemRandom().randrange(1_000_000)
    print(f"seed {seed}: FORECOURT_CHAOS_SEED={seed} draws the same faults and events")
    disk = "full: RLIMIT_FSIZE on the server; slow: bursts of SIGSTOP of the server"
    summary = Summary(seed, disk)

    run(eras_within(MINUTES, seed, tmpfs=False), summary)

    print(json.dumps(summary.as_json(), indent=1))
    assert summary.faults == []
    assert (summary.lost, summary.doubled) == (0, 0)
    assert summary.rounds >= 2
    assert len(summary.hits) >= 4
    assert summary.acknowledged > 500
    assert len(summary.hashes) == 2
