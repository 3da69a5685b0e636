"""Exposition: what `GET /metrics` tells Prometheus.

Labels are actors, shards, routes, words of results, and ids of the season file: none grows with
members, keys or requests.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Final

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from actors.gateway.board_streams import BoardStreams
from actors.gateway.state import State
from actors.gateway.tally import TALLY, Histogram
from actors.gateway.vitals import Part, Pulse, Vital
from actors.phases import PHASES
from rules.compiling.pool_rules import Pool

FEN: Final = 100


class Exposed(Collector):
    """The metrics of one moment, as families."""

    def __init__(self, state: State, vital: Vital) -> None:
        self._state = state
        self._vital = vital

    def collect(self) -> Iterable[Metric]:
        """Give every family."""
        yield from _gateway(self._state)
        yield from _lanes(self._state)
        yield from _processes(self._vital)
        yield from _shards(self._state, self._vital)
        yield from _pools(self._state, self._vital)
        yield from _notices(self._vital)
        yield from _streams(self._state.streams)
        yield from _store(self._vital)


def _gauge(name: str, says: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"forecourt_{name}", says, labels=labels)


def _counter(name: str, says: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(f"forecourt_{name}", says, labels=labels)


def _one(family: GaugeMetricFamily | CounterMetricFamily, value: float) -> Metric:
    family.add_metric([], value)
    return family


def _histogram(family: HistogramMetricFamily, labels: list[str], seen: Histogram) -> None:
    buckets, below = [], 0
    for bound, count in zip(seen.bounds, seen.counts, strict=False):
        below += count
        buckets.append((f"{bound:g}", float(below)))
    buckets.append(("+Inf", float(below + seen.counts[-1])))
    family.add_metric(labels, buckets, seen.total)


def _gateway(state: State) -> Iterator[Metric]:
    requests = _counter("requests", "Requests answered", "method", "route", "status")
    for (method, route, status), count in TALLY.requests.items():
        requests.add_metric([method, route, str(status)], count)
    yield requests
    seconds = HistogramMetricFamily(
        "forecourt_request_seconds", "Seconds from a request to its answer's end", labels=["route"]
    )
    for route, seen in TALLY.seconds.items():
        _histogram(seconds, [route], seen)
    yield seconds
    events = _counter("events", "Events answered, by result", "status", "reason")
    for (result, reason), count in TALLY.events_by().items():
        events.add_metric([result, reason or "none"], count)
    yield events
    batches = HistogramMetricFamily(
        "forecourt_batch_events", "Events in a batch sent to a member shard", labels=[]
    )
    _histogram(batches, [], TALLY.batches)
    yield batches
    yield _one(_gauge("ready", "1 when events and reads are served"), not state.not_ready())
    phases = _gauge("season_phase", "1 for the phase the season is in", "season", "phase")
    for phase in PHASES:
        phases.add_metric([state.rules.season_id, phase], phase == state.phase())
    yield phases
    behind_s = max(0.0, (state.now_us() - state.as_of_us()) / 1e6)
    yield _one(_gauge("as_of_lag_seconds", "Seconds the readable state is behind"), behind_s)


def _lanes(state: State) -> Iterator[Metric]:
    queued = _gauge("log_queued_events", "Events taken, not yet durable", "shard")
    flight = _gauge("log_in_flight_seconds", "Age of the batch on its way to the log", "shard")
    down = _gauge("shard_silent_seconds", "Seconds a member shard has not answered", "shard")
    now_s = time.monotonic()
    for lane in state.ingest.lanes:
        shard = [str(lane.shard)]
        queued.add_metric(shard, lane.queued_events)
        sent_s = lane.sent_us / 1e6
        flight.add_metric(shard, max(0.0, time.time() - sent_s) if sent_s else 0.0)
        silent_s = 0.0 if lane.down_since_s is None else max(0.0, now_s - lane.down_since_s)
        down.add_metric(shard, silent_s)
    yield from (queued, flight, down)


def _processes(vital: Vital) -> Iterator[Metric]:
    labels = ("actor", "shard")
    up = _gauge("actor_up", "1 when the actor answered within a second", *labels)
    restarts = _counter("actor_restarts", "Restarts seen by this gateway", *labels)
    memory = _gauge("process_memory_bytes", "Memory the actor's process holds", *labels)
    cpu = _counter("process_cpu_seconds", "Processor seconds of the actor's process", *labels)
    uptime = _gauge("process_uptime_seconds", "Seconds since the actor's process began", *labels)
    stage = _counter(
        "stage_seconds", "Seconds spent in a stage of an event's way", *labels, "stage"
    )
    stage_cpu = _counter("stage_cpu_seconds", "Processor seconds of a stage", *labels, "stage")
    for part, pulse in vital.parts.items():
        named = [part.actor, str(part.shard)]
        up.add_metric(named, pulse.up)
        restarts.add_metric(named, pulse.restarts)
        figures = pulse.figures
        if figures is None:
            continue
        memory.add_metric(named, figures.memory_bytes)
        cpu.add_metric(named, figures.cpu_s)
        uptime.add_metric(named, figures.uptime_s)
        for name, seconds in figures.stages.items():
            stage.add_metric([*named, name], seconds)
        for name, seconds in figures.stages_cpu.items():
            stage_cpu.add_metric([*named, name], seconds)
    yield from (up, restarts, memory, cpu, uptime, stage, stage_cpu)


_OF_MEMBER: Final = {
    "members": ("shard_members", "Members of the shard"),
    "epoch": ("shard_epoch", "Starts of the shard so far: who writes its log"),
    "seq": ("shard_log_entries", "Entries of the shard's log so far"),
    "snapshot_age_s": ("snapshot_age_seconds", "Seconds since the last snapshot, -1 without one"),
    "events_since_snapshot": ("snapshot_behind_events", "Events applied since the last snapshot"),
    "kept_events": ("shard_kept_events", "Events kept for refunds and duplicates"),
    "file_bytes": ("shard_file_bytes", "Bytes of the nameless files with what is kept of events"),
}
_OF_RANKING: Final = {
    "rows": ("ranking_rows", "Rows of the shard's longest board"),
    "delta_rows": ("rank_delta_rows", "Changed rows beside the sorted arrays of the boards"),
    "mirror_lag_s": ("mirror_lag_seconds", "Age of the oldest score the sorted sets don't show"),
    "mirror_pending": ("mirror_pending_scores", "Scores the sorted sets don't show yet"),
}


def _shards(state: State, vital: Vital) -> Iterator[Metric]:
    for actor, names in (("member", _OF_MEMBER), ("ranking", _OF_RANKING)):
        for value, (name, says) in names.items():
            family = _gauge(name, says, "shard")
            for part, pulse in _of(vital, actor):
                if pulse.figures is not None and value in pulse.figures.values:
                    family.add_metric([str(part.shard)], pulse.figures.values[value])
            yield family
    behind = _gauge("ranking_lag_entries", "Log entries the ranking shard is behind", "shard")
    for shard in range(len(state.members)):
        missing = ranking_lag(vital, shard)
        if missing is not None:
            behind.add_metric([str(shard)], missing)
    yield behind


def ranking_lag(vital: Vital, shard: int) -> int | None:
    """Tell how many entries of the log a ranking shard didn't show, of figures of one moment."""
    told = [values_of(vital, actor, shard).get("version") for actor in ("member", "ranking")]
    if told[0] is None or told[1] is None:
        return None
    return max(0, int(told[0] - told[1]))


