"""Reading ahead: order, what fails, and who stops asking."""

import threading
from collections.abc import Iterator

import pytest

from simulator.log.ahead import ahead


def test_parts_come_in_order() -> None:
    assert list(ahead(range(100))) == list(range(100))


def test_what_fails_is_raised_where_the_part_would_have_been() -> None:
    def parts() -> Iterator[int]:
        yield 1
        raise ValueError("the second part is damaged")

    found = ahead(parts())
    assert next(found) == 1
    with pytest.raises(ValueError, match="second part"):
        next(found)


def test_the_thread_ends_when_nobody_asks_any_more() -> None:
    made: list[int] = []

    def parts() -> Iterator[int]:
        for number in range(1_000_000):
            made.append(number)
            yield number

    found = ahead(parts())
    assert next(found) == 0
    found.close()
    assert len(made) < 100
    assert not any(thread.name == "ahead" for thread in threading.enumerate())
