"""Loadtest: puts a system under Locust's tills, apps and analysts, and audits what it told them."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import click

from ui.commands import _connection as connection

USERS_MAX = 2_000
"""One Locust process on one machine; beyond it measures itself. docs/load-tests.md: several."""
MINUTES_MAX = 24 * 60
WORKERS_MAX = 64


@click.command()
@click.option(
    "--url",
    type=connection.address,
    envvar="FORECOURT_URL",
    help="Running system; without it one is started.",
)
@click.option(
    "--key",
    type=connection.key_text,
    envvar="FORECOURT_KEY",
    help="An admin's key (or FORECOURT_KEY).",
)
@click.option(
    "--shape",
    type=click.Choice(["steady", "ramp", "spike", "soak"]),
    default="steady",
    show_default=True,
    help="How many of the users act when.",
)
@click.option(
    "--workers",
    type=click.IntRange(0, WORKERS_MAX),
    default=0,
    help="Locust processes beside the one that leads them; without it one does it all.",
)
@click.option("--users", type=click.IntRange(1, USERS_MAX), default=50, show_default=True)
@click.option(
    "--minutes",
    type=click.FloatRange(0, MINUTES_MAX, min_open=True),
    help="How long; by default 1, ramp and spike 5, soak 60.",
)
@click.option(
    "--members",
    type=click.IntRange(1, 1_000_000),
    default=2_000,
    show_default=True,
    help="How many members the events are of.",
)
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("loadtest.html"),
    show_default=True,
    help="Locust's report.",
)
@click.option(
    "--ledger",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to keep what the users were told in.",
)
@click.option("--scored", is_flag=True, help="The season scores all points: audit scores too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")
def command(
    url: str | None,
    key: str | None,
    shape: str,
    workers: int,
    users: int,
    minutes: float | None,
    members: int,
    report: Path,
    ledger: Path | None,
    scored: bool,
    as_json: bool,
) -> None:
    """Send and read as tills, apps and analysts do; then compare what they were told."""
    if url is not None and not key:
        raise click.UsageError("--url needs --key (or FORECOURT_KEY): an admin's key")
    if not report.absolute().parent.is_dir():
        raise click.UsageError(f"--report {report}: there is no folder {report.parent}")
    # By name: the command line and the load tests don't import one another.
    running = importlib.import_module("loadtests.run")
    shapes = importlib.import_module("loadtests.shapes")
    minutes = minutes or shapes.MINUTES[shape]
    wanted = (url, key or "", users, minutes, members, report, ledger, scored, shape, workers)
    result: dict[str, Any] = running.run(running.Wanted(*wanted))
    if "error" in result:
        click.echo(f"error: {result['error']}", err=True)
    else:
        click.echo("\n".join(_lines(result)))
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False))
    sys.exit(0 if result["passed"] else 1)


def _lines(result: dict[str, Any]) -> list[str]:
    """Say the figures and the verdict in words."""
    lines = [f"{'request':44}{'count':>9}{'failed':>8}{'per s':>8}{'median ms':>11}{'p99 ms':>8}"]
    lines += [
        f"{one['name']:44}{one['requests']:>9,}{one['failures']:>8,}{one['per_s']:>8,}"
        f"{one['median_ms']:>11,}{one['p99_ms']:>8,}"
        for one in sorted(result["figures"], key=lambda figure: str(figure["name"]))
    ]
    audit = result["audit"]
    wrong = sum(check["differences"] for check in audit["checks"])
    compared = sum(check["compared"] for check in audit["checks"])
    lines.append(
        f"{audit['acknowledged']:,} events of {audit['members']:,} members acknowledged; "
        f"{compared:,} comparisons, {wrong:,} differences: "
        + ("audit passed" if result["passed"] else "audit FAILED")
    )
    lines.append(f"report {result['report']}")
    return lines
