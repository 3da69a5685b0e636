"""Ranking relay: a member shard's side of the way to its ranking shard."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import Any, Final

import ray
from ray.actor import ActorHandle

from actors.messages import BoardLayout, StandingChange
from actors.wire import change_bytes
from rules.ranks.standings import Standing

UPDATES_IN_FLIGHT_MAX: Final = 16
UPDATES_BEHIND: Final = 3
"""From so many on their way on, further changes wait and go together."""

log = logging.getLogger(__name__)


class RankingRelay:
    """Sends changed standings to a ranking shard without waiting for it."""

    def __init__(self, ranking: ActorHandle[Any]) -> None:
        self._ranking = ranking
        self._sent: deque[ray.ObjectRef[Any]] = deque()
        self._lost = False

    def update(self, after: int, version: int, clock_us: int, change: StandingChange) -> None:
        """Send the standings that changed between two versions."""
        if not self._lost:
            told = change_bytes(after, version, clock_us, change)
            self._send(lambda: self._ranking.update.remote(told))

    def replace(self, version: int, clock_us: int, standing: Standing, layout: BoardLayout) -> None:
        """Send the standings of all members, and the boards they are for."""
        self._lost = False
        self._sent.clear()
        self._send(lambda: self._ranking.replace.remote(version, clock_us, standing, layout))

    def is_behind(self) -> bool:
        """Tell whether several updates are on their way already."""
        if len(self._sent) >= UPDATES_BEHIND:
            self._collect(0)
        return len(self._sent) >= UPDATES_BEHIND

    def needs_all(self) -> bool:
        """Tell whether the ranking shard lost its standings or missed an update."""
        self._collect(0)
        if not self._lost and not self._sent:
            self._send(self._ranking.has_standings.remote)
        return self._lost

    def _send(self, submit: Callable[[], ray.ObjectRef[Any]]) -> None:
        self._collect(UPDATES_IN_FLIGHT_MAX)
        try:
            self._sent.append(submit())
        except ray.exceptions.RayError as error:
            self._lose(error)

    def _collect(self, keep: int) -> None:
        """Hear the answers that are there, and wait for the oldest beyond `keep` in flight."""
        while self._sent:
            wait_s = 10.0 if keep and len(self._sent) >= keep else 0
            ready, _ = ray.wait([self._sent[0]], timeout=wait_s)
            if not ready:
                break
            try:
                if not ray.get(self._sent.popleft()):
                    self._lost = True
            except ray.exceptions.RayError as error:
                self._lose(error)

    def _lose(self, error: Exception) -> None:
        if not self._lost:
            log.warning("the ranking shard lost its standings: %s", type(error).__name__)
        self._lost = True
