"""Population: the population file a command is given, or the one shipped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ui.commands._inputs import read_text, refuse

if TYPE_CHECKING:
    from simulator.people.population import Population


def read_population(path: Path | None) -> Population:
    """Read a population file, or leave with all its errors."""
    from simulator.people.population_file import (
        PopulationErrors,
        load_population,
        shipped_population,
    )

    try:
        if path is None:
            return shipped_population()
        return load_population(read_text(path), str(path))
    except PopulationErrors as errors:
        refuse(str(errors))
