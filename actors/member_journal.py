"""Member journal: a shard's postings, those on disk and those since, and what they explain."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from actors.store.journal import JournalFiles
from rules.explain import waterfall
from rules.identity import hash_strings
from rules.journal import Journal
from rules.journal_part import postings
from rules.member_table import MemberTable
from rules.posting import Posting, read, rows_of
from rules.statement import score_by_kind, statement


class MemberJournal:
    """Keeps the postings of one shard's table.

    They are written before the snapshot that covers them. Entries of the log that are applied
    again after a crash post again; what the files hold already is let go of, so nothing is
    missing and nothing doubled.
    """

    def __init__(self, files: JournalFiles) -> None:
        self._files = files
        self._written_seq = files.last_seq()

    @property
    def written_seq(self) -> int:
        """Give the seq up to which postings are on disk."""
        return self._written_seq

    def restart(self) -> None:
        """Begin again from the first entry of the log: what is on disk doesn't go on from there."""
        self._files.clear()
        self._written_seq = 0

    def begin(self, table: MemberTable) -> None:
        """Record what happens to a table from here on."""
        table.journal = Journal()

    def applied(self, table: MemberTable, seq: int) -> None:
        """Note that an entry of the log was applied at start or again."""
        if seq <= self._written_seq and table.journal is not None:
            table.journal.take()

    def flush(self, table: MemberTable, seq: int) -> None:
        """Write what is held, which goes up to a seq; raises OSError and keeps it then."""
        assert table.journal is not None
        if seq > self._written_seq:
            self._files.write(seq, postings(table.journal.parts, table.member_ids))
            self._written_seq = seq
            table.journal.take()

    def statement(
        self, table: MemberTable, member: str, first: int, limit: int
    ) -> dict[str, Any] | None:
        """Write a member's statement; None when the member is unknown."""
        return statement(table, member, self.of(table, member), first, limit)

    def event(self, table: MemberTable, member: str, event_id: str) -> dict[str, Any] | None:
        """Explain one event of a member; None when none of theirs has this id."""
        return waterfall(table, member, self.of(table, member), event_id)

    def score_by_kind(self, table: MemberTable, member: str) -> dict[str, int]:
        """Tell what each kind of points adds to a member's season score."""
        return score_by_kind(self.of(table, member))

    def recent(
        self, table: MemberTable, members: list[str], columns: list[str]
    ) -> tuple[int, bytes]:
        """Give some columns of members' postings since those on disk, as an Arrow stream.

        The seq says up to which files have the others.
        """
        assert table.journal is not None
        rows = table.find_rows(*hash_strings(pa.array(members, pa.utf8())))
        rows = rows[rows >= 0]
        part = postings(table.journal.parts, table.member_ids, rows).select(columns)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, part.schema) as writer:
            writer.write_table(part)
        return self._written_seq, bytes(sink.getvalue().to_pybytes())

    def of(self, table: MemberTable, member: str) -> list[Posting]:
        """Read all postings of a member, and of the records merged into theirs, in order."""
        assert table.journal is not None
        rows = rows_of(table, member)
        names = [table.member_ids[row] for row in rows]
        recent = postings(table.journal.parts, table.member_ids, np.array(rows, dtype=np.int64))
        on_disk: list[pa.Table] = self._files.read(names) if names else []
        return read([*on_disk, recent])
