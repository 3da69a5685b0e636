"""Folder findings: what doctor sees of a data folder, without opening it."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

GIB = 2**30


class Finding(NamedTuple):
    """What one check found; fix says what to do when it isn't well."""

    what: str
    well: bool
    told: str
    fix: str = ""


def folder_findings(data: Path) -> Iterator[Finding]:
    """Check a data folder's format, owner, season, archive and leftovers; nothing if it is none."""
    if not (data / "live.json").exists() and not (data / "format").exists():
        if data.is_dir() and any(data.iterdir()):
            yield Finding(
                "data folder",
                False,
                f"{data} holds something else",
                "give another folder with --data",
            )
        return
    yield _format(data)
    yield _season(data)
    yield from _owner(data)
    yield from _room(data)
    yield from _archive(data)
    yield from _left_over(data)


def _format(data: Path) -> Finding:
    from actors.store.folder import FORMAT

    try:
        text = (data / "format").read_text(encoding="ascii", errors="replace").strip()
    except OSError as error:
        told = f"{data / 'format'}: {error.strerror}"
        return Finding("data folder", False, told, "restore the folder from a backup")
    if not text.isdigit():
        told = f"{data / 'format'} holds {text!r}, no number"
        return Finding("data folder", False, told, "restore the folder from a backup")
    if int(text) > FORMAT:
        told = f"{data} has format {text}; this version reads up to {FORMAT}"
        return Finding("data folder", False, told, "install the newer version that wrote it")
    later = "" if int(text) == FORMAT else f", upgraded to {FORMAT} at the next start"
    return Finding("data folder", True, f"{data} has format {text}{later}")


def _season(data: Path) -> Finding:
    try:
        live = json.loads((data / "live.json").read_text(encoding="utf-8"))
        told = f"{live['season']}, {live['shards']} shards, clock {live['clock']}"
        there = (data / "season.toml").is_file()
    except (OSError, ValueError, KeyError, TypeError) as error:
        told = f"{data / 'live.json'} can't be read ({error})"
        return Finding("season", False, told, "restore the folder from a backup")
    fix = f"put the season file it was made with back as {data / 'season.toml'}"
    return Finding("season", there, told if there else f"{told}; season.toml is missing", fix)


def _owner(data: Path) -> Iterator[Finding]:
    """Tell whether a system runs on the folder."""
    try:
        lock = os.open(data / "lock", os.O_RDWR)
    except OSError:
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.pread(lock, 32, 0).decode(errors="replace").strip() or "unknown"
        yield Finding("owner", True, f"process {owner} runs on it")
    else:
        yield Finding("owner", True, "nobody runs on it")
    finally:
        os.close(lock)


def _room(data: Path) -> Iterator[Finding]:
    """Tell whether there is room for a copy, which the server's rewrite and upkeep need."""
    size = sum(path.stat().st_size for path in data.rglob("*") if path.is_file())
    free = shutil.disk_usage(data).free
    yield Finding(
        "room",
        free > size,
        f"the folder has {size / GIB:.2f} GiB, the disk {free / GIB:.1f} GiB free",
        "free as much again as the folder has: its log is rewritten from time to time, and "
        "repartition builds a second folder",
    )


def _archive(data: Path) -> Iterator[Finding]:
    """Tell whether the archive has holes."""
    from actors.store.archive import Archive

    archive = Archive(data / "archive")
    for folder in sorted((data / "archive").glob("shard-*")):
        shard = int(folder.name.removeprefix("shard-"))
        due = 1
        for path in archive.files(shard):
            first, last = (int(part) for part in path.stem.split("-"))
            if first != due:
                yield Finding(
                    "archive",
                    False,
                    f"shard {shard}: entries {due} to {first - 1} are missing before {path.name}",
                    "put the missing files back from a backup",
                )
                break
            due = last + 1


def _left_over(data: Path) -> Iterator[Finding]:
    """Name what interrupted or finished upkeep left beside the folder."""
    beside = data.absolute().parent
    left = [
        path
        for name in (f".{data.name}.repartition", f".{data.name}.restoring")
        if (path := beside / name).exists()
    ]
    if left:
        yield Finding(
            "leftovers",
            False,
            f"{', '.join(map(str, left))}: an interrupted repartition or restore",
            "remove it unless that command is running; the data folder is whole",
        )
    kept = sorted(str(path) for path in beside.glob(f"{data.name}.shards-*"))
    if kept:
        yield Finding("kept", True, f"{', '.join(kept)}: from before a repartition")
