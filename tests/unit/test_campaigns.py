"""Campaigns: whom they are for, how they are split, what a preview says, what budgets leave."""

from collections import Counter
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from rules.coupons.campaigns import preview_fields, run, take_campaign
from rules.coupons.holdout import below, lot
from rules.season.campaign_models import OrderRefused, decode_campaign
from rules.table.member_table import MemberTable
from tests.unit.played_log import coupons_of, instant_us, play, restored, table_of
from tests.unit.test_triggers import buy, enrol, season, trigger

NOW_US = instant_us("2026-06-10T12:00:00+08:00")
SEGMENT = '[segments.north]\nwhere = { region = ["north"] }'


def club(*sections: str, count: int = 40) -> MemberTable:
    """Make a club whose even members live in the north, in an order unlike that of their ids."""
    table = table_of(season(SEGMENT, *sections))
    play(
        table,
        [
            enrol(f"m{place:02}", "2026-06-02T08:00:00", region="south" if place % 2 else "north")
            for place in reversed(range(count))
        ],
    )
    return table


def order(**fields: Any) -> dict[str, Any]:
    return {"kind": "campaign", "id": "o-1", "campaign": {"id": "push", **fields}}


def reached(table: MemberTable) -> list[str]:
    return [member for member, _, _ in coupons_of(table)]


def test_a_campaign_goes_to_a_segment_that_also_matches_and_is_listed() -> None:
    table = club()
    told = take_campaign(
        table,
        order(
            coupon="ten",
            segment="north",
            members=["m02", "m03", "m04", "ghost", "m06"],
            where={"region": ["north"], "kind": "private"},
        ),
        NOW_US,
    )
    assert reached(table) == ["m02", "m04", "m06"]
    assert (told["members"], told["issued"], told["unknown"]) == (3, 3, 1)
    book = table.coupon_book
    assert set(book.issued_us[: book.size].tolist()) == {NOW_US}


def test_a_condition_may_ask_what_the_season_file_does_not_know() -> None:
    table = club()
    play(table, [{**enrol("new", "2026-06-09T08:00:00", born=1990), "event_id": "x"}])
    told = take_campaign(
        table, order(coupon="ten", where={"born": {"min": 1980, "max": "1990"}}), NOW_US
    )
    assert told["issued"] == 1
    assert reached(table) == ["new"]


def test_arms_and_holdout_follow_the_keyed_hash() -> None:
    table = club()
    arms = [
        {"id": "a", "share": "0.5", "coupon": "ten"},
        {"id": "b", "share": "0.3", "coupon": "five", "message": {"zh": "来", "en": "come"}},
    ]
    told = take_campaign(table, order(holdout="0.2", arms=arms), NOW_US)
    names = sorted(table.member_ids)
    numbers = lot("club", "push", names)
    held, first = (below(numbers, Fraction(share)) for share in ("0.2", "0.7"))
    expected = {
        name: None if out else "ten" if a else "five"
        for name, out, a in zip(names, held.tolist(), first.tolist(), strict=True)
    }
    given = {member: coupon for member, coupon, _ in coupons_of(table)}
    assert {name: given.get(name) for name in names} == expected
    counts = Counter(expected.values())
    assert min(counts.values()) > 0
    assert [arm["issued"] for arm in told["arms"]] == [counts["ten"], counts["five"]]
    assert told["held_out"] == counts[None]
    assert told["cost_fen"] == counts["ten"] * 10_00 + counts["five"] * 5_00

    kept = table.triggers.firings
    places = kept.of("push")
    assert len(places) == len(names)
    recorded = {
        table.member_ids[int(kept.columns.row[place])]: (
            bool(kept.columns.held_out[place]),
            int(kept.columns.arm[place]),
        )
        for place in places.tolist()
    }
    told_arm = {None: (True, 0), "ten": (False, 1), "five": (False, 2)}
    assert recorded == {name: told_arm[coupon] for name, coupon in expected.items()}


