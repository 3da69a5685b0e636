"""Tier discounts: what each level takes off a litre of each fuel."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rules.compiling.compiled import Rules
from simulator.people.keyed import Floats, Ints
from simulator.people.setting import Setting


class TierDiscounts:
    """The price per litre that each level takes off each fuel."""

    def __init__(self, rules: Rules, setting: Setting) -> None:
        tiers, season = rules.season.tiers, rules.season
        levels = tiers.levels if tiers is not None else ()
        shape = (max(len(levels), 1), len(setting.fuels))
        self._numerator = np.zeros(shape, dtype=np.int64)
        self._denominator = np.ones(shape, dtype=np.int64)
        for place, level in enumerate(levels):
            if level.discount is None:
                continue
            for at, fuel in enumerate(setting.fuels):
                sold = season.products.get(fuel)
                if sold is not None and sold.category == level.discount.category:
                    rate = level.discount.per_litre_fen
                    self._numerator[place, at] = rate.numerator
                    self._denominator[place, at] = rate.denominator
        self.litre_fen: Floats = self._numerator / self._denominator
        self.any = bool(self._numerator.any())

    def fen(
        self, level: npt.NDArray[np.int16], fuel: Ints, litres_ml: Ints, amount_fen: Ints
    ) -> Ints:
        """Give what is taken off fills, rounded down to the fen, at most the fill; int64[n]."""
        if not self.any:
            return np.zeros(len(fuel), dtype=np.int64)
        whole = self._numerator[level, fuel] * litres_ml
        off: Ints = np.minimum(whole // (self._denominator[level, fuel] * 1000), amount_fen)
        return off
