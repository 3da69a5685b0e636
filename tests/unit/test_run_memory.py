"""A run's memory: what it keeps of a member, and that work in parts changes nothing."""

import tracemalloc

import numpy as np
import pyarrow as pa
import pytest

from rules.coupons.triggers import by_id
from rules.decoding.identity import hash_strings
from rules.decoding.instants import read_instant
from rules.table.numbered_ids import NumberedIds
from simulator.play import demand, response
from simulator.play.play import Play
from simulator.play.run import simulate_run
from tests.unit.simulated import MEMBERS, population, rules_of, run_of

MANY = 16_000
BYTES_A_MEMBER = 800


def test_a_run_takes_few_bytes_a_member() -> None:
    until_us = read_instant("2026-06-03T00:00:00+08:00")
    rules, people = rules_of(), population()
    # What is worked out but once doesn't count.
    Play(rules, people, MEMBERS, 3, until_us=until_us).run()
    tracemalloc.start()
    try:
        play = Play(rules, people, MANY, 3, until_us=until_us)
        play.run()
        taken, _ = tracemalloc.get_traced_memory()
        print(f"{taken / MANY:.0f} bytes a member")
    finally:
        tracemalloc.stop()
    assert MANY * 300 < taken < MANY * BYTES_A_MEMBER


def test_members_looked_at_in_parts_do_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demand, "AT_ONCE", 37)
    monkeypatch.setattr(response, "AT_ONCE", 41)
    assert simulate_run(rules_of(), population(), MEMBERS, 3).digest() == run_of().digest()


def test_members_with_numbers_are_in_the_order_of_their_names() -> None:
    play = Play(rules_of(), population(), MEMBERS, 3)
    rows = np.array([77, 3, 300, 12], dtype=np.int64)
    assert by_id(play.table, rows).tolist() == [3, 12, 77, 300]
    play.table.add_members(*hash_strings(pa.array(["ann"])), ["ann"])
    last = np.array([MEMBERS, 5], dtype=np.int64)
    assert by_id(play.table, last).tolist() == [MEMBERS, 5]


def test_ids_that_go_on_with_the_numbers_are_not_kept() -> None:
    ids = NumberedIds()
    ids.extend(f"m{number:08d}" for number in range(300))
    ids.extend(["eve", "m00000300"])
    assert (ids.numbered, len(ids)) == (300, 302)
    assert [ids[0], ids[299], ids[300], ids[-1]] == ["m00000000", "m00000299", "eve", "m00000300"]
    assert ids[298:301] == ["m00000298", "m00000299", "eve"]
    assert list(ids) == ids.copy() == ids[:]
    for row in (302, -303):
        with pytest.raises(IndexError, match=f"row {row}"):
            ids[row]