def test_a_preview_tells_what_the_run_then_does_and_changes_nothing() -> None:
    budgets = """
[[budgets]]
id = "count"
covers = ["ten", "five"]
count = 20
[[budgets]]
id = "money"
covers = ["ten"]
cost = "55.00"
"""
    table = club(budgets)
    fields = order(
        holdout="0.1",
        arms=[
            {"id": "a", "share": "0.4", "coupon": "ten"},
            {"id": "b", "share": "0.5", "coupon": "five"},
        ],
    )["campaign"]
    before = {name: array.tobytes() for name, array in table.state().items()}
    told = preview_fields(table, fields)
    assert {name: array.tobytes() for name, array in table.state().items()} == before
    rows = run(table, decode_campaign(fields), NOW_US)

    given = Counter(coupon for _, coupon, _ in coupons_of(table))
    # The money ends with the fifth ten, the count with the twentieth coupon of both.
    assert given == {"ten": 5, "five": 15}
    assert {arm["coupon"]: arm["issued"] for arm in told["arms"]} == given
    assert told["issued"] == len(rows) == 20
    assert told["skipped"] == told["members"] - told["held_out"] - 20
    assert table.triggers.skipped == {"push": told["skipped"]}
    assert told["budgets"] == [
        {"id": "count", "measure": "count", "takes": 20, "left": 20},
        {"id": "money", "measure": "cost", "takes": 5000, "left": 5500},
    ]
    assert told["cost_fen"] == 5 * 10_00 + 15 * 5_00


def test_who_gets_the_last_ones_goes_by_the_bytes_of_ids() -> None:
    table = club('[[budgets]]\nid = "few"\ncovers = ["ten"]\ncount = 3')
    told = take_campaign(table, order(coupon="ten"), NOW_US)
    assert reached(table) == ["m00", "m01", "m02"]
    assert (told["issued"], told["skipped"]) == (3, 37)


def test_a_campaign_of_one_id_runs_once() -> None:
    table = club()
    first = take_campaign(table, order(coupon="ten"), NOW_US)
    assert "refused" not in first
    table = restored(table)
    again = take_campaign(table, order(coupon="ten"), NOW_US)
    assert "ran before" in again["refused"]
    assert len(coupons_of(table)) == 40
    assert table.campaigns.ran["push"]["at_us"] == NOW_US


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({}, "needs a coupon"),
        ({"coupon": "ten", "arms": [{"id": "a", "share": "1", "coupon": "ten"}]}, "one of the two"),
        ({"arms": [{"id": "a", "share": "0.5", "coupon": "ten"}]}, "add up to 1"),
        ({"coupon": "ten", "holdout": "1"}, "everyone out"),
        ({"coupon": "ten", "holdout": 0.1}, "binary float"),
        ({"coupon": "none"}, "coupon none"),
        ({"coupon": "ten", "segment": "west"}, "segment west"),
        ({"coupon": "ten", "where": {"tier": "diamond"}}, "tier diamond"),
        ({"coupon": "ten", "where": {"kind": "pilot"}}, "kind pilot"),
        ({"coupon": "ten", "members": ["a", "a"]}, "twice"),
        ({"coupon": "ten", "surprise": 1}, "surprise"),
        ({"coupon": "ten", "id": "enrol-ten"}, "is a trigger"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused_and_changes_nothing(
    fields: dict[str, Any], word: str
) -> None:
    table = club(trigger("enrol", "ten", where='{ kind = ["staff"] }'))
    before = table.state()
    refused = take_campaign(table, order(**fields), NOW_US)["refused"]
    assert word in refused
    with pytest.raises(OrderRefused) as raised:
        preview_fields(table, order(**fields)["campaign"])
    assert str(raised.value) == refused
    after = table.state()
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_only_members_with_an_applied_event_are_reached() -> None:
    table = club(count=2)
    ghost = {**buy("ghost", "2026-06-03T08:00:00"), "type": "redeem", "item": "x", "event_id": "g"}
    assert play(table, [ghost]) == [("rejected", "unknown_item")]
    told = take_campaign(table, order(coupon="ten", members=["ghost", "m00"]), NOW_US)
    assert reached(table) == ["m00"]
    assert told["unknown"] == 1
