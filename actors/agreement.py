"""Agreement: what a data folder was made with, and that it goes on with the same."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from actors.rules_book import VERSIONS, is_version
from actors.store.folder import write_durably
from rules.compiling.compiled import Rules, compile_rules
from rules.season.season_file import load_season
from rules.season.season_models import Season


class FolderMismatch(Exception):  # noqa: N818  says what is wrong, as every error here
    """The data folder was made with other settings than the ones given now."""


def agreed_shards(data: Path, rules: Rules, text: str, clock: str, wanted: int | None) -> int:
    """Check a folder's own settings, or write them at first start; returns its shards.

    text is the season file's, clock and wanted what the operator said. Raises FolderMismatch.
    """
    path = data / "live.json"
    given = {"season": rules.season_id, "rules_hash": rules.rules_hash, "clock": clock}
    if not path.exists():
        shards = wanted or usual_shards(rules)
        made = given | {"shards": shards, "system": secrets.token_hex(8)}
        write_durably(data / "season.toml", text.encode())
        write_durably(path, json.dumps(made, indent=1).encode())
        return shards
    kept = json.loads(path.read_text(encoding="utf-8"))
    fixes = {
        "season": "give the season file it was made with, or another folder with --data",
        "rules_hash": f"its season file is kept as {data / 'season.toml'}, later "
        f"versions in {data / VERSIONS}; start with one of them (the log says which one "
        "is in force) and send a new one to the running system with "
        "`forecourt season rules FILE`",
        "clock": f"start with --clock {kept['clock']}, or with another folder",
    }
    for name, fix in fixes.items():
        if name != "clock" and is_version(data, rules.rules_hash):
            continue
        if kept[name] != given[name]:
            raise FolderMismatch(
                f"data folder {data}: {name} = {given[name]!r}, but the folder holds "
                f"{kept[name]!r}: {fix}"
            )
    shards = int(kept["shards"])
    if wanted not in (None, shards):
        raise FolderMismatch(
            f"data folder {data}: --shards {wanted}, but the folder was made "
            f"with {shards}: leave --shards out"
        )
    return shards


def first_season(data: Path, rules: Rules, text: str) -> Season:
    """Give the season file that a folder began with; its holidays are known then too.

    text is the one that rules were compiled from.
    """
    path = data / "season.toml"
    kept = path.read_text(encoding="utf-8")
    if kept == text:
        return rules.season
    return compile_rules(load_season(kept, str(path))).season


def usual_shards(rules: Rules) -> int:
    """Choose as many shards as leave half the cores to the gateway, the rankings and the store.

    One where members are referred: a shard can't see the orders of a referee on another one.
    """
    if rules.referral is not None:
        return 1
    return max(1, min(4, (os.cpu_count() or 1) // 2))
