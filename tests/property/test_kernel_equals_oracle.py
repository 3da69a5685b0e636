"""Hold kernel = oracle on random season files and logs, however the log is cut and sharded."""

import os
from collections import Counter
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.table import columns, identity_map
from tests.golden.adapters import Result, run_kernel, run_oracle
from tests.oracle.instants import parse_at
from tests.oracle.strategies import Drawn, drawn_by_seed, seasons_and_logs
from tests.oracle.toml_text import toml_text
from tests.unnamed_files import files_from

# An example is a whole season: tens of milliseconds, more on a busy machine.
THOROUGH = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
# FORECOURT_LONG_SEEDS=2000 runs as many long logs as anyone has time for.
LONG_SEEDS = int(os.environ.get("FORECOURT_LONG_SEEDS", "12"))


def assert_same(kernel: Result, oracle: Result) -> None:
    assert kernel.answers == oracle.answers
    assert kernel.members == oracle.members
    assert kernel.standings == oracle.standings
    assert kernel.prizes == oracle.prizes
    assert kernel.coupons == oracle.coupons
    assert kernel.pools == oracle.pools
    assert kernel.pool_limits == oracle.pool_limits
    assert kernel.goods_given == oracle.goods_given
    assert_conserved(kernel)
    by_event = sorted(kernel.dropped, key=lambda row: (row["member"], row["event_id"]))
    assert by_event == sorted(oracle.dropped, key=lambda row: (row["member"], row["event_id"]))


def assert_conserved(result: Result) -> None:
    """Hold every point in one place, and nobody with points and debt at once."""
    for row in result.members:
        earned = row["earned_base"] + row["earned_bonus"] + row["earned_task"]
        gone = row["redeemed"] + row["expired"] + row["reversed"]
        assert earned + row["adjusted"] == row["active"] - row["debt"] + gone, row
        assert min(row["active"], row["debt"]) == 0, row
        assert min(row["active"], row["debt"], row["redeemed"], row["expired"]) >= 0, row
    for name, used in result.pools.items():
        assert 0 <= used <= result.pool_limits[name], name


@THOROUGH
@given(seasons_and_logs())
def test_kernel_equals_oracle(drawn: Drawn) -> None:
    kernel = run_kernel(drawn.season_text, drawn.events)
    oracle = run_oracle(drawn.season_text, drawn.events)

    assert_same(kernel, oracle)


@pytest.mark.parametrize("seed", range(LONG_SEEDS))
def test_kernel_equals_oracle_on_long_logs(seed: int) -> None:
    drawn = drawn_by_seed(seed, count=600)
    print(drawn)

    kernel = run_kernel(drawn.season_text, drawn.events)
    oracle = run_oracle(drawn.season_text, drawn.events)

    assert_same(kernel, oracle)


