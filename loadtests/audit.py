"""Audit: compares what the users of a load test were told with what the system holds."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from loadtests.api import Api, NotServed
from loadtests.ledger import Event, Identity, Told, UnreadableLedger, read_ledgers
from loadtests.standings_order import disorder

EVENTS_A_BODY = 5_000
ROWS_A_PAGE = 1_000
MEMBERS_A_CALL = 5_000
SNAPSHOT_TRIES = 5
EXAMPLES = 3
NOT_ACKNOWLEDGED = "nothing was acknowledged: the run tested nothing"

Answer = dict[str, Any]


@dataclass(slots=True)
class Finding:
    """What one comparison found: how much was compared, and every difference."""

    check: str
    compared: int = 0
    differences: list[str] = field(default_factory=list)

    def expect(self, equal: bool, difference: str) -> None:
        """Count one comparison, and its difference when there is one."""
        self.compared += 1
        if not equal:
            self.differences.append(difference)


def compare_told(told: Told) -> Finding:
    """Collect what the users themselves saw that must not be."""
    answered = sum(told.statuses.values())
    finding = Finding("answers during the run", answered, list(told.faults))
    if not told.acknowledged:
        finding.differences.append(NOT_ACKNOWLEDGED)
    return finding


def compare_repeats(told: Told, answers: Mapping[Identity, Answer]) -> Finding:
    """Hold the answers to all acknowledged events, sent again, to the first ones."""
    finding = Finding("acknowledged events sent again")
    for identity, one in told.acknowledged.items():
        answer = answers.get(identity)
        if answer is None:
            finding.expect(False, f"{identity} got no answer")
            continue
        again = (answer["status"], answer["points"])
        finding.expect(
            again == ("duplicate", one.points),
            f"{identity} was told {one.points} points, sent again it is {again[0]} with {again[1]}",
        )
    return finding


def compare_members(told: Told, members: Mapping[str, Answer | None]) -> Finding:
    """Hold each member's balance and earnings to the points of their acknowledged events."""
    finding = Finding("members' points")
    for member, points in told.points_of_members().items():
        held = members.get(member)
        if held is None:
            finding.expect(
                False, f"{member} was told {points} points, the system has no such member"
            )
            continue
        balance = held["active"] - held["debt"] + held["expired"]
        finding.expect(
            balance == points,
            f"{member} was told {points} points, active − debt + expired is {balance}",
        )
        earned = sum(held["earned"].values()) - held["reversed"]
        finding.expect(
            earned == points, f"{member} was told {points} points, earned − reversed is {earned}"
        )
    return finding


def compare_board(
    board: str, total: int, rows: Sequence[Answer], tie_break: Sequence[str]
) -> Finding:
    """Hold a whole board to the official order, ranks from 1, each member once."""
    finding = Finding(f"order of board {board}", len(rows), disorder(board, rows, tie_break))
    if rows and rows[0]["rank"] != 1:
        finding.differences.append(f"{board} starts at rank {rows[0]['rank']}")
    if len(rows) != total:
        finding.differences.append(f"{board}: total is {total}, {len(rows)} rows")
    if len({row["member"] for row in rows}) != len(rows):
        finding.differences.append(f"{board}: a member stands twice")
    return finding


def compare_places(
    board: str,
    rows: Sequence[Answer],
    members: Mapping[str, Answer | None],
    ranks: Mapping[str, int | None],
) -> Finding:
    """Hold the members' own pages, the ranks asked for and a board's rows to one another."""
    finding = Finding(f"places on board {board}")
    stands = {row["member"]: row for row in rows}
    for member, held in members.items():
        if held is None:
            continue
        row, own = stands.get(member), held["boards"].get(board)
        by_row = None if row is None else (row["rank"], row["score"])
        by_page = None if own is None else (own["rank"], own["score"])
        finding.expect(
            by_row == by_page, f"{board}: {member} is {by_row} in the rows, {by_page} on their page"
        )
        rank = None if row is None else row["rank"]
        finding.expect(
            ranks.get(member) == rank, f"{board}: {member} is {rank}, asked for {ranks.get(member)}"
        )
    return finding


def compare_scores(told: Told, members: Mapping[str, Answer | None]) -> Finding:
    """Hold season scores to told points, in a season that scores every kind of points."""
    finding = Finding("members' season scores")
    for member, points in told.points_of_members().items():
        held = members.get(member)
        if held is not None:
            finding.expect(
                held["score"] == points,
                f"{member} was told {points} points, the score is {held['score']}",
            )
    return finding


