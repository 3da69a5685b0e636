"""What all tests share: which may run beside which, and how Hypothesis draws."""

from __future__ import annotations

from pathlib import PurePath

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

# How long an example takes tells of the machine's other work, not of the code.
settings.register_profile("forecourt", deadline=None)
settings.load_profile("forecourt")


class OneRay(LoadFileScheduling):  # type: ignore[misc]  # the plugin has no types
    """Keeps a module's tests in one process, and those of all live systems in one too.

    They share the session's one Ray, and kill and pause what would disturb another such test.
    """

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.split("::", 1)[0]
        return "live" if "live" in PurePath(module).stem.split("_") else module


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneRay:
    """Deal the tests to the processes of `--numprocesses`."""
    return OneRay(config, log)
