"""Repartition: the same history on another number of shards, in a new folder that takes over.

Everything the old shards logged is dealt anew, in the order of its stamps and each member's in
its own order, to new shards that log and apply it as live ones do. Only when both hold the
same, member by member and coupon by coupon, does the new folder take the old one's name.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from actors.commons import ALONE, Neighbours
from actors.folder_store import FolderStore, NoRanking, open_folder
from actors.member_shard import MemberShard
from actors.merged_history import MergedHistory
from actors.season_versions import decoded as decoded_version
from actors.standing_news import StandingNews
from actors.store.client import connect
from actors.store.errors import StoreError
from actors.store.files import sync_folder, write_durably
from actors.store.history import read_history
from actors.store.key_dump import dump_keys, restore_key
from actors.store.log import Entry
from actors.store.pool_leases import PoolLeases, Wanted
from actors.store.server import EmbeddedServer
from rules.decoding.event_columns import STAMPED, concat, to_ipc
from rules.decoding.identity import shard_of
from rules.ranks.standings import Standing, board_rows
from rules.ranks.standings_file import standings_csv

BATCH_ROWS: Final = 20_000
SHARDS_MAX: Final = 64
_AT_FDCWD: Final = -100
_EXCHANGE: Final = 2


class Repartitioned(StoreError):  # noqa: N818 - says what happened, as every error of the store
    """The new shards would not hold what the old ones do; nothing was changed."""


@dataclass(frozen=True)
class Moved:
    """What a repartition did."""

    shards_before: int
    shards: int
    events: int
    members: int
    kept: Path


def repartition(data: Path, shards: int) -> Moved:
    """Rebuild a stopped folder on another number of shards and put it in the old one's place.

    The old folder is kept beside, as `DATA.shards-OLD`. Interrupted at any moment it leaves the
    old folder as it was, or the new one whole.

    Raises:
        FolderInUse: a system runs on it.
        ValueError: the number is not another one from 1 to 64.
        Repartitioned: a rule that ties members together would give something else.
        StoreError: the store or the archive can't be read.
    """
    data = data.absolute()
    new = data.with_name(f".{data.name}.repartition")
    with open_folder(data) as old:
        if not 1 <= shards <= SHARDS_MAX or shards == old.shards:
            raise ValueError(
                f"--shards {shards}: must be from 1 to {SHARDS_MAX} and not {old.shards}, which "
                "the folder has"
            )
        shutil.rmtree(new, ignore_errors=True)
        try:
            events, members = _rebuild(old, new, shards)
            os.sync()  # many files, and the folder is believed once it has its name
            kept = _free_name(data, old.shards)
            swap(data, new, kept)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise
        return Moved(old.shards, shards, events, members, kept)


def _rebuild(old: FolderStore, new: Path, shards: int) -> tuple[int, int]:
    """Fill a new folder from an old one, and compare; returns events and members."""
    for path in old.other_files():
        target = new / path.relative_to(old.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    live = old.live | {"shards": shards}
    write_durably(new / "live.json", json.dumps(live, indent=1).encode())
    with EmbeddedServer(new / "server") as server, connect(server.url) as client:
        for dumped in dump_keys(client=old.client, scope=old.scope):
            if not dumped[0].endswith(b":pools"):  # leases are a shard's, and made anew
                restore_key(client, dumped)
        store = FolderStore(new, client, live, False)
        made = [_shard(store, number, journalled=True) for number in range(shards)]
        for shard in made:
            shard.start()
        history = MergedHistory(
            [read_history(old.archive, old.log(number)) for number in range(old.shards)]
        )
        events = _deal(history, made)
        held = [_shard(old, number) for number in range(old.shards)]
        for shard in held:
            shard.start()
        for shard in (*made, *held):
            # Some shards had run ticks that others had not come to.
            shard.advance(history.clock_us)
        members = _compare(held, made)
        for shard in made:
            shard.stop()
    return events, members


def _shard(store: FolderStore, number: int, *, journalled: bool = False) -> MemberShard:
    """Make a shard of a folder without anyone around it."""
    rules = store.rules()
    neighbours = ALONE
    if store.shards > 1 and rules.pool_rules.pools:
        neighbours = Neighbours(_Sequenced(store, number))
    places = store.places(number, journalled=journalled)
    return MemberShard(rules, places, StandingNews(NoRanking()), lambda: 0, neighbours)


class _Sequenced(PoolLeases):
    """Leases of shards that take turns in one process: whoever is not on turn holds nothing."""

    def __init__(self, store: FolderStore, number: int) -> None:
        super().__init__(store.client, store.scope, number, store.shards)
        self._others = [
            PoolLeases(store.client, store.scope, other, store.shards)
            for other in range(store.shards)
            if other != number
        ]

    def ask(self, wanted: Sequence[Wanted]) -> tuple[str, list[int]]:
        """Ask, and never wait for the others: none of them holds what it doesn't use."""
        word, granted = super().ask(wanted)
        if word == "wait":
            for other in self._others:
                other.settle()
            word, granted = super().ask(wanted)
        return word, granted

    def wanted_elsewhere(self) -> bool:
        """Give back at every poke, which comes after every turn."""
        return True


