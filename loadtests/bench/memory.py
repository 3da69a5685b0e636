"""Memory: bytes a member's row and a kept event take in a shard, against 300 and 80 (P10).

Two ways of counting, side by side: the arrays of each part of the member table, and what the
process has grown by while the table was filled. The log is the traffic generator's under the full
example season, so events of every common type are in it. Ids are counted apart: P10 leaves them
out. Reserves that arrays grow into are counted, as the process holds them. Lots, windows and
coupons are told as parts of their own.
"""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from loadtests.bench._sides import machine, versions
from loadtests.served import ServeFailed, program, shipped_season
from rules.compiling.compiled import compile_rules
from rules.decoding.event_columns import running_stamps, stamp
from rules.decoding.events import decode_table
from rules.judging.kernel import apply
from rules.season.season_file import load_season
from rules.table.columns import Columns
from rules.table.member_table import MemberTable

MEMBER_BYTES_REACH: Final = 300
EVENT_BYTES_REACH: Final = 80
PART_ROWS: Final = 65_536
WARM_ROWS: Final = 2_000
OF_MEMBERS: Final = ("members", "rows")
OF_EVENTS: Final = ("identities", "map", "sales")
"""Parts whose bytes are divided by members, and by kept events; the others are told as they are."""


def rss_bytes() -> int:
    """Return the memory this process has in RAM."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096


def array_bytes(part: object) -> int:
    """Count the bytes of all arrays that an object holds, reserves included."""
    if isinstance(part, Columns):
        return sum(getattr(part, name).nbytes for name in part.fields)
    state = part.state()  # type: ignore[attr-defined]  # every part of the table has it
    return sum(array.nbytes for array in state.values())


def used_bytes(part: object) -> int:
    """Count the bytes of the rows in use."""
    state = part.state()  # type: ignore[attr-defined]  # every part of the table has it
    return sum(array.nbytes for array in state.values())


def parts_of(table: MemberTable) -> dict[str, tuple[int, int]]:
    """Tell the bytes held and used by each part of a table."""
    held = {name: (array_bytes(part), used_bytes(part)) for name, part in table.parts.items()}
    maps = {"map": table.ledger.map, "rows": table.rows_by_id}
    slots = {name: (one.nbytes(), one.nbytes()) for name, one in maps.items()}
    return held | slots


def main(args: Sequence[str]) -> int:
    """Run the benchmark; prints one JSON object on the last line."""
    parser = argparse.ArgumentParser(prog="forecourt bench memory", description=__doc__)
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(args)
    if options.members < 1 or options.days < 1:
        parser.error("--members and --days must be at least 1")
    with tempfile.TemporaryDirectory(prefix="forecourt-memory-") as folder:
        log = Path(folder) / "log.parquet"
        try:
            subprocess.run(
                [
                    program(), "traffic", str(shipped_season()), "--out", str(log),
                    "--members", str(options.members), "--days", str(options.days),
                    "--seed", str(options.seed),
                ],
                check=True, capture_output=True, text=True,
            )  # fmt: skip
        except (ServeFailed, subprocess.CalledProcessError) as error:
            print(f"error: {error}")
            return 1
        result = measure(log, options)
    _tell(result)
    print(json.dumps(result))
    return 0


def measure(log: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Fill a table from a log and weigh it."""
    path = shipped_season()
    rules = compile_rules(load_season(path.read_text(encoding="utf-8"), str(path)))
    _fill(MemberTable(rules), log, WARM_ROWS)  # whatever a first run loads is there before
    gc.collect()
    pa.default_memory_pool().release_unused()
    before = rss_bytes()
    table = MemberTable(rules)
    _fill(table, log)
    gc.collect()
    pa.default_memory_pool().release_unused()
    grown = rss_bytes() - before
    parts = parts_of(table)
    members, events = len(table), table.ledger.identities.size
    ids = sum(map(sys.getsizeof, table.member_ids)) + sys.getsizeof(table.member_ids)
    used_member = sum(parts[name][1] for name in OF_MEMBERS) / members
    used_event = sum(parts[name][1] for name in OF_EVENTS) / events
    return {
        "bench": "memory",
        "members": members,
        "kept_events": events,
        "sales": table.ledger.sales.size,
        "days": options.days,
        "bytes_a_member": round(used_member, 1),
        "bytes_a_member_held": round(sum(parts[name][0] for name in OF_MEMBERS) / members, 1),
        "member_reach": MEMBER_BYTES_REACH,
        "bytes_an_event": round(used_event, 1),
        "bytes_an_event_held": round(sum(parts[name][0] for name in OF_EVENTS) / events, 1),
        "event_reach": EVENT_BYTES_REACH,
        "id_bytes_a_member": round(ids / members, 1),
        "parts": {name: {"held": held, "used": used} for name, (held, used) in parts.items()},
        "arrays_bytes": sum(held for held, _ in parts.values()) + ids,
        "process_grew_bytes": grown,
        "machine": machine(),
        "versions": versions("numpy", "pyarrow"),
    }


def _fill(table: MemberTable, log: Path, upto: int = sys.maxsize) -> None:
    clock_us, seen = -(2**62), 0
    with pq.ParquetFile(log) as file:
        for batch in file.iter_batches(batch_size=PART_ROWS):
            if seen >= upto:
                return
            part = pa.Table.from_batches([batch[: upto - seen]])
            columns = decode_table(part, table.rules.names).columns
            at_us = columns.column("at_us").to_numpy()
            stamps: np.ndarray[Any, np.dtype[np.int64]] = running_stamps(at_us, clock_us)
            clock_us, seen = int(stamps[-1]), seen + len(stamps)
            apply(table, stamp(columns, stamps))


def _tell(result: dict[str, Any]) -> None:
    print(f"{result['members']:,} members, {result['kept_events']:,} kept events")
    for title, name in (("a member", "member"), ("a kept event", "event")):
        article = "a" if name == "member" else "an"
        used, held = result[f"bytes_{article}_{name}"], result[f"bytes_{article}_{name}_held"]
        print(f"{title:14}{used:>8} bytes used, {held:>8} held (≤ {result[f'{name}_reach']})")
    for name, one in sorted(result["parts"].items(), key=lambda part: -part[1]["held"]):
        if one["held"] >= 1_000_000:
            print(f"  {name:14}{one['used']:>14,} used {one['held']:>14,} held")
    print(
        f"arrays and ids {result['arrays_bytes']:,} bytes; "
        f"the process grew by {result['process_grew_bytes']:,}"
    )
