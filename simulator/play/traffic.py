"""Generate synthetic fuel traffic: one table of events for each simulated local day."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

import numpy as np
import pyarrow as pa

from rules.season.season_models import Season
from simulator.people.keyed import Floats, Ints, Keyed, Purpose
from simulator.people.members import Members, draw_members
from simulator.people.population import LATE_DAYS_MAX, Population
from simulator.people.quantiles import exponential_quantile, pick
from simulator.people.setting import Setting, setting_of
from simulator.play.basket import Basket, Fills
from simulator.play.demand import Arrivals
from simulator.play.event_rows import (
    MEMBERS_MAX,
    EventTable,
    Line,
    Rows,
    Series,
    concatenate,
    rows_of,
)
from simulator.play.local_days import US, LocalDays

BLOCK_MEMBERS = 131_072
_TASKS = ("check_in", "browse", "share", "survey", "review")
_ENROLS_BEFORE_US = 60 * US
_REFUNDS_AFTER_US = 60 * US
_REFUND_STEP_ML = 10
# One day more than the oldest late event, for long local days.
_KEY_REACH_US = (LATE_DAYS_MAX + 1) * 24 * 3_600 * US


def generate(
    season: Season,
    population: Population,
    members: int,
    days: int | None = None,
    *,
    seed: int = 0,
    start: date | None = None,
    block_members: int = BLOCK_MEMBERS,
) -> Iterator[pa.Table]:
    """Play `members` for `days` from `start` and yield one table a local day, sorted by `at`.

    Without `days` and `start`, the season's own window. A table holds the events that arrive
    that day: a late one still has the `at` of its own day, and one sent twice stands twice.
    The tables depend on the seed, never on `block_members`. Memory: about 200 bytes a member.

    Raises:
        ValueError: `members`, `days` or `seed` is out of range, or the season sells no fuel.
    """
    if not 1 <= members <= MEMBERS_MAX:
        raise ValueError(f"members = {members}: must be between 1 and {MEMBERS_MAX}")
    setting = setting_of(season, population, days=days, start=start)
    keyed = Keyed(seed)
    everyone = draw_members(keyed, population, setting, first=0, last=members, total=members)
    local_days = LocalDays(keyed, population, setting)
    blocks = [
        Block(keyed, population, setting, local_days, everyone.block(a, a + block_members))
        for a in range(0, members, block_members)
    ]
    writer = EventTable(seed, setting, everyone)
    return _play(blocks, local_days, writer, setting.days)


def _play(
    blocks: list["Block"], local_days: LocalDays, writer: EventTable, days: int
) -> Iterator[pa.Table]:
    """Run the days in order; hold events back until the day they arrive."""
    held: dict[int, list[Rows]] = defaultdict(list)
    for day in range(days):
        found = concatenate([*held.pop(day, []), *(r for block in blocks for r in block.day(day))])
        later = found.take(np.flatnonzero(found.arrival_day > day))
        for arrival in np.unique(later.arrival_day).tolist():
            held[arrival].append(later.take(later.arrival_day == arrival))
        now = np.flatnonzero(found.arrival_day == day)
        key = found.order_key(int(local_days.starts_us[day]) - _KEY_REACH_US)[now]
        yield writer.table(found.take(now[np.argsort(key)]))


class Block:
    """Play one block of members, a day at a time.

    Demand decides who comes, the basket what they buy; both are seams of the behaviour model,
    which hands `day` an incentive for each member.
    """

    def __init__(
        self,
        keyed: Keyed,
        population: Population,
        setting: Setting,
        local_days: LocalDays,
        members: Members,
    ) -> None:
        self._keyed = keyed
        self._population = population
        self._setting = setting
        self._local_days = local_days
        self._members = members
        self._basket = Basket(keyed, population, setting)
        self._visits = Arrivals(
            keyed,
            Purpose.VISIT_GAP,
            members.number,
            members.visit_rate,
            shape=population.timing.renewal_shape,
            drop_out=members.drop_out,
        )
        self._tasks = Arrivals(
            keyed, Purpose.TASK_GAP, members.number, members.task_rate, shape=1.0
        )
        self._by_first_day = np.argsort(members.first_day, kind="stable")
        self._first_days = members.first_day[self._by_first_day]

    def day(self, day: int, incentive: Floats | float = 1.0) -> list[Rows]:
        """Play the next day and answer its events, faults included; days go in order.

        `incentive` is the response model's A, float64[block] or one for all; 1 is none.
        """
        edges = np.searchsorted(self._first_days, [day, day + 1])
        starters = self._by_first_day[edges[0] : edges[1]]
        at_once = ~self._members.opening[starters]
        self._visits.begin(starters, at_once=at_once)
        app_users = starters[self._members.task_rate[starters] > 0]
        self._tasks.begin(app_users, at_once=np.zeros(len(app_users), dtype=np.bool_))
        row, visit = self._visits.day(self._local_days.exposure(day), incentive)
        at_us = self._visit_times(day, row, visit)
        found = [
            self._enrolments(day, starters, row, at_us),
            *self._purchases(day, row, visit, at_us),
            *self._task_events(day, incentive),
        ]
        return [part for rows in found for part in self._with_faults(rows)]

    def _visit_times(self, day: int, row: Ints, visit: Ints) -> Ints:
        member = self._members.number[row]
        second = self._local_days.visit_seconds(
            day,
            self._keyed.uniforms(Purpose.VISIT_TIME, member, visit),
            self._keyed.uniforms(Purpose.NIGHT, member, visit),
            self._members.night_share[row],
        )
        return self._local_days.at_us(day, second)

    def _enrolments(self, day: int, starters: Ints, row: Ints, at_us: Ints) -> Rows:
        """Enrol the day's new members, before their first visit if they come the same day."""
        rows = np.sort(starters[self._members.enrols[starters]])
        member = self._members.number[rows]
        drawn = self._keyed.uniforms(Purpose.ENROL_TIME, member)
        enrol_us = self._local_days.at_us(day, self._local_days.seconds(day, drawn))
        first_us = np.full(len(self._members.number), np.iinfo(np.int64).max)
        np.minimum.at(first_us, row, at_us)
        enrol_us = np.minimum(enrol_us, first_us[rows] - _ENROLS_BEFORE_US)
        enrol_us = np.maximum(enrol_us, self._local_days.starts_us[day])
        return rows_of(
            "enrol", member=member, at_us=enrol_us, day=day, series=Series.ENROL,
            number=np.zeros(len(rows), dtype=np.int64),
        )  # fmt: skip

    def _purchases(self, day: int, row: Ints, visit: Ints, at_us: Ints) -> list[Rows]:
        """Write the visits' top-ups, fuel lines, shop lines and the refunds they lead to."""
        members = self._members
        member = members.number[row]
        price_index = float(self._local_days.price_index[day])
        fills = self._basket.fills(members, row, visit, price_index=price_index)
        shop = self._basket.shop_lines(member, visit)
        top_ups = self._basket.top_ups(member, visit, members.has_card[row])

        def lines(kind: str, line: Line, of: Ints | slice, **columns: Ints) -> Rows:
            return rows_of(
                kind, member=member[of], at_us=at_us[of], day=day, series=Series.VISIT,
                number=visit[of], line=line, station=fills.station[of], **columns,
            )  # fmt: skip

        return [
            lines("top_up", Line.TOP_UP, top_ups.visit, amount_fen=top_ups.amount_fen),
            lines(
                "purchase", Line.FUEL, slice(None), product=members.fuel[row].astype(np.int64),
                litres_ml=fills.litres_ml, amount_fen=fills.amount_fen,
                by_card=fills.by_card.astype(np.int64),
            ),
            lines(
                "purchase", Line.SHOP, shop.visit, amount_fen=shop.amount_fen,
                product=shop.product + len(self._setting.fuels),
                by_card=fills.by_card[shop.visit].astype(np.int64),
            ),
            self._refunds(member, visit, at_us, fills),
        ]  # fmt: skip

    def _refunds(self, member: Ints, visit: Ints, at_us: Ints, fills: Fills) -> Rows:
        """Take back some fills: in full, by litres or by amount, some time later."""
        figures = self._population.refunds
        draw = self._keyed.uniforms(Purpose.REFUND, member, visit)
        rows = np.flatnonzero(draw < figures.visit_share)
        member, visit, at_us = member[rows], visit[rows], at_us[rows]
        form = self._keyed.uniforms(Purpose.REFUND_FORM, member, visit)
        part = self._keyed.uniforms(Purpose.REFUND_PART, member, visit)
        delay = exponential_quantile(self._keyed.uniforms(Purpose.REFUND_DELAY, member, visit))
        back_us = at_us + _REFUNDS_AFTER_US
        back_us += (delay * figures.delay_hours * 3_600).astype(np.int64) * US
        by_litres = (form >= figures.full_share) & (form < (1 + figures.full_share) / 2)
        by_amount = form >= (1 + figures.full_share) / 2
        litres_ml = (part * (fills.litres_ml[rows] // _REFUND_STEP_ML)).astype(np.int64)
        litres_ml = np.maximum(litres_ml * _REFUND_STEP_ML, _REFUND_STEP_ML)
        amount_fen = np.maximum((part * fills.amount_fen[rows]).astype(np.int64), 1)
        return rows_of(
            "refund", member=member, at_us=back_us, day=self._local_days.day_of(back_us),
            series=Series.VISIT, number=visit, line=Line.REFUND, station=fills.station[rows],
            litres_ml=np.where(by_litres, litres_ml, -1),
            amount_fen=np.where(by_amount, amount_fen, -1),
            refunded=np.full(len(rows), Line.FUEL),
        )  # fmt: skip

    def _task_events(self, day: int, incentive: Floats | float) -> list[Rows]:
        """Write the day's check-ins, looks, shares, surveys and reviews."""
        figures = self._population.tasks
        row, number = self._tasks.day(1.0, incentive)
        member = self._members.number[row]
        time = self._keyed.uniforms(Purpose.TASK_TIME, member, number)
        at_us = self._local_days.at_us(day, self._local_days.seconds(day, time))
        shares = np.array([getattr(figures, f"{name}_share") for name in _TASKS])
        which = pick(self._keyed.uniforms(Purpose.TASK_TYPE, member, number), shares)
        home = self._members.station[row]
        found = []
        for index, name in enumerate(_TASKS):
            rows = np.flatnonzero(which == index)
            nothing = np.full(len(rows), -1)
            draw = self._keyed.uniforms(Purpose.SURVEY_SCORE, member[rows], number[rows])
            score = pick(draw, np.array(figures.survey_scores)) if name == "survey" else nothing
            found.append(rows_of(
                name, member=member[rows], at_us=at_us[rows], day=day, series=Series.TASK,
                number=number[rows], station=home[rows] if name == "check_in" else nothing,
                about=home[rows] if name in ("survey", "review") else nothing, score=score,
            ))  # fmt: skip
        return found

    def _with_faults(self, rows: Rows) -> list[Rows]:
        """Delay a few events to a later day and send a few twice, on purpose."""
        figures = self._population.faults
        key = rows.event_key()
        draw = self._keyed.uniforms(Purpose.FAULT, rows.member, key)
        late = np.flatnonzero(draw < figures.late_share)
        spread = self._keyed.uniforms(Purpose.LATE_DAYS, rows.member[late], key[late])
        rows.arrival_day[late] += 1 + (spread * round(figures.late_days)).astype(np.int64)
        twice = np.flatnonzero(draw > 1.0 - figures.duplicate_share)
        return [rows, rows.take(twice)]
