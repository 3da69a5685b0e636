import threading
import time

import pytest
import redis

from actors.mirror_writer import CLEARLY, PACE_A_S, MirrorWriter
from actors.store.mirror import CHUNK_MEMBERS, CHUNK_MEMBERS_CALM, Mirror


class Asked:
    """Marks that never end, and what the writer asked for."""

    def __init__(self, *, crowded: bool, rows_a_s: float) -> None:
        self.crowded = crowded
        self.chunks: list[int] = []
        self._rows_a_s, self._began_s = rows_a_s, time.monotonic()
        self.enough = threading.Event()

    @property
    def marked(self) -> int:
        return int((time.monotonic() - self._began_s) * self._rows_a_s)

    def write_marked(self, limit: int, chunk: int) -> int:
        self.chunks.append(chunk)
        if self._began_s + 1.0 < time.monotonic():
            self.enough.set()
        return 0 if self.enough.is_set() else limit


@pytest.mark.parametrize(
    ("crowded", "rows_a_s", "chunk"),
    [
        (False, 0, CHUNK_MEMBERS_CALM),
        (False, 45_000, CHUNK_MEMBERS_CALM),  # half of what ZINCRBY takes on a quick machine
        (False, 10 * CLEARLY * PACE_A_S, CHUNK_MEMBERS),
        (True, 0, CHUNK_MEMBERS),
    ],
)
def test_the_writer_takes_small_steps_only_where_the_log_is_busy(
    client: redis.Redis, crowded: bool, rows_a_s: float, chunk: int
) -> None:
    marked = Asked(crowded=crowded, rows_a_s=rows_a_s)
    writer = MirrorWriter(Mirror(client, "summer", 0), marked, lambda: None)
    writer.start()
    assert marked.enough.wait(10)
    writer.stop(5.0)
    assert marked.chunks[-1] == chunk
