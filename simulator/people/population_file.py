"""Read a population file: every figure with unit, range and source, all errors at once."""

import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from simulator.people.population import (
    LATE_DAYS_MAX,
    Card,
    CouponUse,
    Enrolment,
    Faults,
    Grade,
    Kind,
    Litres,
    Parameter,
    Population,
    Prices,
    Recall,
    Redeeming,
    Referring,
    Refunds,
    Response,
    Shop,
    Stations,
    Tasks,
    Timing,
    Value,
)

DEFAULT_FILE = Path(__file__).with_name("population.toml")


class PopulationErrors(ValueError):  # noqa: N818 - several errors in one
    """Report every fault of a population file at once; each line names place, value and fix."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("\n".join(errors))
        self.errors = errors


_GROUPS: dict[str, type] = {"grades": Grade, "kinds": Kind}
_SECTIONS: dict[str, type] = {
    "timing": Timing,
    "litres": Litres,
    "prices": Prices,
    "enrolment": Enrolment,
    "stations": Stations,
    "shop": Shop,
    "card": Card,
    "tasks": Tasks,
    "refunds": Refunds,
    "faults": Faults,
    "response": Response,
    "recall": Recall,
    "coupon_use": CouponUse,
    "redeeming": Redeeming,
    "referring": Referring,
}
_LENGTHS = {
    "timing.weekday_profile": 7,
    "timing.hours_weekday": 24,
    "timing.hours_weekend": 24,
    "tasks.survey_scores": 11,
}
_FIGURE = {"value", "unit", "range", "source"}
# Zero or less would make these distributions meaningless, whatever range a file gives.
_POSITIVE = {
    "renewal_shape", "drop_out_a", "drop_out_b", "rate_shape", "shape_within", "shape_between",
    "amount_shape", "round_money_step", "price", "litres_mean", "tank", "amount_mean",
    "delay_hours", "step_days", "theta_shape", "goal_shape", "value_scale", "tier_horizon_months",
    "afterglow_days", "slump_days", "forecast_error", "within_days", "propensity_a", "propensity_b",
}  # fmt: skip

Section = TypeVar("Section")


class FigureReader:
    """Read one file's tables into dataclasses, gathering errors instead of stopping."""

    def __init__(self, text: str, path: str) -> None:
        self.lines = text.splitlines()
        self.path = path
        self.errors: list[str] = []
        self.parameters: dict[str, Parameter] = {}

    def fail(self, where: str, problem: str) -> None:
        """Add one error, with the line of the named section and key."""
        self.errors.append(f"{where}{problem} ({self.path}:{self._line_of(where)})")

    def _line_of(self, where: str) -> int:
        section, _, key = where.rpartition(".")
        headed = ""
        found = 1
        for number, line in enumerate(self.lines, start=1):
            stripped = line.strip()
            if stripped.startswith("["):
                headed = stripped.strip("[]")
                if headed in (section, where):
                    found = number
            elif headed == section and stripped.split("=")[0].strip() == key:
                return number
        return found

    def section(self, cls: type[Section], where: str, table: object) -> Section | None:
        """Read one table of figures into `cls`, or None when it has errors."""
        before = len(self.errors)
        if not isinstance(table, dict):
            self.fail(where, f" = {table!r}: must be a table of figures")
            return None
        hints = get_type_hints(cls)
        names = [f.name for f in fields(cls)]  # type: ignore[arg-type]  # cls is a dataclass above
        for unknown in sorted(set(table) - set(names)):
            self.fail(f"{where}.{unknown}", f": unknown; known here: {', '.join(names)}")
        values: dict[str, Value] = {}
        for name in names:
            if name not in table:
                self.fail(f"{where}.{name}", ": missing; add it with value, unit, range, source")
                continue
            parameter = self.figure(f"{where}.{name}", table[name], listed=hints[name] is not float)
            if parameter is not None:
                self.parameters[parameter.path] = parameter
                values[name] = parameter.value
        return cls(**values) if len(self.errors) == before else None

    def figure(self, where: str, entry: object, *, listed: bool) -> Parameter | None:
        """Read one `{ value, unit, range, source }`, or None when it has errors."""
        if not isinstance(entry, dict) or not set(entry) >= _FIGURE:
            self.fail(where, f" = {entry!r}: must be {{ value, unit, range, source }}")
            return None
        for unknown in sorted(set(entry) - _FIGURE - {"note"}):
            self.fail(f"{where}.{unknown}", ": unknown; known: value, unit, range, source, note")
        if entry["source"] not in ("S", "M", "A"):
            self.fail(where, f".source = {entry['source']!r}: must be S, M or A")
        limits, raw = entry["range"], entry["value"]
        if not (_numbers(limits) and len(limits) == 2 and limits[0] <= limits[1]):
            self.fail(where, f".range = {limits!r}: must be [low, high] with low ≤ high")
            return None
        entries = raw if listed else [raw]
        if not _numbers(entries) or not entries:
            kind = "a list of numbers" if listed else "one number"
            self.fail(where, f".value = {raw!r}: must be {kind}")
            return None
        wanted = _LENGTHS.get(where, len(entries))
        if len(entries) != wanted:
            self.fail(where, f".value has {len(entries)} entries: must have {wanted}")
        low, high = float(limits[0]), float(limits[1])
        for number in entries:
            if not low <= number <= high:
                self.fail(where, f".value = {number}: must lie in its range, {low:g} to {high:g}")
            self._check_sense(where, number)
        if listed and sum(entries) <= 0:
            self.fail(where, f".value = {raw!r}: at least one entry must be above 0")
        value: Value = tuple(float(n) for n in entries) if listed else float(raw)
        note = str(entry.get("note", ""))
        return Parameter(where, value, str(entry["unit"]), low, high, str(entry["source"]), note)

    def _check_sense(self, where: str, number: float) -> None:
        """Refuse what no range can make sensible."""
        name = where.rpartition(".")[2]
        if name in _POSITIVE and number <= 0:
            self.fail(where, f".value = {number}: must be above 0")
        if name.endswith("share") and not 0 <= number <= 1:
            self.fail(where, f".value = {number}: must be a share, 0 to 1")
        if where == "faults.late_days" and number > LATE_DAYS_MAX:
            self.fail(where, f".value = {number}: must be at most {LATE_DAYS_MAX}")


