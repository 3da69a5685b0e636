"""Forking: a copy of a running season, rebuilt from what was logged of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

    from actors.store.log import Entry
    from rules.compiling.compiled import Rules
    from simulator.outlook.fork import Forked
    from simulator.people.population import Population


def fork_of(
    history: Iterable[pa.RecordBatch | Entry], rules: Rules, people: Population, upto_us: int
) -> Forked:
    """Rebuild all members as they stood at an instant, by the file the log began with.

    Raises:
        ValueError: the season sells no fuel.
    """
    from actors.store.log import Entry
    from simulator.outlook.fork import Fork

    fork = Fork(rules, people, upto_us)
    for item in history:
        if isinstance(item, Entry):
            fork.step(item.kind, item.stamp_us, item.payload)
        else:
            fork.take(item)
    return fork.end()
