"""What the operations page shows, as CSV files."""

from __future__ import annotations

import msgspec

from ui.answers.operations import Actor, Audit, AuditEntry, Sample
from ui.parts.csv_file import write
from ui.parts.live import client


def samples_csv() -> str:
    """Write the samples of the last half hour."""
    return _csv(Sample, client().operations().samples)


def processes_csv() -> str:
    """Write the processes."""
    return _csv(Actor, client().operations().actors)


def audit_csv(audit: Audit) -> str:
    """Write the entries of the audit trail that are shown."""
    return _csv(AuditEntry, audit.entries)


def _csv(kind: type[msgspec.Struct], rows: tuple[msgspec.Struct, ...]) -> str:
    columns = kind.__struct_fields__
    return write(columns, ([getattr(row, name) for name in columns] for row in rows))
