import numpy as np

from simulator.play.visible import Habit, Visible
from tests.unit.simulated import play_of


def test_cutoffs_are_the_scores_of_the_last_winners() -> None:
    play = play_of()
    contests = {one.board: one for one in Visible(play.table).contests(0.2)}
    score = play.table.members.score[: len(play.table)]
    counted = np.sort(
        score[play.table.members.kind[: len(play.table)] != play.rules.kinds.index("staff")]
    )
    overall = contests["overall"]
    assert [cutoff.score for cutoff in overall.cutoffs[:3]] == counted[::-1][:3].tolist()
    assert [cutoff.worth_fen for cutoff in overall.cutoffs] == [599_900, 349_900, 199_900, 3_000]
    assert (score[overall.rows] == overall.score).all()
    assert overall.score.min() >= overall.cutoffs[-1].score // 2 - 1
    drivers = [play.rules.kinds.index(kind) for kind in ("taxi", "ride_hailing")]
    assert np.isin(play.table.members.kind[contests["drivers"].rows], drivers).all()


def test_the_way_to_the_next_level_is_the_nearest_of_its_thresholds() -> None:
    play = play_of()
    rows = np.flatnonzero(play.table.members.level[: len(play.table)] == 0)
    habit = Habit(np.full(len(rows), 40_000.0), np.full(len(rows), 30_000.0))
    day = play.rules.calendar.day(play.rules.ends_us) - 1
    way = Visible(play.table).to_next_level(rows, day, habit)
    members = play.table.members
    expected = np.maximum.reduce([
        members.litres_ml[rows] / 300_000, members.amount_fen[rows] / 240_000,
        members.visits[rows] / 12,
    ])  # fmt: skip
    assert way.share.tolist() == np.clip(expected, 0, 1).tolist()
    missing = np.minimum.reduce([
        (300_000 - members.litres_ml[rows]) / 40_000, (240_000 - members.amount_fen[rows]) / 30_000,
        12.0 - members.visits[rows],
    ])  # fmt: skip
    assert np.allclose(way.visits, np.maximum(missing, 0))


def test_there_is_nothing_above_the_top_and_no_goal_twice() -> None:
    play = play_of()
    seen = Visible(play.table)
    top = np.flatnonzero(play.table.members.level[: len(play.table)] == 2)
    habit = Habit(np.full(len(top), 1.0), np.full(len(top), 1.0))
    assert (seen.to_next_level(top, 20_610, habit).share == 0).all()
    held = np.flatnonzero(play.table.members.goal_held[: len(play.table), 0])
    assert len(held)
    [goal] = seen.to_goals(held, Habit(np.full(len(held), 1.0), np.full(len(held), 1.0)))
    assert (goal.share == 0).all()


def test_what_came_since_the_last_look_is_a_reward() -> None:
    play = play_of()
    seen = Visible(play.table)
    before = seen.last_reward_us.copy()
    seen.look(5)
    assert (seen.last_reward_us == before).all()
    assert len(seen.new_coupons) == 0
