"""Offline replay: a recorded log through the kernel, and the season to its end.

The stamps of a bare log are the greatest time of its valid events so far; those of an
archived log are kept. Members are spread over any number of tables with common stamps, so
the number of workers changes nothing in the result. Where members share something, budgets or
a referral, one table holds them all.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rules.advice.tier_preview import TierMoves, preview
from rules.compiling.compiled import Rules
from rules.coupons.coupon_columns import coupon_counts, pool_uses
from rules.decoding.event_columns import Decoded, running_stamps, stamp
from rules.decoding.identity import Hashes
from rules.judging.results import REASON_CODES, REASONS, REJECTED, STATUSES, Outcome
from rules.ranks.prizes import Award, allocate, cost_by_kind, prize_boards
from rules.ranks.standings import BoardRows, Standing, board_rows
from rules.ranks.standings_file import standings_hash
from rules.table.member_columns import POINT_COLUMNS
from rules.table.member_table import NO_CLOCK_US, MemberTable
from simulator.offline.aside import Aside
from simulator.offline.log_reading import LogReading, first_place
from simulator.offline.output_files import (
    decimal_text,
    instant_text,
    write_coupons,
    write_members,
    write_prizes,
    write_standings,
)
from simulator.offline.reading import ReadAside, ReadHere, Reading
from simulator.offline.report_files import write_reports
from simulator.offline.tables import MergesMembersError, OneTable, Tables, WorkerTables

SHARED: Final = {
    "referral": "referrals",
    "pools": "budgets or stock",
    "coupons": "coupon codes",
}
"""What members share, in words, by the names in Rules.crosses_members."""


@dataclass(slots=True)
class Counts:
    """How many events had each status, and each reason."""

    status: npt.NDArray[np.int64] = field(
        default_factory=lambda: np.zeros(len(STATUSES), dtype=np.int64)
    )
    reason: npt.NDArray[np.int64] = field(
        default_factory=lambda: np.zeros(len(REASONS), dtype=np.int64)
    )

    def add(self, outcome: Outcome) -> None:
        """Count one batch."""
        self.status += np.bincount(outcome.status, minlength=len(STATUSES))
        self.reason += np.bincount(outcome.reason, minlength=len(REASONS))


class Replay:
    """Applies decoded batches in order and keeps count."""

    def __init__(self, rules: Rules, tables: Tables, *, decided: bool = False) -> None:
        """Begin a run; decided says that the log itself holds who has won what."""
        self.rules = rules
        self.tables = tables
        self.counts = Counts()
        self.clock_us = NO_CLOCK_US
        self._awarded = decided or not rules.season.prizes

    def apply(self, decoded: Decoded, hashes: Hashes | None = None) -> Outcome:
        """Apply the valid events of a batch; returns the outcome of every row received.

        Rows refused in decoding stand where they were in the input. hashes are the valid events'.
        """
        stamps = decoded.stamp_us
        if stamps is None:
            at_us = decoded.columns.column("at_us").to_numpy()
            stamps = running_stamps(at_us, self.clock_us)
        whole = Outcome.empty(decoded.received)
        first = first_place(decoded)
        places = decoded.place - first
        if len(stamps):
            self.clock_us = int(stamps[-1])
            for rows, outcome in self._applied(stamp(decoded.columns, stamps), stamps, hashes):
                whole.status[places[rows]] = outcome.status
                whole.reason[places[rows]] = outcome.reason
                whole.points[places[rows]] = outcome.points
        for refusal in decoded.refused:
            whole.status[refusal.place - first] = REJECTED
            whole.reason[refusal.place - first] = REASON_CODES[refusal.reason]
        self.counts.add(whole)
        return whole

    def _applied(
        self, batch: pa.RecordBatch, stamps: npt.NDArray[np.int64], hashes: Hashes | None
    ) -> Iterator[tuple[slice, Outcome]]:
        """Apply a batch; where it reaches the final instant, the prizes are given out first."""
        final = int(np.searchsorted(stamps, self.rules.final_us))
        if self._awarded or final == len(stamps):
            yield slice(0, len(stamps)), self.tables.apply(batch, hashes)
            return
        if final:
            yield slice(0, final), self.tables.apply(batch.slice(0, final))
        self._award()
        yield slice(final, len(stamps)), self.tables.apply(batch.slice(final))

    def _award(self) -> None:
        """Tell the tables who has won what, as publishing the final list does."""
        rules = self.rules
        standing = self.tables.standing(rules.final_us)
        boards = {
            board: board_rows(standing, rules.boards, board, rules.levels, rules.tie_break)
            for board in prize_boards(rules.season)
        }
        within = rules.season.prize_rules.claim_within
        self.tables.order(
            {
                "id": "awards",
                "kind": "awards",
                "deadline_us": rules.calendar.later(rules.final_us, within),
                "awards": [award._asdict() for award in awards_of(rules, boards, standing)],
            },
            rules.final_us,
        )
        self._awarded = True


def replay(
    rules: Rules,
    read: Callable[[], Iterable[Decoded]],
    out: Path,
    *,
    until_us: int | None = None,
    workers: int = 1,
    tell: Callable[[str], None] = lambda _: None,
    judged: Callable[[int], None] = lambda _: None,
    tables: Tables | None = None,
    aside: Aside | None = None,
    decided: bool = False,
    reports: bool = False,
    preview_of: Rules | None = None,
) -> dict[str, Any]:
    """Replay a log into a folder and return the summary that is written there.

    read gives the log's batches, from the start each time it is called. The clock goes on to the
    season's final instant after the last event, or to until_us. Where members share something
    one table is used, whatever workers says, and tell is told why. judged is told the number of
    events of every batch. tables are those to use instead, and decided says that the log holds
    what was decided beside events, as an archive does. aside is a process that is to read, and
    to write the results: read is a LogReading then. What is written is by the rules in force at
    the end; a season that another has followed is in a folder of its own id. With reports they
    are written into a folder `reports`; with preview_of the summary tells who would stand on
    which tier level under those rules.
    """
    out.mkdir(parents=True, exist_ok=True)

    def opened(aside: Aside | None = aside) -> Reading:
        if aside is None:
            return ReadHere(read, out)
        assert isinstance(read, LogReading), "what another process reads has to be told it"
        return ReadAside(read, out, aside)

    if tables is not None:
        run, done = _run(rules, opened(), until_us, tables, judged, decided=decided)
        rules = done[0].rules
        return _write(rules, run, done, out, reports=reports, preview_of=preview_of)
    if workers > 1 and rules.crosses_members:
        shared = " and ".join(SHARED[name] for name in rules.crosses_members)
        tell(f"one worker instead of {workers}: members share {shared}")
        workers = 1
    made = OneTable(rules) if workers == 1 else WorkerTables(rules, workers)
    try:
        run, done = _run(rules, opened(), until_us, made, judged)
    except MergesMembersError:
        tell(f"one worker instead of {workers}, from the start: the log merges members' records")
        again = opened(None if aside is None else Aside())
        run, done = _run(rules, again, until_us, OneTable(rules), judged)
    return _write(rules, run, done, out, reports=reports, preview_of=preview_of)


def _run(
    rules: Rules,
    log: Reading,
    until_us: int | None,
    tables: Tables,
    judged: Callable[[int], None],
    *,
    decided: bool = False,
) -> tuple[Replay, list[MemberTable]]:
    """Apply a log and run the clock on; has the results of every event written."""
    with tables:
        run = Replay(rules, tables, decided=decided)
        with log:
            for decoded, hashes in log:
                log.answer(decoded, run.apply(decoded, hashes))
                judged(decoded.received)
        # Ticks are due to every member, also to those whose table saw none of the last events.
        return run, tables.finish(until_us, run.clock_us)


def _write(
    rules: Rules,
    run: Replay,
    done: list[MemberTable],
    out: Path,
    *,
    reports: bool,
    preview_of: Rules | None,
) -> dict[str, Any]:
    """Write what a replay ended with, and return the summary."""
    standing = Standing.concat([table.standing() for table in done])
    boards = {
        board.id: board_rows(standing, rules.boards, board.id, rules.levels, rules.tie_break)
        for board in rules.boards
    }
    written = {board: write_standings(out, rows) for board, rows in boards.items()}
    awards = awards_of(rules, boards, standing)
    write_prizes(out, awards)
    write_members(out, done)
    write_coupons(out, done)
    if reports:
        write_reports(out, done, awards)
    told = {
        **_events_told(run.counts, rules, done),
        **_points_told(done),
        "boards": {board: len(rows) for board, rows in boards.items()},
        "cost": _cost_told(awards, rules),
        "coupons": _coupons_told(done),
        "budgets": _pools_told(rules, done),
        "clock": _clock_told(done),
        "standings_hash": standings_hash(written[overall_board(rules)]),
        "rules_hash": rules.rules_hash,
        "versions": {name: version(name) for name in ("forecourt", "numpy", "pyarrow")}
        | {"python": platform.python_version()},
    }
    if preview_of is not None:
        told["tier_preview"] = _moves_told(done, preview_of)
    older = [table.older for table in done if table.older is not None]
    if older:
        told["older"] = _write_older(older[0].rules, done, out / older[0].id)
    text = json.dumps(told, ensure_ascii=False, indent=2)
    (out / "summary.json").write_text(text + "\n", encoding="utf-8")
    return told


def _write_older(rules: Rules, done: list[MemberTable], out: Path) -> dict[str, Any]:
    """Write the standings and prizes of the season before into a folder of their own."""
    out.mkdir(exist_ok=True)
    standing = Standing.concat([table.older_standing() for table in done])
    boards = {
        board.id: board_rows(standing, rules.boards, board.id, rules.levels, rules.tie_break)
        for board in rules.boards
    }
    written = {board: write_standings(out, rows) for board, rows in boards.items()}
    awards = awards_of(rules, boards, standing)
    write_prizes(out, awards)
    return {
        "season": rules.season_id,
        "boards": {board: len(rows) for board, rows in boards.items()},
        "cost": _cost_told(awards, rules),
        "standings_hash": standings_hash(written[overall_board(rules)]),
        "rules_hash": rules.rules_hash,
    }


def overall_board(rules: Rules) -> str:
    """Name the board whose standings are hashed: `overall`, or the file's first board."""
    ids = [board.id for board in rules.boards]
    return "overall" if "overall" in ids else ids[0]


