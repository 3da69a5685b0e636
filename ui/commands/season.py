"""Season: show and move the phases of a running season."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from ui.commands import _connection as connection


@click.group()
def command() -> None:
    """Show and move the phases of a running season."""


def _lines(season: dict[str, Any]) -> list[str]:
    change = season.get("next_change")
    lines = [
        f"season  {season['season']} ({season['programme']})",
        f"phase   {season['phase']}" + ("  published" if season.get("published") else ""),
        f"now     {season['now']}  clock {season['clock']}",
        f"open    {season['starts']} … {season['ends']}",
        f"final   {season['final_at']}",
    ]
    if change:
        lines.append(f"next    {change['phase']} at {change['at']}")
    if season.get("standings_hash"):
        lines.append(f"hash    {season['standings_hash']}")
    return lines


@command.command("status")
@connection.options
def status(url: str, key: str, as_json: bool) -> None:
    """Print phase, times and, once final, the hash of the standings."""
    season = connection.call("GET", url, key, "/v1/season?hours=0")
    connection.finish(season, as_json, _lines(season))


def _move(name: str, text: str) -> None:
    @command.command(name, help=text)
    @connection.options
    def move(url: str, key: str, as_json: bool) -> None:
        season = connection.call("POST", url, key, f"/v1/season/{name}", within_s=600)
        connection.finish(season, as_json, _lines(season))


_move("close", "End the season now; grace and hold follow.")
_move("finalise", "Move to the final instant and freeze the standings (needs --clock events).")
_move("publish", "Publish the frozen standings with their hash.")


@command.command("rules")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only tell what the file would change.")
@click.option("--accept-adverse", is_flag=True, help="Also when it takes something from members.")
@connection.options
def rules(
    file: Path, dry_run: bool, accept_adverse: bool, url: str, key: str, as_json: bool
) -> None:
    """Go on under FILE, a new version of the running season's file."""
    try:
        content = file.read_bytes()
    except OSError as error:
        connection.fail(f"{file}: {error.strerror or error}; name a readable season file", 2)
    asked = {"dry_run": dry_run, "accept_adverse": accept_adverse}
    query = "&".join(f"{name}=true" for name, given in asked.items() if given)
    path = "/v1/season/rules" + (f"?{query}" if query else "")
    told = connection.call("PUT", url, key, path, content=content, within_s=600)
    connection.finish(told, as_json, _rules_lines(told))
    if told["errors"]:
        sys.exit(2)


def _rules_lines(told: dict[str, Any]) -> list[str]:
    lines = [f"error    {error_text(error)}" for error in told["errors"]]
    lines += [f"{one['effect']:<9}{one['path']}: {one['en']}" for one in told["diff"]]
    lines += [f"adverse  {one['path']}: {one['en']}" for one in told["adverse"]]
    lines += [f"lint     {one['path']}: {one['message']}" for one in told["lint"]]
    if told["errors"]:
        return lines
    for move in told.get("tiers", {}).get("moves", []):
        if move["now"] != move["then"]:
            lines.append(f"tier     {move['now']} → {move['then']}: {move['members']:,} members")
    if "opens" in told:
        lines.append(f"opens    {told['opens']}: the season that follows {told['season']}")
    if not told["changed"]:
        return [*lines, f"version {told['version']} is these rules already"]
    if told["dry_run"]:
        return [*lines, f"nothing changed yet: version {told['version']} stays in force"]
    return [*lines, f"version {told['version']} is in force, rules_hash {told['rules_hash']}"]


def error_text(error: dict[str, Any]) -> str:
    """Write one error of a file as `check` does."""
    if "path" not in error:
        return str(error["problem"])
    thing = " = ".join(str(part) for part in (error["path"], error.get("value")) if part)
    return f"{thing}: {error['problem']} (line {error['line']}); {error['fix']}"
