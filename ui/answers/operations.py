"""The answers about how the system does, its audit trail and its keys."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec


class Sample(msgspec.Struct, frozen=True):
    """A few seconds: rates, answer times (None without an answer), and what waited at their end."""

    at: datetime
    events_per_s: float
    requests_per_s: float
    p50_ms: float | None
    p99_ms: float | None
    queued_events: int
    log_lag_s: float
    mirror_lag_s: float


class Results(msgspec.Struct, frozen=True):
    """How many events had one result; `reason` is "" where the status says all."""

    status: str
    reason: str
    events: int


class Route(msgspec.Struct, frozen=True):
    """One route since the gateway started: `refused` are 4xx, `failed` 5xx answers."""

    route: str
    requests: int
    refused: int
    failed: int
    p50_ms: float | None
    p99_ms: float | None


class Actor(msgspec.Struct, frozen=True):
    """One process of the system; `cpu_share` of one core, None until it was asked twice."""

    actor: str
    shard: int
    up: bool
    restarts: int
    memory_bytes: int | None
    cpu_share: float | None
    uptime_s: float | None


class Shard(msgspec.Struct, frozen=True):
    """One shard: its size, and how far rankings, sorted sets and snapshot are behind its log."""

    shard: int
    members: int
    starts: int
    log_entries: int
    queued_events: int
    ranking_lag_entries: int | None
    rank_delta_rows: int
    mirror_lag_s: float
    snapshot_age_s: float | None
    snapshot_behind_events: int


class BudgetLeft(msgspec.Struct, frozen=True):
    """What is spent of a budget or stock; `measure` is count, cost or stock."""

    budget: str
    measure: str
    per: str | None
    limit: Decimal
    spent: Decimal
    left: Decimal


class NoticeFigures(msgspec.Struct, frozen=True):
    """What waits to be told, and by way of delivery what became of the rest."""

    waiting_entries: int | None
    ways: dict[str, dict[str, int]]


class StreamReaders(msgspec.Struct, frozen=True):
    """Who listens to boards."""

    readers: int
    readers_max: int
    joined: int
    resumed: int
    late: int


class Store(msgspec.Struct, frozen=True):
    """The Redis or Valkey server."""

    memory_bytes: int
    log_bytes: int
    clients: int
    operations_per_s: float


class LoadReport(msgspec.Struct, frozen=True):
    """The result of a load test or a benchmark that was put into the data folder."""

    name: str
    at: datetime
    kind: Literal["loadtest", "bench", "unreadable"]
    passed: bool = False
    events: int = 0
    compared: int = 0
    differences: int = 0
    requests: int = 0
    per_s: float = 0.0
    p99_ms: float = 0.0
    bench: str = ""
    ratio: float | None = None
    reach: float | None = None


class Operations(msgspec.Struct, frozen=True):
    """How the system does, as `GET /v1/operations` tells it."""

    as_of: datetime
    version: int
    ready: bool
    reasons: tuple[str, ...]
    samples: tuple[Sample, ...]
    results: tuple[Results, ...]
    routes: tuple[Route, ...]
    actors: tuple[Actor, ...]
    shards: tuple[Shard, ...]
    budgets: tuple[BudgetLeft, ...]
    notices: NoticeFigures
    streams: StreamReaders
    store: Store | None
    load_reports: tuple[LoadReport, ...]


class AuditEntry(msgspec.Struct, frozen=True):
    """One act or refusal: who (a key's id), what, about what, and how it ended."""

    id: str
    at: datetime
    key: str
    role: str
    act: str
    object: str
    outcome: str
    times: int = 1


class Audit(msgspec.Struct, frozen=True):
    """A page of the audit trail, the newest first."""

    entries: tuple[AuditEntry, ...]
    next_before: str | None = None


class Key(msgspec.Struct, frozen=True):
    """A key without its secret."""

    id: str
    role: str
    label: str
    created: datetime
    last_used: datetime | None = None
    until: datetime | None = None
    rate: str | None = None
    replaced_by: str | None = None


class Keys(msgspec.Struct, frozen=True):
    """All keys, the oldest first."""

    keys: tuple[Key, ...]
