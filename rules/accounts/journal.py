"""The journal: one posting for every movement of a member's points, with its cause.

A table has none unless it is asked for one. `rules.judging.points` posts every movement as it is
made; callers that know more (which goal, what it does to the score) say so in a Note. Postings are
kept by batch, as columns; the order of one member's postings is that of their movements,
however the stream is cut into batches.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rules.accounts.journal_part import FACTS, GOALS_FROM, KINDS, NO_DAY, NO_RULE, Part, joined
from rules.compiling.compiled import TYPE_CODES

if TYPE_CHECKING:
    from rules.compiling.clauses import Who
    from rules.judging.coding import Events
    from rules.table.member_table import MemberTable

Int64s = npt.NDArray[np.int64]

BASE, BONUS, TASK, GOAL, REFERRAL, ADJUSTED, REDEEMED, CHECKOUT, EXPIRED, REVERSED = range(
    len(KINDS)
)
DRAWN_BY: Final = {TYPE_CODES["redeem"]: REDEEMED, TYPE_CODES["use"]: CHECKOUT}
PARTS_MAX: Final = 64
AT_TICK: Final = -1


class Note(NamedTuple):
    """What a caller knows of a movement; arrays are int64[n] beside the movement's rows.

    points None is the whole movement, scores None leaves the score as it is. goal is the goal's
    place in the file. ml and fen are what a reversal takes from its sale, below zero.
    """

    kind: int
    points: Int64s | None = None
    scores: Int64s | None = None
    goal: int | None = None
    ml: Int64s | None = None
    fen: Int64s | None = None


class _Post(NamedTuple):
    """Postings of one movement, as yet without what their events say."""

    kind: int
    rule: int
    rows: Int64s
    place: Int64s
    tick_us: int
    points: Int64s
    scores: Int64s | None
    days: Int64s | None
    ml: Int64s | None
    fen: Int64s | None


class Journal:
    """Records postings while a table is changed; `take` hands over what it holds.

    The kernel tells it what is being applied: `enter` the events of a round, `tick` an instant,
    `settle` the end of a batch.
    """

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self._events: Events | None = None
        self._tick_us = 0
        self._tick_scores = self._tick_unscores = False
        self._place_of_row = np.zeros(0, dtype=np.int64)
        self._posts: list[_Post] = []
        self._met: list[tuple[Int64s, Who]] = []
        self._waited: list[tuple[int, str]] = []  # place of the purchase, id of the refund
        self._waiting = False

    def __len__(self) -> int:
        """Count the postings held."""
        return sum(len(part.row) for part in self.parts)

    def enter(self, table: MemberTable, events: Events, at: Int64s) -> None:
        """Apply events of distinct members, at int64[k] rows of their batch, from here on."""
        if len(self._place_of_row) < table.members.size:
            self._place_of_row = np.zeros(table.members.capacity, dtype=np.int64)
        self._place_of_row[events.row[at]] = at
        self._events, self._tick_us = events, 0

    def tick(self, table: MemberTable, at_us: int) -> None:
        """Run the tick of an instant from here on."""
        rules = table.rules
        self._tick_us = at_us
        self._tick_scores = rules.scores_task and rules.starts_us <= at_us < rules.ends_us
        self._tick_unscores = rules.scores_task and rules.starts_us <= at_us <= rules.final_us

    def meet(self, at: Int64s, who: Who) -> None:
        """Keep how the members of sales stood before them."""
        self._met.append((at, who))

    def begin_waiting(self, place: int, event_id: str) -> None:
        """Apply a refund that waited for the sale at a place of the batch from here on."""
        self._waited.append((place, event_id))
        self._waiting = True

    def end_waiting(self) -> None:
        """Go on with the events of the round."""
        self._waiting = False

    def earned(self, rows: Int64s, points: Int64s, days: Int64s, notes: Sequence[Note]) -> None:
        """Post points credited to the lots of local days; without a note a referral's."""
        default = Note(REFERRAL, scores=points * self._tick_scores)
        self._post(rows, points, days, notes or (default,))

    def paid_in(self, rows: Int64s, points: Int64s, days: Int64s) -> None:
        """Post points given by hand."""
        self._post(rows, points, days, (Note(ADJUSTED),))

    def drawn(self, rows: Int64s, points: Int64s) -> None:
        """Post points spent, or taken by hand; the event's type tells which."""
        if not len(rows):
            return
        events = self._events
        assert events is not None
        kind = DRAWN_BY.get(int(events.type[self._place_of_row[rows[0]]]), ADJUSTED)
        self._post(rows, -points, None, (Note(kind),))

    def reversed(self, rows: Int64s, points: Int64s, days: Int64s, notes: Sequence[Note]) -> None:
        """Post what counts as reversed; without a note of a referral's points."""
        default = Note(REVERSED, scores=-points * self._tick_unscores)
        self._post(rows, -points, days, notes or (default,))

    def expired(self, rows: Int64s, points: Int64s) -> None:
        """Post points that expired at this tick."""
        self._post(rows, -points, None, (Note(EXPIRED),))

    def settle(self, table: MemberTable) -> None:
        """Close a batch: give its postings what their events say, and forget the batch."""
        if self._posts:
            self.parts.append(self._part(table))
            if len(self.parts) >= PARTS_MAX:
                self.parts = joined(self.parts)
        self._events, self._tick_us = None, 0
        self._posts, self._met, self._waited = [], [], []

    def take(self) -> list[Part]:
        """Hand over what is held, and hold nothing."""
        parts, self.parts = self.parts, []
        return parts

    def _post(
        self, rows: Int64s, points: Int64s, days: Int64s | None, notes: Sequence[Note]
    ) -> None:
        place = self._places(rows)
        for note in notes:
            mine = points if note.points is None else note.points
            post = _Post(
                note.kind,
                NO_RULE if note.goal is None else GOALS_FROM + note.goal,
                rows,
                place,
                self._tick_us,
                mine,
                note.scores,
                days,
                note.ml,
                note.fen,
            )
            self._posts.append(_without_zeros(post) if note.kind == BONUS else post)

    def _places(self, rows: Int64s) -> Int64s:
        """Find the places in the batch of the events that move points of rows, int64[n]."""
        if self._tick_us:
            return np.full(len(rows), AT_TICK, dtype=np.int64)
        events = self._events
        assert events is not None
        if self._waiting:
            return np.full(len(rows), len(events) + len(self._waited) - 1, dtype=np.int64)
        return self._place_of_row[rows]

    def _part(self, table: MemberTable) -> Part:
        posts = self._posts
        sizes = [len(post.rows) for post in posts]

        def each(values: list[int], dtype: npt.DTypeLike) -> npt.NDArray[np.generic]:
            return np.repeat(np.array(values, dtype=dtype), sizes)

        def column(arrays: list[Int64s | None]) -> Int64s:
            filled = [
                np.zeros(size, dtype=np.int64) if array is None else array
                for array, size in zip(arrays, sizes, strict=True)
            ]
            return np.concatenate(filled)

        place = column([post.place for post in posts])
        facts, fact_of_place = self._facts(place)
        known = place[place >= 0]
        fact = np.full(len(place), AT_TICK, dtype=np.int32)
        fact[place >= 0] = fact_of_place[known]
        days = [
            np.full(size, NO_DAY, dtype=np.int64) if post.days is None else post.days
            for post, size in zip(posts, sizes, strict=True)
        ]
        return Part(
            rules=table.rules,
            row=column([post.rows for post in posts]).astype(np.int32),
            fact=fact,
            kind=each([post.kind for post in posts], np.int8),
            rule=each([post.rule for post in posts], np.int16),
            tick_us=each([post.tick_us for post in posts], np.int64),
            points=column([post.points for post in posts]),
            score=column([post.scores for post in posts]),
            day=np.concatenate(days).astype(np.int32),
            ml=column([post.ml for post in posts]),
            fen=column([post.fen for post in posts]),
            facts=facts,
            **self._standing_of(table, fact_of_place, len(facts)),
        )

    def _facts(self, place: Int64s) -> tuple[pa.Table, Int64s]:
        """Copy what the events at places say; also where each event of the batch went."""
        events = self._events
        if events is None:
            return FACTS.empty_table(), np.zeros(0, dtype=np.int64)
        count = len(events)
        wanted = np.zeros(count + len(self._waited), dtype=np.bool_)
        wanted[place[place >= 0]] = True
        fact_of_place = np.cumsum(wanted) - 1
        chosen = pa.array(np.flatnonzero(wanted[:count]))
        own = events.batch.select(FACTS.names).take(chosen)
        facts = pa.Table.from_batches([own]).cast(FACTS)
        refunds = [each for each, one in zip(self._waited, wanted[count:], strict=True) if one]
        if refunds:
            facts = pa.concat_tables([facts, _waited_facts(events, refunds)]).unify_dictionaries()
        return facts.combine_chunks(), fact_of_place

    def _standing_of(
        self, table: MemberTable, fact_of_place: Int64s, count: int
    ) -> dict[str, npt.NDArray[Any]]:
        """Gather, by fact, what matched a sale and how its member stood before it."""
        names = {"level": np.int16, "member_kind": np.int16}
        bits = ("attribute_bits", "segment_bits", "earning_bits", "factor_bits")
        columns: dict[str, npt.NDArray[Any]]
        columns = {name: np.zeros(count, dtype=dtype) for name, dtype in names.items()}
        columns |= {name: np.zeros(count, dtype=np.uint64) for name in bits}
        columns["sale"] = np.zeros(count, dtype=np.bool_)
        if not self._met:
            return columns
        events, sales = self._events, table.ledger.sales
        assert events is not None
        at = np.concatenate([at for at, _ in self._met])
        fact = fact_of_place[at]
        sale = events.sale[at]
        columns["sale"][fact] = True
        columns["earning_bits"][fact] = sales.earning_bits[sale]
        columns["factor_bits"][fact] = sales.factor_bits[sale]
        stood = ("level", "member_kind", "attribute_bits", "segment_bits")
        for place, name in enumerate(stood):
            known = [who[place] for _, who in self._met]
            if known[0] is not None:
                columns[name][fact] = np.concatenate(known)  # type: ignore[arg-type]  # None for all or none
        return columns


def _without_zeros(post: _Post) -> _Post:
    moved = np.flatnonzero(post.points)

    def pick(array: Int64s | None) -> Int64s | None:
        return None if array is None else array[moved]

    return post._replace(
        rows=post.rows[moved],
        place=post.place[moved],
        points=post.points[moved],
        scores=pick(post.scores),
        days=pick(post.days),
        ml=pick(post.ml),
        fen=pick(post.fen),
    )


def _waited_facts(events: Events, refunds: list[tuple[int, str]]) -> pa.Table:
    """Say of refunds that waited what is known when their purchase comes."""
    rows = [
        {
            "event_id": event_id,
            "type": "refund",
            "at_us": int(events.stamp_us[place]),
            "stamp_us": int(events.stamp_us[place]),
            "ref": events.text("event_id", place),
        }
        for place, event_id in refunds
    ]
    return pa.Table.from_pylist(rows, schema=FACTS)
