"""Notices: one of each kind, what it says, and that any cut of a log gives the same."""

import random
from typing import Any

import pytest

from rules.judging.kernel import advance
from rules.judging.orders import apply_order
from rules.notices.notice_book import KINDS, WINNERS, Notice, NoticeBook
from rules.table.member_table import MemberTable
from tests.unit.played_log import Event, instant_us, numbered, play, restored, table_of

SEASON = """
format = 1
[programme]
id = "club"
timezone = "Asia/Shanghai"
accept_late = "30d"
[points]
expire_after = "30d"
remind_before = ["7d", "1d"]
[[earning]]
id = "spend"
on = "purchase"
points = 1
per = { amount = "1.00" }
[tiers]
[[tiers.levels]]
id = "silver"
[[tiers.levels]]
id = "gold"
name = { zh = "金卡", en = "Gold" }
entry = { any = { amount = "1000.00" } }
[[tiers.levels]]
id = "black"
[tiers.trial]
level = "gold"
[referral]
advocate_points = 50
first_order_min = "100.00"
hold = "1d"
limit = { times = 1, per = "month" }
[season]
id = "s"
starts = 2026-06-01T00:00:00
ends = 2026-12-01T00:00:00
[[boards]]
id = "overall"
[rewards.phone]
kind = "goods"
unit_cost = "1.00"
name = { zh = "手机", en = "Phone" }
[rewards.voucher]
kind = "coupon"
coupon = "ten"
[[prizes]]
board = "overall"
ranks = "1"
reward = "phone"
[[coupons]]
id = "ten"
kind = "amount_off"
off = "10.00"
valid = "20d"
name = { zh = "十元券", en = "Ten off" }
[coupon_rules]
remind_before = ["7d"]
[[triggers]]
on = "enrol"
issue = "ten"
[[triggers]]
on = "tier_up"
issue = "ten"
[[triggers]]
on = "holiday"
dates = ["2026-07-01"]
issue = "ten"
[[catalogue]]
id = "black-card"
points = 200
tier_up = "black"
[[catalogue]]
id = "earphones"
points = 100
goods = { unit_cost = "50.00" }
[notices]
"""


def event(kind: str, member: str, at: str, **fields: Any) -> Event:
    return {"type": kind, "member": member, "at": f"2026-{at}+08:00", **fields}


def buy(member: str, at: str, amount: str = "100.00", **fields: Any) -> Event:
    return event("purchase", member, at, amount=amount, **fields)


def told_table(season: str = SEASON) -> MemberTable:
    table = table_of(season)
    table.notices = NoticeBook()
    return table


def take(table: MemberTable) -> list[Notice]:
    assert table.notices is not None
    return list(table.notices.take())


def told(
    events: list[Event], until: str | None = None, season: str = SEASON, member: str | None = None
) -> list[Notice]:
    table = told_table(season)
    play(table, events, until=None if until is None else f"2026-{until}+08:00")
    return [one for one in take(table) if member in (None, one.member)]


def kinds(notices: list[Notice]) -> list[str]:
    return [one.kind for one in notices]


def test_a_triggers_coupon_is_told_with_its_name_code_and_end() -> None:
    [one] = told([event("enrol", "a", "06-02T09:00:00", attributes={"lang": "en"})])
    assert (one.member, one.lang, one.kind) == ("a", "en", "coupon_issued")
    assert one.at_us == instant_us("2026-06-02T09:00:00+08:00")
    assert len(one.data.pop("coupon")) == 13
    expires_us = instant_us("2026-06-22T09:00:00+08:00")
    assert one.until_us == expires_us
    assert one.data == {
        "coupon_id": "ten",
        "coupon_name": {"zh": "十元券", "en": "Ten off"},
        "source": "trigger",
        "trigger": "enrol-ten",
        "expires_us": expires_us,
    }


def test_a_coupon_is_reminded_of_once_at_the_midnight_so_long_before() -> None:
    sent = [event("enrol", "a", "06-02T09:00:00")]
    found = [one for one in told(sent, "06-25T00:00:00") if one.kind == "coupon_expiring"]
    [one] = found
    assert one.at_us == instant_us("2026-06-16T00:00:00+08:00")
    assert (one.data["before"], one.data["coupon_id"]) == ("7d", "ten")


def test_a_used_coupon_is_not_reminded_of() -> None:
    lines = [{"product": "x", "amount": "50.00"}]
    sent = [
        event("enrol", "a", "06-02T09:00:00"),
        event("use", "a", "06-03T09:00:00", coupon="ten", order="o", lines=lines),
    ]
    assert "coupon_expiring" not in kinds(told(sent, "06-25T00:00:00"))


