"""Random tills: however a log is cut and wherever the table restarts, every answer is the same."""

import random
from itertools import pairwise

import msgspec
import pytest

from rules.coupons.coupon_codes import code_lanes, write_code
from rules.decoding.decode_json import decode_json
from rules.decoding.event_columns import running_stamps, stamp
from rules.judging import contention
from rules.judging.coding import encode
from rules.table.member_table import MemberTable
from tests.unit.played_log import Event, restored
from tests.unit.till_log import Answer, answers, event, line, shop, stand

MEMBERS = ("a", "b", "c", "d")
TEMPLATES = ("fuel-10", "shop-80", "any-5", "wash")
SHARED = """
[[triggers]]
on = "enrol"
issue = "any-5"
[[budgets]]
id = "cost"
covers = ["any-5", "shop-80", "wash"]
cost = "60.00"
at = "redeem"
[[budgets]]
id = "pieces"
covers = ["fuel-10", "any-5"]
count = 12
"""
LINES = (
    [line("92", "120.00", "16.5")],
    [line("92", "99.99", "14"), line("tea", "0.03")],
    [line("tea", "3.00")],
    [line("tea", "7.77"), line("coffee", "3.33"), line("wash", "30.00")],
)


def drawn(seed: int) -> list[Event]:
    """Draw a log: coupons are named by template, or by the code of any event that may issue one."""
    source = random.Random(seed)
    sent: list[Event] = []
    codes: list[str] = []
    for place in range(70):
        member, minute = source.choice(MEMBERS), place * 4 + source.randrange(4)
        at = f"06-{10 + minute // 60:02d}T10:{minute % 60:02d}"
        named = (
            source.choice(codes) if codes and source.random() < 0.5 else source.choice(TEMPLATES)
        )
        order = f"o{source.randrange(6)}"
        match source.choice(("claim", "claim", "reserve", "use", "use", "release", "other")):
            case "claim":
                fields = {"coupon": source.choice([named, source.choice(TEMPLATES)])}
                if fields["coupon"] in TEMPLATES:
                    codes.append(code(member, str(fields["coupon"]), place))
                one = event("claim", member, at, **fields)
            case "reserve":
                lines = source.choice(LINES)
                one = event("reserve", member, at, coupon=named, order=order, lines=lines)
            case "use":
                points = source.choice([None, None, 100, 200])
                lines = source.choice(LINES)
                fields = {"coupon": named} if points is None or source.random() < 0.6 else {}
                one = event("use", member, at, order=order, lines=lines, points=points, **fields)
            case "release":
                one = event("release", member, at, coupon=named)
            case _:
                one = other(source, member, at, order, place)
                if one["type"] == "enrol":
                    codes.append(code(member, "any-5", place))
        sent.append({**one, "event_id": f"e{place}"})
    return sent


def code(member: str, template: str, place: int) -> str:
    lane, _ = code_lanes("club", [member], template, [f"e{place}"])
    return write_code(int(lane[0]))


def other(source: random.Random, member: str, at: str, order: str, place: int) -> Event:
    kind = source.choice(("enrol", "adjust", "purchase", "refund", "redeem", "merge"))
    match kind:
        case "adjust":
            return event(kind, member, at, points=300)
        case "purchase":
            return event(kind, member, at, product="tea", amount="30.00", order=order)
        case "refund":
            return event(kind, member, at, ref=f"e{source.randrange(place + 1)}")
        case "redeem":
            return event(kind, member, at, item="five-for-100")
        case "merge" if place > 50:
            return event(kind, member, at, ref=source.choice([m for m in MEMBERS if m != member]))
    return event("enrol", member, at)