def awards_of(rules: Rules, boards: dict[str, BoardRows], standing: Standing) -> list[Award]:
    """Allocate the season's prizes over its boards."""
    barred = {standing.member[row] for row in np.flatnonzero(standing.disqualified).tolist()}
    wanted = {board: boards[board] for board in prize_boards(rules.season)}
    return allocate(wanted, rules.season, barred)


def _events_told(counts: Counts, rules: Rules, tables: list[MemberTable]) -> dict[str, Any]:
    """Count the events by status and by reason, and name the waiting refunds that took nothing."""
    reasons = zip(REASONS, counts.reason.tolist(), strict=True)
    dropped = sorted(one for table in tables for one in table.dropped)
    return {
        "season": rules.season_id,
        "events": int(counts.status.sum()),
        "status": dict(zip(STATUSES, counts.status.tolist(), strict=True)),
        "reasons": {word: count for word, count in reasons if word and count},
        "waiting_dropped": [
            {"member": member, "event_id": event_id, "reason": reason}
            for member, event_id, reason in dropped
        ],
    }


def _points_told(tables: list[MemberTable]) -> dict[str, Any]:
    """Add up what the members hold and have bought."""

    def total(name: str) -> int:
        return sum(int(getattr(table.members, name)[: len(table)].sum()) for table in tables)

    return {
        "members": total("listed"),
        "points": {name.removesuffix("_points"): total(name) for name in POINT_COLUMNS},
        "litres": decimal_text(total("litres_ml"), 3),
        "amount": decimal_text(total("amount_fen"), 2),
        "visits": total("visits"),
    }