def values_of(vital: Vital, actor: str, shard: int) -> dict[str, float]:
    """Give what a shard's actor told last; empty before it told anything."""
    pulse = vital.parts.get(Part(actor, shard))
    return {} if pulse is None or pulse.figures is None else pulse.figures.values


def _of(vital: Vital, actor: str) -> Iterator[tuple[Part, Pulse]]:
    return ((part, pulse) for part, pulse in vital.parts.items() if part.actor == actor)


def pools_used(state: State, vital: Vital) -> list[tuple[Pool, int]]:
    """Add up what is used of each budget and stock over the shards; empty until all told it."""
    pools = state.rules.pool_rules.pools
    told = [pulse.figures.pools for _, pulse in _of(vital, "member") if pulse.figures is not None]
    if len(told) < len(state.members) or any(len(one) != len(pools) for one in told):
        return []  # a shard is away, or goes over to another version of the file
    return [(pool, sum(one[place] for one in told)) for place, pool in enumerate(pools)]


def _pools(state: State, vital: Vital) -> Iterator[Metric]:
    says = "of a budget or stock (cost in the programme's currency)"
    spent = _gauge("budget_spent", f"What is used {says}", "budget", "measure")
    left = _gauge("budget_left", f"What is left {says}", "budget", "measure")
    for pool, used in pools_used(state, vital):
        unit = FEN if pool.measure == "cost" else 1
        spent.add_metric([pool.id, pool.measure], used / unit)
        left.add_metric([pool.id, pool.measure], (pool.limit - used) / unit)
    yield from (spent, left)


def _notices(vital: Vital) -> Iterator[Metric]:
    waiting = _gauge("outbox_waiting_entries", "Entries of notices not yet dealt with every way")
    told = _counter("notices", "Notices by what became of them", "way", "state")
    for _, pulse in _of(vital, "outbox"):
        if pulse.figures is None:
            continue
        waiting.add_metric([], pulse.figures.values["waiting_entries"])
        for way, counts in pulse.figures.counts.items():
            for what, count in counts.items():
                told.add_metric([way, what], count)
    yield from (waiting, told)


def _streams(streams: BoardStreams) -> Iterator[Metric]:
    seen = streams.figures
    yield _one(_gauge("stream_readers", "Readers that listen to a board now"), streams.readers)
    yield _one(_gauge("stream_readers_max", "Readers taken at most"), streams.readers_max)
    joined = _counter("stream_joins", "Readers that began to listen, by how", "how")
    joined.add_metric(["snapshot"], seen.joined - seen.resumed - seen.reset)
    joined.add_metric(["resumed"], seen.resumed)
    joined.add_metric(["reset"], seen.reset)
    joined.add_metric(["refused"], seen.refused)
    yield joined
    yield _one(
        _counter("stream_late_readers", "Readers let go because they fell behind"), seen.late
    )
    yield _one(
        _counter("stream_deltas", "Deltas written, each once for all who see alike"), seen.frames
    )
    yield _one(_counter("stream_sent", "Deltas handed to readers"), seen.sent)
    yield _one(_counter("stream_sent_bytes", "Bytes of deltas handed to readers"), seen.sent_bytes)
    yield _one(
        _counter("stream_tick_seconds", "Seconds spent reading and telling boards"), seen.tick_s
    )


_OF_STORE: Final = {
    "used_memory": ("store_memory_bytes", "Memory the store holds"),
    "connected_clients": ("store_clients", "Connections to the store"),
    "instantaneous_ops_per_sec": ("store_operations_per_second", "Commands the store served"),
    "aof_current_size": ("store_log_bytes", "Size of the store's append-only file"),
}


def _store(vital: Vital) -> Iterator[Metric]:
    yield _one(
        _gauge("store_up", "1 when the store answered within a second"), vital.store is not None
    )
    for figure, (name, says) in _OF_STORE.items():
        family = _gauge(name, says)
        if vital.store is not None and figure in vital.store:
            family.add_metric([], vital.store[figure])
        yield family
