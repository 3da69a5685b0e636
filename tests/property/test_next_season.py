"""Two seasons in a row give the same however the log is cut, and from any snapshot."""

import json
from copy import deepcopy
from datetime import timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.compiling.compiled import Rules, compile_rules
from rules.decoding.events import decode_json, running_stamps, stamp
from rules.judging.kernel import advance, apply
from rules.judging.next_season import await_season, check_next_season, joined_names
from rules.ranks.standings import Standing
from rules.season.season_file import load_season
from rules.table.member_table import MemberTable
from tests.golden.adapters import member_rows
from tests.oracle.strategies import Drawn, drawn_by_seed, seasons_and_logs
from tests.oracle.toml_text import toml_text

Table = dict[str, Any]
THOROUGH = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def two_seasons(drawn: Drawn) -> tuple[Rules, Rules]:
    """End the drawn season in its middle and let another follow there."""
    first, second = deepcopy(drawn.season), deepcopy(drawn.season)
    window = first["season"]
    length: timedelta = window["ends"] - window["starts"]
    middle = window["starts"] + timedelta(days=length.days // 2, hours=1)
    window |= {"ends": middle, "late_events": "2d", "refund_hold": "3d"}
    second["season"] |= {"id": "second", "starts": middle}
    for rule in second["earning"]:
        rule["points"] = 3
    old, new = (
        compile_rules(load_season(toml_text(file), "season.toml")) for file in (first, second)
    )
    check_next_season(old, new, None, old.starts_us)
    return old, new


def told(standing: Standing, listed: set[str]) -> list[tuple[Any, ...]]:
    """List the standings of listed members; rows of others depend on how a log is cut."""
    columns = zip(
        standing.member,
        standing.score.tolist(),
        standing.tasks_completed_at_us.tolist(),
        standing.active_days.tolist(),
        standing.tier.tolist(),
        standing.on_board.tolist(),
        strict=True,
    )
    return sorted(row for row in columns if row[0] in listed)


def run(drawn: Drawn, cuts: list[int], *, restarts: bool = False) -> tuple[Any, ...]:
    """Apply the drawn log over both seasons, cut at some events."""
    old, new = two_seasons(drawn)
    decoded = decode_json(json.dumps(drawn.events).encode(), joined_names(old, new))
    at_us = decoded.columns.column("at_us").to_numpy()
    stamped = stamp(decoded.columns, running_stamps(at_us, int(at_us[0]) if len(at_us) else 0))
    table = MemberTable(old)
    await_season(table, new)
    answers = []
    bounds = np.searchsorted(decoded.place, [0, *cuts, drawn.count]).tolist()
    for first, last in pairwise(bounds):
        outcome = apply(table, stamped.take(pa.array(range(first, last), pa.int64())))
        answers += list(zip(outcome.status, outcome.reason, outcome.points, strict=True))
        if restarts:
            table = restarted(table)
    advance(table, max([old.final_us, new.final_us, *stamped.column("stamp_us").to_pylist()[-1:]]))
    members = sorted(member_rows(table), key=lambda row: str(row["member"]))
    listed = {str(row["member"]) for row in members}
    assert table.older is not None
    older = told(table.older_standing(), listed)
    assert table.older.final
    assert table.final
    return answers, members, older, told(table.standing(), listed)


def restarted(table: MemberTable) -> MemberTable:
    """Rebuild a table from its state, as after a snapshot."""
    older = table.older.rules if table.older else None
    again = MemberTable.from_state(table.rules, table.state(), older)
    if table.upcoming is not None:
        await_season(again, table.upcoming)
    return again


@THOROUGH
@given(seasons_and_logs(), st.data())
def test_any_cut_gives_the_same_two_seasons(drawn: Drawn, data: st.DataObject) -> None:
    places = st.integers(min_value=0, max_value=drawn.count)
    cuts = sorted(data.draw(st.lists(places, max_size=6), label="cuts"))

    whole = run(drawn, [])

    assert run(drawn, cuts) == whole
    assert run(drawn, cuts, restarts=True) == whole


def test_the_logs_drawn_score_in_both_seasons() -> None:
    both = 0
    for seed in range(30):
        _, _, older, newer = run(drawn_by_seed(seed), [])
        both += any(row[1] > 0 for row in older) and any(row[1] > 0 for row in newer)
    assert both >= 5
