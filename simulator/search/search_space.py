"""Search space: the file that says which values of a season file a search may change."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, Final

from rules.season.season_draft import shown
from rules.season.season_file import AT_LINE, SeasonError, SeasonErrors, load_season
from rules.season.toml_lines import Loc, find_lines, line_of
from simulator.search.knobs import STEPS_MAX, Amount, Knob, Order, amount_of, count_of, same, steps
from simulator.search.season_text import SeasonText, toml_of

KNOBS_MAX: Final = 200
_KEYS: Final = ("path", "low", "high", "step", "choices")
_PLAIN: Final = (str, int, Decimal)


class SpaceErrors(SeasonErrors):
    """A space file has errors; `errors` lists all of them by line, each with its fix."""


@dataclass(frozen=True, slots=True)
class SearchSpace:
    """The knobs of a season file, and values that must stay in order."""

    knobs: tuple[Knob, ...]
    orders: tuple[Order, ...] = ()

    @property
    def size(self) -> int:
        """Count the combinations."""
        return math.prod(len(knob.options) for knob in self.knobs)

    @property
    def home(self) -> tuple[int | None, ...]:
        """Give the places of the season file as it is."""
        return tuple(knob.home for knob in self.knobs)


class _Wrong(Exception):  # noqa: N818  it never leaves this module
    def __init__(self, key: str, value: Any, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.key, self.value, self.problem, self.fix = key, value, problem, fix


def read_space(text: str, path: str, season: SeasonText, season_path: str) -> SearchSpace:
    """Read a space file against the season file it is for; the paths are only named in errors.

    Raises:
        SpaceErrors: listing everything that is wrong with it.
    """
    draft = _parsed(text, path)
    lines = find_lines(text)
    errors: list[SeasonError] = []

    def wrong(loc: Loc, value: Any, problem: str, fix: str) -> None:
        named = ".".join(f"#{one + 1}" if isinstance(one, int) else one for one in loc)
        written = None if value is None else shown(_listed(value))
        errors.append(SeasonError(path, line_of(lines, loc), named, written, problem, fix))

    if draft.get("format") != 1:
        wrong(("format",), draft.get("format"), "must be 1", "write format = 1 at the top")
    for key in draft.keys() - {"format", "vary", "order"}:
        wrong((key,), None, "is an unknown key", "format, [[vary]] and [[order]] stand here")
    entries = draft.get("vary", [])
    if not isinstance(entries, list) or not 1 <= len(entries) <= KNOBS_MAX:
        wrong(("vary",), None, f"must be 1 to {KNOBS_MAX} tables",
              'add [[vary]] with path = "…" and low, high, step or choices')  # fmt: skip
        entries = []
    knobs: list[Knob] = []
    for nth, entry in enumerate(entries):
        try:
            knob = _knob(entry, season, season_path)
            twin = next((one for one in knobs if one.loc == knob.loc), None)
            if twin is not None:
                raise _Wrong("path", knob.path, f"varies the same value as {twin.path}",
                             "keep one of them")  # fmt: skip
            knobs.append(knob)
        except _Wrong as found:
            wrong(("vary", nth, found.key), found.value, found.problem, found.fix)
    orders: list[Order] = []
    for nth, entry in enumerate(draft.get("order", [])):
        try:
            orders.append(_order(entry, season, season_path))
        except _Wrong as found:
            wrong(("order", nth, found.key), found.value, found.problem, found.fix)
    if errors:
        raise SpaceErrors(errors)
    return SearchSpace(tuple(knobs), tuple(orders))


def _parsed(text: str, path: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        at = AT_LINE.search(str(error))
        line = int(at[1] or text.rstrip().count("\n") + 1) if at else 1
        problem = f"isn't valid TOML: {AT_LINE.sub('', str(error))}"
        one = SeasonError(path, line, "", None, problem, "correct the TOML")
        raise SpaceErrors([one]) from None


def _listed(value: Any) -> Any:
    return tuple(_listed(one) for one in value) if isinstance(value, list) else value


def _knob(entry: Any, season: SeasonText, season_path: str) -> Knob:
    """Read one [[vary]]."""
    if not isinstance(entry, dict):
        raise _Wrong("path", entry, "must be a table", 'write [[vary]] and path = "…" under it')
    for key in entry.keys() - set(_KEYS):
        close = get_close_matches(key, _KEYS, n=1)
        fix = f"did you mean {close[0]}?" if close else f"the keys here are {', '.join(_KEYS)}"
        raise _Wrong(key, entry[key], "is an unknown key", fix)
    path = entry.get("path")
    if not isinstance(path, str):
        raise _Wrong("path", path, "must be a path of the season file in quotes",
                     'write path = "earning.gasoline.points", say')  # fmt: skip
    loc = _place(path, season, season_path)
    today = season.value(loc)
    options = _choices(entry) if "choices" in entry else _range(entry, path, today)
    written = season.written(loc)
    home = next((nth for nth, one in enumerate(options) if same(one, today)), None)
    if home is not None:
        options = (*options[:home], written, *options[home + 1 :])
    if len(options) == 1 and home is not None:
        raise _Wrong("path", path, f"has no other value than today's {written}",
                     "widen the range, add a choice, or remove this table")  # fmt: skip
    knob = Knob(path, loc, options, "choices" not in entry, written, home)
    _tried(knob, season, season_path, entry)
    return knob


def _place(path: str, season: SeasonText, season_path: str) -> Loc:
    """Find a path, or say which was meant."""
    if path in season.paths:
        return season.paths[path]
    within = [one for one in season.paths if one.startswith(f"{path}.")]
    if within:
        raise _Wrong("path", path, "is a whole table, not one value",
                     f"name a value in it: {', '.join(within[:6])}")  # fmt: skip
    close = get_close_matches(path, season.paths, n=3, cutoff=0.6)
    meant = f"did you mean {' or '.join(close)}? If not, " if close else ""
    fix = f"{meant}write it there first: only a value that stands there can be replaced"
    raise _Wrong("path", path, f"isn't in {season_path}", fix)


def _order(entry: Any, season: SeasonText, season_path: str) -> Order:
    """Read one [[order]]."""
    paths = entry.get("paths") if isinstance(entry, dict) else None
    if not isinstance(paths, list) or len(paths) < 2 or len(entry) > 1:
        raise _Wrong("paths", paths, "must be all there is, a list of two paths or more",
                     'write paths = ["…", "…"], the lowest value first')  # fmt: skip
    locs = []
    for path in paths:
        if not isinstance(path, str):
            raise _Wrong("paths", path, "isn't a path in quotes", "write a path of the season file")
        try:
            locs.append(_place(path, season, season_path))
        except _Wrong as found:
            raise _Wrong("paths", path, found.problem, found.fix) from None
        if amount_of(season.value(locs[-1])) is None:
            raise _Wrong("paths", path, "is no number today", "name values that are numbers")
    order = Order(tuple(paths), tuple(locs))
    broken = order.broken([season.written(loc) for loc in locs])
    if broken:
        raise _Wrong("paths", paths, f"is broken by {season_path} itself: {broken}",
                     "put the paths in the order that holds today")  # fmt: skip
    return order


def _choices(entry: Mapping[str, Any]) -> tuple[str, ...]:
    both = next((key for key in ("low", "high", "step") if key in entry), None)
    if both is not None:
        raise _Wrong(both, entry[both], "stands beside choices", "keep either choices or a range")
    choices = entry["choices"]
    if not isinstance(choices, list) or not 1 <= len(choices) <= STEPS_MAX:
        raise _Wrong("choices", choices, f"must be a list of 1 to {STEPS_MAX} values",
                     'write choices = ["…", "…"]')  # fmt: skip
    for one in choices:
        parts = one if isinstance(one, list) else [one]
        if any(isinstance(part, list | dict) for part in parts):
            raise _Wrong("choices", one, "has a table in it", "choose among plain values")
    return tuple(dict.fromkeys(toml_of(one) for one in choices))


def _range(entry: Mapping[str, Any], path: str, today: Any) -> tuple[str, ...]:
    of_today = amount_of(today)
    if of_today is None:
        raise _Wrong("path", path, f"is {shown(today)} today, which is no number",
                     "write choices = [ … ] in place of a range")  # fmt: skip
    parts: list[Amount] = []
    for key in ("low", "high", "step"):
        if key not in entry:
            raise _Wrong(key, None, "is missing", f"write {key} = …, or choices = [ … ]")
        found = amount_of(entry[key]) if isinstance(entry[key], _PLAIN) else None
        if found is None:
            raise _Wrong(key, entry[key], "isn't a number", f"write one such as {shown(today)}")
        if found.unit != of_today.unit:
            raise _Wrong(key, entry[key], f"isn't in the unit of today's {shown(today)}",
                         f"write a number with {of_today.unit!r} behind it"
                         if of_today.unit else "write a number alone")  # fmt: skip
        parts.append(found)
    low, high, step = parts
    if high.number < low.number:
        raise _Wrong("high", entry["high"], f"is below low = {shown(entry['low'])}", "swap them")
    if step.number <= 0:
        raise _Wrong("step", entry["step"], "must be above 0", "write the gap between two values")
    count = count_of(low, high, step)
    if count > STEPS_MAX:
        raise _Wrong("step", entry["step"], f"makes {count:,} values, more than {STEPS_MAX:,}",
                     "write a larger step")  # fmt: skip
    return steps(low, high, step, of_today)


def _tried(knob: Knob, season: SeasonText, season_path: str, entry: Mapping[str, Any]) -> None:
    """Refuse a choice that the season file can't have, or a range none of whose values it can.

    A value refused for what stands elsewhere may fit in a combination, so it may stay.
    """
    count = len(knob.options)
    sample: Sequence[int] = range(count)
    if knob.ordered:
        sample = sorted({0, count // 3, count // 2, 2 * count // 3, count - 1})
    refused = []
    for place in sample:
        for error in _errors(season.replaced({knob.loc: knob.options[place]}), season_path):
            if season.paths.get(error.path) == knob.loc:
                refused.append((place, error))
                break
    if not knob.ordered and refused:
        place, error = refused[0]
        raise _Wrong("choices", entry["choices"][place] if place < len(entry["choices"]) else None,
                     f"can't stand at {knob.path}: {error.problem}", error.fix)  # fmt: skip
    if knob.ordered and len(refused) == len(sample):
        place, error = refused[0]
        raise _Wrong("low", entry["low"],
                     f"to high: no value fits {knob.path}: {error.value or ''} {error.problem}",
                     error.fix)  # fmt: skip


def _errors(text: str, path: str) -> Iterator[SeasonError]:
    try:
        load_season(text, path)
    except SeasonErrors as errors:
        yield from errors.errors