@pytest.mark.parametrize("seed", range(100, 102))
def test_kernel_equals_oracle_with_what_it_keeps_in_files(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Columns begin short, so that they move into files, grow there and widen there.
    monkeypatch.setattr(columns, "FIRST_CAPACITY", 4)
    monkeypatch.setattr(identity_map, "_SLOTS_MIN", 4)
    drawn = drawn_by_seed(seed, count=300)
    print(drawn)
    files = files_from(8)

    kernel = run_kernel(drawn.season_text, drawn.events, cuts=[60, 130, 131], storage=files)
    again = run_kernel(
        drawn.season_text, drawn.events, cuts=[60, 130, 131], storage=files, restarts=True
    )

    assert_same(kernel, run_oracle(drawn.season_text, drawn.events))
    assert again == kernel


@THOROUGH
@given(seasons_and_logs())
def test_kernel_equals_oracle_under_given_stamps(drawn: Drawn) -> None:
    stamps_us = stamps_with_lags(drawn.events, Random(drawn.seed))

    kernel = run_kernel(drawn.season_text, drawn.events, stamps_us=stamps_us)
    oracle = run_oracle(drawn.season_text, drawn.events, stamps_us=stamps_us)

    assert_same(kernel, oracle)


def stamps_with_lags(events: list[dict[str, object]], random: Random) -> list[int]:
    """Stamp a log as a clock would that mostly runs ahead of the events, never backwards.

    Now and then a till's clock is minutes ahead of it.
    """
    stamps_us: list[int] = []
    stamp_us = 0
    for event in events:
        try:
            at_us = parse_at(str(event["at"]))
        except ValueError:
            at_us = stamp_us
        # A time far outside the season is refused; the clock must not follow it.
        if abs(at_us - stamp_us) < 300 * 24 * HOUR_US or stamp_us == 0:
            stamp_us = max(stamp_us, at_us - random.choice([0, 0, 0, 0, 4, 6]) * MINUTE_US)
        stamp_us += random.choice([0, 0, 1, HOUR_US, 40 * HOUR_US])
        stamps_us.append(stamp_us)
    return stamps_us


@THOROUGH
@given(seasons_and_logs(), st.data())
def test_any_cut_gives_the_same(drawn: Drawn, data: st.DataObject) -> None:
    places = st.integers(min_value=0, max_value=len(drawn.events))
    cuts = data.draw(st.lists(places, max_size=5), label="cuts")

    whole = run_kernel(drawn.season_text, drawn.events)

    assert run_kernel(drawn.season_text, drawn.events, cuts=cuts) == whole
    assert run_kernel(drawn.season_text, drawn.events, cuts=cuts, restarts=True) == whole


SHARED_SECTIONS = ("coupons", "coupon_rules", "triggers", "budgets", "catalogue", "referral",
                   "rewards", "prizes")  # fmt: skip


def alone(drawn: Drawn) -> tuple[str, list[dict[str, Any]]]:
    """Leave out of a season and log all that members share, which takes one table for all."""
    season = {name: part for name, part in drawn.season.items() if name not in SHARED_SECTIONS}
    events = [event for event in drawn.events if event["type"] != "merge"]
    return toml_text(season), events


@THOROUGH
@given(seasons_and_logs(), st.integers(min_value=2, max_value=3))
def test_shards_by_member_give_the_same(drawn: Drawn, shards: int) -> None:
    season_text, events = alone(drawn)

    spread = run_kernel(season_text, events, shards=shards)

    assert_same(spread, run_kernel(season_text, events))


def test_drawn_logs_reach_every_answer() -> None:
    met: Counter[tuple[str, str]] = Counter()
    kept: Counter[str] = Counter()
    for seed in range(120):
        drawn = drawn_by_seed(seed)
        assert drawn.ndjson().count(b"\n") == len(drawn.events)
        result = run_oracle(drawn.season_text, drawn.events)
        met.update((answer.status, answer.reason) for answer in result.answers)
        kept.update(coupon["status"] for coupon in result.coupons)
        kept.update(
            f"{used} of 1" for name, used in result.pools.items() if result.pool_limits[name] == 1
        )
        for column in ("redeemed", "expired", "reversed", "debt"):
            kept[column] += sum(row[column] > 0 for row in result.members)

    rejected = {
        "bad_field",
        "bad_step",
        "bad_time",
        "budget_exhausted",
        "coupon_not_valid",
        "coupon_spent",
        "insufficient_points",
        "merged",
        "not_final",
        "not_yours",
        "out_of_stock",
        "outside_season",
        "over_refund",
        "over_share",
        "tier_held",
        "too_late",
        "unknown_item",
        "unknown_product",
        "unknown_ref",
        "unknown_type",
    }
    plain = {"applied", "duplicate", "limit_reached", "waiting", "conflict"}
    assert set(met) == {("rejected", reason) for reason in rejected} | {
        (status, "") for status in plain
    }
    statuses = {"issued", "claimed", "reserved", "redeemed", "expired"}
    assert statuses | {"1 of 1", "redeemed", "expired", "reversed", "debt"} <= set(kept)
