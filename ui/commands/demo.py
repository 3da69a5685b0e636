"""Demo: a season live on this machine, with the traffic of a simulated one on that one's clock."""

from __future__ import annotations

import secrets
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import httpx

from ui.commands import _connection as connection

if TYPE_CHECKING:
    import pyarrow as pa

    from simulator.log.logs import TablePart
    from ui.commands._live import Live

SEASON = Path(__file__).resolve().parents[2] / "seasons" / "summer-2026.toml"
TOP_EVERY_S = 5.0
FIRST_TOP_PERIOD_S = 0.1
POSTS_A_SECOND = 5
EVENTS_A_POST_MAX = 5_000
PORT = click.IntRange(0, 65_535)


@click.command()
@click.option("--members", type=click.IntRange(1, 5_000_000), default=10_000, show_default=True)
@click.option(
    "--rate",
    type=click.FloatRange(min=1),
    default=1000.0,
    show_default=True,
    help="Events a second.",
)
@click.option("--seconds", type=click.FloatRange(min=1), help="End after so long.")
@click.option("--no-ui", is_flag=True, help="Without the pages.")
@click.option("--port", type=PORT, default=8080, show_default=True, help="0 takes a free one.")
@click.option("--ui-port", type=PORT, default=8501, show_default=True, help="0 takes a free one.")
@click.option("--seed", default=1, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")
def command(
    members: int,
    rate: float,
    seconds: float | None,
    no_ui: bool,
    port: int,
    ui_port: int,
    seed: int,
    as_json: bool,
) -> None:
    """Play a simulated summer into a live system until Ctrl-C or --seconds are over."""
    from actors.system import Wanted
    from ui.commands._live import exit_of
    from ui.commands._secrets import taken
    from ui.jobs import SIMULATE

    began_s = time.monotonic()
    stopping = threading.Event()
    with tempfile.TemporaryDirectory(prefix="forecourt-demo-") as folder:
        wanted = Wanted(
            season_text=SEASON.read_text(encoding="utf-8"),
            season_path=str(SEASON),
            data=Path(folder),
            port=port,
            clock="events",
            simulator=SIMULATE,
            admin_key=taken("FORECOURT_ADMIN_KEY") or secrets.token_urlsafe(24),
        )
        click.echo("starting Valkey, Ray, the gateway and the pages …", err=True)
        with exit_of(wanted, None if no_ui else ui_port) as live:
            for sign in (signal.SIGINT, signal.SIGTERM):
                signal.signal(sign, lambda *_: stopping.set())
            live.say(f"admin key {wanted.admin_key}")
            live.say(f"ready {live.system.url}")
            ends_s = None if seconds is None else time.monotonic() + seconds
            player = Player(live.system.url, wanted.admin_key or "", rate)
            thread = threading.Thread(
                target=player.play, args=(demo_traffic(members, seed), stopping), daemon=True
            )
            thread.start()
            live.wait_for_pages(stopping)
            _watch(live, player, stopping, ends_s)
            thread.join(10)
    result = {"events": player.events, "seconds": round(time.monotonic() - began_s, 1)}
    connection.finish(result, as_json, [f"{player.events:,} events played; stopped cleanly"])


def demo_traffic(members: int, seed: int) -> Iterator[TablePart]:
    """Play the season and give what its members do: who is a member already, then day by day.

    They answer the rules that the live system judges by, and use the coupons that it issues:
    both sides come to the same codes.
    """
    from rules.compiling.compiled import compile_rules
    from rules.season.season_file import load_season
    from simulator.log.event_log import log_table
    from simulator.log.logs import TablePart
    from simulator.people.population_file import shipped_population
    from simulator.play.play import Play

    rules = compile_rules(load_season(SEASON.read_text(encoding="utf-8"), str(SEASON)))
    written: list[pa.RecordBatch] = []
    play = Play(rules, shipped_population(), members, seed, write=written.append)
    already = 0
    for _ in chain(play.played(), ("what comes after the last day",)):
        for batch in filter(len, written):
            part = TablePart(log_table(batch, rules.timezone))
            if not already:
                at_us = batch.column("at_us").to_numpy()
                already = int(at_us.searchsorted(at_us[0], side="right"))
                yield part.slice(0, already)
                part = part.slice(already, batch.num_rows)
            yield part
        written.clear()


class Player:
    """Posts traffic at a rate, on a thread of its own."""

    def __init__(self, url: str, key: str, rate: float) -> None:
        self.events = 0
        self.trouble = ""
        self.over = False
        self._rate = rate
        self.http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {key}"},
            timeout=30.0,
            trust_env=False,
        )

    def play(self, traffic: Iterator[TablePart], stopping: threading.Event) -> None:
        """Post traffic until stopped; at the season's end the standings become final.

        The first part, who is a member already, goes as fast as it may.
        """
        for piece in (
            piece for part in islice(traffic, 1) for piece in _pieces(part, EVENTS_A_POST_MAX)
        ):
            self._post(piece, stopping)
        began_s, paced = time.monotonic(), 0
        size = max(1, min(EVENTS_A_POST_MAX, int(self._rate / POSTS_A_SECOND)))
        for piece in (piece for part in traffic for piece in _pieces(part, size)):
            if stopping.is_set():
                return
            self._post(piece, stopping)
            paced += piece.table.num_rows
            stopping.wait(max(0.0, began_s + paced / self._rate - time.monotonic()))
        self.http.post("/v1/season/finalise", timeout=300)
        self.over = True

    def _post(self, part: TablePart, stopping: threading.Event) -> None:
        media_type, body = part.to_body()
        while not stopping.is_set():
            try:
                answer = self.http.post(
                    "/v1/events", content=body, headers={"Content-Type": media_type}
                )
            except httpx.HTTPError as error:
                self.trouble = str(error) or type(error).__name__
            else:
                if answer.status_code == httpx.codes.OK:
                    self.trouble = ""
                    self.events += part.table.num_rows
                    return
                self.trouble = connection.problem_text(answer)
            stopping.wait(0.5)


