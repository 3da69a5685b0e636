"""Shares of a bound: nobody crowds out the others, and nothing grows beyond it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.gateway.admission import WAIT_S, Admission, Pace
from actors.gateway.problems import Problem

LIMIT = 1_000


def fill(queue: Admission, key: str, amount: int) -> None:
    """Push as a flooding sender does: until it is refused."""
    while queue.refusal(key) is None:
        queue.take(key, amount)


def test_up_to_half_one_may_take_alone() -> None:
    queue = Admission("events", LIMIT)
    queue.take("a", LIMIT // 2 - 1)
    assert queue.refusal("a") is None


def test_a_flooding_key_leaves_half_to_the_next_one() -> None:
    queue = Admission("events", LIMIT)
    fill(queue, "flood", 10)
    assert queue.held == LIMIT // 2
    assert queue.refusal("till") is None


@pytest.mark.parametrize("keys", [1, 2, 5])
def test_however_many_flood_one_after_the_other_a_newcomer_finds_room(keys: int) -> None:
    queue = Admission("events", LIMIT)
    for number in range(keys):
        fill(queue, f"flood-{number}", 1)
    assert queue.held < LIMIT
    assert queue.refusal("till") is None


def test_those_who_go_on_flooding_come_to_hold_equal_parts() -> None:
    queue = Admission("events", LIMIT)
    held = dict.fromkeys(("first", "second", "third"), 0)
    for _ in range(200):
        for key in held:
            while queue.refusal(key) is None:
                queue.take(key, 1)
                held[key] += 1
        # The shards take from the line in turn: of whom there is most, most is taken.
        for key, own in held.items():
            queue.give_back(key, own // 10)
            held[key] -= own // 10
    assert max(held.values()) - min(held.values()) <= LIMIT // 20
    assert queue.held >= LIMIT * 0.6


def test_a_refusal_says_how_many_wait_and_when_to_come_again() -> None:
    queue = Admission("events", LIMIT)
    fill(queue, "flood", 100)
    refusal = queue.refusal("flood")
    assert refusal is not None
    assert refusal.status == 429
    assert refusal.retry_after_s == 1
    assert "500 events wait already, 500 of them yours" in refusal.detail
    assert queue.refused == 2


def test_what_is_held_for_a_while_is_given_back_whatever_happens() -> None:
    queue = Admission("bytes of bodies", LIMIT)

    def fail() -> None:
        with queue.hold("a", 700):
            assert queue.held == 700
            with pytest.raises(Problem):
                queue.hold("a", 1).__enter__()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert queue.held == 0
    assert queue.refusal("a") is None


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 300)), max_size=60))
def test_held_is_the_sum_of_what_keys_hold(steps: list[tuple[str, int]]) -> None:
    queue = Admission("events", LIMIT)
    taken: list[tuple[str, int]] = []
    for key, amount in steps:
        if queue.refusal(key) is None:
            queue.take(key, amount)
            taken.append((key, amount))
        elif taken:
            queue.give_back(*taken.pop(0))
        assert queue.held == sum(amount for _, amount in taken)
        # What was let in may run over by one body, never by more.
        assert queue.held < LIMIT + 300
    for one in taken:
        queue.give_back(*one)
    assert queue.held == 0


def test_however_full_it_is_a_key_that_holds_nothing_may_send_something_small() -> None:
    queue = Admission("events", LIMIT)
    queue.take("flood", LIMIT + 50)
    assert queue.refusal("till") is not None
    with queue.hold("till", 1, small=True):
        assert queue.refusal("till", small=True) is not None, "once, until that is gone"
    assert queue.refusal("flood", small=True) is not None
    assert queue.refusal("till", small=True) is None


def test_a_limit_falls_behind_what_goes_so_that_there_is_always_room() -> None:
    queue = Admission("events", LIMIT)
    for number in range(6):
        fill(queue, f"flood-{number}", 1)
    seen = []
    for _ in range(60):
        for key in [key for key, own in queue._by_key.items() if own >= 25]:
            queue.give_back(key, 25)
            queue.lower(100, 25)
            seen.append(queue.limit)
            fill(queue, key, 1)
            assert queue.refusal("till") is None
    assert seen == sorted(seen, reverse=True)
    assert queue.limit <= 250
    queue.lower(500, 1)
    assert queue.limit == 500, "there is room again at once"


def test_the_pace_follows_what_is_drained_while_events_wait() -> None:
    pace = Pace(40_000, 400_000)
    assert pace.limit == 400_000
    for tick in range(100):
        pace.drained(10_000, 5_000, tick * 0.1)
    assert pace.limit == pytest.approx(100_000 * WAIT_S, rel=0.1)
    for tick in range(100, 300):
        pace.drained(100, 5_000, tick * 0.1)
    assert pace.limit == 40_000


def test_idle_time_tells_nothing_of_the_pace() -> None:
    pace = Pace(40_000, 400_000)
    for tick in range(100):
        pace.drained(10_000, 5_000, tick * 0.1)
    fast = pace.limit
    pace.drained(100, 0, 11.0)
    after_last_busy = pace.limit
    for second in range(20, 60):
        pace.drained(5, 0, float(second))
    assert pace.limit == after_last_busy
    assert after_last_busy > fast * 0.6
