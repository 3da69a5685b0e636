"""The row lookup against a dictionary, with growth, collisions and refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.table import row_lookup
from rules.table.row_lookup import SLOTS_MIN, RowLookup

BATCHES = st.lists(st.lists(st.text(max_size=2), max_size=40), max_size=6)


@settings(deadline=None)
@given(batches=BATCHES, asked=st.lists(st.text(max_size=2)), buckets=st.sampled_from([1, 3, 0]))
def test_it_answers_like_a_dictionary(
    batches: list[list[str]], asked: list[str], buckets: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        if buckets:  # many ids share a hash: only comparing ids tells them apart
            patch.setattr(row_lookup, "hash", lambda text: len(text) % buckets, raising=False)
        lookup, plain = RowLookup(), dict[str, int]()
        for batch in batches:
            fresh = [one for one in dict.fromkeys(batch) if one not in plain]
            rows = [3 * (len(plain) + place) for place in range(len(fresh))]
            lookup.add(rows, fresh)
            plain.update(zip(fresh, rows, strict=True))
        everyone = [*plain, *asked]
        assert lookup.find(everyone).tolist() == [plain.get(one, -1) for one in everyone]
        assert len(lookup) == len(plain)


def test_it_grows_far_beyond_its_first_size() -> None:
    members = [f"油{number}" for number in range(20 * SLOTS_MIN)]
    lookup = RowLookup()
    for start in range(0, len(members), 700):
        part = members[start : start + 700]
        lookup.add(np.arange(start, start + len(part)), part)
    assert (lookup.find(members) == np.arange(len(members))).all()
    assert lookup.find(["nobody", "油-1"]).tolist() == [-1, -1]


def test_an_empty_lookup_knows_nobody() -> None:
    lookup = RowLookup()
    lookup.add([], [])
    assert lookup.find([]).tolist() == []
    assert lookup.find(["m"]).tolist() == [-1]


@pytest.mark.parametrize("members", [["a", "new"], ["x", "x"]])
def test_a_second_row_for_a_member_is_refused_and_changes_nothing(members: list[str]) -> None:
    lookup = RowLookup()
    lookup.add([0], ["a"])
    with pytest.raises(ValueError, match=f"{members[-1 if members[0] == 'x' else 0]!r}: has a row"):
        lookup.add([1, 2], members)
    assert lookup.find(["a", "new", "x"]).tolist() == [0, -1, -1]
