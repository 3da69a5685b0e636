"""Coupons through the command: the file of coupons, its table beside, and the summary."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from tests.unit.till_log import claim, event, line, reserve, season, use
from ui.commands import main

BUDGET = '[[budgets]]\nid = "yuan"\ncovers = ["any-5"]\ncost = "9.00"\nat = "redeem"'
SENT = [
    claim("b", "06-10T10:00", "any-5"),
    claim("a", "06-10T10:00", "fuel-10"),
    claim("a", "06-10T09:59", "any-5"),
    use("a", "06-10T11:00", "any-5", "o", [line("tea", "3.33")]),
    reserve("b", "06-10T11:55", "any-5", "o", [line("tea", "3.33")]),
    event("check_in", "c", "06-10T12:00"),
]


@pytest.mark.parametrize("workers", [1, 2])
def test_the_files_tell_every_coupon(tmp_path: Path, workers: int) -> None:
    (tmp_path / "season.toml").write_text(season(BUDGET), encoding="utf-8")
    lines = [json.dumps({**one, "event_id": f"e{place}"}) for place, one in enumerate(SENT)]
    (tmp_path / "log.ndjson").write_text("\n".join(lines), encoding="utf-8")
    out = tmp_path / "out"
    command = ["replay", str(tmp_path / "season.toml"), str(tmp_path / "log.ndjson")]
    command += ["--out", str(out), "--until", "2026-06-10T12:00:00+08:00", "--json"]
    result = CliRunner().invoke(main, [*command, "--workers", str(workers)])
    assert result.exit_code == 0, result.output
    text = (out / "coupons.csv").read_text(encoding="utf-8")
    header, *rows = text.splitlines()
    assert header == "code,coupon,member,status,issued_at,expires_at,used_at,off"
    assert [row.partition(",")[2] for row in rows] == [
        (
            "any-5,a,redeemed,2026-06-10T01:59:00.000000Z,2026-09-10T01:59:00.000000Z,"
            "2026-06-10T03:00:00.000000Z,3.33"
        ),
        "fuel-10,a,claimed,2026-06-10T02:00:00.000000Z,2026-07-10T02:00:00.000000Z,,",
        "any-5,b,reserved,2026-06-10T02:00:00.000000Z,2026-09-10T02:00:00.000000Z,,",
    ]
    beside = pq.read_table(out / "coupons.parquet")
    assert beside["code"].to_pylist() == [row.split(",")[0] for row in rows]
    assert [str(off) for off in beside["off"].to_pylist()] == ["3.33", "None", "None"]
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert summary["coupons"]["any-5"] == {
        "issued": 2,
        "claimed": 2,
        "used": 1,
        "expired": 0,
        "void": 0,
        "discount": "3.33",
    }
    assert summary["budgets"] == {"yuan": {"cost": {"used": "3.33", "limit": "9.00"}}}
