"""Erase: destroy what a running system knows of one person."""

from __future__ import annotations

from urllib.parse import quote

import click

from ui.commands import _connection as connection

WITHIN_S = 60.0


@click.command()
@click.argument("member")
@click.option("--yes", is_flag=True, help="Don't ask first.")
@connection.options
def command(member: str, yes: bool, url: str, key: str, as_json: bool) -> None:
    """Erase what is known of MEMBER; their points stay under an id that leads to nobody."""
    if not yes and not as_json:
        click.confirm(f"Erase {member}? It can't be undone", abort=True, err=True)
    path = f"/v1/members/{quote(member, safe='')}"
    told = connection.call("DELETE", url, key, path, within_s=WITHIN_S)
    lines = [f"erased {member}: {told['values']} personal values destroyed"]
    if not told["cleansed"]:
        lines.append("snapshots or the server's file are still being made anew")
    lines += [f"remains: {what}" for what in told["remains"]]
    connection.finish(told, as_json, lines)
