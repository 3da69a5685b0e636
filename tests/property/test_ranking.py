"""The rank index against plain `sorted()`: any updates, heavy ties, removals, non-ASCII ids."""

import random

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from rules.ranks import layered_order, ranking
from rules.ranks.frozen_order import FrozenOrder
from rules.ranks.official_order import NO_TIME_US, Key, key_of
from rules.ranks.ranking import RankIndex

ROWS = 400
TIE_BREAKS: list[tuple[str, ...]] = [
    (),
    ("active_days",),
    ("tasks_completed_at", "active_days"),
    ("active_days", "tasks_completed_at"),
]
Values = tuple[int, int, int, bool]
LEVELS = [(ranking.DELTA_MIN, layered_order.MIDDLE_MIN), (2, 3), (5, 40), (1, 150)]
"""How many rows the delta and the middle may hold: as shipped, and so few that they overflow."""


@pytest.fixture(params=LEVELS, ids=str)
def levels(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the index levels of these sizes."""
    delta, middle = request.param
    monkeypatch.setattr(ranking, "DELTA_MIN", delta)
    monkeypatch.setattr(layered_order, "MIDDLE_MIN", middle)


def id_of(row: int) -> str:
    """Give ids whose byte order is neither the rows' nor a prefix's."""
    return f"{'油é😀z'[row % 4]}{(row * 7919) % 1000}" + "x" * (row % 3)


class PlainBoard:
    """Keep a board the plain way: a dictionary, sorted at every question."""

    def __init__(self, tie_break: tuple[str, ...]) -> None:
        self.tie_break = tie_break
        self.values: dict[int, Values] = {}

    def key(self, row: int) -> Key:
        score, tasks_us, days, _ = self.values[row]
        return key_of(score, tasks_us, days, id_of(row), self.tie_break)

    def order(self) -> list[int]:
        def place(row: int) -> tuple[object, ...]:
            score, tasks_us, days, _ = self.values[row]
            by_name = {"tasks_completed_at": tasks_us, "active_days": -days}
            return (-score, *(by_name[name] for name in self.tie_break), id_of(row).encode())

        return sorted((row for row, value in self.values.items() if value[3]), key=place)


def put(index: RankIndex, plain: PlainBoard, batch: list[tuple[int, Values]]) -> None:
    columns = list(zip(*(values for _, values in batch), strict=True))
    rows = [row for row, _ in batch]
    index.update(rows, [id_of(row) for row in rows], *(np.array(one) for one in columns))
    plain.values.update(batch)


def compare(index: RankIndex | FrozenOrder, plain: PlainBoard, order: list[int]) -> None:
    """Ask everything that can be asked of all rows at once."""
    assert len(index) == len(order)
    assert index.at(0, ROWS + 1).tolist() == order
    rank = {row: place for place, row in enumerate(order, 1)}
    everyone = [*range(ROWS), 10 * ROWS]
    assert index.ranks(everyone).tolist() == [rank.get(row, 0) for row in everyone]
    if order:
        keys = index.keys(order)
        assert keys == [plain.key(row) for row in order]
        assert index.count_ahead(keys).tolist() == list(range(len(order)))


values = st.tuples(
    st.integers(1, 3), st.sampled_from([7, 8, NO_TIME_US]), st.integers(0, 2), st.booleans()
)
batches = st.one_of(
    st.lists(st.tuples(st.integers(0, ROWS - 1), values), min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, ROWS - 1), values), min_size=30, max_size=90),
)


class RankingMachine(RuleBasedStateMachine):
    """Drive an index and a plain board through the same life."""

    tie_break = TIE_BREAKS[2]

    def __init__(self) -> None:
        super().__init__()
        self.index = RankIndex(self.tie_break)
        self.plain = PlainBoard(self.tie_break)
        self.frozen: tuple[FrozenOrder, list[int], list[Key]] | None = None

    @rule(batch=batches)
    def update(self, batch: list[tuple[int, Values]]) -> None:
        put(self.index, self.plain, batch)

    @rule(batch=batches)
    def update_and_read(self, batch: list[tuple[int, Values]]) -> None:
        put(self.index, self.plain, batch)
        compare(self.index, self.plain, self.plain.order())
        self.index._check()

    @rule(score=st.integers(0, 4), days=st.integers(0, 2), row=st.integers(0, ROWS))
    def look_around_any_key(self, score: int, days: int, row: int) -> None:
        key = key_of(score, 8, days, id_of(row), self.tie_break)
        order = self.plain.order()
        keys = [self.plain.key(one) for one in order]
        ahead = [one for one, mine in zip(order, keys, strict=True) if mine < key]
        behind = [one for one, mine in zip(order, keys, strict=True) if mine > key]
        assert self.index.count_ahead([key]).tolist() == [len(ahead)]
        assert self.index.page(key, 5).tolist() == behind[:5]
        assert self.index.before(key, 5).tolist() == ahead[-5:]

    @rule(offset=st.integers(-2, ROWS), limit=st.integers(0, 50))
    def look_at(self, offset: int, limit: int) -> None:
        start = max(0, offset)
        expected = self.plain.order()[start : max(start, offset + limit)]
        assert self.index.at(offset, limit).tolist() == expected

    @rule()
    def freeze(self) -> None:
        order = self.plain.order()
        self.frozen = (self.index.freeze(), order, [self.plain.key(row) for row in order])

    @precondition(lambda self: self.frozen is not None)
    @invariant()
    def frozen_never_changes(self) -> None:
        assert self.frozen is not None
        frozen, order, keys = self.frozen
        assert frozen.at(0, ROWS).tolist() == order
        assert frozen.keys(order) == keys
        assert frozen.count_ahead(keys).tolist() == list(range(len(order)))
        assert frozen.page(None, 3).tolist() == order[:3]
        if keys:
            assert frozen.page(keys[0], 3).tolist() == order[1:4]
            assert frozen.before(keys[-1], 3).tolist() == order[:-1][-3:]


class SmallLevelsMachine(RankingMachine):
    """Live the same life with levels that overflow all the time."""

    def __init__(self) -> None:
        super().__init__()
        self._patch = pytest.MonkeyPatch()
        self._patch.setattr(ranking, "DELTA_MIN", 3)
        self._patch.setattr(layered_order, "MIDDLE_MIN", 50)

    def teardown(self) -> None:
        self._patch.undo()


SmallLevelsMachine.TestCase.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None
)
TestSmallLevels = SmallLevelsMachine.TestCase
RankingMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestRanking = RankingMachine.TestCase


@pytest.mark.parametrize("tie_break", TIE_BREAKS)
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.usefixtures("levels")
def test_seeded_stress(seed: int, tie_break: tuple[str, ...]) -> None:
    print(f"seed {seed}")
    drawn = random.Random(seed)
    index, plain = RankIndex(tie_break), PlainBoard(tie_break)
    for _ in range(60):
        size = drawn.choice([1, 1, 1, 3, 20, 70, 300])
        batch: list[tuple[int, Values]] = [
            (
                drawn.randrange(ROWS),
                (
                    drawn.randrange(1, 4),
                    drawn.choice([7, 8, NO_TIME_US]),
                    drawn.randrange(3),
                    drawn.random() < 0.8,
                ),
            )
            for _ in range(size)
        ]
        put(index, plain, batch)
        if drawn.random() < 0.6:
            compare(index, plain, plain.order())
            index._check()


def test_shards_add_up_to_the_whole() -> None:
    drawn = random.Random(11)
    tie_break = TIE_BREAKS[2]
    whole, plain = RankIndex(tie_break), PlainBoard(tie_break)
    shards = [RankIndex(tie_break) for _ in range(3)]
    for _ in range(8):
        batch: list[tuple[int, Values]] = [
            (row, (drawn.randrange(1, 4), NO_TIME_US, drawn.randrange(2), True))
            for row in drawn.sample(range(ROWS), 50)
        ]
        put(whole, plain, batch)
        for number, shard in enumerate(shards):
            mine = [one for one in batch if one[0] % 3 == number]
            put(shard, PlainBoard(tie_break), mine)
        order = plain.order()
        keys = whole.keys(order)
        counts = np.sum([shard.count_ahead(keys) for shard in shards], axis=0)
        assert (counts + 1 == whole.ranks(order)).all()
