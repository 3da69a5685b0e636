"""Patience: look again until something is so, and leave the processor to those it waits for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

PAUSE_S = 0.03


@dataclass
class Look:
    """One look at what is to become so; `saw` is told when the last one was in vain."""

    saw: object = "nothing"


def looks(within_s: float, awaited: str) -> Iterator[Look]:
    """Give looks a pause apart, for as long as it may take; break once it is so.

    Fails with what was awaited and what the last look saw.
    """
    ends_s = time.monotonic() + within_s
    look = Look()
    while True:
        yield look
        assert time.monotonic() < ends_s, f"{awaited}: not within {within_s:.0f} s; saw {look.saw}"
        time.sleep(PAUSE_S)
