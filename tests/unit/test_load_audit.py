"""The audit of a load test, on answers made by hand: every kind of difference is found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from loadtests.audit import (
    NOT_ACKNOWLEDGED,
    compare_board,
    compare_members,
    compare_places,
    compare_repeats,
    compare_scores,
    compare_told,
    main,
    summary_of,
    table_of,
)
from loadtests.ledger import LedgerWriter, Told, UnreadableLedger, read_ledgers

TIE_BREAK = ("tasks_completed_at", "active_days")


def event(number: int, member: str = "m-1") -> dict[str, Any]:
    return {"event_id": f"e-{number}", "member": member, "type": "purchase"}


def told_three() -> Told:
    told = Told()
    told.add(event(1), "applied", 30)
    told.add(event(2), "limit_reached", 0)
    told.add(event(3, "m-2"), "applied", 12)
    return told


def duplicates(told: Told) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        identity: {"event_id": identity[1], "status": "duplicate", "points": one.points}
        for identity, one in told.acknowledged.items()
    }


def held(points: int, rank: int = 1) -> dict[str, Any]:
    return {
        "active": points,
        "debt": 0,
        "expired": 0,
        "score": points,
        "earned": {"base": points + 5, "bonus": 0, "task": 0},
        "reversed": 5,
        "boards": {"overall": {"rank": rank, "score": points}},
    }


def row(rank: int, member: str, score: int, **other: Any) -> dict[str, Any]:
    return {
        "rank": rank, "member": member, "score": score,
        "tasks_completed_at": None, "active_days": 1,
    } | other  # fmt: skip


def test_what_was_told_and_is_held_agrees() -> None:
    told = told_three()
    members = {"m-1": held(30), "m-2": held(12, 2)}
    rows = [row(1, "m-1", 30), row(2, "m-2", 12)]
    ranks: dict[str, int | None] = {"m-1": 1, "m-2": 2}
    findings = [
        compare_told(told),
        compare_repeats(told, duplicates(told)),
        compare_members(told, members),
        compare_scores(told, members),
        compare_board("overall", 2, rows, TIE_BREAK),
        compare_places("overall", rows, members, ranks),
    ]
    assert [finding.differences for finding in findings] == [[]] * len(findings)
    assert [finding.compared for finding in findings] == [3, 3, 4, 2, 2, 4]
    assert summary_of(told, findings)["passed"]
    assert summary_of(told, findings)["acknowledged"] == 3


@pytest.mark.parametrize(
    ("again", "words"),
    [
        ({"status": "applied", "points": 30}, "applied with 30"),
        ({"status": "duplicate", "points": 31}, "duplicate with 31"),
        ({"status": "conflict", "points": 0}, "conflict with 0"),
        (None, "got no answer"),
    ],
)
def test_an_event_lost_or_answered_otherwise_is_found(
    again: dict[str, Any] | None, words: str
) -> None:
    told = told_three()
    answers = duplicates(told)
    del answers[("m-1", "e-1")]
    if again is not None:
        answers[("m-1", "e-1")] = {"event_id": "e-1"} | again
    finding = compare_repeats(told, answers)
    assert finding.compared == 3
    (difference,) = finding.differences
    assert words in difference


def test_points_lost_or_counted_twice_are_found() -> None:
    told = told_three()
    lost = compare_members(told, {"m-1": held(0), "m-2": None})
    assert len(lost.differences) == 3  # balance and earnings of one, the other is missing
    assert "no such member" in lost.differences[2]
    twice = compare_members(told, {"m-1": held(60), "m-2": held(12)})
    assert [words.split(",")[0] for words in twice.differences] == ["m-1 was told 30 points"] * 2
    assert len(compare_scores(told, {"m-1": held(60), "m-2": held(12)}).differences) == 1


def test_debt_and_expiry_belong_to_the_balance() -> None:
    told = Told()
    told.add(event(1), "applied", 30)
    told.add(event(2), "applied", -40)
    indebted = held(-10) | {"active": 0, "debt": 10}
    assert compare_members(told, {"m-1": indebted}).differences == []
    expired = held(-10) | {"active": 0, "debt": 15, "expired": 5}
    assert compare_members(told, {"m-1": expired}).differences == []


@pytest.mark.parametrize(
    ("total", "rows", "words"),
    [
        (2, [row(1, "a", 5), row(2, "b", 7)], "stands behind"),
        (2, [row(1, "b", 5), row(2, "a", 5)], "stands behind"),
        (2, [row(1, "a", 5), row(3, "b", 4)], "rank 3 follows rank 1"),
        (2, [row(2, "a", 5), row(3, "b", 4)], "starts at rank 2"),
        (3, [row(1, "a", 5), row(2, "b", 4)], "total is 3, 2 rows"),
        (2, [row(1, "a", 5), row(2, "a", 4)], "stands twice"),
        (
            2,
            [
                row(1, "a", 5, tasks_completed_at="2026-06-02T00:00:00.000001Z"),
                row(2, "b", 5, tasks_completed_at="2026-06-02T00:00:00.000000Z"),
            ],
            "stands behind",
        ),
    ],
)
def test_a_board_out_of_order_is_found(total: int, rows: list[dict[str, Any]], words: str) -> None:
    (difference,) = compare_board("overall", total, rows, TIE_BREAK).differences
    assert words in difference


def test_masked_rows_of_equal_standing_are_in_order() -> None:
    rows = [row(1, "m-•••9", 5), row(2, "m-•••1", 5), row(3, "a", 5)]
    assert compare_board("overall", 3, rows, TIE_BREAK).differences == []


def test_places_that_disagree_are_found() -> None:
    rows = [row(1, "m-1", 30)]
    members = {"m-1": held(30, rank=2), "m-2": held(12, 2)}
    found = compare_places("overall", rows, members, {"m-1": 1, "m-2": None}).differences
    assert len(found) == 2
    assert "(1, 30) in the rows, (2, 30) on their page" in found[0]
    assert "m-2 is None in the rows" in found[1]


def test_users_faults_and_an_empty_run_fail() -> None:
    empty = Told()
    assert compare_told(empty).differences == [NOT_ACKNOWLEDGED]
    told = told_three()
    told.add(event(1), "duplicate", 31)
    told.add(event(9), "conflict", 0)
    told.faults.append("500 from /v1/events")
    found = compare_told(told)
    assert found.compared == 5
    assert len(found.differences) == 3
    assert not summary_of(told, [found])["passed"]
    assert sum("… and" in line for line in table_of([found])) == 0
    found.differences.append("one more")
    assert table_of([found])[-1] == "  … and 1 more"


def test_a_rejected_event_is_a_result_and_not_acknowledged() -> None:
    told = told_three()
    told.add(event(8), "rejected", 0, "unknown_product")
    assert ("m-1", "e-8") not in told.acknowledged
    assert told.reasons == {"unknown_product": 1}
    assert compare_told(told).differences == []


def test_ledgers_of_several_processes_merge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = LedgerWriter(tmp_path)
    first.told(event(1), "applied", 30)
    first.unanswered([event(2)])
    first.close()
    monkeypatch.setattr("loadtests.ledger.os.getpid", lambda: 7)
    second = LedgerWriter(tmp_path)
    second.told(event(2), "applied", 4)
    second.unanswered([event(3, "m-2")])
    second.fault("404 from nowhere")
    second.close()
    assert first.path != second.path
    told = read_ledgers(tmp_path)
    assert told.points_of_members() == {"m-1": 34}
    assert list(told.unanswered) == [("m-2", "e-3")]
    assert told.faults == ["404 from nowhere"]


def test_a_damaged_or_missing_ledger_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UnreadableLedger, match=r"holds no ledger"):
        read_ledgers(tmp_path)
    (tmp_path / "ledger-a-1.ndjson").write_text('{"event": {}, "status"', encoding="utf-8")
    with pytest.raises(UnreadableLedger, match=r"ledger-a-1\.ndjson:1"):
        read_ledgers(tmp_path)
    assert main(["--ledger", str(tmp_path), "--url", "http://127.0.0.1:9"]) == 2
    assert "ledger-a-1.ndjson:1" in capsys.readouterr().err
