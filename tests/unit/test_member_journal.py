"""Journal files: one member's postings found fast, none missing or doubled after a crash."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from actors.member_journal import MemberJournal
from actors.store import journal as journal_module
from actors.store.journal import JournalDamaged, JournalFiles
from rules.accounts.journal_part import POSTINGS, postings
from rules.accounts.posting import journalled
from rules.compiling.compiled import compile_rules
from rules.judging.kernel import advance, apply
from rules.season.season_file import load_season
from rules.table.member_table import MemberTable
from tests.oracle.strategies import drawn_by_seed
from tests.unit.test_journal import replayed, stamped_log

SEEDS = range(8)


def rows_of_members(members: dict[str, int], first: int = 0) -> pa.Table:
    """Postings as they come: round by round, each member's numbered upwards in points."""
    rows = []
    for place in range(max(members.values())):
        for member in sorted(members, reverse=True):
            if place < members[member]:
                row = dict.fromkeys(POSTINGS.names)
                row |= {"member": member, "points": first + place, "score": 0, "kind": "base"}
                row |= {"at_us": place, "stamp_us": place, "rules_hash": "h"}
                rows.append(row)
    return pa.Table.from_pylist(rows, schema=POSTINGS)


def points_of(files: JournalFiles, member: str) -> list[int]:
    return [points for part in files.read([member]) for points in part.column("points").to_pylist()]


def test_a_member_over_several_row_groups_is_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "ROW_GROUP_ROWS", 4)
    files = JournalFiles(tmp_path, 0)
    counts = {"a": 1, "b": 11, "c": 3, "d": 4, "f": 1}
    files.write(9, rows_of_members(counts))
    for member, count in counts.items():
        assert points_of(files, member) == list(range(count)), member
    for nobody in ("", "bb", "e", "g"):
        assert points_of(files, nobody) == []
    (path,) = files.files()
    groups = pq.read_metadata(path).num_row_groups
    assert groups == 5
    assert files.last_seq() == 9


def test_small_files_are_joined_and_an_interrupted_join_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "SMALL_FILES_MAX", 3)
    files = JournalFiles(tmp_path, 0)
    files.write(5, rows_of_members({"a": 2, "b": 1}))
    files.write(7, rows_of_members({"a": 2}, first=2))
    kept = [(path, path.read_bytes()) for path in files.files()]
    files.write(8, rows_of_members({"a": 1, "c": 1}, first=4))
    (joined,) = files.files()
    assert joined.name.startswith(f"{1:020d}-{8:020d}")
    for path, content in kept:  # as if the process had ended before they went
        path.write_bytes(content)
    again = JournalFiles(tmp_path, 0)
    assert again.files() == [joined]
    assert points_of(again, "a") == [0, 1, 2, 3, 4]
    again.write(9, rows_of_members({"a": 1}, first=5))
    assert points_of(again, "a") == [0, 1, 2, 3, 4, 5]


def test_no_postings_are_told_too_and_a_broken_file_is_named(tmp_path: Path) -> None:
    files = JournalFiles(tmp_path, 3)
    files.write(4, POSTINGS.empty_table())
    assert files.last_seq() == 4
    assert files.read(["a"]) == []
    files.clear()
    assert files.last_seq() == 0
    files.write(4, rows_of_members({"a": 1}))
    (path,) = files.files()
    path.write_bytes(b"no parquet")
    with pytest.raises(JournalDamaged, match=path.name):
        JournalFiles(tmp_path, 3).read(["a"])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("snapshot_was_saved", [True, False])
def test_a_crash_neither_loses_nor_doubles_a_posting(
    seed: int, snapshot_was_saved: bool, tmp_path: Path
) -> None:
    drawn = drawn_by_seed(seed, count=240)
    print(drawn)
    whole = replayed(drawn)
    rules = compile_rules(load_season(drawn.season_text, "season.toml"))
    batch = stamped_log(rules, drawn.events)
    entries = [batch.slice(first, 20) for first in range(0, batch.num_rows, 20)]
    journal = MemberJournal(JournalFiles(tmp_path, 0))
    table = MemberTable(rules)
    journal.begin(table)
    saved = (0, table.state())
    for seq, entry in enumerate(entries, 1):
        apply(table, entry)
        if seq in (3, 7):
            journal.flush(table, seq)
            if seq == 3 or snapshot_was_saved:
                saved = (seq, table.state())
    # The process ends here; what is on disk are the files, a snapshot, and the log.
    began, state = saved
    journal = MemberJournal(JournalFiles(tmp_path, 0))
    table = MemberTable.from_state(rules, state)
    journal.begin(table)
    for seq, entry in enumerate(entries[began:], began + 1):
        apply(table, entry)
        journal.applied(table, seq)
    advance(table, max(rules.final_us, table.clock_us))
    for row, member in enumerate(table.member_ids):
        if table.row_of(member) == row:
            assert journal.of(table, member) == journalled(whole, member), member
    assert table.journal is not None
    recent = postings(table.journal.parts, table.member_ids)
    assert recent.num_rows < sum(
        len(part) for part in (whole.journal.parts if whole.journal else [])
    )
