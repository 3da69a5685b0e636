"""What all tests share: which may run beside which, and how Hypothesis draws."""

from __future__ import annotations

import pytest
from hypothesis import settings

# How long an example takes tells of the machine's other work, not of the code.
settings.register_profile("forecourt", deadline=None)
settings.load_profile("forecourt")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a module's tests in one process, and all that share the session's one Ray too."""
    for item in items:
        shares_ray = "ray_session" in getattr(item, "fixturenames", ())
        item.add_marker(pytest.mark.xdist_group("live" if shares_ray else str(item.path)))
