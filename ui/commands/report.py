"""Report: fetches one report of a running system, as JSON, CSV or Parquet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode

import click
import httpx

from ui.certificates import trusted
from ui.commands import _connection as connection

FORMATS: Final = ("csv", "json", "parquet")
WITHIN_S: Final = 300.0


@click.command()
@click.argument("name")
@click.option("--from", "first", metavar="DATE", help="First local day.")
@click.option("--to", "last", metavar="DATE", help="Last local day, included.")
@click.option("--by", help="What a row stands for, such as product, station or week.")
@click.option("--split", metavar="DATE", help="Satisfaction: before and after this day.")
@click.option("--within-days", type=click.IntRange(1, 400), help="How long a purchase counts.")
@click.option("--format", "shape", type=click.Choice(FORMATS), help="From the name of --out; csv.")
@click.option("--out", type=click.Path(path_type=Path), help="File to write; else to stdout.")
@connection.options
def command(
    name: str,
    first: str | None,
    last: str | None,
    by: str | None,
    split: str | None,
    within_days: int | None,
    shape: str | None,
    out: Path | None,
    url: str,
    key: str,
    as_json: bool,
) -> None:
    """Fetch the report NAME of a running system, such as sales, members, coupons or liability."""
    ending = out.suffix.removeprefix(".") if out is not None else ""
    shape = shape or (ending if ending in FORMATS else "csv")
    if shape == "parquet" and out is None:
        connection.fail("--format parquet: give a file to write with --out", 2)
    asked = {
        "from": first,
        "to": last,
        "by": by,
        "split": split,
        "within_days": within_days,
        "format": shape,
    }
    given = urlencode({word: value for word, value in asked.items() if value is not None})
    content = _fetched(url, key, f"/v1/reports/{quote(name, safe='')}?{given}")
    if out is None:
        click.echo(content.decode(), nl=False)
    else:
        try:
            out.write_bytes(content)
        except OSError as error:
            connection.fail(f"{out}: {error.strerror or error}; name a file that can be written")
    if as_json:
        told = {"report": name, "bytes": len(content), "out": None if out is None else str(out)}
        click.echo(json.dumps(told, ensure_ascii=False))
    elif out is not None:
        click.echo(f"{out}: {len(content):,} bytes", err=True)


def _fetched(url: str, key: str, path: str) -> bytes:
    """Get a path as it is; leaves with 1 or 2 when it is refused."""
    try:
        answer = httpx.get(
            url.rstrip("/") + path,
            headers={"Authorization": f"Bearer {key}"},
            timeout=WITHIN_S,
            trust_env=False,
            verify=trusted(),
        )
    except httpx.HTTPError as error:
        told = str(error) or type(error).__name__
        connection.fail(f"{url} can't be reached ({told}): is `forecourt serve` running there?")
    if answer.status_code >= httpx.codes.BAD_REQUEST:
        code = 2 if answer.status_code in (400, 404, 422) else 1
        connection.fail(f"GET {path}: {connection.problem_text(answer)}", code)
    return answer.content
