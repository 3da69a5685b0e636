"""Forecast: plays a running season to its end, many times, and tells what may come of it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import click
import httpx

from ui.certificates import trusted
from ui.commands import _connection as connection
from ui.commands._inputs import fail, read_instant_option, refuse
from ui.commands._population import read_population
from ui.commands._simulating import progress
from ui.forking import fork_of

if TYPE_CHECKING:
    from actors.store.log import Entry
    from rules.compiling.compiled import Rules
    from simulator.outlook.fork import Forked
    from simulator.outlook.season_costs import SeasonEnd
    from simulator.people.population import Population

SEEDS: Final = 20
TOP: Final = 10
WITHIN_S: Final = 300.0
_BLOCK_BYTES: Final = 1 << 20


@click.command()
@click.option(
    "--seeds", type=click.IntRange(1, 10_000), default=SEEDS, show_default=True,
    help="How many runs; from 19 on nine in ten ends lie between P5 and P95.",
)  # fmt: skip
@click.option(
    "--seed", type=click.IntRange(0, 2**31), default=1, show_default=True,
    help="The first run's seed; the same seed gives the same forecast.",
)  # fmt: skip
@click.option(
    "--population", type=click.Path(path_type=Path),
    help="Population file in place of the one shipped.",
)  # fmt: skip
@click.option(
    "--at", metavar="TIME", help="Go on from the midnight before TIME, not from the last one."
)
@click.option("--out", type=click.Path(path_type=Path), help="Folder to write to as well.")
@click.option(
    "--judge", is_flag=True, help="Tell how the forecasts kept did, once the season is final."
)
@connection.options
def command(
    seeds: int, seed: int, population: Path | None, at: str | None, out: Path | None, judge: bool,
    url: str, key: str, as_json: bool,
) -> None:  # fmt: skip
    """Forecast a running season from a copy of its log; the system keeps each forecast."""
    from rules.compiling.compiled import compile_rules
    from rules.season.season_file import load_season
    from simulator.outlook.forecast import NothingToForecast, make_forecast, told
    from simulator.outlook.forecast_files import write_forecast

    people = read_population(population)
    begun = connection.call("GET", url, key, "/v1/forecast/start")
    rules = compile_rules(load_season(begun["text"], "the season file"))
    if judge:
        _judge(url, key, begun, rules, people, as_json)
        return
    upto_us = _instant(rules, begun["as_of"], at)
    forked = _fork(url, key, begun["shards"], rules, people, upto_us)
    try:
        with progress("forecast") as move:
            made = make_forecast(forked, people, seeds=seeds, seed=seed, progress=move)
    except NothingToForecast as why:
        refuse(str(why))
    laid = told(made)
    kept = connection.call(
        "POST", url, key, "/v1/forecast", content=json.dumps(laid).encode(), within_s=WITHIN_S
    )
    shown = laid | {"chances": kept["chances"], "made_at": kept["made_at"]}
    if out is not None:
        try:
            write_forecast(out, shown, forked.table.rules.season)
        except OSError as error:
            fail(f"{out}: {error.strerror}; name a folder that can be written")
    connection.finish(kept, as_json, _lines(kept, forked, out))


def _instant(rules: Rules, as_of: str, at: str | None) -> int:
    """Choose what instant to go on from: the last local midnight, days being whole."""
    now_us = read_instant_option("--at", as_of)
    wanted_us = read_instant_option("--at", at)
    assert now_us is not None
    if wanted_us is not None and wanted_us > now_us:
        refuse(f"--at {at}: lies after {as_of}, up to which events are in")
    return rules.calendar.midnight(rules.calendar.day(now_us if wanted_us is None else wanted_us))


def _fork(
    url: str, key: str, shards: int, rules: Rules, people: Population, upto_us: int
) -> Forked:
    """Rebuild the season's members from the logs of all shards, spooled to disk one by one."""
    from actors.merged_history import MergedHistory

    files = [tempfile.TemporaryFile() for _ in range(shards)]  # noqa: SIM115  closed below
    try:
        for shard, file in enumerate(files):
            _download(url, key, f"/v1/forecast/history/{shard}", file)
        history = MergedHistory([_entries(file) for file in files]).read()
        return fork_of(history, rules, people, upto_us)
    except ValueError as error:
        refuse(str(error))
    finally:
        for file in files:
            file.close()