def test_points_are_reminded_of_as_they_will_expire_after_what_was_drawn() -> None:
    sent = [
        buy("a", "06-02T09:00:00", "150.00"),
        buy("a", "06-03T09:00:00", "70.00"),
        event("redeem", "a", "06-20T09:00:00", item="earphones"),
    ]
    found = [one for one in told(sent, "07-10T00:00:00") if one.kind == "points_expiring"]
    # The lot of 2 June expires as 3 July begins, reminded of on 26 June and 2 July.
    says = [(one.data["points"], one.data["before"], one.at_us) for one in found]
    assert says == [
        (50, "7d", instant_us("2026-06-26T00:00:00+08:00")),
        (70, "7d", instant_us("2026-06-27T00:00:00+08:00")),
        (50, "1d", instant_us("2026-07-02T00:00:00+08:00")),
        (70, "1d", instant_us("2026-07-03T00:00:00+08:00")),
    ]
    assert found[0].data["expires_us"] == instant_us("2026-07-03T00:00:00+08:00")


@pytest.mark.parametrize("seed", range(6))
def test_what_is_reminded_of_the_day_before_is_what_expires(seed: int) -> None:
    sent = drawn(random.Random(seed))
    table = told_table(SEASON.replace('["7d", "1d"]', '["1d"]'))
    play(table, sent)
    compared = 0
    take(table)
    # Nothing but time passes from here on, so every reminder has to come true.
    at_us, end_us = table.clock_us, instant_us("2026-09-01T00:00:00+08:00")
    expected: dict[str, int] = {}
    for midnight_us in table.rules.calendar.midnights(at_us, end_us):
        before = table.members.expired[: len(table)].copy()
        earned = table.members.earned_task[: len(table)].copy()
        advance(table, midnight_us)
        gone = (table.members.expired[: len(table)] - before).tolist()
        expired = {name: n for name, n in zip(table.member_ids, gone, strict=True) if n}
        if compared and (table.members.earned_task[: len(table)] == earned).all():
            assert expired == expected
        compared += 1
        told_now = [one for one in take(table) if one.kind == "points_expiring"]
        expected = {one.member: one.data["points"] for one in told_now}
    assert compared > 30
    assert table.members.expired[:].sum() > 0


def test_a_rise_a_bought_level_and_a_fall_are_told() -> None:
    sent = [
        buy("a", "06-02T09:00:00", "1500.00"),
        event("redeem", "a", "06-03T09:00:00", item="black-card"),
    ]
    found = told(sent, "11-02T00:00:00")
    levels = [
        (one.kind, one.data["from"], one.data["tier"])
        for one in found
        if one.kind in ("tier_up", "tier_down")
    ]
    assert levels[:2] == [("tier_up", "silver", "gold"), ("tier_up", "gold", "black")]
    assert levels[2][0] == "tier_down"
    assert found[0].data["tier_name"] == {"zh": "金卡", "en": "Gold"}


def test_the_coupon_of_a_rise_comes_after_it() -> None:
    assert kinds(told([buy("a", "06-02T09:00:00", "1500.00")])) == ["tier_up", "coupon_issued"]


def test_the_end_of_a_trial_says_where_it_leads() -> None:
    found = told([event("enrol", "a", "06-02T09:00:00")], "07-02T00:00:00")
    [one] = [each for each in found if each.kind == "trial_ended"]
    assert (one.data["trial"], one.data["tier"]) == ("gold", "silver")
    assert "tier_down" not in kinds(found)


def test_referrals_are_told_when_paid_refused_and_taken_back() -> None:
    sent = [
        event("referral", "ann", "06-02T09:00:00", ref="bob"),
        event("referral", "ann", "06-02T09:30:00", ref="cat"),
        event("referral", "eve", "06-02T09:45:00", ref="bob"),
        buy("bob", "06-02T10:00:00", event_id="order"),
        buy("cat", "06-02T11:00:00"),
        event("refund", "bob", "06-05T11:00:00", ref="order"),
    ]
    found = told(sent, "06-10T00:00:00")
    says = [
        (one.member, one.kind, one.data.get("points"), one.data.get("why"))
        for one in found
        if one.kind.startswith("referral")
    ]
    assert says == [
        ("eve", "referral_refused", None, "already_referred"),
        ("ann", "referral_paid", 50, None),
        ("ann", "referral_refused", None, "limit_reached"),
        ("ann", "referral_taken_back", 50, None),
    ]


def test_a_redemption_is_told_and_a_refused_one_is_not() -> None:
    sent = [
        buy("a", "06-02T09:00:00"),
        event("redeem", "a", "06-02T10:00:00", item="earphones"),
        event("redeem", "a", "06-02T11:00:00", item="earphones"),
    ]
    [one] = told(sent)
    assert (one.kind, one.data) == ("redeemed", {"item": "earphones", "points": 100})


def awards(deadline: str, *winners: tuple[str, int]) -> dict[str, Any]:
    return {
        "id": f"awards {deadline} {winners}",
        "kind": "awards",
        "deadline_us": instant_us(f"2026-{deadline}+08:00"),
        "awards": [
            {"board": "overall", "place": place, "rank": place, "member": who, "reward": "phone"}
            for who, place in winners
        ],
    }


