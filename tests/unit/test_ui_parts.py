"""The parts of the pages, one by one: what a person reads."""

import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from tests.ui import fixture_api
from ui.answers import Award, Prizes, Row, Season, Standings
from ui.pages_server import command, environment
from ui.parts import report_figures
from ui.parts.board_table import Look, board_table, change_mark, gap
from ui.parts.board_view import missing_words
from ui.parts.coupon_view import cost_tiles
from ui.parts.csv_file import board_csv, write
from ui.parts.figures import countdown, day, hour, minute, money
from ui.parts.header import freshness, time_left
from ui.parts.live import Heard
from ui.parts.points_chart import full_hours, message, points_chart
from ui.parts.prize_table import safety
from ui.parts.prize_tiles import tiles
from ui.parts.reason import explain
from ui.texts import texts
from ui.troubles import Unreachable

EN, ZH = texts("en"), texts("zh")
ZONE = "Asia/Shanghai"
NOON = datetime(2026, 6, 19, 4, tzinfo=UTC)


def row(rank: int, score: int, done: datetime | None = None, days: int = 3, **more: Any) -> Row:
    return Row(rank, f"m-00000{rank}", score, "gold", done, days, **more)


def season(**state: Any) -> Season:
    body = fixture_api.season(fixture_api.CALM | state, None)
    return msgspec.convert(body, Season, strict=False)


def heard(answer: Season | None, age_s: float = 0.0, broken: bool = False) -> Heard[Season]:
    failure = Unreachable(url="http://x", detail="refused") if broken else None
    return Heard(answer, failure, time.monotonic() - age_s)


@pytest.mark.parametrize(
    ("lag_s", "age_s", "level"), [(0.2, 0.0, "green"), (0.2, 3.0, "amber"), (30, 0.0, "red")]
)
def test_freshness_goes_green_amber_red(lag_s: float, age_s: float, level: str) -> None:
    assert freshness(heard(season(lag_s=lag_s), age_s), EN).level == level


def test_freshness_is_red_with_the_reason_when_nobody_answers() -> None:
    fresh = freshness(heard(season(), 1.0, broken=True), EN)
    assert fresh.level == "red"
    assert "http://x doesn't answer" in fresh.words
    assert freshness(heard(None, broken=True), ZH).words.startswith("暂无数据")


def test_a_final_list_does_not_grow_old() -> None:
    assert freshness(heard(season(phase="final", lag_s=900_000)), EN).level == "green"


def test_countdown_names_what_comes_next() -> None:
    assert time_left(heard(season(phase="grace")), EN).startswith("late events until 23:59:5")
    assert time_left(heard(season(phase="final")), EN) == "places are frozen"
    assert countdown(timedelta(seconds=-5), EN) == "00:00:00"


def test_dates_and_money_follow_language_zone_and_currency() -> None:
    assert day(NOON, ZONE, ZH) == "2026年6月19日"
    assert day(NOON, ZONE, EN) == "19 Jun 2026"
    assert minute(NOON, ZONE, EN) == "19 Jun, 12:00"
    assert minute(NOON, "America/New_York", EN) == "19 Jun, 00:00"
    assert hour(datetime(2026, 6, 19, 15, tzinfo=UTC), ZONE, ZH) == "6月19日 23–24 时"
    assert money(Decimal("1199.80"), "CNY") == "¥1,199.80"
    assert money(Decimal("1199.80"), "USD") == "$1,199.80"


def test_place_is_explained_by_points() -> None:
    said = explain([row(1, 50), row(2, 40), row(3, 10)], 1, ("active_days",), ZONE, EN)
    assert said == [
        "10 points behind rank 1 (m-•••01).",
        "30 points ahead of rank 3 (m-•••03).",
    ]


