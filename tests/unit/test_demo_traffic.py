"""The demo's traffic is a season played: a system that judges it comes to the same coupons."""

import pytest

from rules.compiling.compiled import compile_rules
from rules.decoding.event_columns import stamp
from rules.judging.kernel import advance, apply
from rules.judging.results import STATUSES
from rules.season.season_file import load_season
from rules.table.member_table import MemberTable
from simulator.log.logs import TablePart
from simulator.people.population_file import shipped_population
from simulator.play.play import Play
from ui.commands.demo import SEASON, demo_traffic

MEMBERS, SEED = 400, 3


@pytest.fixture(scope="module")
def parts() -> list[TablePart]:
    return list(demo_traffic(MEMBERS, SEED))


def kinds_of(part: TablePart) -> set[str]:
    return set(part.table.column("type").to_pylist())


def test_who_is_a_member_already_comes_first(parts: list[TablePart]) -> None:
    assert kinds_of(parts[0]) <= {"enrol", "update"}
    assert len(set(parts[0].table.column("at").to_pylist())) == 1
    assert 0 < parts[0].table.num_rows < MEMBERS


def test_members_earn_use_coupons_and_redeem(parts: list[TablePart]) -> None:
    wanted = {"purchase", "top_up", "refund", "check_in", "enrol", "referral", "use", "redeem"}
    assert wanted <= set().union(*map(kinds_of, parts))


def test_a_live_system_takes_what_was_played_and_comes_to_the_same(
    parts: list[TablePart],
) -> None:
    rules = compile_rules(load_season(SEASON.read_text(encoding="utf-8"), str(SEASON)))
    live = MemberTable(rules)
    for part in parts:
        decoded = part.decode(rules.names)
        assert not decoded.refused
        batch = stamp(decoded.columns, decoded.columns.column("at_us").to_numpy())
        outcome = apply(live, batch)
        assert {STATUSES[one] for one in set(outcome.status.tolist())} <= {
            "applied",
            "limit_reached",
        }
    played = Play(rules, shipped_population(), MEMBERS, SEED)
    played.run()
    advance(live, played.end_us)
    codes = live.coupon_book.code[: live.coupon_book.size].tolist()
    book = played.table.coupon_book
    assert sorted(codes) == sorted(book.code[: book.size].tolist())
    assert len(codes) > MEMBERS


@pytest.mark.parametrize("seed", [1, 6])
def test_one_member_alone_is_a_season_too(seed: int) -> None:
    """Most days hold nothing then; with the second seed the first one too."""
    alone = list(demo_traffic(1, seed))
    assert {
        part.table.column("member")[0].as_py() for part in alone if part.table.num_rows
    } != set()
