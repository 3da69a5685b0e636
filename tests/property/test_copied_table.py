"""A copy of a table for a snapshot stays as the table was, while that goes on."""

import json

import numpy as np
import pyarrow as pa
import pytest

from rules.compiling.compiled import compile_rules
from rules.decoding.decode_json import decode_json
from rules.decoding.event_columns import running_stamps, stamp
from rules.judging.kernel import advance, apply
from rules.season.season_file import load_season
from rules.table import columns, identity_map
from rules.table.member_table import MemberTable
from rules.table.storage import MEMORY
from tests.oracle.strategies import drawn_by_seed
from tests.unnamed_files import files_from

LEDGER = ("identities.", "sales.", "map.", "rows.")


@pytest.mark.parametrize("in_files", [True, False])
@pytest.mark.parametrize("seed", range(200, 202))
def test_a_copy_stays_as_the_table_was(
    seed: int, in_files: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columns, "FIRST_CAPACITY", 4)
    monkeypatch.setattr(identity_map, "_SLOTS_MIN", 4)
    drawn = drawn_by_seed(seed, count=300)
    print(drawn)
    rules = compile_rules(load_season(drawn.season_text))
    decoded = decode_json(json.dumps(drawn.events).encode(), rules.names)
    at_us = decoded.columns.column("at_us").to_numpy()
    stamped = stamp(decoded.columns, running_stamps(at_us, int(at_us[0])))
    storage = files_from(8) if in_files else MEMORY
    table = MemberTable(rules, storage)
    copies = []

    for rows in np.array_split(np.arange(len(at_us)), 5):
        apply(table, stamped.take(pa.array(rows)))
        copied = table.copied()
        copies.append((copied, {name: array.copy() for name, array in copied().items()}))
    advance(table, rules.final_us)

    assert len(table.state()["sales.left_fen"]), "nothing was sold"
    assert (storage.file_bytes > 0) == in_files
    for copied, then in copies:
        now = copied()
        again = MemberTable.from_state(rules, now, storage=storage).state()
        assert now.keys() == then.keys() == again.keys()
        for name, array in then.items():
            assert now[name].dtype == array.dtype, name
            assert np.array_equal(now[name], array), name
            if name.startswith(LEDGER):
                assert np.array_equal(again[name], array), name
