"""Validation: the simulator's model against two public data sets and its own logs.

Prints a table of figure, target and whether it is met, and one JSON object on the last line.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from loadtests.bench._public_data import FUEL_COUNTRY, Cdnow, DataMissing, cdnow, fuel_log

if TYPE_CHECKING:
    from simulator.fit.validation import HeldOut, Judged

CDNOW_LAST_DAY = 272
"""30 September 1997, where Fader, Hardie and Lee (2005) cut: 39 weeks less a day."""
CDNOW_WEEKS = (39, 78)
FUEL_WEEKS = 26


@dataclass(frozen=True)
class Line:
    """Hold one line of the table; a figure is met when its size is at most the target."""

    test: str
    figure: float
    target: float | None

    @property
    def met(self) -> bool | None:
        """Tell whether the target is reached; None for a line that is only shown."""
        return None if self.target is None else abs(self.figure) <= self.target


def main(args: Sequence[str]) -> int:
    """Validate; prints one JSON object on the last line."""
    parser = argparse.ArgumentParser(prog="forecourt bench validation", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(args)
    try:
        lines = [*fuel_lines(options.seed), *cdnow_lines()]
    except DataMissing as error:
        print(f"error: {error}")
        return 1
    width = max(len(line.test) for line in lines)
    for line in lines:
        target = "" if line.target is None else f"≤ {line.target:.3f}"
        word = {None: "", True: "met", False: "not met"}[line.met]
        print(f"{line.test:<{width}}  {line.figure:>7.4f}  {target:<8} {word}")
    told: list[dict[str, Any]] = [asdict(line) | {"met": line.met} for line in lines]
    print(json.dumps({"bench": "validation", "seed": options.seed, "lines": told}))
    return 0


def fuel_lines(seed: int = 1) -> list[Line]:
    """Judge fuel: fitted on 26 weeks and on the year, the panel being a fixed one."""
    whole, held = fuel_judged("panel", seed)
    _, mixed = fuel_judged("mixed", seed)
    unmoved = weeks_apart(held)
    return [
        Line("fuel visits a household, weeks 27-52 held out, KS", held.judged.visits.value, 0.06),
        Line("fuel intervals, weeks 27-52 held out, KS", held.judged.intervals.value, 0.07),
        Line("fuel litres, weeks 27-52 held out, KS", held.judged.litres.value, 0.04),
        Line("the same litres against the log's own of weeks 1-26, KS", unmoved, None),
        Line("fuel visits a household, fitted on the year, KS", whole.visits.value, 0.06),
        Line("fuel intervals, fitted on the year, KS", whole.intervals.value, 0.07),
        Line("fuel litres, fitted on the year, KS", whole.litres.value, 0.04),
        Line("fuel weeks 27-52, cumulative repeat visits, MAPE", held.mape, 0.03),
        Line("fuel weeks 27-52, repeat visits together", held.total_error, 0.08),
        Line("the same without knowing it is a panel, MAPE", mixed.mape, None),
        Line("the same without knowing it is a panel, together", mixed.total_error, None),
    ]


def weeks_apart(held: HeldOut) -> float:
    """Measure how far the held-out litres are from the fitted weeks' own, with no model at all.

    A model that had the fitted weeks exactly and took them to go on would be as far off.
    """
    from simulator.fit.validation import distance

    fitted = fuel_log().before(7 * FUEL_WEEKS).fills.litres
    return distance(fitted, held.judged.observed.litres).value


def fuel_judged(membership: Literal["mixed", "panel"], seed: int = 1) -> tuple[Judged, HeldOut]:
    """Fit and judge the fuel purchases: over the year, and held out after week 26."""
    from simulator.fit.calibration import calibrate, holidays_of
    from simulator.fit.validation import hold_out, judge
    from simulator.people.population_file import shipped_population

    observed, template = fuel_log(), shipped_population()
    is_holiday = holidays_of(FUEL_COUNTRY)
    fitted = calibrate(observed, template, is_holiday=is_holiday, membership=membership)
    whole = judge(observed, fitted, observed.days, observed.days, is_holiday=is_holiday, seed=seed)
    held = hold_out(
        observed, template,
        fitted_weeks=FUEL_WEEKS, is_holiday=is_holiday, membership=membership, seed=seed,
    )  # fmt: skip
    return whole, held


def cdnow_lines() -> list[Line]:
    """Judge BG/NBD on CDNOW: fitted on weeks 1 to 39, foretold to week 78."""
    mape, together = cdnow_errors(cdnow())
    return [
        Line("CDNOW weeks 40-78, cumulative repeat purchases, MAPE", mape, 0.035),
        Line("CDNOW by week 78, repeat purchases together", together, None),
    ]


def cdnow_errors(data: Cdnow) -> tuple[float, float]:
    """Answer the mean error of the cumulative curve, weeks 40 to 78, and the last week's."""
    from simulator.fit.purchase_process import fit_purchases
    from simulator.fit.validation import mean_absolute_percentage_error

    first, repeats, latest = data.history(CDNOW_LAST_DAY)
    fit = fit_purchases(repeats, (latest - first) / 7.0, (CDNOW_LAST_DAY - first) / 7.0)
    repeat_day = data.day[np.diff(data.customer, prepend=-1) == 0]
    weeks = np.arange(1, CDNOW_WEEKS[1] + 1)
    actual = np.array([float(np.sum(repeat_day < 7 * week)) for week in weeks])
    foretold = np.array(
        [float(fit.process.expected(np.maximum(week - first / 7.0, 0.0)).sum()) for week in weeks]
    )
    late = CDNOW_WEEKS[0]
    mape = mean_absolute_percentage_error(foretold[late:], actual[late:])
    return mape, float(foretold[-1] / actual[-1] - 1.0)
