"""Restore: make a data folder of a backup."""

from __future__ import annotations

from pathlib import Path

import click

from ui.commands._connection import finish
from ui.commands._inputs import fail, refuse


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--data", required=True, type=click.Path(path_type=Path), help="Folder to make.")
@click.option("--redis-url", help="An empty store for the log; without it the embedded one.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")
def command(file: Path, data: Path, redis_url: str | None, as_json: bool) -> None:
    """Make a data folder of the backup FILE; a folder that holds anything is refused."""
    from actors.backup import BackupDamaged
    from actors.restore import restore_backup
    from actors.store.errors import FolderFormat, FolderInUse, StoreError

    try:
        contents = restore_backup(file, data, redis_url)
    except FileNotFoundError:
        refuse(f"{file}: no such file; check the path")
    except (BackupDamaged, FolderInUse, FolderFormat) as error:
        refuse(f"{error}; nothing was restored")
    except StoreError as error:
        fail(f"{error}; nothing was restored")
    except OSError as error:
        fail(f"{error.filename or data}: {error.strerror or error}; nothing was restored")
    shards = [{"shard": one.shard, "entries": one.seq} for one in contents.shards]
    result = {"data": str(data), "season": contents.season, "shards": shards}
    told = (
        f"{data}: {contents.season}, {len(shards)} shards; start it with "
        f"`forecourt serve {data / 'season.toml'} --data {data}`"
    )
    finish(result, as_json, [told])
