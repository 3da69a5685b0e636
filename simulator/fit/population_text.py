"""Write a population file: what was fitted with its interval, the rest as it stood."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from simulator.fit.estimate import Estimate
from simulator.people.population import Parameter, Population, Value

NOT_TOLD: Final = "default, the log can't tell"
_DIGITS: Final = 6
_GROUPS: Final = ("grades", "kinds")


@dataclass(frozen=True)
class Finding:
    """Hold one figure of a population as a log gives it; a list has one interval for all."""

    value: Value
    low: float
    high: float
    count: int


def finding(estimate: Estimate, *, most: float | None = None) -> Finding:
    """Take one estimate for a figure; `most` bounds its interval, as 1 does a share's."""
    high = estimate.high if most is None else min(estimate.high, most)
    return Finding(estimate.value, estimate.low, max(high, estimate.value), estimate.count)


def findings(estimates: Sequence[Estimate]) -> Finding:
    """Take estimates for a list; the interval spans all of theirs, around no less than 0."""
    return Finding(
        tuple(one.value for one in estimates),
        max(min(one.low for one in estimates), 0.0),
        max(one.high for one in estimates),
        min(one.count for one in estimates),
    )


def population_parameters(
    template: Population,
    found: Mapping[str, Finding],
    grades: Sequence[str],
    kinds: Sequence[str],
    period: str,
) -> list[Parameter]:
    """List every figure of the new file: the log's where it has one, else the template's.

    A kind or grade that the template lacks takes what the log can't tell from its first one.
    """
    listed = []
    for path, parameter in template.parameters.items():
        if path.split(".")[0] not in _GROUPS:
            listed.append(_chosen(parameter, found, period))
    for group, names in (("grades", grades), ("kinds", kinds)):
        known = list(getattr(template, group))
        for name in names:
            model = name if name in known else known[0]
            for path, parameter in template.parameters.items():
                if path.startswith(f"{group}.{model}."):
                    figure = path.rpartition(".")[2]
                    own = replace(parameter, path=f"{group}.{name}.{figure}")
                    listed.append(_chosen(own, found, period))
    return listed


def _chosen(parameter: Parameter, found: Mapping[str, Finding], period: str) -> Parameter:
    one = found.get(parameter.path)
    if one is None:
        note = NOT_TOLD if not parameter.note else f"{NOT_TOLD}; {parameter.note}"
        return replace(parameter, note=note)
    return replace(
        parameter, value=one.value, low=one.low, high=one.high, source="M",
        note=f"n = {one.count:,}, {period}",
    )  # fmt: skip


def population_text(parameters: Sequence[Parameter], heading: Sequence[str]) -> str:
    """Write the file; a figure's range has the figure in it, whatever rounding does."""
    lines = [*(f"# {line}" for line in heading), "format = 1"]
    section = ""
    for parameter in parameters:
        parts = parameter.path.split(".", 2) if _grouped(parameter.path) else None
        if parts is None:
            head, figure = parameter.path.rsplit(".", 1)
        else:
            name, figure = parts[1] + "." + parts[2], ""
            name, figure = name.rsplit(".", 1)
            head = f"{parts[0]}.{_key(name)}"
        if head != section:
            section = head
            lines += ["", f"[{head}]"]
        lines.append(f"{figure} = {_entry(parameter)}")
    return "\n".join(lines) + "\n"


def _grouped(path: str) -> bool:
    return path.split(".", 1)[0] in _GROUPS


def _entry(parameter: Parameter) -> str:
    if isinstance(parameter.value, tuple):
        value = f"[{', '.join(_number(one) for one in parameter.value)}]"
        numbers = [float(_number(one)) for one in parameter.value]
    else:
        value = _number(parameter.value)
        numbers = [float(value)]
    low = _number(min(float(_number(parameter.low)), *numbers, numbers[0]))
    high = _number(max(float(_number(parameter.high)), *numbers, numbers[0]))
    note = f", note = {_text(parameter.note)}" if parameter.note else ""
    return (
        f"{{ value = {value}, unit = {_text(parameter.unit)}, range = [{low}, {high}], "
        f"source = {_text(parameter.source)}{note} }}"
    )


def _number(value: float) -> str:
    """Write a number short: six digits are more than any log can tell."""
    text = f"{value:.{_DIGITS}g}"
    return repr(float(text)) if "e" in text else text


def _text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{escaped}"'


def _key(name: str) -> str:
    """Write a table's name, quoted unless it is a bare key."""
    bare = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return name if bare else _text(name)
