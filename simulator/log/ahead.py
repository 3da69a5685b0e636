"""Reading ahead: the next parts of a log are decoded while the ones before are applied."""

import queue
import threading
from collections.abc import Generator, Iterable
from typing import Final, TypeVar

Part = TypeVar("Part")

_DEPTH: Final = 2
_WAIT_S: Final = 0.2


class _Ended:
    """What comes behind the last part: with the problem that ended the parts, if one did."""

    def __init__(self, problem: BaseException | None = None) -> None:
        self.problem = problem


def ahead(parts: Iterable[Part], depth: int = _DEPTH) -> Generator[Part, None, None]:
    """Yield the parts, in order, while a thread makes up to `depth` more of them.

    What making a part raises is raised in its place. The thread ends when the caller stops asking.

    >>> list(ahead(range(4)))
    [0, 1, 2, 3]
    """
    made: queue.Queue[Part | _Ended] = queue.Queue(maxsize=depth)
    stopped = threading.Event()

    def put(one: Part | _Ended) -> bool:
        while not stopped.is_set():
            try:
                made.put(one, timeout=_WAIT_S)
            except queue.Full:
                continue
            return True
        return False

    def make() -> None:
        try:
            for part in parts:
                if not put(part):
                    return
        except BaseException as problem:
            put(_Ended(problem))
        else:
            put(_Ended())

    thread = threading.Thread(target=make, name="ahead", daemon=True)
    thread.start()
    try:
        while not isinstance(one := made.get(), _Ended):
            yield one
        if one.problem is not None:
            raise one.problem
    finally:
        stopped.set()
        thread.join()
