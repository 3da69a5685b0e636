"""Single cells are what Arrow says they are: plain or by words, sliced, with nulls or none."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.decoding.text_cells import TextCells

TEXTS = st.lists(st.none() | st.text(max_size=5) | st.sampled_from(["92", "油", ""]), max_size=12)


@given(TEXTS, st.booleans(), st.integers(0, 3))
def test_cells_are_arrows_own(texts: list[str | None], by_words: bool, skipped: int) -> None:
    column = pa.array(texts, pa.string())
    if by_words:
        column = column.dictionary_encode()
    column = column.slice(skipped)
    cells = TextCells(column)
    assert [cells[place] for place in range(len(column))] == [
        one or "" for one in column.to_pylist()
    ]


@pytest.mark.parametrize("kind", [pa.string(), pa.dictionary(pa.int32(), pa.string())])
def test_a_column_of_nothing_is_empty(kind: pa.DataType) -> None:
    cells = TextCells(pa.nulls(3, kind))
    assert [cells[place] for place in range(3)] == ["", "", ""]


def test_a_column_from_the_wire_is_read_where_it_lies() -> None:
    batch = pa.record_batch({"member": pa.array(["a", None, "bc"])})
    read = pa.ipc.read_record_batch(batch.serialize(), batch.schema)
    cells = TextCells(read.column("member"))
    assert [cells[0], cells[1], cells[2]] == ["a", "", "bc"]
