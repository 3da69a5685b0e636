"""Tier flows of a simulation: who rises and falls a month, or stands elsewhere under the other."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from ui.answers.simulation import Simulation
from ui.parts.bars import Bar, bar_list
from ui.parts.figures import number
from ui.parts.names import tier_name
from ui.texts import Texts


@dataclass(frozen=True)
class Flow:
    """Members that go from a tier to another: mean and its interval over the runs.

    `step` is 1 for a rise, −1 for a fall, 0 for those who stay.
    """

    month: str
    before: str
    after: str
    step: int
    members: float
    low: float | None
    high: float | None


def tiers_of(content: bytes) -> list[str]:
    """Give the tiers in the order of their table, the lowest first."""
    rows = csv.DictReader(io.StringIO(content.decode()))
    names = ("tier",) if "tier" in (rows.fieldnames or ()) else ("base", "candidate")
    return list(dict.fromkeys(row[name] for row in rows for name in names))


def flows_of(content: bytes, before: str, after: str, tiers: Sequence[str]) -> list[Flow]:
    """Read the flows of a table; `before` and `after` name its columns of tiers.

    >>> table = b"month,from,to,mean,low,high\\n2026-06,silver,gold,34.5,15.4,53.6\\n"
    >>> [flow] = flows_of(table, "from", "to", ["silver", "gold"])
    >>> flow.step, flow.members, flow.low
    (1, 34.5, 15.4)
    """
    places = {tier: place for place, tier in enumerate(tiers)}
    flows = []
    for row in csv.DictReader(io.StringIO(content.decode())):
        if row.get("figure", "members") != "members":
            continue
        prefix = "" if "mean" in row else "members_"
        rise = places.get(row[after], 0) - places.get(row[before], 0)
        flows.append(
            Flow(
                row.get("month", ""),
                row[before],
                row[after],
                (rise > 0) - (rise < 0),
                float(row[f"{prefix}mean"]),
                _number(row[f"{prefix}low"]),
                _number(row[f"{prefix}high"]),
            )
        )
    return flows


def months_of(flows: Sequence[Flow]) -> list[str]:
    """List the months there are flows of."""
    return sorted({flow.month for flow in flows})


def flows_shown(flows: Sequence[Flow], one: Simulation, words: Texts) -> str:
    """Write the flows of a month, or between two files, as bars: rises, falls, those who stay."""
    sums = {step: sum(flow.members for flow in flows if flow.step == step) for step in (1, -1, 0)}
    compared = one.kind == "compare"
    said = words(
        "simulate.tiers_between" if compared else "simulate.tiers_month",
        up=number(round(sums[1])),
        down=number(round(sums[-1])),
        stay=number(round(sums[0])),
        candidate=one.names[-1],
    )
    css = {1: "", -1: "fc-bar-less", 0: "fc-bar-calm"}
    ordered = sorted(flows, key=lambda flow: (-abs(flow.step), -flow.step, -flow.members))
    bars = [
        Bar(
            _label(flow, words),
            round(flow.members * 100),
            words("campaign.people", members=_figure(flow.members)),
            note=_span(flow, words),
            css=css[flow.step],
        )
        for flow in ordered
    ]
    return bar_list(said, bars)


def _label(flow: Flow, words: Texts) -> str:
    before, after = tier_name(flow.before, words), tier_name(flow.after, words)
    if flow.step == 0:
        return words("simulate.stays", tier=before)
    return f"{before} → {after}"


def _span(flow: Flow, words: Texts) -> str:
    if flow.low is None or flow.high is None:
        return ""
    return words("simulate.between", low=_figure(max(0.0, flow.low)), high=_figure(flow.high))


def _figure(members: float) -> str:
    return number(round(members)) if members >= 10 or members == int(members) else f"{members:.1f}"


def _number(cell: str) -> float | None:
    return float(cell) if cell else None