@pytest.mark.parametrize(
    ("ahead", "behind", "reason"),
    [
        (
            row(1, 9, NOON),
            row(2, 9, NOON + timedelta(hours=1)),
            "the earlier last task goes first (19 Jun, 12:00 against 19 Jun, 13:00)",
        ),
        (row(1, 9, NOON), row(2, 9), "one completed a task (19 Jun, 12:00), the other"),
        (row(1, 9, NOON, 8), row(2, 9, NOON, 5), "then more active days go first (8 against 5)"),
        (row(1, 9, NOON), row(2, 9, NOON), "the member id decides"),
    ],
)
def test_tie_is_explained_by_its_first_difference(ahead: Row, behind: Row, reason: str) -> None:
    rows = [ahead, behind]
    order = ("tasks_completed_at", "active_days")
    assert reason in explain(rows, 1, order, ZONE, EN)[0]
    assert reason in explain(rows, 0, order, ZONE, EN)[1]
    assert explain(rows, 0, order, ZONE, EN)[0] == "Rank 1: nobody stands above."
    assert explain(rows, 1, order, ZONE, EN)[1] == "Nobody stands below."


def test_tie_break_is_read_in_the_files_order() -> None:
    rows = [row(1, 9, NOON, 8), row(2, 9, None, 5)]
    said = explain(rows, 1, ("active_days", "tasks_completed_at"), ZONE, ZH)[0]
    assert "看活跃天数，多者在前（8 天对 5 天）" in said


def table(rows: list[Row], cuts: tuple[int, ...] = (), **look: Any) -> str:
    standings = Standings("overall", NOON, 1, "open", len(rows), tuple(rows), None, cuts)
    return board_table(standings, Look(EN, rows[0].score, **look))


def test_prize_lines_stand_after_their_ranks() -> None:
    rows = [row(1, 9, prize="phone"), row(2, 8, prize="cup"), row(3, 7)]
    lines = table(rows, (1, 2), rewards={"phone": "Flagship phone"}).split("<tr ")
    cuts = [place for place, line in enumerate(lines) if "fc-cut" in line]
    ranks = [place for place, line in enumerate(lines) if "fc-row" in line]
    assert cuts == [ranks[0] + 1, ranks[1] + 1]
    assert "Prize line · above: Flagship phone" in lines[cuts[0]]
    assert "Prizes end here · above: cup" in lines[cuts[1]]


def test_table_escapes_what_members_chose() -> None:
    markup = table([row(1, 9, name="<script>x</script>", prize="a&b")], (1,))
    assert "<script>" not in markup
    assert "&lt;script&gt;" in markup
    assert "a&amp;b" in markup


def test_change_tells_unknown_from_new() -> None:
    assert change_mark(UNSET, EN) == '<span class="fc-same">—</span>'
    assert ">new<" in change_mark(None, EN)
    assert "▲" in change_mark(2, EN)
    body = {"rank": 1, "member": "m", "score": 1, "tier": "", "active_days": 0}
    told = msgspec.convert(body | {"tasks_completed_at": None}, Row)
    assert told.change is UNSET


def test_risk_is_unknown_until_there_is_a_yesterday() -> None:
    body = fixture_api.prizes(fixture_api.CALM)
    judged = msgspec.convert(body, Prizes, strict=False)
    assert "3 / 30" in tiles(judged, season(), EN)
    awards = tuple(msgspec.structs.replace(award, safe=None) for award in judged.awards)
    unknown = msgspec.structs.replace(judged, awards=awards)
    assert "nothing of yesterday" in tiles(unknown, season(), EN)


def test_bar_is_relative_to_the_first() -> None:
    assert "width:25.0%" in table([row(1, 200), row(2, 50)])


def test_gap_says_points_or_top() -> None:
    assert gap(row(2, 5, gap_to_prize=41), EN) == "41 short"
    assert gap(row(1, 5, gap_to_prize=0, prize="phone"), EN) == "top prize"
    assert gap(row(1, 5), EN) == "—"


