"""Running season: what a job beside the actors may have of the season, read without asking them."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from actors.forecasts import Forecasts, Kept
from actors.merged_history import MergedHistory
from actors.settings import Settings
from actors.store.archive import Archive
from actors.store.client import connect
from actors.store.history import read_history
from actors.store.log import Entry, ShardLog


class RunningSeason:
    """Reads the log of all shards and keeps forecasts; nothing is opened before it is used."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def text(self) -> str:
        """Read the season file that the log began with."""
        return self._settings.season_text

    def history(self) -> Iterator[pa.RecordBatch | Entry]:
        """Yield what was logged until now: stamped events, and what every shard got.

        Raises:
            StoreError: a shard's log can't be read.
        """
        settings = self._settings
        client, archive = connect(settings.redis_url), Archive(settings.folder / "archive")
        scope = settings.rules.season_id
        logs = [ShardLog(client, scope, shard) for shard in range(settings.shards)]
        try:
            yield from MergedHistory([read_history(archive, log) for log in logs]).read()
        finally:
            client.close()

    def keep(self, forecast: bytes, season: str, now_us: int) -> Kept:
        """Keep a forecast of a season that was made now.

        Raises:
            ForecastRefused: it is none, or one of another season.
            OSError: the disk doesn't take it.
        """
        return Forecasts(self._settings.folder).keep(forecast, season, now_us)

    def forecasts(self, season: str) -> list[Kept]:
        """Read the forecasts that were made of a season, oldest first."""
        shelf = Forecasts(self._settings.folder)
        return [shelf.read(made_us) for made_us in shelf.made(season)]
