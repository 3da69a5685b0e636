"""Holdouts: the share, exactly; the same for ever; nothing for who is held out."""

from fractions import Fraction

import numpy as np

from rules.coupons.holdout import below, held_out, lot
from tests.unit.played_log import coupons_of, play, table_of
from tests.unit.test_triggers import buy, season, trigger

PINNED = ["0x64b323717ce758f8", "0x3981f2a94a2343c5"]
MEMBERS = [f"member-{number}" for number in range(100_000)]


def test_a_share_of_members_is_held_out() -> None:
    for share in (Fraction(1, 10), Fraction(1, 2)):
        held = held_out("club", "recall", MEMBERS, share)
        # Five standard deviations.
        spread = 5 * float(share * (1 - share) * len(MEMBERS)) ** 0.5
        assert abs(held.sum() - float(share) * len(MEMBERS)) < spread
    assert not held_out("club", "recall", MEMBERS, Fraction(0)).any()
    assert held_out("club", "recall", MEMBERS, Fraction(1)).all()


def test_a_larger_share_keeps_who_is_held_out() -> None:
    small = held_out("club", "recall", MEMBERS, Fraction(1, 10))
    large = held_out("club", "recall", MEMBERS, Fraction(1, 5))
    assert (large | ~small).all()


def test_triggers_hold_out_independently() -> None:
    one = held_out("club", "recall", MEMBERS, Fraction(1, 2))
    for programme, purpose in (("club", "recall-2"), ("club2", "recall")):
        other = held_out(programme, purpose, MEMBERS, Fraction(1, 2))
        assert abs((one == other).mean() - 0.5) < 0.01


def test_numbers_stay_the_same_for_ever() -> None:
    # Published results and who was held out depend on them.
    assert [hex(int(number)) for number in lot("club", "recall", ["m1", "会员"])] == PINNED


def test_the_bound_is_exact() -> None:
    third = 2**64 // 3  # 2^64 / 3 lies between this and the next number
    numbers = np.array([third, third + 1], dtype=np.uint64)
    assert below(numbers, Fraction(1, 3)).tolist() == [True, False]
    half = np.array([2**63 - 1, 2**63], dtype=np.uint64)
    assert below(half, Fraction(1, 2)).tolist() == [True, False]


def test_who_is_held_out_is_recorded_and_gets_nothing() -> None:
    table = table_of(
        season(trigger("dormant", after='"5d"', holdout='"0.25"', cooldown='"10d"', id='"back"'))
    )
    names = [f"m{place}" for place in range(40)]
    play(
        table,
        [buy(name, "2026-06-02T08:00:00") for name in names],
        until="2026-06-20T00:00:00+08:00",
    )
    held = held_out("club", "back", names, Fraction(1, 4))
    assert 0 < held.sum() < len(names)
    given = [name for name, away in zip(names, held.tolist(), strict=True) if not away]
    # On the 8th and, after the cooldown, on the 18th: for the held out too.
    assert [member for member, _, _ in coupons_of(table)] == sorted(given) * 2
    kept = table.triggers.firings
    assert len(kept) == 2 * len(names)
    assert kept.columns.held_out[: len(kept)].sum() == 2 * held.sum()


def test_both_sides_end_with_the_budget() -> None:
    budget = '[[budgets]]\nid = "few"\ncovers = ["ten"]\ncount = 5'
    table = table_of(season(trigger("dormant", after='"5d"', holdout='"0.5"', id='"back"'), budget))
    names = sorted(f"m{place}" for place in range(40))
    play(
        table,
        [buy(name, "2026-06-02T08:00:00") for name in names],
        until="2026-06-09T00:00:00+08:00",
    )
    held = held_out("club", "back", names, Fraction(1, 2)).tolist()
    reached = next(k for k in range(40) if (k + 1 - sum(held[: k + 1])) == 5) + 1
    kept = table.triggers.firings
    rows = kept.columns.row[: len(kept)].tolist()
    assert [table.member_ids[row] for row in rows] == names[:reached]
    assert len(coupons_of(table)) == 5