def _pieces(part: TablePart, size: int) -> Iterator[TablePart]:
    """Cut a part into pieces of so many rows."""
    for first in range(0, part.table.num_rows, size):
        yield part.slice(first, first + size)


def _watch(live: Live, player: Player, stopping: threading.Event, ends_s: float | None) -> None:
    """Print the live top ten once there is one, then every few seconds until it is time to end."""
    period_s = FIRST_TOP_PERIOD_S
    while not stopping.is_set():
        left_s = period_s if ends_s is None else min(period_s, ends_s - time.monotonic())
        if left_s <= 0 or stopping.wait(left_s):
            break
        live.check()
        try:
            answer = player.http.get("/v1/standings/overall", params={"limit": 10})
        except httpx.HTTPError as error:
            click.echo(f"no standings now: {error}", err=True)
            continue
        if answer.status_code != httpx.codes.OK:
            click.echo(f"no standings now: {connection.problem_text(answer)}", err=True)
            continue
        page = answer.json()
        if page["total"]:
            period_s = TOP_EVERY_S
            live.say(_top(page, player))
    stopping.set()


def _top(page: dict[str, Any], player: Player) -> str:
    over = "  the season is final" if player.over else ""
    lines = [
        f"\n{page['as_of'][:19]}Z  {page['phase']}  {page['total']:,} members ranked  "
        f"{player.events:,} events{over}" + (f"  {player.trouble}" if player.trouble else "")
    ]
    lines += [
        f"{row['rank']:>4}  {row['name']:<14}{row['score']:>9,}  {row['tier']:<10}"
        f"{row['prize'] or ''}"
        for row in page["rows"]
    ]
    return "\n".join(lines)
