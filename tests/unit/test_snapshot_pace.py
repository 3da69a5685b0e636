"""Snapshot pace: a small table's snapshots come by events, a large one's by what it keeps."""

from __future__ import annotations

from actors.snapshot_pace import KEPT_SHARE, LARGE_EVENTS, SnapshotPace


def test_a_small_table_has_a_snapshot_every_so_many_events() -> None:
    pace = SnapshotPace(100)
    pace.count(99)
    assert pace.due(LARGE_EVENTS) is None
    pace.count(1)
    assert pace.due(LARGE_EVENTS) == "snapshot"
    pace.taken()
    assert pace.due(LARGE_EVENTS) is None


def test_a_large_table_puts_away_what_piles_up_until_a_share_of_it_is_new() -> None:
    pace = SnapshotPace(100)
    kept = LARGE_EVENTS + KEPT_SHARE
    wanted = kept // KEPT_SHARE
    pace.count(100)
    assert pace.due(kept) == "put_away"
    pace.put_away()
    assert pace.due(kept) is None, "nothing is new since"
    pace.count(wanted - 100)
    assert pace.due(kept) == "snapshot", "putting away doesn't put off the snapshot"


def test_what_a_start_read_from_the_log_counts_for_the_next_snapshot_alone() -> None:
    pace = SnapshotPace(100)
    pace.found(1_000)
    assert pace.since_snapshot == 1_000
    assert pace.due(100 * LARGE_EVENTS) is None
    assert pace.due(LARGE_EVENTS) == "snapshot"
