"""What all tests share: which may run beside which, and how Hypothesis draws."""

from __future__ import annotations

import gc
from collections.abc import Generator
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

    They share the session's one Ray, and wait much; the other process fills the cores meanwhile.
    """

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.split("::", 1)[0]
        return "live" if "live" in PurePath(module).stem.split("_") else module


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Read all modules without looking for garbage, and never look through them again.

    Otherwise a quarter of the reading is that, and every later round visits what was read.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneRay:
    """Deal the tests to the processes of `--numprocesses`."""
    return OneRay(config, log)