def _cost_told(awards: list[Award], rules: Rules) -> dict[str, Any]:
    return {
        kind: {
            "awards": cost.awards,
            "unit_cost": decimal_text(cost.unit_cost_fen, 2),
            "tax": decimal_text(cost.tax_fen, 2),
            "total": decimal_text(cost.total_fen, 2),
        }
        for kind, cost in cost_by_kind(awards, rules.season).items()
    }


def _moves_told(tables: list[MemberTable], rules: Rules) -> dict[str, Any]:
    """Count who would stand on which level at the next review under other rules."""
    moves = TierMoves.added([preview(table, rules) for table in tables])
    return {
        "rules_hash": rules.rules_hash,
        "review_at": instant_text(moves.review_us),
        "moves": moves.rows(),
        "months_missing": moves.months_missing,
    }


def _coupons_told(tables: list[MemberTable]) -> dict[str, Any]:
    clock_us = max(table.clock_us for table in tables)
    return {
        name: {word: count for word, count in counts.items() if word != "off_fen"}
        | {"discount": decimal_text(counts["off_fen"], 2)}
        for name, counts in coupon_counts(tables, clock_us).items()
    }


def _pools_told(rules: Rules, tables: list[MemberTable]) -> dict[str, Any]:
    """Tell what is used of every budget and stock: pieces, or yuan of a cost."""
    told: dict[str, Any] = {}
    for use in pool_uses(rules, tables):
        figures = {word: use[word] for word in ("used", "limit")}
        if use["measure"] == "cost":
            figures = {word: decimal_text(fen, 2) for word, fen in figures.items()}
        told.setdefault(use["id"], {})[use["measure"]] = figures
    return told


def _clock_told(tables: list[MemberTable]) -> str | None:
    clock_us = max(table.clock_us for table in tables)
    return None if clock_us == NO_CLOCK_US else instant_text(clock_us)
