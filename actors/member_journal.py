"""Member journal: a shard's postings, those on disk and those since, and what they explain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from actors.store.journal import JournalFiles
from rules.accounts.explain import waterfall
from rules.accounts.journal import Journal
from rules.accounts.journal_part import Part, postings
from rules.accounts.posting import Posting, read, rows_of
from rules.accounts.statement import score_by_kind, statement
from rules.decoding.identity import hash_strings
from rules.table.member_table import MemberTable


@dataclass(frozen=True, slots=True)
class Leaving:
    """Postings up to an entry of the log that are on their way to a file."""

    seq: int
    parts: list[Part]
    member_ids: Sequence[str]


class MemberJournal:
    """Keeps the postings of one shard's table.

    They are written before the snapshot that covers them. Entries of the log that are applied
    again after a crash post again; what the files hold already is let go of, so nothing is
    missing and nothing doubled. They are written in another thread than the rest is called in:
    readers find those on their way either here or in a file, never in both.
    """

    def __init__(self, files: JournalFiles) -> None:
        self._files = files
        self._written_seq = files.last_seq()
        self._leaving: list[Part] = []

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

    def leave(self, table: MemberTable, seq: int) -> Leaving:
        """Set what is held aside, up to a seq, to be written; nothing may be on its way still."""
        assert table.journal is not None
        self._leaving = [*self._leaving, *table.journal.take()]
        return Leaving(seq, self._leaving, table.member_ids)

    def write(self, leaving: Leaving) -> None:
        """Write what was set aside; raises OSError and keeps it then.

        May be called in another thread, one at a time.
        """
        if leaving.seq > self._written_seq:

            def written() -> None:
                self._written_seq, self._leaving = leaving.seq, []

            self._files.write(leaving.seq, postings(leaving.parts, leaving.member_ids), written)

    def flush(self, table: MemberTable, seq: int) -> None:
        """Write what is held, which goes up to a seq; raises OSError and keeps it then."""
        self.write(self.leave(table, seq))

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
        with self._files.still:
            written_seq, parts = self._written_seq, [*self._leaving, *table.journal.parts]
        part = postings(parts, table.member_ids, rows).select(columns)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, part.schema) as writer:
            writer.write_table(part)
        return written_seq, bytes(sink.getvalue().to_pybytes())

    def of(self, table: MemberTable, member: str) -> list[Posting]:
        """Read all postings of a member, and of the records merged into theirs, in order."""
        assert table.journal is not None
        rows = rows_of(table, member)
        names = [table.member_ids[row] for row in rows]
        with self._files.still:
            parts = [*self._leaving, *table.journal.parts]
            on_disk: list[pa.Table] = self._files.read(names) if names else []
        recent = postings(parts, table.member_ids, np.array(rows, dtype=np.int64))
        return read([*on_disk, recent])
