"""Patience: waits for what others may wait for too, for so long at most."""

from __future__ import annotations

import asyncio
from typing import TypeVar

T = TypeVar("T")


async def awaited(future: asyncio.Future[T], within_s: float) -> T:
    """Give a future's result; raises TimeoutError, or what the future raises.

    It goes on whatever becomes of who waits. asyncio.timeout around asyncio.shield does the same
    at three times the cost, for each event that is sent alone.
    """
    if not future.done():
        loop = asyncio.get_running_loop()
        woken = loop.create_future()

        def wake(_: object = None) -> None:
            if not woken.done():
                woken.set_result(None)

        future.add_done_callback(wake)
        timer = loop.call_later(within_s, wake)
        try:
            await woken
        finally:
            timer.cancel()
            future.remove_done_callback(wake)
        if not future.done():
            raise TimeoutError
    return future.result()
