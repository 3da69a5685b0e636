"""Secrets that come by the environment: read once, so that no process started later has them."""

from __future__ import annotations

import os


def taken(name: str) -> str:
    """Read a secret and take it out of the environment; "" when it isn't there."""
    return os.environ.pop(name, "")
