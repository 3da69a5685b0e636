"""Station writer: put a register into the text of a season file, and change nothing else of it.

A station that stays as it is keeps its lines; one that changes is written anew where it stood;
new ones follow the last station, by id. So the same table put in twice changes nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from rules.season.season_file import load_season
from rules.season.season_models import Season, Station
from rules.season.station_register import station_row
from rules.season.toml_lines import find_lines

HEADER: Final = re.compile(r"[ \t]*\[")
BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")


class StationsNotWritable(ValueError):  # noqa: N818  says what stands in the way
    """The file's stations aren't written as [stations.ID] tables; the text says the fix."""


@dataclass(frozen=True, slots=True)
class Written:
    """The new text of a file, and which stations it adds, changes, keeps and drops."""

    text: str
    added: tuple[str, ...]
    changed: tuple[str, ...]
    same: tuple[str, ...]
    left: tuple[str, ...]  # of the file, not in the table
    dropped: tuple[str, ...]


def write_stations(
    text: str, stations: Mapping[str, Station], *, replace: bool = False, path: str = "season.toml"
) -> Written:
    """Put stations into a season file's text; with `replace` the others are dropped.

    Raises:
        SeasonErrors: when the file has errors before or after, such as a rule that names a
            station or region that is dropped.
        StationsNotWritable: when its stations are written in another way than as tables.
    """
    season = load_season(text, path)
    held = season.stations
    added = tuple(sorted((name for name in stations if name not in held), key=str.encode))
    same = tuple(name for name, one in held.items() if stations.get(name) == one)
    changed = tuple(name for name in held if name in stations and name not in same)
    others = tuple(name for name in held if name not in stations)
    dropped = others if replace else ()
    made = _rewritten(text, stations, added, changed, dropped)
    after = load_season(made, path)
    wanted = {name: one for name, one in held.items() if name not in dropped} | dict(stations)
    if after.stations != wanted or _rest(after) != _rest(season):
        raise StationsNotWritable(
            "the stations stand in a way that can't be changed line by line; write each as a "
            "table [stations.ID] with one key a line"
        )
    left = () if replace else others
    return Written(made, added, changed, same, left, dropped)


def _rest(season: Season) -> Season:
    return season.model_copy(update={"stations": {}})


def _rewritten(
    text: str,
    stations: Mapping[str, Station],
    added: tuple[str, ...],
    changed: tuple[str, ...],
    dropped: tuple[str, ...],
) -> str:
    lines = text.splitlines(keepends=True)
    newline = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    blocks = _blocks(text, lines)
    gone = [name for name in (*changed, *dropped) if name not in blocks]
    if gone:
        raise StationsNotWritable(
            f"stations.{gone[0]} isn't written as a table; write it as [stations.{_key(gone[0])}] "
            "with one key a line"
        )
    last = max((end for _, end in blocks.values()), default=len(lines))
    begins = {first: (name, end) for name, (first, end) in blocks.items()}
    made: list[str] = []
    at = 0
    while at <= len(lines):
        if at == last and added:
            if made and not made[-1].endswith("\n"):
                made.append(newline)
            made += [newline] if not blocks else []
            made += [_table(name, stations[name], newline) for name in added]
        name, end = begins.get(at, ("", at))
        if name in changed:
            made.append(_table(name, stations[name], newline))
            at = end
        elif name and name in dropped:
            at = end
        else:
            made += lines[at : at + 1]
            at += 1
    return "".join(made)


def _blocks(text: str, lines: list[str]) -> dict[str, tuple[int, int]]:
    """Find the lines of each [stations.ID] table: from its header to after its last key."""
    found: dict[str, tuple[int, int]] = {}
    for loc, line in find_lines(text).items():
        if len(loc) < 2 or loc[0] != "stations":
            continue
        name = str(loc[1])
        if len(loc) == 2 and HEADER.match(lines[line - 1]):
            found[name] = (line - 1, line)
        elif name in found:
            first, end = found[name]
            found[name] = (first, max(end, line))
    return found


def _table(name: str, station: Station, newline: str) -> str:
    row = station_row(name, station)
    lines = [f"[stations.{_key(name)}]"]
    lines += [f"{key} = {_text(row[key])}" for key in ("region", "brand") if row[key] is not None]
    lines += [f"{key} = {row[key]}" for key in ("opened", "closed") if row[key] is not None]
    lines += [f"{_key(key)} = {_text(value)}" for key, value in sorted(station.fields.items())]
    return "".join(line + newline for line in lines)


def _key(key: str) -> str:
    return key if BARE_KEY.fullmatch(key) else _text(key)


def _text(text: str) -> str:
    """Write a TOML basic string; JSON escapes the same, DEL apart."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
