"""Season: show and move the phases of a running season."""

from __future__ import annotations

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
