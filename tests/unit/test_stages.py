"""Stages: seconds add up by name, nested ones count in both, an error counts too."""

from __future__ import annotations

import time

import pytest

from actors.stages import Stages


def test_seconds_add_up_by_name() -> None:
    stages = Stages()
    stages.add("append", 0.25)
    stages.add("append", 0.5, 0.125)
    stages.add("apply", 1.0, 1.0)
    assert stages.totals() == {"append": 0.75, "apply": 1.0}
    assert stages.cpu_totals() == {"append": 0.125, "apply": 1.0}


def test_what_nests_counts_in_both() -> None:
    stages = Stages()
    with stages.timed("whole"), stages.timed("part"):
        until_s = time.thread_time() + 0.002
        while time.thread_time() < until_s:
            pass
    told, cpu = stages.totals(), stages.cpu_totals()
    assert told["whole"] >= told["part"] >= 0.002
    assert cpu["whole"] >= cpu["part"] >= 0.002


def test_a_stage_that_failed_was_still_spent() -> None:
    stages = Stages()
    with pytest.raises(KeyError), stages.timed("append"):
        raise KeyError("gone")
    assert stages.totals()["append"] > 0


def test_totals_are_copies() -> None:
    stages = Stages()
    stages.add("append", 1.0)
    stages.totals()["append"] = 5.0
    assert stages.totals() == {"append": 1.0}
