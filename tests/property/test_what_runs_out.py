"""Hold kernel = oracle where budgets and stock run out within a batch, and where some comes back.

Few members do much within a few days: every way to draw from what is shared, and to give it back,
stands between others. The oracle judges one event at a time.
"""

from collections import Counter
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.judging import contention
from tests.golden.adapters import Result, run_kernel, run_oracle
from tests.unit.played_log import Event
from tests.unit.till_log import event, line, season

MANY = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
TEMPLATES = ("fuel-10", "shop-80", "any-5", "wash")
FULL_FUEL = line("92", "120.00", "16.5")
BASKETS = (
    [FULL_FUEL],
    [FULL_FUEL, line("tea", "3.00")],
    [line("tea", "0.07")],
    [line("tea", "7.77"), line("wash", "30.00")],
)


def drawn_season(random: Random) -> str:
    """Draw a season whose budgets are gone at once, after some draws, or a fen before one."""
    sections: list[str] = []
    for on in random.choice([(), ("enrol", "enrol", "tier_up")]):
        if random.random() < 0.8:
            issue, name = random.choice(TEMPLATES), f"{on}-{len(sections)}"
            sections.append(f'[[triggers]]\nid = "{name}"\non = "{on}"\nissue = "{issue}"')
    if random.random() < 0.3:
        sections.append(
            '[[triggers]]\nid = "feast"\non = "holiday"\nissue = "any-5"\ndates = ["2026-07-01"]'
        )
    for place in range(random.choice([1, 2, 3])):
        covered = random.sample(TEMPLATES, random.choice([1, 2, 3, 4]))
        covers = ", ".join(f'"{one}"' for one in covered)
        limit = random.choice(
            ["count = 1", "count = 4", "count = 9"]
            + [f'cost = "{fen}"' for fen in ("5.00", "9.99", "10.00", "15.00", "24.99", "41.00")]
        )
        at = random.choice(["issue", "redeem"])
        budget = f'[[budgets]]\nid = "b{place}"\ncovers = [{covers}]\n{limit}\nat = "{at}"'
        per = random.choice(["", "", '\nper = "day"', '\nper = "month"'])
        sections.append(budget + per)
    stock = random.choice([1, 1, 2])
    sections.append(
        f'[[catalogue]]\nid = "mug"\npoints = 10\ngoods = {{ unit_cost = "3.50", stock = {stock} }}'
        '\n[[catalogue]]\nid = "gold-pass"\npoints = 20\ntier_up = "gold"'
    )
    comes_back = random.choice(["keep_used", "reinstate", "reinstate"])
    sections.append(f'[coupon_rules]\nper_order = 2\non_refund = "{comes_back}"')
    return season(*sections)


def drawn_log(random: Random) -> list[Event]:
    """Draw a log around a month's turn: what each member does, mixed with what others do."""
    members = "abcdefghij"[: random.choice([4, 7, 10])]
    left = {member: drawn_acts(random, member) for member in members}
    minute, sent = 0, list[Event]()
    while any(left.values()):
        minute += random.choice([0, 1, 1, 20])
        member = random.choice([one for one in members if left[one]])
        kind, fields = left[member].pop(0)
        at = f"{'06-30' if minute < 1440 else '07-01'}T{minute % 1440 // 60:02d}:{minute % 60:02d}"
        sent.append({**event(kind, member, at), "event_id": f"e{len(sent)}", **fields})
        if len(sent) > 50 and random.random() < 0.03:
            ref = random.choice([one for one in members if one != member])
            sent.append({**event("merge", member, at, ref=ref), "event_id": f"e{len(sent)}"})
    return sent


def drawn_acts(random: Random, member: str) -> list[tuple[str, Event]]:
    """Draw what one member does, as types and fields, mostly visits that are then refunded.

    A refund may come before its purchase, and a use behind it.
    """
    acts: list[tuple[str, Event]] = []
    for order in (f"{member}-{place}" for place in range(random.choice([1, 2, 4]))):
        coupon, other = random.choices(TEMPLATES, k=2)
        amount = random.choice(["30.00", "30.00", "10000.00"])
        bought = {"event_id": order, "product": "tea", "amount": amount, "order": order}
        ways: list[tuple[float, str, Event]] = [
            (0.5, "enrol", {}),
            (0.8, "claim", {"coupon": coupon}),
            (0.5, "adjust", {"points": 130}),
            (0.5, "redeem", {"item": random.choice(["mug", "five-for-100", "gold-pass"])}),
            (0.9, "use", {"coupon": coupon, "order": order, "lines": random.choice(BASKETS)}),
            (0.3, "use", {"coupon": other, "order": order, "lines": BASKETS[0]}),
            (0.8, "purchase", bought),
            (0.6, "refund", {"ref": order}),
        ]  # fmt: skip
        visit = [(kind, fields) for chance, kind, fields in ways if random.random() < chance]
        if len(visit) > 1 and random.random() < 0.4:
            visit.insert(random.randrange(len(visit) - 1), visit.pop())
        acts += visit
    return acts


def assert_same(kernel: Result, oracle: Result) -> None:
    assert kernel.answers == oracle.answers
    assert kernel.coupons == oracle.coupons
    assert kernel.pools == oracle.pools
    assert kernel.goods_given == oracle.goods_given
    assert kernel.members == oracle.members


@MANY
@given(seed=st.integers(min_value=0, max_value=2**32 - 1))
def test_what_runs_out_goes_to_those_who_came_first(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random(seed)
    rules, sent = drawn_season(random), drawn_log(random)
    monkeypatch.setattr(contention, "SPAN_MIN", random.choice([4, 1 << 10]))
    expected = run_oracle(rules, sent)

    assert_same(run_kernel(rules, sent), expected)
    cuts = sorted(random.choices(range(len(sent)), k=3))
    assert_same(run_kernel(rules, sent, cuts=cuts, restarts=True), expected)


def test_the_drawn_logs_run_out_and_come_back() -> None:
    met: Counter[str] = Counter()
    for seed in range(30):
        random = Random(seed)
        rules, sent = drawn_season(random), drawn_log(random)
        result = run_oracle(rules, sent)
        met.update(answer.reason for answer in result.answers)
        met.update(
            "all gone" for name, used in result.pools.items() if used == result.pool_limits[name]
        )
        met.update(answer.status for answer in result.answers)
    wanted = ("budget_exhausted", "out_of_stock", "all gone", "waiting", "applied")
    assert min(met[word] for word in wanted) >= 5, met