def _download(url: str, key: str, path: str, file: IO[bytes]) -> None:
    """Copy an answer to a file and go back to its start."""
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(
        headers=headers, timeout=WITHIN_S, trust_env=False, verify=trusted()
    ) as client:
        try:
            with client.stream("GET", url.rstrip("/") + path) as answer:
                if answer.status_code != httpx.codes.OK:
                    answer.read()
                    fail(f"GET {path}: {connection.problem_text(answer)}")
                for block in answer.iter_bytes(_BLOCK_BYTES):
                    file.write(block)
        except httpx.HTTPError as error:
            told = str(error) or type(error).__name__
            fail(f"GET {path}: the answer ended too early ({told}): is the system still up?")
    file.seek(0)


def _entries(file: IO[bytes]) -> Iterator[Entry]:
    """Read a shard's entries; the last frame says that all of them came."""
    from actors.store.frames import FramesDamaged, read_frames
    from actors.store.log import Entry

    try:
        for frame in read_frames(file):
            if frame is None:
                return
            yield Entry(*frame)
    except FramesDamaged as error:
        fail(f"a shard's log is damaged ({error}): try again")
    fail("a shard's log ended too early: is the system still up? Try again")


def _lines(kept: dict[str, Any], forked: Forked, out: Path | None) -> list[str]:
    """Say in words what a forecast tells."""
    from simulator.report.report_words import ReportWords

    words = ReportWords(forked.table.rules.season, "en")
    cost = kept["costs"]["cost_total_fen"]
    p5, p50, p95, given = (words.money(cost[one]) for one in ("p5", "p50", "p95", "so_far"))
    lines = [
        f"{kept['season']} as of {kept['as_of']}, until {kept['ends']}:",
        f"{kept['members']:,} members, {kept['runs']} runs",
        f"cost: {p50} (P5 {p5}, P95 {p95}), of which {given} is given",
    ]
    for one in kept["budgets"]:
        word = "is broken" if one["covers_prizes"] else "runs out"
        lines.append(f"{one['id']} {word} with a chance of {words.share(one['runs_out']['share'])}")
    for one in kept["prizes"]:
        band = one["cutoff"]
        lines.append(
            f"{one['board']} {one['first_place']}-{one['last_place']} {one['reward']}: takes "
            f"{band['p50']:,.0f} ({band['p5']:,.0f} to {band['p95']:,.0f})"
        )
    best = kept["chances"][:TOP]
    lines += [f"{one['holder']}: chance {words.share(one['chance'])}" for one in best]
    return lines if out is None else [*lines, f"report: {out / 'report.html'}"]


def _judge(
    url: str, key: str, begun: dict[str, Any], rules: Rules, people: Population, as_json: bool
) -> None:
    """Hold every forecast of the season against its end."""
    from simulator.outlook.forecast_judge import coverage, judge

    season = connection.call("GET", url, key, "/v1/season")
    if season["phase"] != "final":
        fail(f"{season['season']} is {season['phase']}: it is final at {season['final_at']}")
    made = connection.call("GET", url, key, "/v1/forecast")["made"]
    end = _end(url, key, begun["shards"], rules, people, season["final_at"])
    verdicts = []
    for one in made:
        told = connection.call("GET", url, key, f"/v1/forecast?made={one}")
        verdicts.append((told, judge(told, end, names=begun["role"] == "admin")))
    result = {
        "season": season["season"],
        "forecasts": [one.told() | {"made_at": told["made_at"]} for told, one in verdicts],
        "coverage": coverage([one for _, one in verdicts]),
    }
    lines = []
    for told, one in verdicts:
        inside = "inside" if one.cost_inside["cost_total_fen"] else "outside"
        band = one.cost_band
        lines.append(
            f"as of {told['as_of']}: cost {one.cost_fen / 100:,.2f} {inside} "
            f"{band['p5'] / 100:,.2f} to {band['p95'] / 100:,.2f}; {one.in_band} of "
            f"{one.winners} winners in the band of their place"
            + ("" if one.named is None else f", {one.named} named")
        )
    connection.finish(result, as_json, lines)


def _end(
    url: str, key: str, shards: int, rules: Rules, people: Population, final_at: str
) -> SeasonEnd:
    from simulator.outlook.season_costs import end_of

    final_us = read_instant_option("final_at", final_at)
    assert final_us is not None
    return end_of(_fork(url, key, shards, rules, people, final_us), people)
