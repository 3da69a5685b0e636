"""Give random seasons and logs, plainly by a seed and as a hypothesis strategy."""

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

from hypothesis import strategies as st

from tests.oracle.log_drawing import draw_log
from tests.oracle.season_drawing import draw_season
from tests.oracle.toml_text import toml_text

EVENTS_MAX = 80


@dataclass(frozen=True)
class Drawn:
    """Hold a drawn season file, as text and as data, and a log for it.

    The shorter log of a seed is the beginning of the longer one, so that a failure shrinks to
    the first event that shows it. Its repr is what draws it again.
    """

    seed: int
    count: int
    season: dict[str, Any] = field(repr=False)
    season_text: str = field(repr=False)
    events: list[dict[str, Any]] = field(repr=False)

    def ndjson(self) -> bytes:
        """Write the log, one event a line."""
        lines = [json.dumps(event, ensure_ascii=False) for event in self.events]
        return "".join(f"{line}\n" for line in lines).encode()


def drawn_by_seed(seed: int, count: int = EVENTS_MAX) -> Drawn:
    """Draw a season and a log of some events, always the same for a seed."""
    random = Random(seed)
    season = draw_season(random)
    return Drawn(seed, count, season, toml_text(season), draw_log(random, season, count))


def seasons_and_logs(events_max: int = EVENTS_MAX) -> st.SearchStrategy[Drawn]:
    """Draw seasons and logs under hypothesis, which names the seed of a failure."""
    seeds = st.integers(min_value=0, max_value=2**32 - 1)
    return st.builds(drawn_by_seed, seeds, st.integers(min_value=1, max_value=events_max))
