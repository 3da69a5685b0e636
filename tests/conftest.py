"""What all tests share: which may run beside which, in what order, and how Hypothesis draws."""

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

FIRST = ("chaos", "live", "loadtest", "workers", "browser")
"""Words of the names of modules that take long; the many short ones fill the gaps at the end."""


def place(module: PurePath) -> int:
    """Tell how early a module begins: the chaos before all, which takes half of the time."""
    words = module.stem.split("_")
    return min((FIRST.index(word) for word in words if word in FIRST), default=len(FIRST))


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


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes longest where several processes share the tests."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: place(PurePath(item.path)))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    """Deal whole modules to the processes of `--numprocesses`, in order.

    A module's tests share its systems, its pages and its browser. Each process that comes to a
    live system starts a Ray of its own, whose actors the others neither see nor hurt.
    """
    config.option.loadscopereorder = False
    return LoadFileScheduling(config, log)
