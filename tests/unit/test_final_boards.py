import numpy as np
import pytest

from rules.ranks.official_order import full_order
from rules.ranks.prizes import prize_boards
from rules.ranks.standings import board_rows, in_board
from rules.table.member_table import MemberTable
from simulator.offline.replay import awards_of, overall_board
from simulator.play.final_boards import final_boards
from tests.unit.simulated import MEMBERS, play_of


@pytest.fixture(scope="module", params=["numbered", "named", "barred"])
def table(request: pytest.FixtureRequest) -> MemberTable:
    """A season's end; under other names, or with the best disqualified; many tie."""
    table = MemberTable.from_state(play_of().rules, play_of().table.state())
    members = table.members
    score = members.score[:MEMBERS].copy()
    score[::3] //= 400
    members.score[:MEMBERS] = score
    if request.param == "numbered":
        table.member_ids = play_of().table.member_ids
    if request.param == "named":
        table.member_ids = [f"{row * 7919 % MEMBERS:04d}" for row in range(MEMBERS)]
    if request.param == "barred":
        best = np.argsort(-score)[:9]
        members.disqualified[best[::2]] = True
    return table


def test_boards_and_prizes_are_those_of_the_whole_standing(table: MemberTable) -> None:
    rules, standing = table.rules, table.standing()
    whole = {
        name: board_rows(standing, rules.boards, name, rules.levels, rules.tie_break)
        for name in prize_boards(rules.season)
    }
    found = final_boards(table, MEMBERS)
    assert found.awards == awards_of(rules, whole, standing)
    assert len(found.awards) > 20
    for award in found.awards:
        place = award.rank - 1
        assert found.boards[award.board].score[place] == whole[award.board].score[place]
    assert any(len(found.boards[name]) < len(whole[name]) for name in whole)


def test_ranks_are_those_of_the_official_order(table: MemberTable) -> None:
    rules, standing = table.rules, table.standing()
    bit = [one.id for one in rules.boards].index(overall_board(rules))
    here = np.flatnonzero(in_board(standing, bit))
    order = full_order(
        standing.score[here], standing.tasks_completed_at_us[here], standing.active_days[here],
        [standing.member[row] for row in here.tolist()], rules.tie_break,
    )  # fmt: skip
    rank = np.zeros(MEMBERS, dtype=np.int32)
    rank[here[order]] = np.arange(1, len(here) + 1)
    assert (final_boards(table, MEMBERS).rank == rank).all()
    scores = standing.score[here]
    assert len(np.unique(scores)) < len(scores) - 20
