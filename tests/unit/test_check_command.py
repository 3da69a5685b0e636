"""`forecourt check`: what it prints where, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from tests.unit.broken_season import BASE
from ui.commands.check import command

SUMMER = Path(__file__).parents[2] / "seasons" / "summer-2026.toml"


def check(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, catch_exceptions=False)


def test_a_good_file_is_summed_up_with_its_lint() -> None:
    result = check(str(SUMMER))
    assert result.exit_code == 0
    assert "summer-2026 (fuel-club)" in result.stdout
    assert "2026-06-01 00:00:00 to 2026-09-01 00:00:00, Asia/Shanghai" in result.stdout
    assert "4: overall, private, drivers, companies" in result.stdout
    assert "110 in 5 entries" in result.stdout
    assert "Lint: 3 warnings, " in result.stdout
    assert "  warning: coupons.fuel-100-10 (line 187): on an order of ¥100.00 of 0" in result.stdout
    assert result.stderr == ""


def test_errors_go_to_stderr_by_line_and_exit_2(tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(BASE.replace("points = 1", "points = 1.5") + "[card]\nearn = 1\n", "utf-8")
    result = check(str(file))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        f'earning.fuel.points = 1.5: is a binary float ({file}:7); write it in quotes: "1.5"',
        f"card.earn = 1: is an unknown key ({file}:10); did you mean earn_on_spend?",
        f"{file}: 2 errors",
    ]


def test_json_is_the_last_line_of_stdout(tmp_path: Path) -> None:
    good = json.loads(check(str(SUMMER), "--json").stdout.splitlines()[-1])
    assert (good["ok"], good["season"], good["errors"]) == (True, "summer-2026", [])
    by_path = {(one["path"], one["kind"]): one for one in good["lint"]}
    coupon = by_path["coupons.fuel-100-10", "above-margin"]
    assert (coupon["line"], coupon["severity"], coupon["leak_yuan"]) == (187, "warning", "8.74")
    assert "leak_points" not in coupon
    assert by_path["referral", "self-referral"]["leak_points"] == 1000
    file = tmp_path / "bad.toml"
    file.write_text(BASE + "[card]\nearn = 1\n", "utf-8")
    bad = json.loads(check(str(file), "--json").stdout.splitlines()[-1])
    assert bad["ok"] is False
    assert [(one["line"], one["path"], one["value"]) for one in bad["errors"]] == [
        (10, "card.earn", "1")
    ]


def test_the_schema_needs_no_file() -> None:
    result = check("--schema")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["properties"]["format"]["const"] == 1


def test_a_missing_file_a_folder_and_no_file_exit_2(tmp_path: Path) -> None:
    missing = check(str(tmp_path / "none.toml"))
    assert (missing.exit_code, "none.toml: No such file" in missing.stderr) == (2, True)
    assert check(str(tmp_path)).exit_code == 2
    assert check().exit_code == 2


def test_a_file_that_is_no_utf8_exits_2_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "gbk.toml"
    file.write_bytes("format = 1\nname = '加油'\n".encode("gbk"))
    result = check(str(file))
    assert result.exit_code == 2
    assert f"isn't UTF-8 ({file}:2); save the file as UTF-8" in result.stderr
