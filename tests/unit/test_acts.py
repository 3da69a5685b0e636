import numpy as np
import pyarrow as pa

from rules.decoding.event_columns import COLUMNS
from simulator.play.acts import Details, Line, Series, Writer, acts_of, joined
from tests.unit.simulated import play_of

START_US = 1_780_272_000_000_000


def writer() -> Writer:
    play = play_of()
    return Writer(3, play.setting, play.persons)


def batch_of_two() -> pa.RecordBatch:
    details = Details()
    row = details.add(coupon="any-10", lines="[]")
    members, visit = np.array([7, 2]), np.array([4, 12_345])
    at_us = np.array([START_US + 5_000_000, START_US])
    fills = acts_of(
        "purchase", members, at_us, Series.VISIT, visit, Line.FUEL,
        litres_ml=np.array([30_000, 40_000]), amount_fen=np.array([22_800, 30_400]),
        product=np.array([0, 1]), station=np.array([0, 1]), by_card=np.array([True, False]),
    )  # fmt: skip
    use = acts_of("use", members[:1], at_us[:1], Series.VISIT, visit[:1], Line.USE,
                  more=np.array([row]))  # fmt: skip
    refund = acts_of("refund", members[1:], at_us[1:] + 9_000_000, Series.VISIT, visit[1:],
                     Line.REFUND)  # fmt: skip
    return writer().batch(joined([fills, use, refund]).in_order(START_US), details)


def test_acts_are_written_as_event_columns_in_the_order_of_time_and_line() -> None:
    batch = batch_of_two()
    assert batch.schema.equals(COLUMNS)
    rows = batch.to_pylist()
    assert [one["type"] for one in rows] == ["purchase", "use", "purchase", "refund"]
    assert [one["event_id"] for one in rows] == [
        "s3-00000002-v12345-2", "s3-00000007-v00004-1", "s3-00000007-v00004-2",
        "s3-00000002-v12345-5",
    ]  # fmt: skip
    assert [one["member"] for one in rows] == ["m00000002", "m00000007", "m00000007", "m00000002"]


def test_what_is_absent_is_null_and_a_refund_names_its_fill() -> None:
    first, use, fill, refund = batch_of_two().to_pylist()
    assert (first["pay"], fill["pay"]) == (None, "card")
    assert use["order"] == fill["order"] == "s3-00000007-v00004"
    assert (use["coupon"], use["lines"], fill["coupon"]) == ("any-10", "[]", None)
    assert refund["ref"] == first["event_id"]
    assert (refund["order"], refund["amount_fen"], refund["litres_ml"]) == (None, None, None)


def test_enrolments_tell_what_is_known_of_a_member() -> None:
    play = play_of()
    people = play.persons.members
    member = np.flatnonzero(people.company >= 0)[:1]
    acts = acts_of("enrol", member, np.array([START_US]), Series.JOIN, 0)
    [row] = writer().batch(acts, Details()).to_pylist()
    company = int(people.company[member[0]]) + 1
    assert f'"company":"C{company:06d}"' in row["attributes"]
    assert f'"kind":"{play.setting.kinds[people.kind[member[0]]]}"' in row["attributes"]
