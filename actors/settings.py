"""Settings: what every actor of a running season is told; equal on each of its restarts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import msgspec

from actors.log_lines import LogFormat
from rules.compiled import Rules, compile_rules
from rules.season_file import load_season

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
    redis_url: str
    shards: int
    clock: str
    host: str
    port: int
    admin_key: str = ""
    snapshot_events: int = SNAPSHOT_EVENTS
    log_format: LogFormat = "plain"
    stream_readers: int = STREAM_READERS
    notify: tuple[str, ...] = ("file",)
    webhook_secret: str = field(default="", repr=False)

    @property
    def season_text(self) -> str:
        """Read the season file the folder began with, which is kept there."""
        return Path(self.season_path).read_text(encoding="utf-8")

    @cached_property
    def rules(self) -> Rules:
        """Compile the season file the folder began with; later versions are in the log."""
        return compile_rules(load_season(self.season_text, self.season_path))

    def __getstate__(self) -> dict[str, Any]:
        """Leave the compiled rules out of what travels."""
        return {name: value for name, value in self.__dict__.items() if name != "rules"}

    @property
    def folder(self) -> Path:
        """Give the data folder."""
        return Path(self.data)

    def name(self, actor: str) -> str:
        """Name an actor; the hash keeps systems with other settings apart."""
        facts = [self.season_digest, self.data, self.redis_url, self.shards, self.clock]
        digest = hashlib.sha256(msgspec.json.encode(facts)).hexdigest()[:10]
        return f"{self.rules.season_id}-{digest}-{actor}"
