"""The mapping file: where each field of an event comes from in a log of another shape."""

import re
import tomllib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from rules.season.toml_lines import Loc, find_lines, line_of

NEEDED: Final = ("event_id", "type", "member", "at")
ROWS_NEEDED: Final = {
    "events": NEEDED,
    "members": ("member", "at"),
    "balances": ("member", "at", "points"),
}
"""Fields that a mapping must give, by what its rows are; the others are made."""
MADE_TYPES: Final = {"members": "enrol", "balances": "adjust"}
QUANTITY_PLACES: Final = {"litres": 3, "amount": 2, "points": 0}
_OTHERS: Final = ("station", "product", "pay", "order", "ref", "score", "coupon", "item", "lines")
_FACTOR: Final = re.compile(r"\d{1,15}(\.\d{1,15})?", re.ASCII)


class MappingErrors(ValueError):  # noqa: N818 - it carries all errors of one file
    """The mapping file can't be used; every mistake is listed with its line and fix."""

    def __init__(self, errors: list["MappingError"]) -> None:
        super().__init__("\n".join(str(error) for error in errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class MappingError:
    """One mistake in a mapping file."""

    path: str
    line: int
    key: str
    problem: str

    def __str__(self) -> str:
        """Write it as one line."""
        return f"{self.path}:{self.line}: {self.key}: {self.problem}"


def _exact(text: object) -> Fraction:
    if not isinstance(text, str) or not _FACTOR.fullmatch(text):
        raise ValueError('must be decimal text, up to 15 digits either side, such as "3.785411784"')
    return Fraction(text)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as problem:
        raise ValueError('is no time zone; name one like "UTC" or "America/New_York"') from problem
    return name


def _as_source(given: object) -> object:
    return {"column": given} if isinstance(given, str) else given


Factor = Annotated[Fraction, BeforeValidator(_exact)]
Zone = Annotated[str, AfterValidator(_zone)]
Name = Annotated[str, Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Source(_Part):
    """How the log writes times and cells."""

    time_zone: Zone | None = None
    time_format: Name | None = None
    delimiter: Annotated[str, Field(pattern=r"^[\x20-\x7e\t]$")] = ","


class KeyPair(_Part):
    """The key column of the log and of the file joined to it."""

    log: Name
    file: Name


class Join(_Part):
    """A second file whose columns are added to the rows of the same key."""

    file: Name
    on: Name | KeyPair
    columns: Annotated[list[Name], Field(min_length=1)]

    @property
    def keys(self) -> KeyPair:
        """Return both key columns."""
        return KeyPair(log=self.on, file=self.on) if isinstance(self.on, str) else self.on


class Keep(_Part):
    """A test that a row must pass to be an event."""

    column: Name
    equals: str | int | float | list[str | int | float] | None = None
    contains: Name | list[Name] | None = None
    min: int | float | None = None
    max: int | float | None = None

    @model_validator(mode="after")
    def _tests_something(self) -> Self:
        if self.equals is None and self.contains is None and self.min is None and self.max is None:
            raise ValueError("tests nothing; give equals, contains, min or max")
        return self


class FieldSource(_Part):
    """Where one field comes from."""

    column: Name | None = None
    columns: Annotated[list[Name], Field(min_length=2)] | None = None
    between: str = "-"
    value: str | int | float | None = None
    prefix: str = ""
    map: dict[str, str] | None = None
    default: Name | None = None
    factor: Factor | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [name for name in ("column", "columns", "value") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"comes from {' and '.join(given) or 'nothing'}; give one of column, columns, value"
            )
        shaped = self.prefix or self.map or self.default or self.factor is not None
        if self.value is not None and shaped:
            raise ValueError("is one value for all; leave out prefix, map, default and factor")
        if self.factor is not None and (self.prefix or self.map or self.columns):
            raise ValueError("has a factor; it takes one column, without prefix or map")
        return self

    @property
    def sources(self) -> list[str]:
        """Return the columns it reads."""
        return self.columns or ([self.column] if self.column else [])


class Mapping(_Part):
    """A whole mapping file."""

    format: Literal[1]
    rows: Literal["events", "members", "balances"] = "events"
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")] = "import"
    """What this import is called: part of the ids that are made."""
    reason: Name = "opening balance"
    """Why balances are adjusted; kept with each of them as its `ref`."""
    source: Source = Source()
    join: list[Join] = []
    keep: list[Keep] = []
    fields: dict[str, Annotated[FieldSource, BeforeValidator(_as_source)]]
    folder: Path = Path()
    """Where the mapping file lies; join files are looked for from there."""

    @model_validator(mode="after")
    def _events_are_whole(self) -> Self:
        missing = [name for name in ROWS_NEEDED[self.rows] if name not in self.fields]
        if missing:
            who = (
                "every event needs" if self.rows == "events" else f"rows that are {self.rows} need"
            )
            raise ValueError(f"[fields] lacks {', '.join(missing)}; {who} them")
        if self.rows != "events" and "type" in self.fields:
            kind = MADE_TYPES[self.rows]
            raise ValueError(f"[fields] gives type, but rows that are {self.rows} are {kind}s")
        return self

    @property
    def columns(self) -> set[str]:
        """Return the log's own columns that are read: those used and not brought by a join."""
        used = {name for source in self.fields.values() for name in source.sources}
        used |= {keep.column for keep in self.keep}
        joined = {name for join in self.join for name in join.columns}
        return (used - joined) | {join.keys.log for join in self.join} - joined


def load_mapping(path: Path) -> Mapping:
    """Read and check a mapping file.

    Raises:
        MappingErrors: it is missing, no TOML, or any key of it is wrong; all of them at once.
    """
    try:
        text = path.read_text("utf-8")
        table = tomllib.loads(text)
    except OSError as problem:
        raise _one_error(path, f"can't be read ({problem.strerror}); check the path") from problem
    except UnicodeDecodeError as problem:
        raise _one_error(path, "is not UTF-8; save it as UTF-8") from problem
    except tomllib.TOMLDecodeError as problem:
        line = re.search(r"at line (\d+)", str(problem))
        raise _one_error(
            path, f"is no TOML: {problem}", int(line.group(1)) if line else 1
        ) from problem
    errors = _field_errors(table, path, lines := find_lines(text))
    if "folder" in table:
        errors.append(MappingError(str(path), line_of(lines, ("folder",)), "folder", _UNKNOWN))
        del table["folder"]
    try:
        mapping = Mapping(**table, folder=path.parent)
    except ValidationError as problem:
        errors += [_error(path, lines, detail, table) for detail in problem.errors()]
        mapping = None
    if errors or mapping is None:
        raise MappingErrors(sorted(set(errors), key=lambda error: error.line))
    return mapping


_UNKNOWN: Final = "is no key of a mapping file; remove it or check its spelling"


def _one_error(path: Path, problem: str, line: int = 1) -> MappingErrors:
    return MappingErrors([MappingError(str(path), line, "mapping", problem)])


def _field_errors(table: dict[str, Any], path: Path, lines: dict[Loc, int]) -> list[MappingError]:
    """Find fields that no event has, and factors on fields that are no quantity."""
    errors = []
    fields = table.get("fields")
    for name, source in (fields if isinstance(fields, dict) else {}).items():
        known = name in NEEDED or name in QUANTITY_PLACES or name in _OTHERS
        line = line_of(lines, ("fields", name))
        if not known and not (name.startswith("attributes.") and len(name) > len("attributes.")):
            hint = ' (quote it: "attributes.NAME")' if name == "attributes" else ""
            errors.append(
                MappingError(str(path), line, f"fields.{name}", f"is no field of an event{hint}")
            )
        elif isinstance(source, dict) and "factor" in source and name not in QUANTITY_PLACES:
            errors.append(
                MappingError(
                    str(path),
                    line,
                    f"fields.{name}.factor",
                    f"only {', '.join(QUANTITY_PLACES)} can have one; remove it",
                )
            )
    return errors


def _error(path: Path, lines: dict[Loc, int], detail: Any, table: dict[str, Any]) -> MappingError:
    """Turn one of pydantic's errors into ours, at the nearest key that the file has."""
    loc: Loc = ()
    at: Any = table
    for step in detail["loc"]:
        inside = isinstance(at, dict) and step in at
        inside = inside or (isinstance(at, list) and isinstance(step, int) and step < len(at))
        if not inside:
            # A missing or unknown key keeps its name; the name of a union's branch says nothing.
            if detail["type"] == "missing":
                loc = (*loc, step)
            break
        at, loc = at[step], (*loc, step)
    key = ".".join(str(step) for step in loc) or "mapping"
    said = str(detail["msg"]).removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        said = _UNKNOWN
    elif detail["type"] == "missing":
        said = "is missing; add it"
    elif not said.startswith(("is ", "has ", "comes ", "tests ", "must ", "[")):
        said = f"{at!r}: {said[0].lower()}{said[1:]}"
    return MappingError(str(path), line_of(lines, loc), key, said)
