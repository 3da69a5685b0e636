from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from rules.decoding.event_columns import COLUMNS, Decoded, batch_of
from rules.decoding.instants import read_instant
from rules.judging.coding import Events
from rules.judging.results import Outcome
from rules.ranks.standings import board_rows
from rules.table.member_table import MemberTable
from rules.table.referral_book import PAID
from simulator.offline.output_files import (
    write_coupons,
    write_members,
    write_prizes,
    write_standings,
)
from simulator.offline.replay import awards_of, replay
from simulator.play.effects import Effects
from simulator.play.play import Play
from simulator.play.run import simulate_run
from simulator.play.run_figures import result_of
from simulator.play.run_result import FIGURES, MEMBER_COLUMNS, TABLES
from simulator.play.stage import Start
from tests.unit.simulated import DAYS, MEMBERS, play_of, population, rules_of, run_of


def test_a_run_has_every_figure_table_and_column_that_is_promised() -> None:
    run = run_of()
    assert tuple(run.figures) == tuple(FIGURES)
    assert {name: tuple(one.column_names) for name, one in run.tables.items()} == dict(TABLES)
    assert tuple(run.members) == tuple(MEMBER_COLUMNS)
    for name, column in run.members.items():
        assert column.shape == (MEMBERS,), name
        assert str(column.dtype) in MEMBER_COLUMNS[name], name
    assert run.figures["visits"] > MEMBERS
    assert run.figures["refused_events"] == 0
    assert run.days == DAYS


def test_figures_tables_and_member_columns_agree() -> None:
    run = run_of()
    months, members = run.tables["months"].to_pydict(), run.members
    for name in ("visits", "litres_ml", "amount_fen", "points_earned", "points_redeemed",
                 "cost_redeemed_fen", "cost_coupons_fen", "cost_discounts_fen",
                 "cost_prizes_fen", "unaided_visits", "unaided_litres_ml"):  # fmt: skip
        assert sum(months[name]) == run.figures[name], name
    for name in ("visits", "litres_ml", "amount_fen", "unaided_visits"):
        assert members[name].sum() == run.figures[name], name
    assert members["discount_fen"].sum() == run.figures["cost_discounts_fen"]
    assert members["coupon_fen"].sum() == run.figures["cost_coupons_fen"]
    assert members["redeemed_fen"].sum() == run.figures["cost_redeemed_fen"]
    assert sum(run.tables["tiers"].to_pydict()["members"]) == MEMBERS
    assert sum(run.tables["events"].to_pydict()["events"]) == run.figures["events"]
    liability = run.tables["liability"].to_pydict()
    assert sum(liability["outstanding_points"]) == run.figures["points_outstanding"]
    cost = sum(run.figures[f"cost_{one}_fen"] for one in ("points", "coupons", "discounts",
                                                          "prizes", "tax"))  # fmt: skip
    assert run.figures["cost_total_fen"] == cost
    assert run.figures["margin_fen"] == run.figures["margin_gross_fen"] - cost
    held = run.tables["prizes"].to_pydict()
    for number, score in zip(held["member"], held["score"], strict=True):
        assert members["score"][number] == score


def test_all_effects_off_moves_nobody_and_lifts_nothing() -> None:
    run = run_of(effects=Effects.none())
    members = run.members
    assert (members["visits"] == members["unaided_visits"]).all()
    assert (members["litres_ml"] == members["unaided_litres_ml"]).all()
    assert (members["margin_fen"] == members["unaided_margin_fen"]).all()
    for name in ("lift_visits_share", "lift_litres_share", "margin_gain_fen"):
        assert run.figures[name] == 0.0
    assert run.figures["cost_total_fen"] > 0


@pytest.mark.parametrize("name", Effects.names())
def test_each_effect_alone_leaves_those_who_do_not_react_as_they_are(name: str) -> None:
    off = [one for one in Effects.names() if one != name]
    run = run_of(effects=Effects().without(*off))
    still = run.members["theta"] == 0
    assert 0 < still.sum() < MEMBERS
    for column in ("visits", "litres_ml"):
        unaided = run.members[f"unaided_{column}"]
        assert (run.members[column][still] == unaided[still]).all()


def test_the_effects_together_move_those_who_react() -> None:
    run = run_of()
    reacts = run.members["theta"] > 0
    moved = run.members["visits"] != run.members["unaided_visits"]
    assert moved[reacts].any()
    assert -0.05 < run.figures["lift_litres_share"] < 0.10


