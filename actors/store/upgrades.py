"""Upgrades: the steps that bring an older data folder to the format of this program.

Format 1 is of the first version. Format 2 keeps more in a shard's snapshot (coupons, lots,
pools, referrals) and hashes the season file with the sections that came since.

A step works on a folder that nobody else has open. It may be interrupted anywhere and is then
run again from its beginning; what it takes out of use it keeps beside, under another name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from actors.store.errors import FolderFormat
from actors.store.files import sync_folder, write_durably

Step = Callable[[Path], None]


def upgrade(folder: Path, held: int, wanted: int, steps: Mapping[int, Step]) -> None:
    """Bring a folder from one format to another, a step at a time, each noted durably.

    Raises:
        FolderFormat: there is no step from one of the formats on the way, or one can't be taken.
    """
    for number in range(held, wanted):
        step = steps.get(number)
        if step is None:
            raise FolderFormat(
                f"data folder {folder} has format {held}, which this version can't upgrade: "
                f"open it once with a version that reads format {number}, then with this one"
            )
        step(folder)
        write_durably(folder / "format", f"{number + 1}\n".encode())


def _keep_more_in_snapshots(folder: Path) -> None:
    """Put the old snapshots aside, so that the shards build new ones from archive and log."""
    snapshots, aside = folder / "snapshots", folder / "snapshots.format-1"
    if snapshots.exists() and not aside.exists():
        snapshots.rename(aside)
        sync_folder(folder)
    live = folder / "live.json"
    if live.exists():
        kept = json.loads(live.read_text(encoding="utf-8"))
        kept["rules_hash"] = _hash_of(folder / "season.toml")
        write_durably(live, json.dumps(kept, indent=1).encode())


def _hash_of(season: Path) -> str:
    from rules.compiling.compiled import compile_rules
    from rules.season.season_file import SeasonErrors, load_season

    try:
        rules = compile_rules(load_season(season.read_text(encoding="utf-8"), str(season)))
    except SeasonErrors as error:
        raise FolderFormat(
            f"data folder {season.parent} can't be upgraded: its season file has errors under "
            f"this version: {error}; go on with the version that made the folder"
        ) from error
    return rules.rules_hash


STEPS: Final[Mapping[int, Step]] = {1: _keep_more_in_snapshots}
"""Format → the step to the next one."""