def _deal(history: MergedHistory, shards: Sequence[MemberShard]) -> int:
    """Give every event to its shard and everything for all to all; returns the events."""
    events = 0
    days = [-(2**62)] * len(shards)
    waiting: list[pa.RecordBatch] = []
    for item in history.read():
        if isinstance(item, Entry):
            _apply(waiting, shards, days)
            waiting = []
            _tell_all(item, shards)
            continue
        events += item.num_rows
        waiting.append(item)
        if sum(batch.num_rows for batch in waiting) >= BATCH_ROWS:
            _apply(waiting, shards, days)
            waiting = []
    _apply(waiting, shards, days)
    return events


def _apply(waiting: list[pa.RecordBatch], shards: Sequence[MemberShard], days: list[int]) -> None:
    """Apply events in turns: a turn is what one shard gets before another one has to act.

    `days` has the local day that each shard was last advanced to.
    """
    if not waiting:
        return
    batch = concat(waiting, STAMPED)
    for number, day, rows in _turns(batch, shards):
        shard = shards[number]
        if day > days[number]:
            # Identities are forgotten by ticks: those due have run before any is looked up.
            days[number] = day
            shard.advance(int(batch.column("stamp_us")[int(rows[0])].as_py()))
        shard.apply(to_ipc(batch.take(pa.array(rows))), "given")
        shard.poke(None)


def _turns(
    batch: pa.RecordBatch, shards: Sequence[MemberShard]
) -> Iterator[tuple[int, int, npt.NDArray[np.int64]]]:
    """Yield shard, local day and rows, int64[k], of each turn.

    By local day, since ticks fall between days. Where shards share budgets or stock, whoever
    came first took first: then a turn ends where the next event is another shard's.
    """
    rules = shards[0].rules
    of = shard_of(batch.column("member"), len(shards))
    day = rules.calendar.days(batch.column("stamp_us").to_numpy())
    shared = len(shards) > 1 and bool(rules.pool_rules.pools)
    begins = np.ones(batch.num_rows, dtype=np.bool_)
    begins[1:] = day[1:] != day[:-1]
    if shared:
        begins[1:] |= of[1:] != of[:-1]
    bounds = [*np.flatnonzero(begins).tolist(), batch.num_rows]
    for first, last in itertools.pairwise(bounds):
        here = of[first:last]
        for shard in np.unique(here).tolist():
            yield shard, int(day[first]), first + np.flatnonzero(here == shard)


def _tell_all(mark: Entry, shards: Sequence[MemberShard]) -> None:
    for shard in shards:
        if mark.kind == "close":
            shard.close(mark.stamp_us)
        elif mark.kind == "order":
            shard.order(mark.payload, mark.stamp_us)
        else:
            version = decoded_version(mark.payload)
            shard.adopt_rules(version.number, version.text, mark.stamp_us)


def _compare(old: Sequence[MemberShard], new: Sequence[MemberShard]) -> int:
    """Refuse to go on unless both hold the same; returns the number of members."""
    rules = old[0].rules
    standings = [Standing.concat([one.standing() for one in shards]) for shards in (old, new)]
    for board in rules.boards:
        before, after = (
            standings_csv(board_rows(one, rules.boards, board.id, rules.levels, rules.tie_break))
            for one in standings
        )
        if before != after:
            raise Repartitioned(_DIFFERENT.format(what=f"board {board.id}"))
    members = 0
    for what, by in (("members", "member"), ("coupons", "code")):
        before, after = (_held(shards, what).sort_by(by) for shards in (old, new))
        if not before.equals(after):
            raise Repartitioned(_DIFFERENT.format(what=what))
        members = members or before.num_rows
    return members


_DIFFERENT: Final = (
    "{what}: the new shards would not hold what the old ones do, because rules of this season "
    "tie members of different shards together; the folder was left as it is: go on with its "
    "number of shards"
)


def _held(shards: Sequence[MemberShard], what: str) -> pa.Table:
    parts: list[pa.Table] = []
    for shard in shards:
        first = 0
        while first >= 0:
            first, content = shard.export(what, first)
            parts.append(pa.ipc.open_stream(content).read_all())
    return pa.concat_tables(parts).combine_chunks()


def _free_name(data: Path, shards: int) -> Path:
    """Choose a name beside for the old folder."""
    name = data.with_name(f"{data.name}.shards-{shards}")
    number = 1
    while name.exists():
        number += 1
        name = data.with_name(f"{data.name}.shards-{shards}.{number}")
    return name


def swap(data: Path, new: Path, kept: Path) -> None:
    """Put a new folder in the place of one that is kept under another name.

    Where the system can exchange two names (Linux), there is no moment without a folder of that
    name; elsewhere there is a very short one, in which the old one has its new name already.
    """
    if not _exchange(data, new):
        data.rename(kept)
        new.rename(data)
    else:
        new.rename(kept)
    sync_folder(data.parent)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names at once; false where the system can't."""
    with contextlib.suppress(AttributeError, OSError):
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
        names = os.fsencode(one), os.fsencode(other)
        return bool(renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _EXCHANGE) == 0)
    return False