def test_two_files_share_every_draw() -> None:
    dearer = run_of(('unit_cost = "5999.00"', 'unit_cost = "2999.00"'), effects=Effects.none())
    base = run_of(effects=Effects.none())
    for name in ("visits", "litres_ml", "points", "score", "coupon_fen"):
        assert (dearer.members[name] == base.members[name]).all(), name
    saved = base.figures["cost_prizes_fen"] - dearer.figures["cost_prizes_fen"]
    assert saved == 300_000
    doubled = run_of(('points = 1\nper = { litres = "1" }', 'points = 2\nper = { litres = "1" }'))
    assert (doubled.members["unaided_visits"] == base.members["unaided_visits"]).all()
    still = base.members["theta"] == 0
    assert (doubled.members["visits"][still] == base.members["visits"][still]).all()
    assert doubled.members["points"].sum() > base.members["points"].sum()


def test_the_same_seed_gives_the_same_run_and_another_seed_another() -> None:
    again = simulate_run(rules_of(), population(), MEMBERS, 3)
    assert again.digest() == run_of().digest()
    assert run_of(seed=4).digest() != run_of().digest()


def used_of(*changes: tuple[str, str]) -> dict[tuple[str, str], int]:
    eager = replace(
        population().coupon_use, propensity_a=30.0, propensity_b=1.0, first_use_share=0.05
    )
    people = replace(population(), coupon_use=eager)
    budgets = simulate_run(rules_of(*changes), people, MEMBERS, 3).tables["budgets"].to_pylist()
    assert all(one["used"] <= one["limit"] for one in budgets)
    return {(one["id"], one["measure"]): one["used"] for one in budgets}


def test_budgets_and_stock_are_never_exceeded() -> None:
    ample = used_of()
    assert ample["coupons-count", "count"] > 30
    assert ample["coupons-cost", "cost"] > 2_500
    scarce = (("stock = 500", "stock = 1"), ("points = 5000\ngoods", "points = 100\ngoods"))
    tight = used_of(("count = 200000", "count = 30"), *scarce)
    assert tight["coupons-count", "count"] == 30
    assert tight["earphones", "stock"] == 1
    dear = used_of(('cost = "500000.00"', 'cost = "25.00"'))
    assert 1_000 < dear["coupons-cost", "cost"] <= 2_500


def test_a_replay_of_the_events_ends_as_the_simulation_did(tmp_path: Path) -> None:
    batches: list[pa.RecordBatch] = []
    play = Play(rules_of(), population(), MEMBERS, 3, write=batches.append)
    play.run()
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.mkdir()
    _write_files(play, ours)
    replay(play.rules, lambda: _decoded(batches), theirs)
    written = sorted(path.name for path in ours.glob("*.csv"))
    assert len(written) == 7
    for name in written:
        assert (ours / name).read_bytes() == (theirs / name).read_bytes(), name


def _decoded(batches: list[pa.RecordBatch]) -> Iterator[Decoded]:
    first = 0
    for batch in batches:
        place = np.arange(first, first + batch.num_rows, dtype=np.int64)
        yield Decoded(batch, place, [], batch.num_rows)
        first += batch.num_rows


def _write_files(play: Play, out: Path) -> None:
    rules, table = play.rules, play.table
    standing = table.standing()
    boards = {
        one.id: board_rows(standing, rules.boards, one.id, rules.levels, rules.tie_break)
        for one in rules.boards
    }
    for rows in boards.values():
        write_standings(out, rows)
    write_prizes(out, awards_of(rules, boards, standing))
    write_members(out, [table])
    write_coupons(out, [table])


def test_until_ends_the_days_and_the_clock_there() -> None:
    until_us = read_instant("2026-07-01T12:00:00+08:00")
    assert until_us is not None
    play = Play(rules_of(), population(), MEMBERS, 3, until_us=until_us)
    play.run()
    assert play.days == 31
    assert play.table.clock_us == until_us
    run = simulate_run(rules_of(), population(), MEMBERS, 3, until_us=until_us)
    assert run.tables["months"].to_pydict()["month"] == ["2026-06", "2026-07"]
    june = {one["month"]: one["visits"] for one in run_of().tables["months"].to_pylist()}["2026-06"]
    assert run.tables["months"].to_pylist()[0]["visits"] == june