def test_winners_are_told_once_and_reminded_until_they_claim() -> None:
    table = told_table()
    play(table, [buy("a", "06-02T09:00:00"), buy("b", "06-02T09:00:00")])
    take(table)
    at_us = instant_us("2026-06-03T09:00:00+08:00")
    apply_order(table, awards("06-20T12:00:00", ("a", 1)), at_us)
    [won] = take(table)
    assert (won.member, won.kind, won.at_us) == ("a", "prize_won", at_us)
    assert won.data["reward_name"] == {"zh": "手机", "en": "Phone"}
    apply_order(table, awards("06-20T12:00:00", ("a", 1), ("b", 2)), at_us)
    assert [(one.member, one.kind) for one in take(table)] == [("b", "prize_won")]
    claim = event("prize_claim", "a", "06-13T09:00:00", item="overall:1", event_id="c1")
    play(table, [claim], until="2026-06-20T00:00:00+08:00")
    reminded = [(one.member, one.data["before"]) for one in take(table)]
    assert reminded == [("b", "7d"), ("b", "1d")]


@pytest.mark.parametrize("state", ["sent", "ready"])
def test_the_way_of_a_prize_is_told(state: str) -> None:
    table = told_table()
    play(table, [buy("a", "06-02T09:00:00")])
    apply_order(table, awards("06-20T12:00:00", ("a", 1)), instant_us("2026-06-03T09:00:00+08:00"))
    take(table)
    steps = [
        event("prize_claim", "a", f"06-1{nth}T09:00:00", item="overall:1", **fields)
        for nth, fields in enumerate(({}, {"attributes": {"state": state}}))
    ]
    play(table, numbered([{**one, "event_id": f"s{n}"} for n, one in enumerate(steps)]))
    assert [one.kind for one in take(table) if one.kind.startswith("prize")] == [f"prize_{state}"]


def test_a_campaign_tells_its_message() -> None:
    table = told_table()
    play(table, [buy("a", "06-02T09:00:00")])
    take(table)
    campaign = {"id": "june", "coupon": "ten", "message": {"zh": "回来吧", "en": "Come back"}}
    order = {"id": "o", "kind": "campaign", "campaign": campaign}
    apply_order(table, order, instant_us("2026-06-03T09:00:00+08:00"))
    [one] = take(table)
    assert (one.kind, one.data["source"], one.data["campaign"]) == (
        "coupon_issued",
        "campaign",
        "june",
    )
    assert one.data["message"] == {"zh": "回来吧", "en": "Come back"}


def drawn(source: random.Random) -> list[Event]:
    """Draw a log in time order with everything that is told of."""
    sent: list[Event] = []
    members = ("a", "b", "c", "d")
    for place in range(60):
        day, minute = place // 2, place % 2 * 600 + source.randrange(60)
        at = f"{6 + day // 30:02d}-{1 + day % 30:02d}T{minute // 60:02d}:{minute % 60:02d}:00"
        member = source.choice(members)
        match source.choice(("buy", "buy", "buy", "enrol", "redeem", "refund", "referral", "adj")):
            case "buy":
                one = buy(member, at, source.choice(("90.00", "150.00", "700.00")))
            case "enrol":
                one = event("enrol", member, at, attributes={"lang": source.choice(("zh", "en"))})
            case "redeem":
                one = event("redeem", member, at, item=source.choice(("earphones", "black-card")))
            case "refund":
                one = event("refund", member, at, ref=f"e{source.randrange(place + 1)}")
            case "referral":
                others = [one for one in members if one != member]
                one = event("referral", member, at, ref=source.choice(others))
            case _:
                one = event("adjust", member, at, points=source.choice((-40, 40)))
        sent.append({**one, "event_id": f"e{place}"})
    return sent


@pytest.mark.parametrize("seed", range(12))
def test_any_cut_and_any_restart_gives_each_member_the_same_notices(seed: int) -> None:
    source = random.Random(seed)
    sent = drawn(source)
    whole = told_table()
    play(whole, sent, until="2026-08-01T00:00:00+08:00")
    expected = by_member(take(whole))
    assert sum(map(len, expected.values())) > 20
    for pieces in (4, 30, 59):
        cuts = sorted(source.sample(range(1, len(sent)), pieces))
        table, found = told_table(), []
        for first, last in zip([0, *cuts], [*cuts, len(sent)], strict=True):
            play(table, sent[first:last])
            found += take(table)
            if source.random() < 0.3:
                table = restored(table)
                table.notices = NoticeBook()
        play(table, [], until="2026-08-01T00:00:00+08:00")
        assert by_member(found + take(table)) == expected


def by_member(notices: list[Notice]) -> dict[str, list[Notice]]:
    found: dict[str, list[Notice]] = {}
    for one in notices:
        found.setdefault(one.member, []).append(one)
    return found


def test_without_a_book_nothing_else_changes() -> None:
    sent = drawn(random.Random(5))
    plain, telling = table_of(SEASON), told_table()
    for table in (plain, telling):
        play(table, sent, until="2026-08-01T00:00:00+08:00")
    take(telling)
    mine, theirs = plain.state(), telling.state()
    assert mine.keys() == theirs.keys()
    assert all((mine[name] == theirs[name]).all() for name in mine)


def test_every_kind_is_named() -> None:
    found = set()
    for seed in range(12):
        found |= set(kinds(told(drawn(random.Random(seed)), "08-15T00:00:00")))
    assert found <= set(KINDS)
    assert set(KINDS) - found <= WINNERS | {"referral_taken_back"}
