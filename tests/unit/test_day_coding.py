import numpy as np
import pyarrow as pa
import pytest

from rules.decoding.event_columns import stamp
from rules.judging.coding import Events, encode
from rules.table.member_table import MemberTable
from simulator.play.acts import Acts, Details, Line, Series, Writer, acts_of, joined
from simulator.play.day_coding import DayCoder
from simulator.play.play import Play
from tests.unit.simulated import MEMBERS, population, rules_of

SAME = (
    "own_row", "row", "type", "at_us", "stamp_us", "day", "month", "in_season", "quantity_ml",
    "amount_fen", "fuel", "named", "points", "score", "earning_bits", "factor_bits", "sale",
)  # fmt: skip
START_US = 1_780_272_000_000_000 + 3_600_000_000


@pytest.fixture(scope="module")
def both() -> tuple[Events, Events]:
    """The same acts numbered directly, and by way of their text."""
    play = Play(rules_of(), population(), MEMBERS, 3)
    writer = Writer(3, play.setting, play.persons)
    acts, details = day_of(play.table)
    direct = DayCoder(play.table, play.setting, writer, 3).events(acts, details)
    batch = writer.batch(acts, details)
    return direct, encode(play.table, stamp(batch, acts.at_us))


def day_of(table: MemberTable) -> tuple[Acts, Details]:
    details = Details()
    member = np.arange(0, len(table), 3, dtype=np.int64)
    at_us = START_US + member * 200_000_000
    visit = member % 7
    used = details.add(coupon="any-10", points=200, lines="[]")
    some = slice(0, 5)
    parts = [
        acts_of("purchase", member, at_us, Series.VISIT, visit, Line.FUEL,
                station=(member % 2).astype(np.int32), product=(member % 4).astype(np.int32),
                litres_ml=member * 10 + 1, amount_fen=member * 8, by_card=member % 5 == 0),
        acts_of("purchase", member[some], at_us[some], Series.VISIT, visit[some], Line.SHOP,
                product=np.full(5, 4), amount_fen=np.full(5, 1_990)),
        acts_of("use", member[some], at_us[some], Series.VISIT, visit[some], Line.USE,
                more=np.full(5, used)),
        acts_of("refund", member[some], at_us[some] + 1_000_000, Series.VISIT, visit[some],
                Line.REFUND, litres_ml=np.full(5, 1)),
        acts_of("top_up", member[some], at_us[some], Series.VISIT, visit[some], Line.TOP_UP,
                amount_fen=np.full(5, 20_000)),
        acts_of("survey", member[some], at_us[some], Series.TASK, visit[some],
                station=np.zeros(5, np.int32), score=np.arange(5)),
        acts_of("enrol", member[some], at_us[some], Series.JOIN, 0),
    ]  # fmt: skip
    return joined(parts).in_order(START_US), details


@pytest.mark.parametrize("name", SAME)
def test_what_the_rules_look_at_is_numbered_the_same(
    both: tuple[Events, Events], name: str
) -> None:
    direct, by_text = both
    assert (getattr(direct, name) == getattr(by_text, name)).all()


def test_cells_name_the_same_day_product_and_station(both: tuple[Events, Events]) -> None:
    direct, by_text = both
    # Words are numbered as they first appear; what is equal must stay equal.
    pairs = set(zip(direct.cell.tolist(), by_text.cell.tolist(), strict=True))
    assert len(pairs) == len({one for one, _ in pairs}) == len({other for _, other in pairs})


def test_identities_differ_and_refunds_name_their_fills(both: tuple[Events, Events]) -> None:
    for events in both:
        keys = set(zip(events.key_a.tolist(), events.key_b.tolist(), strict=True))
        assert len(keys) == len(events)
        refs = events.ref_a != 0
        refs &= events.ref_a != events.ref_a[events.type == 0][0]
        named = set(zip(events.ref_a[refs].tolist(), events.ref_b[refs].tolist(), strict=True))
        assert len(named & keys) == 5


def test_orders_are_shared_by_what_belongs_to_one_visit(both: tuple[Events, Events]) -> None:
    direct, by_text = both
    pairs = set(zip(direct.order.tolist(), by_text.order.tolist(), strict=True))
    assert len(pairs) == len({one for one, _ in pairs}) == len({other for _, other in pairs})


def test_texts_are_there_when_the_kernel_asks(both: tuple[Events, Events]) -> None:
    direct, by_text = both
    places = np.arange(len(direct))
    for name in ("event_id", "member", "order", "ref", "coupon", "lines", "attributes", "pay"):
        told = pa.array(direct.texts(name, places)), pa.array(by_text.texts(name, places))
        assert told[0].equals(told[1]), name
