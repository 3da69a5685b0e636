"""Play: one season played by one population on one seed, day by day, through the kernel itself.

All members lie in one table, so what couples them, prizes, budgets, stock, referrals, ranks, is
exact. A day goes: ticks; what members can see; how they answer; who comes; what the tills and the
app send; the kernel. Two arms share every draw: the season, and the same members unaided.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rules.compiling.compiled import Rules
from rules.decoding.event_columns import concat, stamp
from rules.judging.coding import encode
from rules.judging.kernel import advance, apply_events
from rules.judging.results import Outcome
from rules.table.member_table import NO_CLOCK_US
from simulator.people.keyed import Floats, Ints, Keyed
from simulator.people.population import Population
from simulator.play.account import Account
from simulator.play.acts import Acts, Details, Writer, joined
from simulator.play.app_acts import AppActs
from simulator.play.day_coding import DayCoder
from simulator.play.effects import ALL_EFFECTS, Effects
from simulator.play.local_days import LocalDays
from simulator.play.recalls import Recalls
from simulator.play.response import Day, Responding
from simulator.play.source import Source
from simulator.play.stage import (
    EPOCH,
    Start,
    days_until,
    first_date,
    people_of,
    setting_from,
)
from simulator.play.till import Till
from simulator.play.unaided import Unaided
from simulator.play.visible import Visible
from simulator.play.visits import Visits
from simulator.play.wallet import Wallet

BATCH_ROWS: Final = 1 << 17
SECOND_US: Final = 1_000_000
_FAR_US: Final = np.iinfo(np.int64).max

Progress = Callable[[int, int, str], None]
Write = Callable[[pa.RecordBatch], None]


class Play:
    """Plays a run, whole or day by day; then the table is at the end."""

    def __init__(
        self,
        rules: Rules,
        population: Population,
        members: int,
        seed: int,
        *,
        effects: Effects = ALL_EFFECTS,
        until_us: int | None = None,
        people_seed: int | None = None,
        start: Start | None = None,
        sources: Sequence[Source] = (),
        write: Write | None = None,
    ) -> None:
        self.rules, self.population, self.effects, self.seed = rules, population, effects, seed
        self.end_us = rules.final_us if until_us is None else until_us
        self.seconds: dict[str, float] = defaultdict(float)
        self._write, self._sources = write, sources
        keyed = Keyed(seed)
        first = first_date(rules, start)
        last_us = min(self.end_us, rules.ends_us)
        self.first_day = (first - EPOCH).days
        self.setting = setting_from(rules, population, first)
        self.days = days_until(rules, self.first_day, last_us, self.setting.days)
        with self.timed("draw"):
            people = keyed if people_seed is None else Keyed(people_seed)
            self.persons, self.table = people_of(
                people, rules, population, self.setting, members, start
            )
        self._begin(keyed, None if start is None else start.elapsed)
        if start is not None:
            self._wallet.take_up(self._visits.last_us)

    def _begin(self, keyed: Keyed, elapsed: Floats | None) -> None:
        """Set up the stages."""
        population, persons, table = self.population, self.persons, self.table
        people = persons.members
        self._local_days = LocalDays(keyed, population, self.setting)
        self._visible = Visible(table)
        self._wallet = Wallet(keyed, population.coupon_use, persons, table)
        self._till = Till(
            keyed, population, self.setting, table, persons, self._wallet, self.effects
        )
        self._app = AppActs(keyed, population, self.rules, persons, self._local_days)
        self._writer = Writer(self.seed, self.setting, persons)
        referred: npt.NDArray[np.bool_] | None = None
        if not self._sources and table.clock_us == NO_CLOCK_US:
            # Nobody else's events come, and of our own it is known what they ask for.
            referred, asked = self._app.referred, self.rules.referral
            table.attributes_kept = () if asked is None else asked.distinct
        self._coder = DayCoder(table, self.setting, self._writer, self.seed, referred)
        litre_fen = self._till.basket.litre_fen(1.0)[people.fuel].astype(np.float64)
        self._visits = visits = Visits(
            keyed, population.timing.renewal_shape, persons, self._local_days,
            table.members.last_purchase_us[: len(persons)].copy(), elapsed,
        )  # fmt: skip
        self._responding = Responding(
            self.rules, population, self.effects, persons, visits.moved, litre_fen
        )
        self._unaided = Unaided(persons, self._till, visits.moved, visits.unaided, self.days)
        self._held: dict[int, list[Acts]] = defaultdict(list)
        self._recalls = Recalls(keyed, population, persons)
        self._acted = np.zeros(0, dtype=np.int64)
        self.account = Account(self.rules, self.setting, table, len(persons), self.days)
        held, all_ = table.members, slice(0, len(persons))
        earned = held.earned_base[all_] + held.earned_bonus[all_] + held.earned_task[all_]
        self.points_before: Ints = earned - held.reversed_points[all_]
        self.from_us = self._starts_us(0)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the time of a block to a stage's seconds."""
        began_s = time.perf_counter()
        yield
        self.seconds[stage] += time.perf_counter() - began_s

    @property
    def unaided(self) -> Unaided:
        """Give the other arm."""
        return self._unaided

    def run(self, progress: Progress | None = None) -> None:
        """Play all days, the refunds that come after them, and let the clock go on to the end."""
        for done in self.played():
            if progress is not None:
                progress(done, self.days, "days")

    def played(self) -> Iterator[int]:
        """Play as `run` does, a day each time it is asked; yields how many are done.

        What comes after the last day is played before the iteration ends.
        """
        for nth in range(self.days):
            self._day(nth)
            yield nth + 1
        nth = self.days
        while (self._held or self._sources) and self._starts_us(nth) < self.end_us:
            self._tick(nth)
            self._send(nth, self._held.pop(nth, []), Details())
            nth += 1
        with self.timed("kernel"):
            while self._starts_us(nth) <= self.end_us:
                self._tick(nth)
                nth += 1
            if self.end_us > self.table.clock_us:
                advance(self.table, self.end_us)
        self.account.end(self.end_us)

    def _starts_us(self, nth: int) -> int:
        return self.rules.calendar.midnight(self.first_day + nth)

    def _tick(self, nth: int) -> None:
        """Let the clock go on to a local midnight; take stock where a month begins."""
        midnight_us = self._starts_us(nth)
        if self.table.clock_us != NO_CLOCK_US and midnight_us > self.table.clock_us:
            advance(self.table, midnight_us)
        local = EPOCH + timedelta(days=self.first_day + nth)
        if local.day == 1 and nth:
            self.account.month_ends(local - timedelta(days=1))

    def _day(self, nth: int) -> None:
        with self.timed("kernel"):
            self._tick(nth)
        day = self._day_of(nth)
        with self.timed("response"):
            self._visible.look(day.starts_us)
            self._wallet.take(self._visible.new_coupons)
            if self.effects.recall:
                self._recalls.reach(self._visible.recalled(), nth, day.day)
            self._responding.refresh(self._visible, day, self._acted, self._wallet.holding)
        details = Details()
        with self.timed("draw"):
            acts, first_us, starters = self._sold(nth, day, details)
        with self.timed("unaided"):
            exposure = self._local_days.exposure(nth)
            price_index = float(self._local_days.price_index[nth])
            self._unaided.day(nth, day.day, exposure, price_index)
        with self.timed("draw"):
            acts += self._app.day(nth, starters, first_us, details)
        self._send(nth, acts + self._held.pop(nth, []), details)

    def _day_of(self, nth: int) -> Day:
        local = EPOCH + timedelta(days=self.first_day + nth)
        next_month = (local.replace(day=28) + timedelta(days=4)).replace(day=1)
        ends_day = self.rules.calendar.day(self.rules.ends_us - 1) + 1
        return Day(
            day=self.first_day + nth,
            nth=nth,
            starts_us=self._starts_us(nth),
            begins_month=local.day == 1,
            month_days_left=(next_month - local).days,
            season_days_left=ends_day - self.first_day - nth,
            season_days=ends_day - self.rules.season_first_day,
        )

    def _sold(self, nth: int, day: Day, details: Details) -> tuple[list[Acts], Ints, Ints]:
        """Let members come; returns their acts, and of today's newcomers the first visit."""
        visits = self._visits
        starters = visits.begin(nth)
        visits.pull(self._recalled(nth))
        incentive = 1.0 if self._responding.idle else self._responding.incentive
        who, visit, at_us = visits.come(nth, incentive)
        keep = at_us < self.end_us
        if not keep.all():
            who, visit, at_us = who[keep], visit[keep], at_us[keep]
        price_index = float(self._local_days.price_index[nth])
        sales, acts = self._till.day(
            self._visible, day.day, price_index, who, visit, at_us, details
        )
        self.account.sold(nth, sales)
        self._unaided.same(nth, sales, np.flatnonzero(self.persons.theta[who] == 0))
        np.maximum.at(visits.last_us, who, at_us)
        first_us = np.full(len(self.persons), _FAR_US) if len(starters) else at_us
        if len(starters):
            np.minimum.at(first_us, who, at_us)
            first_us = first_us[starters]
        return acts, first_us, starters

    def _recalled(self, nth: int) -> Ints:
        """List those who come back today: they were recalled and haven't come since."""
        rows, since = self._recalls.due(nth)
        sent_us = np.array([self._starts_us(one) for one in since.tolist()], dtype=np.int64)
        return np.unique(rows[self._visits.last_us[rows] < sent_us])

    def _send(self, nth: int, parts: list[Acts], details: Details) -> None:
        """Put the day's acts in order and give them to the kernel; later ones wait."""
        from_us, to_us = self._starts_us(nth), self._starts_us(nth + 1)
        with self.timed("events"):
            acts = joined(parts)
            # What has details of its own belongs to this day: its last second at the latest.
            acts.at_us[(acts.more >= 0) & (acts.at_us >= to_us)] = to_us - SECOND_US
            late = np.flatnonzero(acts.at_us >= to_us)
            if len(late):
                self._hold(acts.take(late))
                acts = acts.take(np.flatnonzero(acts.at_us < to_us))
            acts = acts.take(acts.at_us < self.end_us).in_order(from_us)
        outcomes = list(self._applied(nth, acts, details))
        changed = [outcome.changed for outcome in outcomes]
        acted = np.concatenate([np.zeros(0, dtype=np.int64), *changed])
        self._acted = acted[acted < len(self.persons)]

    def _applied(self, nth: int, acts: Acts, details: Details) -> Iterator[Outcome]:
        """Give a day's acts to the kernel, so many at a time, and count what it answers.

        They are numbered directly, unless the events of others stand between them.
        """
        whole: pa.RecordBatch | None = None
        if self._sources:
            whole = self._with_sources(nth, self._writer.batch(acts, details))
        if self._write is not None:
            with self.timed("events"):
                self._write(self._writer.batch(acts, details) if whole is None else whole)
        for first in range(0, len(acts) if whole is None else whole.num_rows, BATCH_ROWS):
            part = slice(first, first + BATCH_ROWS)
            if whole is None:
                with self.timed("events"):
                    events = self._coder.events(acts.take(part), details)
            else:
                batch = whole.slice(first, BATCH_ROWS)
                events = encode(self.table, stamp(batch, batch.column("at_us").to_numpy()))
            with self.timed("kernel"):
                outcome = apply_events(self.table, events)
            with self.timed("account"):
                self.account.answered(nth, events, outcome)
            for source in self._sources:
                source.answered(events, outcome, self.table)
            yield outcome

    def _with_sources(self, nth: int, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Mix in the events of other sources, by `at`, theirs after ours of the same instant."""
        from_us = self._starts_us(nth)
        to_us = min(self._starts_us(nth + 1), self.end_us)
        parts = [one.events(nth, from_us, to_us, self.table) for one in self._sources]
        whole = concat([batch, *parts])
        order = np.argsort(whole.column("at_us").to_numpy(), kind="stable")
        return whole.take(pa.array(order))

    def _hold(self, acts: Acts) -> None:
        """Keep acts for the day they fall on."""
        day = self.rules.calendar.days(acts.at_us) - self.first_day
        for one in np.unique(day).tolist():
            self._held[one].append(acts.take(np.flatnonzero(day == one)))