def told_in_pieces(table: MemberTable, sent: list[Event], cuts: list[int]) -> list[Answer]:
    told: list[Answer] = []
    for first, last in pairwise([0, *cuts, len(sent)]):
        told += answers(table, sent[first:last])
    return told


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("transferable", ["false", "true"])
def test_any_cut_gives_the_same_answers_and_coupons(
    seed: int, transferable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = f"[coupon_rules]\ntransferable = {transferable}\nper_order = 2\non_refund = 'reinstate'"
    sent = drawn(seed)
    whole = shop(SHARED, rules)
    expected = answers(whole, sent)
    # From here on what is contended is halved too, down to four events.
    monkeypatch.setattr(contention, "SPAN_MIN", 4)
    source = random.Random(seed + 1000)
    for pieces in (0, 5, len(sent) - 1):
        cuts = sorted(source.sample(range(1, len(sent)), pieces))
        table = shop(SHARED, rules)
        assert told_in_pieces(table, sent, cuts) == expected
        again = restored(table)
        assert stand(again) == stand(whole)
        assert again.pools.used.tolist() == whole.pools.used.tolist()
    assert (whole.pools.used <= whole.pools.rules.limits).all()
    assert (whole.pools.used >= 0).all()


def uses(seed: int) -> list[Event]:
    """Draw a log in which nothing but uses draws from what is shared, between other events."""
    source = random.Random(seed)
    members = "abcdefgh"
    sent = [
        event("claim", member, f"06-10T09:{place:02d}", coupon=template)
        for place, (member, template) in enumerate(
            (member, template) for member in members for template in ("any-5", "shop-80", "wash")
        )
    ]
    for place in range(50):
        member, at = source.choice(members), f"06-10T{10 + place // 60:02d}:{place % 60:02d}"
        named = source.choice(("any-5", "shop-80", "wash"))
        if source.random() < 0.6:
            lines = source.choice(LINES)
            sent.append(event("use", member, at, coupon=named, order=f"o{place}", lines=lines))
        else:
            sent.append(event("adjust", member, at, points=1))
    return [{**one, "event_id": f"e{place}"} for place, one in enumerate(sent)]


@pytest.mark.parametrize("seed", range(8))
def test_uses_that_alone_draw_go_in_the_order_they_came(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget = SHARED[: SHARED.index("[[budgets]]", SHARED.index("[[budgets]]") + 1)]
    rules = "[coupon_rules]\nper_order = 2\non_refund = 'keep_used'"
    sent = uses(seed)
    one_by_one = shop(budget, rules)
    expected = told_in_pieces(one_by_one, sent, list(range(1, len(sent))))
    assert "budget_exhausted" in {one.reason for one in expected}
    for span in (contention.SPAN_MIN, 16):
        monkeypatch.setattr(contention, "SPAN_MIN", span)
        table = shop(budget, rules)
        assert answers(table, sent) == expected
        assert stand(table) == stand(one_by_one)
        assert table.pools.used.tolist() == one_by_one.pools.used.tolist()


def test_a_batch_stays_whole_while_its_uses_take_turns() -> None:
    budget = SHARED[: SHARED.index("[[budgets]]", SHARED.index("[[budgets]]") + 1)]
    table, sent = shop(budget), uses(1)
    decoded = decode_json(msgspec.json.encode(sent), table.rules.names)
    stamps_us = running_stamps(decoded.columns.column("at_us").to_numpy(), 0)
    events = encode(table, stamp(decoded.columns, stamps_us))
    piece, *others = contention.cuts(table, events, 0, len(events))
    assert (piece.start, piece.stop, others) == (0, len(events), [])
    assert piece.turns is not None
    assert ((piece.turns >= 0) == (events.type == contention.USE)).all()


def test_the_drawn_logs_reach_every_answer() -> None:
    reasons = set()
    for seed in range(6):
        table = shop(SHARED, "[coupon_rules]\nper_order = 2")
        reasons |= {one.reason for one in answers(table, drawn(seed))}
    assert reasons >= {
        "",
        "coupon_not_valid",
        "coupon_spent",
        "not_yours",
        "budget_exhausted",
        "insufficient_points",
        "over_share",
    }
