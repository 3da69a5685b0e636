"""Crowd: all agents of a run, as one source of events beside the population's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from rules.accounts.journal import Journal
from rules.accounts.journal_part import postings
from rules.compiling.compiled import TYPE_CODES
from rules.coupons.coupon_book import SOURCES
from rules.coupons.coupon_codes import read_code
from rules.decoding.event_columns import COLUMNS, TYPES, batch_of
from rules.decoding.quantities import read_decimal
from rules.judging.coding import Events
from rules.judging.results import APPLIED, REASONS, STATUSES, WAITING, Outcome
from rules.table.member_table import MemberTable
from simulator.adversaries.agent import Agent, Today
from simulator.adversaries.agent_figures import KINDS, AgentFigures
from simulator.adversaries.agent_till import AgentTill, Row
from simulator.adversaries.coupon_races import CouponRacer
from simulator.adversaries.order_splitting import OrderSplitter
from simulator.adversaries.refund_cycling import RefundCycler
from simulator.adversaries.ring import Ring
from simulator.adversaries.shared_cards import SharedCard
from simulator.people.keyed import Keyed
from simulator.people.population import Population
from simulator.people.setting import Setting
from simulator.play.local_days import LocalDays

USE: Final = TYPE_CODES["use"]
_NAMES: Final = dict(zip(KINDS, ("ring", "cycler", "splitter", "shared", "racer"), strict=True))


def agents_of(
    keyed: Keyed, figures: AgentFigures, setting: Setting, counts: Mapping[str, int],
    *, honest: bool,
) -> dict[str, list[Agent]]:  # fmt: skip
    """Make so many agents of each kind, or their honest twins."""

    def made(kind: str, number: int, nth: int) -> Agent:
        name = f"{_NAMES[kind]}-{nth:06d}"
        match kind:
            case "ring":
                return Ring(keyed, number, name, figures.ring, honest=honest)
            case "refund_cycling":
                return RefundCycler(
                    keyed, number, name, figures.refund_cycling, setting, honest=honest
                )
            case "order_splitting":
                return OrderSplitter(keyed, number, name, figures.order_splitting, honest=honest)
            case "shared_cards":
                return SharedCard(keyed, number, name, figures.shared_cards, honest=honest)
        return CouponRacer(keyed, number, name, figures.coupon_races, honest=honest)

    # Numbered apart by kind, so that an agent draws the same whatever other kinds there are.
    return {
        kind: [made(kind, place * 10_000_000 + nth, nth) for nth in range(counts.get(kind, 0))]
        for place, kind in enumerate(KINDS)
    }


class Crowd:
    """Sends what agents do each day, and keeps what the kernel answered them.

    `stopped` counts what wasn't applied, by kind of agent, event type and reason; `coupon_fen`
    what coupons came to, by account and rule; `postings` the movements of the agents' points.
    """

    def __init__(
        self, keyed: Keyed, figures: AgentFigures, population: Population, setting: Setting,
        counts: Mapping[str, int], table: MemberTable, *, first_day: int, honest: bool,
    ) -> None:  # fmt: skip
        self.agents = agents_of(keyed, figures, setting, counts, honest=honest)
        self.till = AgentTill(table, setting)
        self.kind_of = {
            account: kind
            for kind, agents in self.agents.items()
            for agent in agents
            for account in agent.accounts
        }
        self.stopped: Counter[tuple[str, str, str]] = Counter()
        self.sent: Counter[str] = Counter()
        self.coupon_fen: Counter[tuple[str, str]] = Counter()
        self.postings: list[pa.Table] = []
        self._first_row, self._first_day = len(table), first_day
        self._price_index = LocalDays(keyed, population, setting).price_index
        self._journal = table.journal = Journal()

    def events(self, nth: int, from_us: int, to_us: int, table: MemberTable) -> pa.RecordBatch:
        """Give what the agents send on a day, by `at`."""
        assert table is self.till.table
        self.till.begin(nth, float(self._price_index[min(nth, len(self._price_index) - 1)]))
        today = Today(nth, self._first_day + nth, from_us, to_us, self.till)
        rows: list[Row] = []
        for kind, agents in self.agents.items():
            sent = [row for agent in agents for row in agent.day(today)]
            rows += [row for row in sent if from_us <= row["at_us"] < to_us]
            self.sent[kind] += len(sent)
        rows.sort(key=lambda row: int(row["at_us"]))
        return batch_of(
            {
                field.name: pa.array([row.get(field.name) for row in rows], _plain(field.type))
                for field in COLUMNS
            }
        )

    def answered(self, events: Events, outcome: Outcome, table: MemberTable) -> None:
        """Keep what the agents were answered, and what moved their points."""
        ours = np.flatnonzero(events.row >= self._first_row)
        for place in ours.tolist():
            status, account = int(outcome.status[place]), table.member_ids[events.own_row[place]]
            kind = self.kind_of[account]
            if status not in (APPLIED, WAITING):
                reason = REASONS[outcome.reason[place]] or STATUSES[status]
                self.stopped[kind, TYPES[events.type[place]], reason] += 1
            elif events.type[place] == USE and "coupon" in outcome.details.get(place, {}):
                rule, fen = coupon_cost(table, outcome.details[place])
                if rule:
                    self.coupon_fen[account, rule] += fen
        self.keep_postings(table)

    def keep_postings(self, table: MemberTable) -> None:
        """Keep the agents' postings so far; the population's are let go."""
        parts = self._journal.take()
        rows = np.arange(self._first_row, len(table), dtype=np.int64)
        if parts and len(rows):
            self.postings.append(postings(parts, table.member_ids, rows))


def coupon_cost(table: MemberTable, told: Mapping[str, object]) -> tuple[str, int]:
    """Give the rule that a used coupon came from, and what the use cost, fen.

    No rule for one bought with points or won: those are counted as points and as prizes.
    """
    book, season = table.coupon_book, table.rules.season
    coupon = book.find(read_code(str(told["coupon"])) or 0)
    template = season.coupons[book.template[coupon]]
    fen = template.unit_cost_fen
    if template.kind != "gift":
        lines = told["lines"]
        assert isinstance(lines, Sequence)
        fen = sum(read_decimal(line["coupon"], 2, 10**12) or 0 for line in lines)
    source = SOURCES[book.source[coupon]]
    if source == "trigger":
        issuing = [one.id for one in season.triggers if one.issue == template.id]
        return f"triggers.{'|'.join(issuing)}", fen
    return ("", 0) if source in ("redeem", "prize") else (f"coupons.{template.id}", fen)


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind
