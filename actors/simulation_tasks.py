"""Simulation tasks: the facade over Ray for work that is done beside the actors."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from actors.settings import Settings
from actors.simulations import Failure, NoAnswer

ANSWER_WITHIN_S: Final = 45.0


class SimulationTask:
    """One simulation in a process of its own."""

    def __init__(self, reference: Any) -> None:
        self._reference = reference

    async def ended(self) -> Failure | None:
        """Wait until it ended; tells why it failed, None when it is done."""
        try:
            failure: Failure | None = await self._reference
        except ray.exceptions.OutOfMemoryError:
            return Failure(
                "the machine ran out of memory; ask for fewer members",
                "机器内存不足；请减少会员数",
            )
        except ray.exceptions.RayError as error:
            name = type(error).__name__
            return Failure(
                f"its process ended ({name}), as where memory ran out; ask again, "
                "or for fewer members",
                f"它的进程中断了（{name}），例如因为内存不足；请重试，或减少会员数",
            )
        return failure

    def cancel(self) -> None:
        """End its process."""
        ray.cancel(self._reference, force=True)


class SimulationTasks:
    """Starts simulations on the machine that holds the data folder."""

    def __init__(self, task: Any, question: Any) -> None:
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        self._task = task.options(scheduling_strategy=here)
        self._question = question.options(scheduling_strategy=here)

    def start(self, settings: Settings, folder: Path) -> SimulationTask:
        """Start the simulation whose folder this is."""
        return SimulationTask(self._task.remote(settings, str(folder)))

    async def consult(
        self, entry: str, question: str, texts: Mapping[str, str], wanted: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Put a question to the simulator in a process of its own.

        Raises:
            NoAnswer: it took too long, or the process ended.
        """
        reference = self._question.remote(entry, question, dict(texts), dict(wanted))
        try:
            answer: dict[str, Any] = await asyncio.wait_for(reference, ANSWER_WITHIN_S)
        except TimeoutError:
            ray.cancel(reference, force=True)
            raise NoAnswer(f"it had no answer within {ANSWER_WITHIN_S:.0f} s") from None
        except ray.exceptions.RayError as error:
            raise NoAnswer(f"its process ended ({type(error).__name__})") from None
        return answer
