import numpy as np
import numpy.typing as npt
import pytest

from rules.table import identity_map
from rules.table.identity_map import IdentityMap

Words = npt.NDArray[np.uint64]


def keys(rng: np.random.Generator, count: int, *, narrow: bool) -> tuple[Words, Words]:
    """Draw keys; narrow ones all want the same few slots."""
    top = 8 if narrow else 2**63
    return (
        rng.integers(0, top, size=count, dtype=np.uint64),
        rng.integers(0, 2**63, size=count, dtype=np.uint64),
    )


@pytest.mark.parametrize("seed", range(6))
def test_agrees_with_a_dict(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    if seed >= 2:
        # Entries move by and by: soon done, never done before the next move, and in between.
        monkeypatch.setattr(identity_map, "_SLOTS_MIN", 4)
        monkeypatch.setattr(identity_map, "_AT_ONCE", 8)
        monkeypatch.setattr(identity_map, "_MOVED_AN_ENTRY", (0, 1, 2, 16)[seed - 2])
        monkeypatch.setattr(identity_map, "_MOVED_MIN", 10 * seed)
    rng = np.random.default_rng(seed)
    known, oracle = IdentityMap(), dict[tuple[int, int], int]()
    for _ in range(60):
        count = int(rng.integers(0, 200))
        a, b = keys(rng, count, narrow=seed % 2 == 1)
        if oracle:
            held = list(oracle)
            again = [held[int(place)] for place in rng.integers(0, len(held), size=50)]
            a = np.concatenate([a, np.array([key[0] for key in again], dtype=np.uint64)])
            b = np.concatenate([b, np.array([key[1] for key in again], dtype=np.uint64)])
        expected = [oracle.get(key, -1) for key in zip(a.tolist(), b.tolist(), strict=True)]
        assert known.find(a, b).tolist() == expected, seed
        fresh = dict.fromkeys(
            key for key in zip(a.tolist(), b.tolist(), strict=True) if key not in oracle
        )
        values = rng.integers(0, 2**31 - 1, size=len(fresh), dtype=np.int32)
        known.insert(
            np.array([key[0] for key in fresh], dtype=np.uint64),
            np.array([key[1] for key in fresh], dtype=np.uint64),
            values,
        )
        oracle |= dict(zip(fresh, values.tolist(), strict=True))
        assert len(known) == len(oracle)
        known._check()
    copy = IdentityMap.from_state(known.state())
    copy._check()
    a, b = (np.array(part, dtype=np.uint64) for part in zip(*oracle, strict=True))
    assert copy.find(a, b).tolist() == list(oracle.values())


def test_a_large_map_moves_into_new_slots_by_and_by(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity_map, "_AT_ONCE", 1_000)
    rng = np.random.default_rng(4)
    known = IdentityMap()
    met = set()
    a, b = keys(rng, 20_000, narrow=False)
    for first in range(0, 20_000, 25):
        these = slice(first, first + 25)
        known.insert(a[these], b[these], np.arange(first, first + 25, dtype=np.int32))
        if known._before is not None:
            met.add(len(known._slots))
            assert known.find(a, b)[: first + 25].tolist() == list(range(first + 25))
    assert met == {4_096, 8_192, 16_384, 32_768}
    assert known._before is None
    known._check()


def test_the_first_key_alone_is_not_the_key() -> None:
    known = IdentityMap()
    same = np.array([7, 7, 7], dtype=np.uint64)
    other = np.array([1, 2, 1024 + 1], dtype=np.uint64)
    known.insert(same, other, np.array([10, 11, 12], dtype=np.int32))
    assert known.find(same, other).tolist() == [10, 11, 12]
    assert known.find(same[:1], np.array([3], dtype=np.uint64)).tolist() == [-1]
    known._check()


def test_empty_map_and_empty_calls() -> None:
    known = IdentityMap()
    none = np.zeros(0, dtype=np.uint64)
    assert known.find(none, none).tolist() == []
    known.insert(none, none, np.zeros(0, dtype=np.int32))
    assert len(known) == 0
    assert known.find(np.array([0], np.uint64), np.array([0], np.uint64)).tolist() == [-1]
    assert len(IdentityMap.from_state(known.state())) == 0


def test_grows_and_stays_within_its_bytes_a_key() -> None:
    rng = np.random.default_rng(3)
    known = IdentityMap()
    for start in range(0, 120_000, 3_000):
        a, b = keys(rng, 3_000, narrow=False)
        known.insert(a, b, np.arange(start, start + 3_000, dtype=np.int32))
        assert len(known) <= 0.8 * len(known._slots)
    known._check()
    assert known.nbytes() / len(known) <= 40


@pytest.mark.parametrize("value", [0, 5])
def test_state_stays_as_it_was_and_nobody_writes_into_it(value: int) -> None:
    known = IdentityMap()
    one = np.array([1], dtype=np.uint64)
    known.insert(one, one, np.array([value], dtype=np.int32))
    state = known.state()
    with pytest.raises(ValueError, match="read-only"):
        state["key_a"][:] = 9
    more = np.arange(2, 5_000, dtype=np.uint64)
    known.insert(more, more, np.arange(10, 5_008, dtype=np.int32))
    before = IdentityMap.from_state(state)
    assert len(before) == 1
    assert before.find(one, one).tolist() == known.find(one, one).tolist() == [value]
