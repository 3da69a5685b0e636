"""Repartition: rebuild a stopped data folder on another number of shards."""

from __future__ import annotations

from pathlib import Path

import click

from ui.commands._connection import finish
from ui.commands._inputs import fail, refuse


@click.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--shards", required=True, type=int, help="Number of shards to have, 1 to 64.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")
def command(data: Path, shards: int, as_json: bool) -> None:
    """Rebuild the stopped folder DATA on another number of shards; the old one is kept beside."""
    from actors.repartition import Repartitioned, repartition
    from actors.store.errors import FolderFormat, FolderInUse, StoreError

    try:
        moved = repartition(data, shards)
    except (FolderFormat, FolderInUse, ValueError) as error:
        refuse(str(error))
    except Repartitioned as error:
        fail(str(error))
    except StoreError as error:
        fail(f"{error}; the folder was left as it is")
    except OSError as error:
        fail(f"{error.filename or data}: {error.strerror or error}; the folder was left as it is")
    result = {
        "data": str(data),
        "shards_before": moved.shards_before,
        "shards": moved.shards,
        "events": moved.events,
        "members": moved.members,
        "kept": str(moved.kept),
    }
    told = (
        f"{data}: {moved.shards_before} → {moved.shards} shards; {moved.events:,} events of "
        f"{moved.members:,} members, the same standings on every board"
    )
    lines = [
        told,
        f"the old folder is kept as {moved.kept}; remove it when all is well",
    ]
    finish(result, as_json, lines)