def _numbers(values: object) -> bool:
    """Tell whether `values` is a list of finite numbers."""
    return isinstance(values, list) and all(
        isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v) for v in values
    )


def load_population(text: str, path: str) -> Population:
    """Decode a population file's text; `path` is named in the errors.

    Raises:
        PopulationErrors: the text isn't TOML, or figures are missing, unknown or out of range.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PopulationErrors([f"not TOML: {error} ({path})"]) from error
    reader = FigureReader(text, path)
    if document.get("format") != 1:
        reader.fail("format", f" = {document.get('format')!r}: must be 1")
    known = ["format", *_GROUPS, *_SECTIONS]
    for unknown in sorted(set(document) - set(known)):
        reader.fail(unknown, f": unknown section; known: {', '.join(known)}")
    parts: dict[str, Any] = {}
    for name, cls in _SECTIONS.items():
        parts[name] = reader.section(cls, name, document.get(name, {}))
    for name, cls in _GROUPS.items():
        group = document.get(name)
        if not isinstance(group, dict) or not group:
            reader.fail(name, ": at least one is needed")
            group = {}
        parts[name] = {
            key: reader.section(cls, f"{name}.{key}", table) for key, table in group.items()
        }
    for problem in _mismatches(parts):
        reader.fail(*problem)
    if reader.errors:
        raise PopulationErrors(reader.errors)
    return Population(**parts, parameters=reader.parameters)


def _mismatches(parts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Find lists that must be as long as one another and are not."""
    for name, kind in parts["kinds"].items():
        if kind is not None and len(kind.grades) != len(parts["grades"]):
            wanted = ", ".join(parts["grades"])
            yield f"kinds.{name}.grades", f" has {len(kind.grades)} entries: must be {wanted}"
    card = parts["card"]
    if card is not None and len(card.top_up_amounts) != len(card.top_up_weights):
        yield "card.top_up_weights", ": must have one entry for each of top_up_amounts"


def shipped_population() -> Population:
    """Load the population file that comes with the program."""
    return load_population(DEFAULT_FILE.read_text(encoding="utf-8"), DEFAULT_FILE.name)
