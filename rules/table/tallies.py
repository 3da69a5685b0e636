"""Tallies: what happened by local day, station and product, counted as it comes.

Sales and refunds stand in cells, one for each day, product and station; a refund stands on the
day of its purchase, so a cell less its refunds is what is left of that day. Everything else is a
count and an amount for each day and what it was. Cells only ever add up, so tables add up too,
and no cut of the stream into batches changes them. What is added waits until there is much of
it; sorting it then costs a few milliseconds for every hundred thousand sales.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from rules.compiling.calendar import months_of_days
from rules.compiling.compiled import TYPE_CODES

if TYPE_CHECKING:
    from rules.decoding.batch_cells import BatchCells
    from rules.judging.coding import Events

Int64s = npt.NDArray[np.int64]

WAITING_ROWS_MAX: Final = 1 << 17
DAYS_BEFORE_EPOCH: Final = 1_000
WORD_BITS: Final = 20
WORDS_MAX: Final = 1 << WORD_BITS
WHAT_BITS: Final = 8
NO_WORD: Final = 0
OTHERS: Final = "…"
"""Stands for every word after the millionth."""

WHATS: Final = (
    "review", "complaint", "followed_up",
    "enrolment", "redemption", "checkout", "task", "goal", "referral", "adjusted",
    "expired", "reversed", "deducted",
)  # fmt: skip
"""What is counted by day. Its word: a station, a redeemed item, the month that points were
earned in (months since 1970), or none. Its amount: scores of complaints, else points."""
(
    REVIEW, COMPLAINT, FOLLOWED_UP,
    ENROLMENT, REDEMPTION, CHECKOUT, TASK_POINTS, GOAL_POINTS, REFERRAL_POINTS, ADJUSTED,
    EXPIRED, REVERSED, DEDUCTED,
) = range(len(WHATS))  # fmt: skip
OF_STATION: Final = WHATS[: FOLLOWED_UP + 1]

PROMOTER_SCORE: Final = 9
DETRACTOR_SCORE: Final = 6
"""Survey scores from 9 up promote, those up to 6 detract, as the net promoter score has it."""

_SURVEY, _REVIEW = TYPE_CODES["survey"], TYPE_CODES["review"]
_TOP_UP = TYPE_CODES["top_up"]


class Cells:
    """Sums by key: the count of what was added and each measure, int64."""

    def __init__(self, *measures: str) -> None:
        self.measures = ("count", *measures)
        self._keys: Int64s = np.zeros(0, dtype=np.int64)
        self._sums: Int64s = np.zeros((0, len(self.measures)), dtype=np.int64)
        self._waiting: list[tuple[Int64s, ...]] = []
        self._waiting_rows = 0

    def add(self, keys: Int64s, *amounts: Int64s) -> None:
        """Count keys int64[n], each with its amounts; the arrays must not change afterwards."""
        self._waiting.append((keys, *amounts))
        self._waiting_rows += len(keys)
        if self._waiting_rows >= WAITING_ROWS_MAX:
            self._settle()

    def sums(self) -> tuple[Int64s, Int64s]:
        """Give the keys ascending, int64[k], and their sums, int64[k, measures]."""
        self._settle()
        return self._keys, self._sums

    def _settle(self) -> None:
        """Add up what waits: O(n log n + k)."""
        if not self._waiting_rows:
            return
        waiting, self._waiting, self._waiting_rows = self._waiting, [], 0
        keys = np.concatenate([part[0] for part in waiting])
        order = np.argsort(keys)
        keys = keys[order]
        begins = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
        sums = np.empty((len(begins), len(self.measures)), dtype=np.int64)
        sums[:, 0] = np.diff(np.append(begins, len(keys)))
        for place in range(1, len(self.measures)):
            column = np.concatenate([part[place] for part in waiting])
            sums[:, place] = np.add.reduceat(column[order], begins)
        self._join(keys[begins], sums)

    def _join(self, keys: Int64s, sums: Int64s) -> None:
        place = np.searchsorted(self._keys, keys)
        held = np.zeros(len(keys), dtype=np.bool_)
        inside = place < len(self._keys)
        held[inside] = self._keys[place[inside]] == keys[inside]
        self._sums[place[held]] += sums[held]
        if not held.all():
            self._keys = np.insert(self._keys, place[~held], keys[~held])
            self._sums = np.insert(self._sums, place[~held], sums[~held], axis=0)

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Copy the sums."""
        keys, sums = self.sums()
        return {"keys": keys.copy(), "sums": sums.copy()}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Fill empty cells from state()."""
        self._keys, self._sums = state["keys"].copy(), state["sums"].copy()


class Words:
    """Names numbered as they first appear in the stream; 0 stands for none."""

    def __init__(self) -> None:
        self.names: list[str] = [""]
        self._numbers: dict[str, int] = {"": NO_WORD}

    @property
    def most(self) -> int:
        """Tell the greatest number given so far, or one more."""
        return len(self.names)

    def number(self, name: str) -> int:
        """Number one name."""
        known = self._numbers.get(name)
        if known is not None:
            return known
        if len(self.names) >= WORDS_MAX - 1:
            name = OTHERS
            if name in self._numbers:
                return self._numbers[name]
        self._numbers[name] = len(self.names)
        self.names.append(name)
        return self._numbers[name]

    def numbers(self, words: Sequence[str], places: npt.NDArray[Any]) -> Int64s:
        """Number n words by their places int[n] in a list; one behind it is none."""
        if any(word not in self._numbers for word in words):
            seen, first = np.unique(places, return_index=True)
            for place in seen[np.argsort(first)].tolist():
                if place < len(words):
                    self.number(words[place])
        lookup = np.array([self._numbers.get(word, 0) for word in words] + [NO_WORD], np.int64)
        numbers: Int64s = lookup[places]
        return numbers


class Tallies:
    """Cells of sales and refunds, counts by day, and complaints that nobody followed up yet."""

    def __init__(self) -> None:
        self.products, self.stations, self.items = Words(), Words(), Words()
        self.sold = Cells("ml", "fen", "base", "bonus")
        self.refunded = Cells("ml", "fen", "points")
        self.answers = Cells("score", "promoters", "detractors")  # of surveys
        self.counted = Cells("amount")
        # By member row and station: day and score of complaints, in arrival order.
        self._complaints: dict[tuple[int, int], list[tuple[int, int]]] = {}

    def cells_of(self, read: BatchCells, kind: Int64s, day: Int64s) -> Int64s:
        """Number the cells that events of a batch belong to, int64[n]."""
        product = self.products.numbers(*read.words("product"))
        station = self.stations.numbers(*read.words("station"))
        base = (day + DAYS_BEFORE_EPOCH) << 1 | (kind == _TOP_UP)
        cell: Int64s = (base << WORD_BITS | product) << WORD_BITS | station
        return cell

    def count(
        self, what: int, days: Int64s, amounts: Int64s, words: Int64s | int = NO_WORD
    ) -> None:
        """Count something on local days, int64[n], with its amount and word."""
        begin = (DAYS_BEFORE_EPOCH << WHAT_BITS | what) << WORD_BITS
        self.counted.add((days << WHAT_BITS + WORD_BITS) + (words + begin), amounts)

    def expire(self, tick_day: int, earned_day: int | None, points: Int64s) -> None:
        """Count points that a tick expired, int64[n], by the month they were earned in."""
        if not len(points):
            return
        day = np.array([tick_day])
        earned = day if earned_day is None else np.array([earned_day])
        self.count(EXPIRED, day, np.array([points.sum()]), months_of_days(earned))

    def answered(self, events: Events, at: Int64s) -> None:
        """Count surveys and reviews of distinct members, at int64[k] rows of the batch."""
        kind = events.type[at]
        asked = (kind == _SURVEY) | (kind == _REVIEW)
        if not asked.any():
            return
        at, kind = at[asked], kind[asked]
        reviews = at[kind == _REVIEW]
        self._count_at(events, REVIEW, reviews, np.zeros(len(reviews), dtype=np.int64))
        surveys = at[kind == _SURVEY]
        score = events.score[surveys]
        surveys, score = surveys[score >= 0], score[score >= 0]
        if not len(surveys):
            return
        promotes, detracts = score >= PROMOTER_SCORE, score <= DETRACTOR_SCORE
        self.answers.add(events.cell[surveys], score, promotes, detracts)
        self._follow_up(events, surveys, score)
        for place in surveys[detracts].tolist():
            if events.text("ref", place):
                self._complain(events, place)

    def _complain(self, events: Events, place: int) -> None:
        """Keep a complaint: a low score for something in particular."""
        day, grade = int(events.day[place]), int(events.score[place])
        key = int(events.row[place]), int(events.cell[place]) & WORDS_MAX - 1
        self._complaints.setdefault(key, []).append((day, grade))
        one = slice(place, place + 1)
        self.count(COMPLAINT, events.day[one], events.score[one], key[1])

    def _count_at(self, events: Events, what: int, at: Int64s, amounts: Int64s) -> None:
        if len(at):
            self.count(what, events.day[at], amounts, events.cell[at] & WORDS_MAX - 1)

    def _follow_up(self, events: Events, surveys: Int64s, score: Int64s) -> None:
        """Count the complaints about a station after which the member thinks better of it."""
        if not self._complaints:
            return
        for place, grade in zip(surveys.tolist(), score.tolist(), strict=True):
            key = int(events.row[place]), int(events.cell[place]) & WORDS_MAX - 1
            held = self._complaints.get(key)
            if held is None:
                continue
            better = [day for day, before in held if before < grade]
            rest = [one for one in held if one[1] >= grade]
            if better:
                days = np.array(better, dtype=np.int64)
                self.count(FOLLOWED_UP, days, np.full(len(days), grade), key[1])
            self._complaints[key] = rest
            if not rest:
                del self._complaints[key]

    def move(self, row_from: int, row_to: int) -> None:
        """Give one member's open complaints to another."""
        for row, station in [key for key in self._complaints if key[0] == row_from]:
            moved = self._complaints.pop((row, station))
            self._complaints.setdefault((row_to, station), []).extend(moved)

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Copy everything."""
        told = {
            "words": [self.products.names, self.stations.names, self.items.names],
            "complaints": [[*key, held] for key, held in sorted(self._complaints.items())],
        }
        arrays = {
            f"{name}.{part}": array
            for name, one in self._cells().items()
            for part, array in one.state().items()
        }
        return arrays | {"texts": np.frombuffer(json.dumps(told).encode(), dtype=np.uint8)}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Fill empty tallies from state()."""
        told = json.loads(state["texts"].tobytes())
        for words, names in zip(
            (self.products, self.stations, self.items), told["words"], strict=True
        ):
            for name in names:
                words.number(name)
        for row, station, held in told["complaints"]:
            self._complaints[row, station] = [(day, score) for day, score in held]
        for name, one in self._cells().items():
            one.restore({part: state[f"{name}.{part}"] for part in ("keys", "sums")})

    def _cells(self) -> dict[str, Cells]:
        return {name: getattr(self, name) for name in ("sold", "refunded", "answers", "counted")}
