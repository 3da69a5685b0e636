"""Past rules: what sales judged by earlier versions of the season file are still worth.

A sale keeps the bits of the rules that matched and the number of their version. When a version
ends, its rates and factors are kept for the patterns that its sales have, a few dozen numbers,
so a refund years later is worked out by the rules, tier and factor of its time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rules.compiling.patterns import EarningRates, Factors, PatternTable

if TYPE_CHECKING:
    from rules.compiling.compiled import Rules
    from rules.table.ledger import Sales


@dataclass(frozen=True, slots=True)
class PastVersion:
    """One version that has ended: its hash, its rules' ids by bit, and its rates by pattern."""

    rules_hash: str
    earning_ids: tuple[str, ...]
    factor_ids: tuple[str, ...]
    rates: EarningRates
    factors: Factors


class PastRules:
    """The versions before the running one; `version` numbers that one, the first is 0."""

    def __init__(self) -> None:
        self.kept: list[PastVersion] = []

    @property
    def version(self) -> int:
        """Number the running version."""
        return len(self.kept)

    def rates(self, running: Rules, version: int) -> tuple[EarningRates, Factors]:
        """Give the rates and factors of a version, which may be the running one."""
        if version == self.version:
            return running.earning_rates, running.factors
        past = self.kept[version]
        return past.rates, past.factors

    def end(self, rules: Rules, sales: Sales) -> None:
        """Keep what the sales of the running version need; another version follows."""
        own = np.flatnonzero(sales.version[: sales.size] == self.version)
        tables = (rules.earning_rates.table, rules.factors.table)
        for table, bits in zip(tables, (sales.earning_bits, sales.factor_bits), strict=True):
            table.look_up(np.unique(bits[own]))
        self.kept.append(
            PastVersion(
                rules.rules_hash,
                tuple(rule.id for rule in rules.season.earning),
                tuple(rule.id for rule in rules.season.multiplier),
                EarningRates.of(rules.earning_rates.divisor, PatternTable.of(*tables[0].known())),
                Factors.of(PatternTable.of(*tables[1].known())),
            )
        )

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Copy every kept version."""
        told = [
            {
                "rules_hash": past.rules_hash,
                "earning_ids": past.earning_ids,
                "factor_ids": past.factor_ids,
                "divisor": past.rates.divisor,
                "rates": [column.tolist() for column in past.rates.table.known()],
                "factors": [column.tolist() for column in past.factors.table.known()],
            }
            for past in self.kept
        ]
        return {"kept": np.frombuffer(json.dumps(told).encode(), dtype=np.uint8)}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Fill from state()."""
        self.kept = [
            PastVersion(
                told["rules_hash"],
                tuple(told["earning_ids"]),
                tuple(told["factor_ids"]),
                EarningRates.of(told["divisor"], _table(told["rates"])),
                Factors.of(_table(told["factors"])),
            )
            for told in json.loads(state["kept"].tobytes())
        ]


def _table(columns: list[list[Any]]) -> PatternTable:
    patterns, values = columns
    return PatternTable.of(np.array(patterns, dtype=np.uint64), np.array(values, dtype=np.int64))
