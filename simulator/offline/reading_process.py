"""Reading process: the side of a reading that decodes ahead and writes the results.

It imports nothing of who asks for it, so that it can be started from there.
"""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from rules.judging.results import Outcome
from simulator.offline.handing_over import hand_over
from simulator.offline.log_reading import LogReading, event_ids, hashed
from simulator.offline.output_files import ResultFiles

AHEAD: Final = 4
"""Batches that are read ahead of those whose results are written."""


def serve(parts: Connection, answers: Connection) -> None:
    """Read as asked and write what is answered; ends early when the other side does."""
    try:
        reading, out = answers.recv()
    except EOFError:
        return
    try:
        try:
            _read_and_write(reading, out, parts, answers)
        except (EOFError, ConnectionError):
            return
        except Exception as problem:
            parts.send(problem)
        else:
            parts.send(None)
    except ConnectionError:
        return


def _read_and_write(reading: LogReading, out: Path, parts: Connection, answers: Connection) -> None:
    room = threading.Semaphore(AHEAD)
    asked: deque[pa.Array] = deque()
    with ResultFiles(out) as results, ThreadPoolExecutor(1) as thread:

        def write() -> None:
            try:
                while (answer := answers.recv()) is not None:
                    results.write(asked.popleft(), _outcome(*answer))
                    room.release()
            finally:
                room.release()

        writing = thread.submit(write)
        try:
            for decoded, hashes in hashed(reading()):
                room.acquire()
                if writing.done():
                    break
                asked.append(event_ids(decoded))
                hand_over(parts, decoded, hashes)
            else:
                parts.send(None)
        except Exception as problem:
            # Told at once: the thread waits for answers until the other side ends.
            parts.send(problem)
            raise
        writing.result()


def _outcome(status: Any, reason: Any, points: Any) -> Outcome:
    return Outcome(status, reason, points, np.zeros(0, dtype=np.int64))
