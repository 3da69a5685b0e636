"""Explain: where a member's points come from, from a running system or by replaying a log."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import click

from ui.commands import _connection as connection
from ui.commands._inputs import fail, read_instant_option, read_mapping, read_season, refuse

if TYPE_CHECKING:
    from rules.compiling.compiled import Rules
    from rules.decoding.event_columns import Decoded
    from rules.table.member_table import MemberTable

WITHIN_S: Final = 60.0
ENTRIES_A_REQUEST: Final = 10_000


@click.command()
@click.argument("what", nargs=-1, required=True, metavar="[SEASON LOG...] MEMBER [EVENT_ID]")
@click.option(
    "--url",
    type=connection.address,
    help="Address of a running system; without it SEASON LOG... are replayed.",
)
@click.option(
    "--key",
    type=connection.key_text,
    envvar="FORECOURT_KEY",
    help="Key (or FORECOURT_KEY), with --url.",
)
@click.option("--lang", type=click.Choice(["zh", "en"]), default="en", show_default=True)
@click.option("--mapping", type=click.Path(path_type=Path), help="Says what the log's columns are.")
@click.option("--sort", is_flag=True, help="Order the log by `at` first.")
@click.option("--until", metavar="TIME", help="Let the clock go on to TIME, not to the final end.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")
def command(
    what: tuple[str, ...],
    url: str | None,
    key: str | None,
    lang: str,
    mapping: Path | None,
    sort: bool,
    until: str | None,
    as_json: bool,
) -> None:
    """Explain one event of MEMBER step by step, or without EVENT_ID every posting they have.

    With --url a running system is asked; else the log is replayed under SEASON, with the same
    rules.
    """
    if url is not None:
        found = _ask(url, key, what)
    else:
        season, logs, asked = split_arguments(what)
        rules_of = _replayed(season, logs, mapping, sort=sort, until=until)
        found = _explained(rules_of, asked)
    _show(found, lang, as_json=as_json)


def split_arguments(what: tuple[str, ...]) -> tuple[Path, tuple[str, ...], tuple[str, ...]]:
    """Tell SEASON, LOG... and MEMBER [EVENT_ID] apart: logs are files, or in a package."""
    if len(what) < 3:
        refuse("give SEASON, at least one LOG and a MEMBER, or --url of a running system")
    season, *rest = what
    count = next((at for at, one in enumerate(rest) if not _is_log(one)), len(rest))
    asked = tuple(rest[count:])
    if not count:
        refuse(f"{rest[0]}: no such log; name a readable file")
    if not asked:
        # A member may have the name of a file; the last argument is what is asked about.
        count, asked = count - 1, (rest[-1],)
    if not count or len(asked) > 2:
        refuse("give SEASON, at least one LOG, a MEMBER, and at most one EVENT_ID")
    return Path(season), tuple(rest[:count]), asked


def _is_log(name: str) -> bool:
    return name.startswith("package:") or Path(name).exists()


def _replayed(
    season: Path, logs: tuple[str, ...], mapping: Path | None, *, sort: bool, until: str | None
) -> list[MemberTable]:
    """Replay a log with a journal, or leave saying why it can't be read."""
    from rules.compiling.compiled import compile_rules
    from rules.decoding.event_columns import UnreadableBody
    from simulator.log.log_files import LogProblem
    from simulator.log.mapping import MissingColumn

    rules = compile_rules(read_season(season))
    until_us = read_instant_option("--until", until)
    try:
        return _tables(rules, logs, read_mapping(mapping), sort=sort, until_us=until_us)
    except (LogProblem, MissingColumn, UnreadableBody) as error:
        refuse(str(error))
    except OSError as error:
        fail(f"{error.filename or logs[0]}: {error.strerror or error}; name a readable log")


def _tables(
    rules: Rules, logs: tuple[str, ...], meaning: Any, *, sort: bool, until_us: int | None
) -> list[MemberTable]:
    from simulator.log.archived_log import is_archived, read_archived
    from simulator.log.logs import read_log
    from simulator.offline.archived_tables import DECIDING, ArchivedTables
    from simulator.offline.journalled import journalled_replay
    from simulator.offline.log_reading import in_time_order

    tables = None
    batches: Iterable[Decoded] = read_log(logs, meaning, rules.names)
    if any(is_archived(log) for log in logs):
        archived = read_archived(logs)
        batches = [archived.events]
        if archived.has(DECIDING):
            tables = ArchivedTables(rules, archived)
    if sort:
        batches = [in_time_order(batches)]
    return journalled_replay(rules, batches, until_us, tables)


def _explained(tables: list[MemberTable], asked: tuple[str, ...]) -> dict[str, Any]:
    from rules.accounts.explain import waterfall
    from rules.accounts.posting import journalled
    from rules.accounts.statement import statement
    from simulator.offline.journalled import table_with

    member = asked[0]
    table = table_with(tables, member)
    if table is None:
        fail(f"no event of a member {member!r} was applied; check the id")
    postings = journalled(table, member)
    if len(asked) == 1:
        found = statement(table, member, postings)
    else:
        found = waterfall(table, member, postings, asked[1])
    if found is None:
        fail(f"no event {asked[-1]!r} of member {member!r} was accepted; results.csv says why")
    return found


def _ask(url: str, key: str | None, asked: tuple[str, ...]) -> dict[str, Any]:
    """Ask a running system, page by page for a statement."""
    if key is None:
        refuse("--key: give a key of the role app, analyst or admin")
    if len(asked) > 2:
        refuse("give MEMBER and at most one EVENT_ID with --url")
    path = f"/v1/members/{quote(asked[0], safe='')}"
    if len(asked) == 2:
        path += f"/events/{quote(asked[1], safe='')}"
        event: dict[str, Any] = connection.call("GET", url, key, path, within_s=WITHIN_S)
        return event
    path += f"/statement?limit={ENTRIES_A_REQUEST}"
    found: dict[str, Any] = connection.call("GET", url, key, path, within_s=WITHIN_S)
    while found["next_cursor"] is not None:
        page = f"{path}&cursor={found['next_cursor']}"
        more = connection.call("GET", url, key, page, within_s=WITHIN_S)
        found["entries"] += more["entries"]
        found["next_cursor"] = more["next_cursor"]
    return found


def _show(found: dict[str, Any], language: str, *, as_json: bool) -> None:
    from rules.accounts.explain import waterfall_lines
    from rules.accounts.statement import lines

    shown = lines(found, language) if "entries" in found else waterfall_lines(found, language)
    connection.finish(found, as_json, shown)
