"""Settings: what every actor of a running season is told; equal on each of its restarts."""

from __future__ import annotations

import hashlib
import pickle
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from actors.log_lines import LogFormat
from actors.store.client import without_password
from rules.compiling.public_holidays import Known, take_over
from rules.table.storage import FILE_FROM_ROWS

if TYPE_CHECKING:
    from rules.compiling.compiled import Rules

SNAPSHOT_EVENTS: Final = 1_000_000
"""Events of a shard between two of its snapshots."""
STREAM_READERS: Final = 5_000
"""Readers that may listen to boards at the same time."""


@dataclass(frozen=True)
class Settings:
    """One running season: its file, its store, its shards, its clock and its address.

    It stays small on purpose: Ray keeps small constructor arguments with the actor itself, so
    a restart never depends on an object that may be lost.
    """

    season_path: str
    season_digest: str
    data: str
    redis_url: str = field(repr=False)
    shards: int
    clock: str
    host: str
    port: int
    snapshot_events: int = SNAPSHOT_EVENTS
    file_from_rows: int = FILE_FROM_ROWS
    log_format: LogFormat = "plain"
    stream_readers: int = STREAM_READERS
    notify: tuple[str, ...] = ("file",)
    webhook_secret: str = field(default="", repr=False)
    rates: tuple[str, ...] = ()
    tls_cert: str = ""
    tls_key: str = ""
    simulator: str = ""
    """What simulates, as `package.module:callable`; "" for nothing."""
    season: bytes = field(default=b"", repr=False, compare=False)
    """What the season file says, pickled once it was read: only the first process checks it, and
    only those that compile it import what it is made of."""
    holidays: Known = ()
    """The public holidays that it was compiled with."""

    @property
    def season_text(self) -> str:
        """Read the season file the folder began with, which is kept there."""
        return Path(self.season_path).read_text(encoding="utf-8")

    @cached_property
    def rules(self) -> Rules:
        """Compile the season file the folder began with; later versions are in the log."""
        from rules.compiling.compiled import compile_rules
        from rules.season.season_file import load_season

        take_over(self.holidays)
        if self.season:
            return compile_rules(pickle.loads(self.season))
        return compile_rules(load_season(self.season_text, self.season_path))

    def __getstate__(self) -> dict[str, Any]:
        """Leave the compiled rules out of what travels."""
        return {name: value for name, value in self.__dict__.items() if name != "rules"}

    @property
    def folder(self) -> Path:
        """Give the data folder."""
        return Path(self.data)

    @property
    def address(self) -> str:
        """Give the address that the gateway is reached at from this machine."""
        shown = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        scheme = "https" if self.tls_cert else "http"
        return f"{scheme}://{f'[{shown}]' if ':' in shown else shown}:{self.port}"

    def name(self, actor: str) -> str:
        """Name an actor; the hash keeps systems with other settings apart."""
        server = without_password(self.redis_url)
        facts = [self.season_digest, self.data, server, self.shards, self.clock]
        digest = hashlib.sha256(msgspec.json.encode(facts)).hexdigest()[:10]
        return f"{self.rules.season_id}-{digest}-{actor}"
