"""Load a season file: parse, decode, check everything, and report all errors at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from rules.season.largest_line import PRODUCT_BITS, SCORE_BITS, largest_line
from rules.season.price_checks import check_prices
from rules.season.reference_checks import check_references, station_fields
from rules.season.season_draft import Problem, dotted, entries, freeze, shown, value_at, written_loc
from rules.season.season_models import Season
from rules.season.season_schema import described, known_keys, season_schema
from rules.season.segment_checks import check_segments
from rules.season.shape_checks import check_shape
from rules.season.toml_lines import Loc, find_lines, line_of

TEXT_CHARACTERS_MAX: Final = 4 * 1024 * 1024
AT_LINE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")

# Pydantic's error types in the file's words: problem, key of the limit, fix.
LIMITS: Final = {
    "greater_than_equal": ("must be ≥ {}", "ge", "write {} or more"),
    "less_than_equal": ("must be ≤ {}", "le", "write {} or less"),
    "too_short": ("must have at least {}", "min_length", "add some"),
    "too_long": ("has more than {}", "max_length", "remove some"),
}
# And problem, fix; an example of the schema is the fix where none is given.
TYPES: Final = {
    "string_type": ("must be text in quotes", ""),
    "string_pattern_mismatch": ("isn't written as it should be", ""),
    "int_type": ("must be a whole number without quotes", ""),
    "bool_type": ("must be true or false", "write true or false, without quotes"),
    "tuple_type": ("must be a list", ""),
    "model_type": ("must be a table", ""),
    "model_attributes_type": ("must be a table", ""),
    "dict_type": ("must be a table", ""),
    "datetime_type": (
        "must be a local date and time",
        "write 2026-06-01T00:00:00, without quotes",
    ),
}


@dataclass(frozen=True, slots=True)
class SeasonError:
    """Hold one error of a season file: where it is, what is wrong, what to write instead.

    `value` is as the file writes it; None where a key is missing.
    """

    file: str
    line: int
    path: str
    value: str | None
    problem: str
    fix: str

    def __str__(self) -> str:
        thing = " = ".join(part for part in (self.path, self.value) if part)
        named = f"{thing}: " if thing else ""
        return f"{named}{self.problem} ({self.file}:{self.line}); {self.fix}"


class SeasonErrors(ValueError):  # noqa: N818  it carries many errors, each a SeasonError
    """A season file has errors; `errors` lists all of them by line, each with its fix."""

    def __init__(self, errors: list[SeasonError]) -> None:
        self.errors = sorted(errors, key=lambda error: (error.line, error.path))
        super().__init__("\n".join(str(error) for error in self.errors))

    def __reduce__(self) -> tuple[type[SeasonErrors], tuple[list[SeasonError]]]:
        return SeasonErrors, (self.errors,)

    def as_rows(self) -> list[dict[str, Any]]:
        """Give the errors as plain tables, for JSON."""
        return [asdict(error) for error in self.errors]


def load_season_bytes(content: bytes, path: str = "season.toml") -> Season:
    """Load a season file from its bytes, which must be UTF-8.

    Raises:
        SeasonErrors: as load_season does, and when the bytes aren't UTF-8.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        wrong = f"0x{content[error.start]:02x}"
        raise SeasonErrors(
            [SeasonError(path, line, "", wrong, f"{wrong} isn't UTF-8", "save the file as UTF-8")]
        ) from None
    return load_season(text, path)


def load_season(text: str, path: str = "season.toml") -> Season:
    """Load a season file from its text; `path` is only named in errors.

    Raises:
        SeasonErrors: listing everything that is wrong with the file.
    """
    draft = _parse(text, path)
    season, problems = _decode(draft)
    problems += check_shape(draft)
    problems += check_references(draft)
    problems += check_segments(draft)
    problems += check_prices(draft)
    if season is not None and not problems:
        problems += _check_size(season)
    if season is None or problems:
        lines = find_lines(text)
        raise SeasonErrors([_placed(draft, lines, path, problem) for problem in _once(problems)])
    return season


def _parse(text: str, path: str) -> dict[str, Any]:
    problem, line, fix = "", 1, "correct the TOML"
    if len(text) > TEXT_CHARACTERS_MAX:
        problem = f"the file is longer than {TEXT_CHARACTERS_MAX} characters"
        fix = "shorten it"
    else:
        try:
            draft: dict[str, Any] = freeze(tomllib.loads(text))
        except RecursionError:
            problem, fix = "the file nests lists or tables too deeply", "flatten them"
        except ValueError as error:  # also integers too long to read, and impossible dates
            problem = f"isn't valid TOML: {AT_LINE.sub('', str(error))}"
            at = AT_LINE.search(str(error))
            if at is not None:
                line = int(at[1] or text.rstrip().count("\n") + 1)
            if "twice" in problem or "overwrite" in problem:
                fix = "rename or merge them: a key or table stands once"
        else:
            return draft
    written = text.split("\n")[line - 1].strip() if problem.startswith("isn't") else ""
    raise SeasonErrors([SeasonError(path, line, "", written[:80] or None, problem, fix)])