def test_what_is_missing_to_the_next_tier_has_units() -> None:
    missing: dict[str, str | int] = {"litres": "301.500", "amount": "1200.00", "visits": 3}
    assert missing_words(missing, "CNY", ZH) == "301.5 升 或 消费 ¥1,200.00 或 3 次"
    assert missing_words({"litres": "300.000"}, "CNY", EN) == "300 L"


def test_chart_fills_quiet_hours_and_names_the_busiest() -> None:
    known = ((NOON, 5), (NOON + timedelta(hours=3), 40))
    quiet = msgspec.structs.replace(season(), points_per_hour=known)
    assert [count for _, count in full_hours(quiet)] == [5, 0, 0, 40]
    assert message(quiet, EN) == "Busiest hour: 19 Jun, 15–16 h, 40 points; latest hour 40"
    drawn = points_chart(quiet, EN).to_dict()
    assert drawn["layer"][0]["encoding"]["x"]["title"] == "Hour (Asia/Shanghai)"
    assert drawn["layer"][0]["encoding"]["y"]["title"] == "Points per hour"
    first = next(iter(drawn["datasets"].values()))[0] if "datasets" in drawn else None
    values = first or drawn["layer"][0]["data"]["values"][0]
    assert values["at"].startswith("2026-06-19T12:00:00")


def test_csv_cannot_start_a_formula() -> None:
    text = write(["a", "b"], [["=1+1", True], ["@x", NOON]])
    assert text == "a,b\n'=1+1,true\n'@x,2026-06-19T04:00:00.000000Z\n"


class Pager:
    """Pages a board of 2,500 rows as the interface does."""

    def standings(self, board: str, after: int, limit: int) -> Standings:
        ranks = range(after + 1, min(2500, after + limit) + 1)
        rows = tuple(row(rank, 5000 - rank) for rank in ranks)
        cursor = str(ranks[-1]) if ranks[-1] < 2500 else None
        return Standings(board, NOON, 1, "open", 2500, rows, cursor, ())


def test_csv_of_a_board_holds_every_row_once() -> None:
    lines = board_csv(Pager(), "overall").splitlines()
    assert lines[0].startswith("rank,member,score")
    assert [int(line.split(",")[0]) for line in lines[1:]] == list(range(1, 2501))


def test_safety_is_said_in_words() -> None:
    body = fixture_api.prizes(fixture_api.CALM)["awards"][0]
    award = msgspec.convert(body, Award, strict=False)
    assert ">safe<" in safety(award, True, EN)
    assert ">at risk<" in safety(msgspec.structs.replace(award, safe=False), True, EN)
    assert ">—<" in safety(msgspec.structs.replace(award, safe=None), True, EN)
    assert ">settled<" in safety(award, False, EN)


def test_the_key_stays_off_the_command_line() -> None:
    line = command("http://127.0.0.1:8080", "very secret", 8501)
    assert not any("secret" in part or "8080" in part for part in line)
    assert "--server.address=127.0.0.1" in line
    assert environment("http://127.0.0.1:8080", "very secret")["FORECOURT_KEY"] == "very secret"


@pytest.mark.parametrize(("url", "key"), [("127.0.0.1:8080", "k"), ("http://127.0.0.1:1", "")])
def test_pages_need_an_address_and_a_key(url: str, key: str) -> None:
    with pytest.raises(ValueError, match=r"must be|needs? a key|need a key"):
        command(url, key, 8501)


def test_the_mean_order_of_all_coupons_is_weighed_by_their_uses() -> None:
    rows: list[report_figures.Row] = [
        {"used": 3, "order_before_yuan": "100.00", "order_paid_yuan": "90.00"},
        {"used": 1, "order_before_yuan": "300.00", "order_paid_yuan": "290.00"},
        {"used": 0, "order_before_yuan": None, "order_paid_yuan": None},
    ]
    told = cost_tiles(rows, season(), EN)
    assert "¥140.00" in told
    assert "¥150.00 before discounts" in told
    assert "¥0.00" in cost_tiles(rows[2:], season(), EN)
