"""Checks: what the tills were told, what the system shows, and what its log comes to."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import httpx
import pyarrow as pa
import redis

from actors.store import keys
from loadtests.ledger import Identity
from tests.chaos.judging import Judges
from tests.chaos.season import BOARDS, SEASON_ID
from tests.chaos.system import SystemUnderTest
from tests.chaos.tills import Ledger, Sender
from tests.golden.adapters import Result

BULK = 2_000
MIRROR_WITHIN_S = 30.0
PAGE = 1_000
Table = dict[str, Any]


def check_repeats(sender: Sender, ledger: Ledger, identities: list[Identity]) -> int:
    """Send acknowledged events again: each is a duplicate with the first points.

    Returns how many were lost: answered as if they had never come, or refused.
    """
    lost = 0
    for part in _parts(iter(identities), BULK):
        events = [ledger.known[identity].event for identity in part]
        for identity, result in zip(part, sender.send(events), strict=False):
            points = ledger.known[identity].points
            if (result["status"], result["points"]) != ("duplicate", points):
                lost += 1
                ledger.fault(f"{identity} was told {points} points; sent again: {result}")
    return lost


def check_answers(ledger: Ledger, judges: Judges) -> tuple[int, int]:
    """Hold what was told to the oracle's answers over the log; returns (lost, doubled)."""
    judged, lost, doubled = judges.judged, 0, 0
    for identity, known in ledger.known.items():
        answer = judged.accepted.get(identity)
        if answer is None:
            lost += 1
            ledger.fault(f"{identity} was acknowledged and is not in the log")
            continue
        if judged.times[identity] > 1:
            doubled += 1
            ledger.fault(f"{identity} counts {judged.times[identity]} times in the log")
        told = (answer.status if known.status == "duplicate" else known.status, known.points)
        if told != (answer.status, answer.points):
            ledger.fault(f"{identity} was told {told}, the oracle says {answer}")
    for identity in judged.accepted.keys() - ledger.known.keys():
        ledger.fault(f"{identity} is in the log, and nobody was told")
    for identity, reasons in ledger.refused.items():
        other = reasons - judged.refused.get(identity, set()) - {"bad_field", "unknown_product"}
        if other:
            ledger.fault(f"{identity} was refused for {other}, never so by the oracle")
    return lost, doubled


@dataclass
class Shown:
    """What a system shows: members, coupons and every board's rows."""

    members: list[Table]
    coupons: list[Table]
    boards: dict[str, list[Table]]


def check_state(
    system: SystemUnderTest, client: redis.Redis, judges: Judges, ledger: Ledger
) -> int:
    """Hold what a system shows to what its log, which client reads, comes to.

    Compares members, coupons, boards, mirror and pools; returns how many facts were compared.
    """
    archive = system.data / "archive"
    judges.follow(client, archive)
    shown = _shown_by(system)
    # Midnight may come for a shard, without any event, while we read.
    while judges.follow(client, archive):
        shown = _shown_by(system)
    oracle, kernel = judges.by_oracle(), judges.by_kernel()
    for name, judged in (("oracle", oracle), ("kernel", kernel)):
        _equal(ledger, f"members by the {name}", shown.members, judged.members, "member")
        _equal(ledger, f"coupons by the {name}", shown.coupons, judged.coupons, "code")
        for board in BOARDS:
            rows = [_row(row) for row in judged.standings[board]]
            _equal(ledger, f"board {board} by the {name}", shown.boards[board], rows, "rank")
        _check_pools(ledger, name, judged)
    if (oracle.pools, oracle.goods_given) != (kernel.pools, kernel.goods_given):
        ledger.fault(f"pools: oracle {oracle.pools}, kernel {kernel.pools}")
    _check_mirror(client, judges, kernel, ledger)
    return len(shown.members) + len(shown.coupons) + sum(map(len, shown.boards.values()))


def _shown_by(system: SystemUnderTest) -> Shown:
    headers = {"Authorization": f"Bearer {system.key}"}
    with httpx.Client(base_url=system.url, headers=headers, timeout=60.0, trust_env=False) as http:
        return Shown(
            [_member(row) for row in _exported(http, "members")],
            [_coupon(row) for row in _exported(http, "coupons")],
            {board: _board(http, board) for board in BOARDS},
        )


def _check_pools(ledger: Ledger, name: str, judged: Result) -> None:
    for pool, used in judged.pools.items():
        if not 0 <= used <= judged.pool_limits[pool]:
            ledger.fault(f"{pool}: {used} used of {judged.pool_limits[pool]} by the {name}")


def _check_mirror(client: redis.Redis, judges: Judges, kernel: Result, ledger: Ledger) -> None:
    """Hold the sorted sets to the boards, once what is on its way there has arrived."""
    for board in ("overall", "taxis"):
        expected = {row["member"]: row["score"] for row in kernel.standings[board]}
        ends_s = time.monotonic() + MIRROR_WITHIN_S
        while (shown := _mirrored(client, judges, board)) != expected:
            if time.monotonic() > ends_s:
                wrong = sorted(set(shown.items()) ^ set(expected.items()))[:3]
                ledger.fault(
                    f"sorted set of {board}: {len(shown)} members, {len(expected)}: {wrong}"
                )
                break
            time.sleep(0.1)


def _mirrored(client: redis.Redis, judges: Judges, board: str) -> dict[str, int]:
    shown: dict[str, int] = {}
    for shard in range(judges.shards):
        found: Any = client.zrange(keys.board(SEASON_ID, board, shard), 0, -1, withscores=True)
        shown |= {member.decode(): int(score) for member, score in found}
    return shown


def _equal(ledger: Ledger, what: str, shown: list[Table], judged: list[Table], name: str) -> None:
    by_name = {row[name]: row for row in judged}
    if len(shown) != len(judged):
        ledger.fault(f"{what}: {len(shown)} shown, {len(judged)} judged")
    told = 0
    for row in shown:
        expected = by_name.get(row[name])
        if expected is None or any(row[column] != expected[column] for column in row):
            told += 1
            if told <= 3:
                ledger.fault(f"{what}: shows {row}, not {expected}")


def _exported(http: httpx.Client, what: str) -> list[Table]:
    answer = http.get(f"/v1/export/{what}")
    answer.raise_for_status()
    rows: list[Table] = pa.ipc.open_stream(answer.content).read_all().to_pylist()
    return rows


def _member(row: Table) -> Table:
    row = {name: value for name, value in row.items() if name != "attributes"}
    return row | {"litres": int(row["litres"] * 1000), "amount": int(row["amount"] * 100)}


def _coupon(row: Table) -> Table:
    for name in ("issued_at", "expires_at", "used_at"):
        if row[name] is not None:
            row[name] = round(row[name].timestamp() * 1_000_000)
    return row | {"off": int((row["off"] or 0) * 100)}


def _board(http: httpx.Client, board: str) -> list[Table]:
    rows: list[Table] = []
    cursor: str | None = "0"
    while cursor is not None:
        answer = http.get(f"/v1/standings/{board}", params={"limit": PAGE, "cursor": cursor})
        answer.raise_for_status()
        page = answer.json()
        rows += [_row(row) for row in page["rows"]]
        cursor = page["next_cursor"]
    return rows


def _row(row: Table) -> Table:
    return {name: row[name] for name in ("rank", "member", "score", "tier", "active_days")}


def _parts(items: Iterator[Identity], size: int) -> Iterator[list[Identity]]:
    while part := list(islice(items, size)):
        yield part