def test_a_run_goes_on_from_a_table_with_its_members() -> None:
    until_us = read_instant("2026-06-20T00:00:00+08:00")
    assert until_us is not None
    first = Play(rules_of(), population(), MEMBERS, 3, until_us=until_us)
    first.run()
    earned = int(first.table.members.earned_base[: len(first.table)].sum())
    state = first.table.state()
    table = MemberTable.from_state(rules_of(), state)
    everyone = first.persons.members
    everyone.opening[:] = True
    everyone.first_day[:] = 0
    run = simulate_run(rules_of(), population(), 0, 9, start=Start(table, everyone))
    assert run.days == 13
    assert run.tables["months"].to_pydict()["month"] == ["2026-06", "2026-07"]
    assert run.figures["points_earned"] > 0
    assert int(table.members.earned_base[: len(table)].sum()) > earned
    assert run.members["points"].sum() == run.figures["points_earned"] - run.figures[
        "points_reversed"
    ]  # fmt: skip


class Cheat:
    """Sends one big purchase of a stranger each day."""

    def events(self, nth: int, from_us: int, to_us: int, table: MemberTable) -> pa.RecordBatch:
        assert table.row_of("stranger") < 0 or nth
        assert to_us > from_us
        columns = {
            "event_id": pa.array([f"cheat-{nth}"]),
            "type": pa.array(["purchase"]),
            "member": pa.array(["stranger"]),
            "at_us": pa.array([from_us + 3_600_000_000]),
            "product": pa.array(["92"]),
            "litres_ml": pa.array([50_000]),
            "amount_fen": pa.array([38_000]),
        }
        return batch_of(columns, COLUMNS)

    def answered(self, events: Events, outcome: Outcome, table: MemberTable) -> None:
        mine = np.flatnonzero(events.row == table.row_of("stranger"))
        self.points = getattr(self, "points", 0) + int(outcome.points[mine].sum())


class Silent:
    """Sends nothing, but might: whatever the run's own events are, all of it is kept."""

    def events(self, *_day: object) -> pa.RecordBatch:
        return batch_of({name: pa.nulls(0, COLUMNS.field(name).type) for name in COLUMNS.names})

    def answered(self, *_told: object) -> None:
        """Do nothing."""


def test_a_run_keeps_only_the_sales_that_something_asks_for_and_ends_the_same() -> None:
    people = population()
    people = replace(
        people,
        refunds=replace(people.refunds, visit_share=0.2),
        referring=replace(people.referring, referred_share=0.9),
    )
    brief, whole = (
        Play(rules_of(), people, MEMBERS, 3, sources=sources) for sources in ([], [Silent()])
    )
    for play in (brief, whole):
        play.run()
    told = [result_of(play) for play in (brief, whole)]
    assert told[0].figures["refunded_fen"] > 0
    assert told[0].digest() == told[1].digest()
    kept, events = brief.table.ledger, whole.table.ledger.identities.size
    assert whole.table.ledger.sales.size > told[0].figures["visits"]
    assert told[0].figures["visits"] * 0.2 < kept.sales.size == kept.identities.size < events / 3
    paid = brief.table.referrals.in_state(PAID)
    assert len(paid) > 5
    assert (brief.table.referrals.sale[paid] < kept.sales.size).all()


def test_a_source_adds_events_beside_the_population() -> None:
    cheat = Cheat()
    run = simulate_run(
        rules_of(), population(), MEMBERS, 3, sources=[cheat], effects=Effects.none()
    )
    base = run_of(effects=Effects.none())
    # The days of late events and refunds, three and seven, follow the season's.
    assert run.figures["events"] == base.figures["events"] + DAYS + 10
    assert cheat.points == run.figures["points_earned"] - base.figures["points_earned"]
    assert len(run.members["visits"]) == MEMBERS
    assert run.figures["points_earned"] > base.figures["points_earned"] + 50 * DAYS - 1
    assert (run.members["score"] == base.members["score"]).all()
    assert "stranger" in run.tables["prizes"].to_pydict()["holder"]


def test_refused_are_sizes_and_seeds_out_of_range() -> None:
    with pytest.raises(ValueError, match="members = 0: must be between 1"):
        simulate_run(rules_of(), population(), 0, 1)
    with pytest.raises(ValueError, match="seed = -1"):
        simulate_run(rules_of(), population(), 10, -1)


def test_newcomers_enrol_and_members_of_old_do_not_start_anew() -> None:
    play = play_of()
    members, people = play.table.members, play.persons.members
    here = people.first_day < play.days
    enrolled = members.enrolled[:MEMBERS]
    assert not enrolled[people.opening].any()
    assert enrolled[~people.opening & people.enrols & here].all()
    # The kind that was drawn is the one the table knows.
    told = people.enrols & here
    kinds = [play.rules.kinds.index(name) for name in play.setting.kinds]
    assert (members.kind[:MEMBERS][told] == np.array(kinds)[people.kind[told]]).all()
