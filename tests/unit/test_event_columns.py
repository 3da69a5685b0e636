import numpy as np
import pyarrow as pa
import pytest

from rules.decoding.events import (
    COLUMNS,
    STAMPED,
    batch_of,
    concat,
    from_ipc,
    running_stamps,
    stamp,
    text_of,
    to_ipc,
)


def batch(*products: str | None) -> pa.RecordBatch:
    rows = len(products)
    return batch_of(
        {
            "event_id": pa.array([f"e{row}" for row in range(rows)], pa.string()),
            "product": pa.array(products, pa.string()),
            "at_us": pa.array(range(rows), pa.int64()),
        }
    )


def test_batches_go_to_bytes_and_back_without_a_copy() -> None:
    stamped = stamp(batch("92", None, "95"), np.array([7, 8, 9]))
    assert stamped.schema == STAMPED
    payload = to_ipc(stamped)
    again = from_ipc(payload)
    assert again.equals(stamped)
    begin = pa.py_buffer(payload).address
    assert begin <= again.column("at_us").buffers()[1].address < begin + len(payload)
    assert from_ipc(to_ipc(batch())).num_rows == 0


def test_concat_unifies_dictionaries() -> None:
    joined = concat([batch("92", "95"), batch(), batch("98", "92", None)])
    assert joined.schema == COLUMNS
    assert text_of(joined, "product").to_pylist() == ["92", "95", "98", "92", None]
    assert sorted(joined.column("product").dictionary.to_pylist()) == ["92", "95", "98"]
    assert concat([]).schema == COLUMNS
    assert concat([], STAMPED).schema == STAMPED
    one = batch("92")
    assert concat([one]) is one


def test_stamps_never_go_back() -> None:
    assert running_stamps(np.array([5, 9, 7, 11]), 6).tolist() == [6, 9, 9, 11]
    assert running_stamps(np.array([], dtype=np.int64), 6).tolist() == []


def test_a_stamp_for_each_event() -> None:
    with pytest.raises(ValueError, match="2 stamps for 1 events"):
        stamp(batch("92"), np.array([1, 2]))
