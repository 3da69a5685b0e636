"""Why a rank: what decides between neighbours, and the points that rise it."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from rules.ranks.official_order import NO_TIME_US, key_of
from rules.ranks.why_rank import Stand, compared, decides, why_rank

TIES = ("tasks_completed_at", "active_days")


def stand(rank: int, member: str, score: int, tasks_us: int = NO_TIME_US, days: int = 0) -> Stand:
    return Stand(rank, member, score, tasks_us, days, member)


def test_the_score_decides_and_tells_the_gap() -> None:
    rows = [stand(16, "a", 520), stand(17, "b", 500), stand(18, "c", 499)]
    why = why_rank(TIES, rows, 1, {"base": 480, "task": 20})
    assert (why["rank"], why["score"]) == (17, 500)
    assert why["score_by_kind"] == {"base": 480, "task": 20}
    assert (why["ahead"]["by"], why["ahead"]["gap"]) == ("score", 20)
    assert why["ahead"]["text"]["en"] == "20 points behind a"
    assert why["behind"]["text"]["zh"] == "比 c 领先 1 分"
    # With the same score the ids decide, for a: one point more is needed.
    assert why["to_rise"]["points"] == 21
    assert why["to_rise"]["rank"] == 16


def test_tie_breaks_decide_in_the_order_of_the_file() -> None:
    early, late = stand(1, "b", 5, tasks_us=8, days=1), stand(2, "a", 5, tasks_us=9, days=7)
    assert decides(TIES, early, late) == "tasks_completed_at"
    assert decides(("active_days", "tasks_completed_at"), early, late) == "active_days"
    told = compared(TIES, late, early)
    assert told["text"]["en"] == "the same score as b; tasks were completed later"
    days = compared(("active_days",), late, early)
    assert days["gap"] == 6
    none = compared(TIES, stand(2, "c", 5), early)
    assert (none["by"], none["gap"]) == ("tasks_completed_at", 0)
    assert compared((), late, early)["by"] == "member"


def test_the_first_and_the_only_row() -> None:
    why = why_rank(TIES, [stand(1, "a", 9)], 0)
    assert why["ahead"] is why["behind"] is why["score_by_kind"] is None
    assert why["to_rise"]["points"] == 0


ROWS = st.lists(
    st.tuples(
        st.integers(0, 3), st.sampled_from([1, 2, NO_TIME_US]), st.integers(0, 2), st.uuids()
    ),
    min_size=2,
    max_size=6,
    unique_by=lambda row: row[3],
)


@given(ROWS, st.permutations(TIES))
def test_the_points_to_rise_are_just_enough(
    drawn: list[tuple[int, int, int, object]], ties: Sequence[str]
) -> None:
    ordered = sorted(
        (*key_of(score, tasks, days, str(member), ties), tasks, days)
        for score, tasks, days, member in drawn
    )
    rows = [
        Stand(rank, key[3], -key[0], key[4], key[5], key[3]) for rank, key in enumerate(ordered, 1)
    ]
    for place in range(1, len(rows)):
        own, ahead = rows[place], rows[place - 1]
        points = why_rank(ties, rows, place)["to_rise"]["points"]

        def key_with(more: int, own: Stand = own) -> tuple[object, ...]:
            times = own.tasks_completed_at_us, own.active_days
            return tuple(key_of(own.score + more, *times, own.member, ties))

        target = tuple(
            key_of(ahead.score, ahead.tasks_completed_at_us, ahead.active_days, ahead.member, ties)
        )
        assert key_with(points) < target
        assert points == 0 or key_with(points - 1) > target
