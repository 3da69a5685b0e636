"""Operations: how the system does, as `GET /v1/operations` tells whoever runs it."""

from __future__ import annotations

import time
from typing import Any, Final

from actors.gateway.answers import money
from actors.gateway.exposition import pools_used, ranking_lag, values_of
from actors.gateway.lately import Lags, Sample
from actors.gateway.state import State
from actors.gateway.tally import TALLY, quantile
from actors.gateway.vitals import Part, Pulse, Vital
from actors.phases import instant

ROUTES_SHOWN: Final = 12


async def lags_of(state: State) -> Lags:
    """Tell what waits now: at the lanes, and for the sorted sets."""
    vital = await state.vitals.now()
    now_us = time.time_ns() // 1000
    busy = [now_us - lane.sent_us for lane in state.ingest.lanes if lane.sent_us]
    told = [
        pulse.figures.values["mirror_lag_s"]
        for part, pulse in vital.parts.items()
        if part.actor == "ranking" and pulse.figures is not None
    ]
    return Lags(state.ingest.queued_events, max(busy, default=0) / 1e6, max(told, default=0.0))


def operations_json(state: State, vital: Vital, samples: list[Sample]) -> dict[str, Any]:
    """Write everything but the load reports."""
    reasons = state.not_ready()
    return {
        "as_of": instant(state.as_of_us()),
        "version": sum(state.ingest.versions()),
        "phase": state.phase(),
        "ready": not reasons,
        "reasons": reasons,
        "samples": [_sample(one) for one in samples],
        "results": _results(),
        "routes": _routes(),
        "actors": [_actor(part, pulse) for part, pulse in vital.parts.items()],
        "shards": [_shard(state, vital, lane.shard) for lane in state.ingest.lanes],
        "budgets": _budgets(state, vital),
        "notices": _notices(vital),
        "streams": _streams(state),
        "store": _store(vital),
    }


def _sample(sample: Sample) -> dict[str, Any]:
    return {
        "at": instant(sample.at_us),
        "events_per_s": round(sample.events_per_s, 2),
        "requests_per_s": round(sample.requests_per_s, 2),
        "p50_ms": _rounded(sample.p50_ms),
        "p99_ms": _rounded(sample.p99_ms),
        "queued_events": sample.lags.queued_events,
        "log_lag_s": round(sample.lags.log_lag_s, 3),
        "mirror_lag_s": round(sample.lags.mirror_lag_s, 3),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _results() -> list[dict[str, Any]]:
    found = sorted(TALLY.events_by().items(), key=lambda entry: -entry[1])
    return [{"status": status, "reason": reason, "events": n} for (status, reason), n in found]


def _routes() -> list[dict[str, Any]]:
    counts: dict[str, list[int]] = {}  # requests, refused and failed of each route
    for (_, route, status), count in TALLY.requests.items():
        here = counts.setdefault(route, [0, 0, 0])
        here[0] += count
        here[1] += count if 400 <= status < 500 else 0
        here[2] += count if status >= 500 else 0
    busiest = sorted(counts.items(), key=lambda entry: -entry[1][0])[:ROUTES_SHOWN]
    routes = []
    for route, (requests, refused, failed) in busiest:
        seen = TALLY.seconds.get(route)
        ms = [
            None if seen is None else quantile(seen.bounds, seen.counts, share)
            for share in (0.5, 0.99)
        ]
        p50_ms, p99_ms = (None if one is None else round(one * 1e3, 3) for one in ms)
        routes.append(
            {
                "route": route,
                "requests": requests,
                "refused": refused,
                "failed": failed,
                "p50_ms": p50_ms,
                "p99_ms": p99_ms,
            }
        )
    return routes


def _actor(part: Part, pulse: Pulse) -> dict[str, Any]:
    figures = pulse.figures
    return {
        "actor": part.actor,
        "shard": part.shard,
        "up": pulse.up,
        "restarts": pulse.restarts,
        "memory_bytes": None if figures is None else figures.memory_bytes,
        "cpu_share": _rounded(pulse.cpu_share),
        "uptime_s": None if figures is None else round(figures.uptime_s, 1),
    }


def _shard(state: State, vital: Vital, shard: int) -> dict[str, Any]:
    member, ranking = values_of(vital, "member", shard), values_of(vital, "ranking", shard)
    lane = state.ingest.lanes[shard]
    age_s = member.get("snapshot_age_s", -1.0)
    return {
        "shard": shard,
        "members": int(member.get("members", 0)),
        "starts": int(member.get("epoch", 0)),
        "log_entries": int(member.get("seq", 0)),
        "queued_events": lane.queued_events,
        "ranking_lag_entries": ranking_lag(vital, shard),
        "rank_delta_rows": int(ranking.get("delta_rows", 0)),
        "mirror_lag_s": round(ranking.get("mirror_lag_s", 0.0), 3),
        "snapshot_age_s": None if age_s < 0 else round(age_s, 1),
        "snapshot_behind_events": int(member.get("events_since_snapshot", 0)),
    }


def _budgets(state: State, vital: Vital) -> list[dict[str, Any]]:
    return [
        {
            "budget": pool.id,
            "measure": pool.measure,
            "per": pool.per,
            "limit": _amount(pool.measure, pool.limit),
            "spent": _amount(pool.measure, used),
            "left": _amount(pool.measure, pool.limit - used),
        }
        for pool, used in pools_used(state, vital)
    ]


def _amount(measure: str, value: int) -> str:
    """Write an amount of money with two decimals, a count as it is; both as text."""
    return money(value) if measure == "cost" else str(value)


def _notices(vital: Vital) -> dict[str, Any]:
    pulse = vital.parts[Part("outbox", 0)]
    if pulse.figures is None:
        return {"waiting_entries": None, "ways": {}}
    waiting = int(pulse.figures.values["waiting_entries"])
    return {"waiting_entries": waiting, "ways": pulse.figures.counts}


def _streams(state: State) -> dict[str, Any]:
    seen = state.streams.figures
    return {
        "readers": state.streams.readers,
        "readers_max": state.streams.readers_max,
        "joined": seen.joined,
        "resumed": seen.resumed,
        "late": seen.late,
    }


def _store(vital: Vital) -> dict[str, Any] | None:
    told = vital.store
    if told is None:
        return None
    return {
        "memory_bytes": int(told.get("used_memory", 0)),
        "log_bytes": int(told.get("aof_current_size", 0)),
        "clients": int(told.get("connected_clients", 0)),
        "operations_per_s": told.get("instantaneous_ops_per_sec", 0.0),
    }
