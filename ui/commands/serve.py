"""Serve: run a season live, with its store, actors, HTTP interface and pages."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Literal

import click

PORT = click.IntRange(0, 65_535)
PEM = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("season", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("data"),
    show_default=True,
    help="Folder of everything durable.",
)
@click.option(
    "--redis-url",
    help="Redis ≥ 7 or Valkey ≥ 8, also redis+sentinel:// and redis+cluster://; without it one "
    "is embedded. With a password give "
    "FORECOURT_REDIS_URL instead: a command line is for all to see.",
)
@click.option("--redis-ca", type=PEM, help="Authority of the Redis server's certificate.")
@click.option("--ray-address", help="Ray cluster; without it Ray runs on this machine.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--tls-cert", type=PEM, help="Serve HTTPS with this certificate and its chain.")
@click.option("--tls-key", type=PEM, help="Key of that certificate, without a passphrase.")
@click.option(
    "--rate",
    "rates",
    multiple=True,
    metavar="ROLE=RATE",
    help="At most so often a key of that role, such as till=500/second; also member= (each member "
    "of an app) and refused= (unknown keys of an address); may be repeated.",
)
@click.option("--port", type=PORT, default=8080, show_default=True, help="0 takes a free one.")
@click.option("--ui-port", type=PORT, default=8501, show_default=True, help="0 takes a free one.")
@click.option("--no-ui", is_flag=True, help="Without the pages.")
@click.option("--shards", type=click.IntRange(1, 64), help="Fixed at the folder's first start.")
@click.option(
    "--clock",
    type=click.Choice(["real", "events"]),
    default="real",
    show_default=True,
    help="events: time advances by the events' own times.",
)
@click.option(
    "--notify",
    "notify",
    multiple=True,
    default=("file",),
    show_default=True,
    help="Where notices go: file, or webhook=URL (with FORECOURT_WEBHOOK_SECRET); may be repeated.",
)
@click.option(
    "--log-format",
    type=click.Choice(["plain", "json"]),
    default="plain",
    show_default=True,
    help="json: one object a line in DATA/logs, and a line for every request.",
)
@click.option(
    "--stream-readers",
    type=click.IntRange(0),
    help="Readers that may listen to boards at the same time, 5,000 by default.",
)
@click.option(
    "--snapshot-events",
    type=click.IntRange(100),
    help="Events of a shard between two snapshots, a million by default: fewer restart sooner. "
    "Of a shard that keeps more than eight million, an eighth of them at least.",
)
@click.option("--file-from-rows", type=click.IntRange(1), hidden=True)
def command(
    season: Path,
    data: Path,
    redis_url: str | None,
    redis_ca: Path | None,
    ray_address: str | None,
    host: str,
    tls_cert: Path | None,
    tls_key: Path | None,
    rates: tuple[str, ...],
    port: int,
    ui_port: int,
    no_ui: bool,
    shards: int | None,
    clock: str,
    notify: tuple[str, ...],
    log_format: Literal["plain", "json"],
    stream_readers: int | None,
    snapshot_events: int | None,
    file_from_rows: int | None,
) -> None:
    """Run SEASON live until Ctrl-C; starting again on the same folder continues."""
    from actors.ray_token import need_ray_token

    try:
        need_ray_token(ray_address or "")
    except ValueError as error:
        raise click.UsageError(str(error)) from None

    from actors.gateway.rates import role_rates
    from actors.notice_ways import check_ways
    from actors.settings import SNAPSHOT_EVENTS, STREAM_READERS
    from actors.system import Wanted
    from rules.table.storage import FILE_FROM_ROWS
    from ui.commands._inputs import read_text
    from ui.commands._live import exit_of
    from ui.commands._secrets import taken
    from ui.jobs import SIMULATE

    wanted = Wanted(
        season_text=read_text(season),
        season_path=str(season),
        data=data,
        redis_url=redis_url or taken("FORECOURT_REDIS_URL") or None,
        redis_ca=redis_ca,
        ray_address=ray_address,
        host=host,
        tls_cert=tls_cert,
        tls_key=tls_key,
        rates=rates,
        port=port,
        shards=shards,
        clock=clock,
        admin_key=taken("FORECOURT_ADMIN_KEY"),
        notify=notify,
        log_format=log_format,
        stream_readers=STREAM_READERS if stream_readers is None else stream_readers,
        snapshot_events=snapshot_events or SNAPSHOT_EVENTS,
        file_from_rows=file_from_rows or FILE_FROM_ROWS,
        simulator=SIMULATE,
        webhook_secret=taken("FORECOURT_WEBHOOK_SECRET"),
    )
    try:
        role_rates(rates)
        check_ways(wanted.notify, wanted.webhook_secret)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    stopping = threading.Event()
    with exit_of(wanted, None if no_ui else ui_port) as live:
        for sign in (signal.SIGINT, signal.SIGTERM):
            signal.signal(sign, lambda *_: stopping.set())
        live.say_key()
        live.say(f"ready {live.system.url}")
        live.wait_for_pages(stopping)
        while not stopping.wait(1.0):
            live.check()
        click.echo("stopping: answering what was taken, writing snapshots", err=True)
