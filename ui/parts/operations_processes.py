"""The processes and shards of the system, who listens, and what waits to be told."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ui.answers.operations import Actor, Operations, Shard
from ui.parts.figures import number
from ui.parts.markup import element, show, text
from ui.parts.operations_now import REFRESH_S, ask, bytes_words, usable
from ui.parts.plain_table import plain_table
from ui.parts.tile import note, tile, tiles
from ui.texts import Texts

MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400


@st.fragment(run_every=REFRESH_S)
def processes_shown(words: Texts) -> None:
    """Show the processes, then the shards."""
    told = usable(ask(), words)
    if told is None:
        return
    show(
        element("strong", "fc-message", text(processes_message(told.actors, words)))
        + actors_table(told.actors, words),
        words,
    )
    show(
        element("strong", "fc-message", text(shards_message(told.shards, words)))
        + shards_table(told.shards, words)
        + element("div", "fc-gap-above", beside(told, words)),
        words,
    )


def processes_message(actors: Sequence[Actor], words: Texts) -> str:
    """Say which processes are away, or that all are there."""
    away = [actor_name(actor, words) for actor in actors if not actor.up]
    if away:
        return words("operations.away", names=words("operations.joined").join(away))
    memory = sum(actor.memory_bytes or 0 for actor in actors)
    return words("operations.all_up", memory=bytes_words(memory, words))


def actor_name(actor: Actor, words: Texts) -> str:
    """Name a process; shards count from 1."""
    name = words.name_of("actor", actor.actor)
    if actor.actor in ("member", "ranking"):
        return words("operations.of_shard", name=name, shard=actor.shard + 1)
    return name


def actors_table(actors: Sequence[Actor], words: Texts) -> str:
    """Write the processes."""
    columns = (
        ("fc-name", words("operations.process")),
        ("fc-state", words("operations.state")),
        ("fc-money", words("operations.cpu")),
        ("fc-money", words("operations.memory")),
        ("fc-money fc-wide", words("operations.uptime")),
        ("fc-money", words("operations.restarted")),
    )
    rows = (
        (
            text(actor_name(actor, words)),
            element(
                "span",
                "fc-state fc-safe" if actor.up else "fc-state fc-risk",
                text(words("operations.there" if actor.up else "operations.gone")),
            ),
            text(words("operations.none") if actor.cpu_share is None else f"{actor.cpu_share:.0%}"),
            text(bytes_words(actor.memory_bytes, words)),
            text(span(actor.uptime_s, words)),
            element("span", "fc-over" if actor.restarts else "", text(number(actor.restarts))),
        )
        for actor in actors
    )
    return plain_table(columns, rows)


def shards_message(shards: Sequence[Shard], words: Texts) -> str:
    """Say how many members there are, and how far the sorted sets are behind at most."""
    members = number(sum(shard.members for shard in shards))
    lag = f"{max(shard.mirror_lag_s for shard in shards):.1f}"
    return words("operations.shards_message", members=members, shards=len(shards), lag=lag)


def shards_table(shards: Sequence[Shard], words: Texts) -> str:
    """Write the shards."""
    columns = (
        ("fc-name", words("operations.shard")),
        ("fc-money", words("operations.members")),
        ("fc-money fc-wide", words("operations.log_entries")),
        ("fc-money", words("operations.queued")),
        ("fc-money", words("operations.ranking_lag")),
        ("fc-money fc-wide", words("operations.delta_rows")),
        ("fc-money", words("operations.mirror_lag")),
        ("fc-money fc-wide", words("operations.snapshot")),
    )
    none = words("operations.none")
    rows = (
        (
            text(words("operations.shard_of", shard=shard.shard + 1)),
            text(number(shard.members)),
            text(number(shard.log_entries)),
            text(number(shard.queued_events)),
            text(none if shard.ranking_lag_entries is None else number(shard.ranking_lag_entries)),
            text(number(shard.rank_delta_rows)),
            text(words("operations.seconds", value=f"{shard.mirror_lag_s:.1f}")),
            text(snapshot_words(shard, words)),
        )
        for shard in shards
    )
    return plain_table(columns, rows)


def snapshot_words(shard: Shard, words: Texts) -> str:
    """Say how old the snapshot is and what a restart would read again."""
    behind = number(shard.snapshot_behind_events)
    if shard.snapshot_age_s is None:
        return words("operations.no_snapshot", events=behind)
    age = span(shard.snapshot_age_s, words)
    return words("operations.snapshot_behind", age=age, events=behind)


def beside(told: Operations, words: Texts) -> str:
    """Write the tiles of who listens, what waits to be told, and the store."""
    streams, store = told.streams, told.store
    waits = told.notices.waiting_entries
    sent = sum(counts.get("sent", 0) for counts in told.notices.ways.values())
    dead = sum(counts.get("dead", 0) for counts in told.notices.ways.values())
    none = words("operations.none")
    return tiles(
        tile(
            words("operations.readers"),
            number(streams.readers),
            note(words("operations.readers_max", most=number(streams.readers_max))),
        ),
        tile(
            words("operations.notices"),
            none if waits is None else number(waits),
            note(
                words("operations.notices_sent", sent=number(sent), dead=number(dead)),
                "fc-over" if dead else "",
            ),
        ),
        tile(
            words("operations.store_memory"),
            none if store is None else bytes_words(store.memory_bytes, words),
            note("" if store is None else words("operations.clients", clients=store.clients)),
        ),
        tile(
            words("operations.store_log"),
            none if store is None else bytes_words(store.log_bytes, words),
        ),
    )


def span(seconds: float | None, words: Texts) -> str:
    """Write a span of time by its greatest unit.

    >>> from ui.texts import texts
    >>> [span(value, texts("en")) for value in (5, 600, 7200, 200000, None)]
    ['5 s', '10 min', '2 h', '2 d', '—']
    """
    if seconds is None:
        return words("operations.none")
    for unit, size in (("days", DAY_S), ("hours", HOUR_S), ("minutes", MINUTE_S)):
        if seconds >= size:
            return words(f"operations.{unit}", value=f"{seconds / size:.0f}")
    return words("operations.seconds", value=f"{seconds:.0f}")