class Auditor:
    """Asks a running system for everything that is compared."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def audit(self, told: Told, scored: bool) -> list[Finding]:
        """Settle what was unanswered, then compare everything."""
        self.settle(told)
        repeats = compare_repeats(told, self.repeat(told))
        names = list(told.points_of_members())
        findings = [compare_told(told), repeats]
        season, boards, members, ranks = self._snapshot(names)
        findings.append(compare_members(told, members))
        if scored:
            findings.append(compare_scores(told, members))
        for board in season["boards"]:
            total, rows = boards[board["id"]]
            findings.append(compare_board(board["id"], total, rows, season["tie_break"]))
            if board["team"] is None:
                findings.append(compare_places(board["id"], rows, members, ranks[board["id"]]))
        return findings

    def settle(self, told: Told) -> None:
        """Send events again whose answer never came; from now on they have one."""
        for identity, result in self._post(list(told.unanswered.values())).items():
            event = told.unanswered[identity]
            told.add(event, result["status"], result["points"], result.get("reason", ""))

    def repeat(self, told: Told) -> dict[Identity, Answer]:
        """Send every acknowledged event again, in bulk."""
        return self._post([one.event for one in told.acknowledged.values()])

    def _post(self, events: list[Event]) -> dict[Identity, Answer]:
        answers: dict[Identity, Answer] = {}
        for part in _parts(events, EVENTS_A_BODY):
            body = "\n".join(json.dumps(event) for event in part).encode()
            results = self._api.post_lines("/v1/events", body, results="all")["results"]
            for event, result in zip(part, results, strict=True):
                answers[(event["member"], result["event_id"])] = result
        return answers

    def _snapshot(self, names: list[str]) -> tuple[Any, Any, Any, Any]:
        """Read season, boards, members and ranks while nothing changes between them."""
        for _ in range(SNAPSHOT_TRIES):
            season = self._api.get("/v1/season", hours=0)
            ids = [board["id"] for board in season["boards"]]
            boards = {board: self._board(board) for board in ids}
            members = {name: self._api.find(f"/v1/members/{name}") for name in names}
            ranks = {
                board["id"]: self._ranks(board["id"], names)
                for board in season["boards"]
                if board["team"] is None
            }
            if self._api.get("/v1/season", hours=0)["version"] == season["version"]:
                return season, boards, members, ranks
        raise NotServed("the standings keep changing: stop other senders, then audit again")

    def _board(self, board: str) -> tuple[int, list[Answer]]:
        rows: list[Answer] = []
        cursor: str | None = "0"
        total = 0
        while cursor is not None:
            page = self._api.get(f"/v1/standings/{board}", limit=ROWS_A_PAGE, cursor=cursor)
            rows += page["rows"]
            total, cursor = page["total"], page["next_cursor"]
        return total, rows

    def _ranks(self, board: str, names: list[str]) -> dict[str, int | None]:
        found: dict[str, int | None] = {}
        for part in _parts(names, MEMBERS_A_CALL):
            found |= self._api.post("/v1/ranks", {"board": board, "members": part})["ranks"]
        return found


def _parts(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part


def table_of(findings: Sequence[Finding]) -> list[str]:
    """Write findings as lines of a table, the first differences below each.

    >>> print("\\n".join(table_of([Finding("members' points", 4)])))
    check                                   compared  differences
    members' points                                4            0
    """
    lines = [f"{'check':36}{'compared':>12}{'differences':>13}"]
    for finding in findings:
        count = len(finding.differences)
        lines.append(f"{finding.check:36}{finding.compared:>12,}{count:>13,}")
        lines += [f"  {difference}" for difference in finding.differences[:EXAMPLES]]
        if count > EXAMPLES:
            lines.append(f"  … and {count - EXAMPLES:,} more")
    return lines


def summary_of(told: Told, findings: Sequence[Finding]) -> dict[str, Any]:
    """Give the findings as one object."""
    return {
        "passed": not any(finding.differences for finding in findings),
        "events_told": sum(told.statuses.values()),
        "acknowledged": len(told.acknowledged),
        "members": len(told.points_of_members()),
        "statuses": dict(told.statuses),
        "reasons": dict(told.reasons),
        "checks": [
            {
                "check": finding.check,
                "compared": finding.compared,
                "differences": len(finding.differences),
                "examples": finding.differences[:EXAMPLES],
            }
            for finding in findings
        ],
    }


def main(args: Sequence[str] | None = None) -> int:
    """Audit the ledgers of a folder against a running system; 1 on any difference."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.audit", description=__doc__)
    parser.add_argument("--ledger", type=Path, required=True, help="folder of the ledgers")
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="the running system")
    parser.add_argument("--scored", action="store_true", help="the season scores all points")
    options = parser.parse_args(args)
    api = Api(options.url, os.environ.get("FORECOURT_KEY", ""))
    try:
        told = read_ledgers(options.ledger)
        findings = Auditor(api).audit(told, options.scored)
    except UnreadableLedger as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except NotServed as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    finally:
        api.close()
    summary = summary_of(told, findings)
    (options.ledger / "audit.json").write_text(json.dumps(summary, indent=1), encoding="utf-8")
    told_words = ", ".join(f"{told.statuses[word]:,} {word}" for word in sorted(told.statuses))
    print(f"{summary['events_told']:,} events answered: {told_words or 'none'}")
    print("\n".join(table_of(findings)))
    print("audit passed" if summary["passed"] else "audit FAILED")
    return 0 if summary["passed"] else 1


if __name__ == "__main__":
    sys.exit(main())