def _decode(draft: dict[str, Any]) -> tuple[Season | None, list[Problem]]:
    floats = [
        Problem(loc, "is a binary float", f'write it in quotes: "{value}"')
        for loc, value in _floats(draft)
    ]
    try:
        season = Season.model_validate(draft, context={"station_fields": station_fields(draft)})
    except ValidationError as error:
        found = error.errors(include_url=False)
        return None, floats + [_problem(draft, one) for one in found if not _echo(draft, one)]
    return season, floats


def _floats(node: Any, loc: Loc = ()) -> Iterator[tuple[Loc, float]]:
    if isinstance(node, float):
        yield loc, node
    for key, value in entries(node):
        yield from _floats(value, (*loc, key))


def _echo(draft: Any, error: ErrorDetails) -> bool:
    """Tell whether an error only repeats one that is reported elsewhere."""
    value = value_at(draft, written_loc(draft, error["loc"]))
    if error["type"] == "too_short":  # counted without the items that have errors of their own
        return isinstance(value, tuple) and len(value) >= error["ctx"]["min_length"]
    holds_float = isinstance(value, tuple) and any(isinstance(one, float) for one in value)
    return holds_float or isinstance(value, float) or error["msg"] == "is a binary float"


def _problem(draft: dict[str, Any], error: ErrorDetails) -> Problem:
    """Say one of pydantic's errors in the file's own words."""
    loc = written_loc(draft, error["loc"])
    kind, context = error["type"], error.get("ctx", {})
    if kind == "season":
        return Problem(loc, context["problem"], context["fix"])
    if kind == "extra_forbidden":
        return Problem(loc, "is an unknown key", _known_key_fix(loc))
    if kind == "missing":
        return Problem(loc, "is missing", f"add {loc[-1]} = {_example(loc)}")
    return Problem(loc, *_wording(kind, context, _example(loc)))


def _wording(kind: str, context: dict[str, Any], example: str) -> tuple[str, str]:
    write = f"write {example}"
    if kind in LIMITS:
        problem, key, fix = LIMITS[kind]
        return problem.format(context[key]), fix.format(context[key])
    if kind == "literal_error":
        choices = str(context["expected"]).replace("'", '"')
        return (
            f"must be {choices}",
            "write one of them" if " or " in choices else f"write {choices}",
        )
    problem, fix = TYPES.get(kind, (f"is refused ({kind})", write))
    return problem, fix or write


def _known_key_fix(loc: Loc) -> str:
    known = known_keys(season_schema(), loc[:-1])
    close = get_close_matches(str(loc[-1]), known, n=1, cutoff=0.4)
    if close:
        return f"did you mean {close[0]}?"
    return f"remove it; the keys here are {', '.join(known)}"


def _example(loc: Loc) -> str:
    """Write an example of what the schema wants at a path."""
    node = described(season_schema(), loc)
    if node.get("examples"):
        return shown(node["examples"][0])
    if node.get("enum") or "const" in node:
        return shown(node.get("const", (node.get("enum") or [""])[0]))
    named = {"timezone": '"Asia/Shanghai"', "calendar": '"CN"', "starts": "2026-06-01T00:00:00"}
    named |= {"from": "2026-06-09"}
    named |= {"ends": "2026-09-01T00:00:00", "currency": '"CNY"', "id": '"…"'}
    if loc and loc[-1] in named:
        return named[str(loc[-1])]
    kinds = {"array": "[ … ]", "object": "{ … }", "integer": "1", "boolean": "true"}
    return kinds.get(str(node.get("type")), '"…"')


def _check_size(season: Season) -> Iterator[Problem]:
    largest = largest_line(season)
    if not largest.fits:
        yield Problem(
            ("earning",),
            f"could overflow for a line of 10,000 L and ¥10 million: {largest.points:.2e} points "
            f"from {largest.numerator:.2e} / {largest.denominator:.2e}; points must stay below "
            f"2^{SCORE_BITS}, the others below 2^{PRODUCT_BITS}",
            "lower the points or factors, set multiplying.ceiling, or use fewer decimals",
        )


def _once(problems: list[Problem]) -> Iterator[Problem]:
    """Say the same of one path only once, though two checks found it."""
    seen: set[tuple[Loc, str]] = set()
    for problem in problems:
        if (problem.loc, problem.problem) not in seen:
            seen.add((problem.loc, problem.problem))
            yield problem


def _placed(
    draft: dict[str, Any], lines: dict[Loc, int], file: str, problem: Problem
) -> SeasonError:
    value = value_at(draft, problem.loc)
    return SeasonError(
        file,
        line_of(lines, problem.loc),
        dotted(draft, problem.loc),
        None if value is None else shown(value),
        problem.problem,
        problem.fix,
    )
