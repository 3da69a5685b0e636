"""Hold a table that goes on under another version of the file to the oracle, and to itself."""

import json
import tomllib
from copy import deepcopy
from itertools import pairwise
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.compiling.compiled import compile_rules
from rules.decoding.events import decode_json, running_stamps, stamp
from rules.judging.kernel import advance
from rules.judging.versions import adopt, successor
from rules.season.season_file import load_season
from rules.table.member_table import MemberTable
from tests.golden.adapters import (
    Result,
    apply_rows,
    kernel_result,
    oracle_result,
    run_kernel,
    run_oracle,
)
from tests.oracle import Answer, Oracle
from tests.oracle.plan import Plan
from tests.oracle.strategies import Drawn, drawn_by_seed, seasons_and_logs
from tests.oracle.toml_text import toml_text

Table = dict[str, Any]

THOROUGH = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
PERMUTED = ("earning", "multiplier", "boards", "coupons")


def run_versions(texts: list[str], drawn: Drawn, cuts: list[int], *, restarts: bool) -> Result:
    """Apply a log with the kernel, going on under the next text at each cut."""
    compiled = [compile_rules(load_season(text, "season.toml")) for text in texts]
    decoded = decode_json(json.dumps(drawn.events).encode(), compiled[0].names)
    at_us = decoded.columns.column("at_us").to_numpy()
    stamped = stamp(decoded.columns, running_stamps(at_us, int(at_us[0]) if len(at_us) else 0))
    answers = {
        refusal.place: Answer(refusal.event_id, "rejected", 0, refusal.reason)
        for refusal in decoded.refused
    }
    table = MemberTable(compiled[0])
    bounds = np.searchsorted(decoded.place, [0, *cuts, drawn.count]).tolist()
    for version, (first, last) in enumerate(pairwise(bounds)):
        if version:
            rules = successor(table.rules, compiled[version])
            adopt(table, rules)
            if restarts:
                table = MemberTable.from_state(rules, table.state())
        answers |= apply_rows(table, stamped, decoded, np.arange(first, last))
    clocks = stamped.column("stamp_us").to_pylist()
    advance(table, max([table.rules.final_us, *clocks[-1:]]))
    answered = [answers[place] for place in sorted(answers)]
    return kernel_result(table.rules, [table], table.standing(), answered)


def oracle_versions(files: list[Table], drawn: Drawn, cuts: list[int]) -> Result:
    """Judge a log with the oracle, which reads the next file's figures from each cut on."""
    oracle = Oracle(files[0])
    answers = []
    for version, (first, last) in enumerate(pairwise([0, *cuts, drawn.count])):
        if version:
            oracle.plan = oracle.state.plan = Plan(files[version])
        answers += [oracle.apply(event) for event in drawn.events[first:last]]
    if oracle.state.clock_us is not None:
        oracle.finish()
    return oracle_result(oracle, answers)


def changed(season: Table, random: Random) -> Table:
    """Draw another version: other figures, other places in the file, the same ids."""
    file = deepcopy(season)
    for rule in file["earning"]:
        rule["points"] = random.choice([1, 3, "0.75", "2.5"])
    for rule in file.get("multiplier", []):
        rule["factor"] = random.choice(["0.5", "1", "1.5", "3"])
    for task in file.get("tasks", []):
        task["points"] = random.choice([1, 4, 9])
        if "goal" in task:
            task["goal"]["amount"] = random.choice(["50.00", "120.00", "400.00"])
        elif "limit" in task:
            task["limit"]["times"] = random.choice([1, 2, 4])
    if "member_day_cap" in file["points"]:
        file["points"]["member_day_cap"] = random.choice([5, 30, 200])
    for name in PERMUTED:
        if name in file:
            random.shuffle(file[name])
    for level in file.get("tiers", {}).get("levels", [])[1:]:
        if "entry" in level:
            level["entry"] = {"any": {"visits": random.choice([1, 2, 5])}}
            level.pop("keep", None)
    return file


@THOROUGH
@given(seasons_and_logs(), st.data())
def test_going_on_under_the_same_file_changes_nothing(drawn: Drawn, data: st.DataObject) -> None:
    places = st.integers(min_value=0, max_value=drawn.count)
    cuts = sorted(data.draw(st.lists(places, min_size=1, max_size=5), label="cuts"))
    restarts = data.draw(st.booleans(), label="restarts")

    versions = run_versions([drawn.season_text] * (len(cuts) + 1), drawn, cuts, restarts=restarts)

    assert versions == run_kernel(drawn.season_text, drawn.events)


@pytest.mark.parametrize("seed", range(30))
def test_versions_equal_the_oracle_switched_at_the_same_event(seed: int) -> None:
    drawn = drawn_by_seed(seed, count=200)
    random = Random(seed)
    files = [drawn.season, changed(drawn.season, random), changed(drawn.season, random)]
    cuts = sorted(random.sample(range(1, drawn.count), 2))
    print(drawn, "cuts", cuts)
    texts = [toml_text(file) for file in files]

    kernel = run_versions(texts, drawn, cuts, restarts=bool(seed % 2))
    oracle = oracle_versions([tomllib.loads(text) for text in texts], drawn, cuts)

    assert kernel.answers == oracle.answers
    assert kernel.members == oracle.members
    assert kernel.standings == oracle.standings
    assert kernel.prizes == oracle.prizes
    assert kernel.coupons == oracle.coupons
    assert kernel.pools == oracle.pools


def test_the_versions_drawn_change_what_is_earned() -> None:
    differ = 0
    for seed in range(10):
        drawn = drawn_by_seed(seed, count=400)
        file = changed(drawn.season, Random(seed))
        same = run_oracle(drawn.season_text, drawn.events).members
        differ += oracle_versions([drawn.season, file], drawn, [50]).members != same
    assert differ >= 8
