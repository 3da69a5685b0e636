"""The tiers of a season file: levels, what enters and keeps them, the newcomers' trial."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rules.season.decimals import MoneyFen, PositiveCount, RateFen, Span, VolumeMl
from rules.season.duration import Duration
from rules.season.section import EXACTLY_ONE_KEY, Id, Name, Section

WINDOW_MONTHS_MAX = 36
LEVELS_MAX = 64

Visits = Annotated[int, Field(ge=0, le=1_000_000_000)]


class Metrics(Section):
    """Hold thresholds over the window; None is a metric not asked for."""

    litres_ml: VolumeMl | None = Field(default=None, alias="litres")
    amount_fen: MoneyFen | None = Field(default=None, alias="amount")
    visits: Visits | None = Field(default=None, description="Purchases, whole")


class Condition(Section):
    """Hold the metrics that must be reached: any one of them, or all."""

    model_config = EXACTLY_ONE_KEY

    any_of: Metrics | None = Field(default=None, alias="any")
    all_of: Metrics | None = Field(default=None, alias="all")

    @property
    def metrics(self) -> Metrics:
        """Give the metrics of whichever mode was written."""
        found = self.any_of or self.all_of
        assert found is not None
        return found

    @property
    def every(self) -> bool:
        """Tell whether every metric must be reached (`all`), not just one (`any`)."""
        return self.all_of is not None


class Discount(Section):
    """Hold a level's price discount."""

    category: Id
    per_litre_fen: RateFen = Field(alias="per_litre")


class Level(Section):
    """Hold one level; without an entry no purchase reaches it (the first is everyone's)."""

    id: Id
    name: Name | None = None
    entry: Condition | None = None
    keep: Condition | None = None
    discount: Discount | None = None


class Trial(Section):
    """Give a level to newcomers for a while."""

    level: Id
    months: Annotated[int, Field(ge=1, le=WINDOW_MONTHS_MAX)] = 1


class Tiers(Section):
    """Hold the levels, lowest first, and how members move between them."""

    levels: Annotated[tuple[Level, ...], Field(min_length=1, max_length=LEVELS_MAX)]
    window_months: Annotated[int, Field(ge=1, le=WINDOW_MONTHS_MAX)] = 3
    review: Literal["month"] = "month"
    steps_down: PositiveCount = 1
    grace: Span = Duration(0, "d")
    trial: Trial | None = None
