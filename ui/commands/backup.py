"""Backup: write a data folder, running or stopped, to one file."""

from __future__ import annotations

from pathlib import Path

import click

from ui.commands._connection import finish
from ui.commands._inputs import fail, refuse


@click.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="File to write.")
@click.option("--redis-url", help="Of the store, where the system was given one.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")
def command(data: Path, out: Path, redis_url: str | None, as_json: bool) -> None:
    """Write the data folder DATA to one file and read it back; the system may go on running."""
    from actors.backup import verify, write_backup
    from actors.folder_store import open_folder
    from actors.store.errors import FolderFormat, StoreError

    if out.exists():
        refuse(f"{out}: is there already; name a new file with --out")
    if out.absolute().resolve().is_relative_to(data.resolve()):
        refuse(f"{out}: lies in the folder that is backed up; name a file elsewhere")
    try:
        with open_folder(data, redis_url, beside_running=True) as store:
            write_backup(store, out)
            running = store.running
        contents = verify(out)
    except FolderFormat as error:
        refuse(str(error))
    except StoreError as error:
        fail(f"{error}; nothing was written")
    except OSError as error:
        fail(f"{error.filename or out}: {error.strerror or error}; nothing was written")
    shards = [{"shard": one.shard, "entries": one.seq} for one in contents.shards]
    result = {
        "file": str(out),
        "season": contents.season,
        "shards": shards,
        "files": len(contents.files),
        "bytes": out.stat().st_size,
        "running": running,
    }
    entries = sum(one.seq for one in contents.shards)
    told = (
        f"{out}: {contents.season}, {len(shards)} shards, {entries:,} log entries, "
        f"{len(contents.files)} files, {out.stat().st_size / 2**20:,.1f} MiB; read back whole"
    )
    finish(result, as_json, [told])
