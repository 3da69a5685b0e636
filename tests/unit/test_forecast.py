from __future__ import annotations

import io
import json
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from actors.forecasts import CHANCES_MAX, ForecastRefused, Forecasts
from actors.gateway.routes_forecast import frames_of
from actors.store.frames import read_frames
from actors.store.log import Entry
from loadtests.bench.forecast import cut, measure
from rules.decoding.event_columns import stamp
from rules.ranks.prizes import Award
from simulator.outlook.forecast import (
    NothingToForecast,
    band_of,
    make_forecast,
    told,
)
from simulator.outlook.forecast_files import write_forecast
from simulator.outlook.forecast_judge import coverage, judge
from simulator.outlook.fork import Fork, Forked
from simulator.outlook.season_costs import SeasonEnd, end_of, spent_so_far
from simulator.play.play import Play
from simulator.play.run_figures import result_of
from simulator.play.run_result import RunResult
from tests.unit.simulated import population, rules_of

MEMBERS = 80
RUNS = 3


@lru_cache(maxsize=1)
def played() -> tuple[list[pa.RecordBatch], RunResult]:
    """A whole season, and its events."""
    batches: list[pa.RecordBatch] = []
    play = Play(rules_of(), population(), MEMBERS, 21, write=batches.append)
    play.run()
    return [one for one in batches if one.num_rows], result_of(play)


@lru_cache(maxsize=4)
def forked(day: int | None) -> Forked:
    """The season as it stood at a day's beginning, or at its end."""
    rules = rules_of()
    first = rules.calendar.day(rules.starts_us)
    fork = Fork(
        rules, population(),
        rules.final_us if day is None else rules.calendar.midnight(first + day),
    )  # fmt: skip
    for batch in played()[0]:
        fork.take(stamp(batch, batch.column("at_us").to_numpy()))
    return fork.end()


@lru_cache(maxsize=1)
def forecast_told() -> dict[str, object]:
    return told(make_forecast(forked(20), population(), seeds=RUNS))


def test_a_fork_at_the_end_costs_what_the_season_did() -> None:
    end, figures = end_of(forked(None), population()), played()[1].figures
    for name, fen in end.costs.items():
        # Tiers are looked up when a fill is applied, where a till looks in the morning.
        assert abs(fen - figures[name]) <= 0.02 * figures["cost_discounts_fen"], name
    for name in ("cost_coupons_fen", "cost_redeemed_fen", "cost_liability_fen", "cost_prizes_fen"):
        assert end.costs[name] == figures[name], name
    assert len(end.scores) == figures["prizes_given"]


def test_a_forecast_goes_on_from_what_there_is_and_leaves_it_alone() -> None:
    found = forked(20)
    before = {name: array.tobytes() for name, array in found.table.state().items()}
    made = make_forecast(found, population(), seeds=2)
    again = make_forecast(found, population(), seeds=2)
    assert {name: array.tobytes() for name, array in found.table.state().items()} == before
    assert [run.digest() for run in made.runs] == [run.digest() for run in again.runs]
    assert made.runs[0].digest() != made.runs[1].digest()
    for run in made.runs:
        assert run.days == 12
        # Scores fall by refunds alone.
        now = found.table.members.score[: len(found.table)]
        assert (run.members["score"] >= now - 60).all()
        assert run.members["score"].sum() > now.sum()
        assert run.figures["refused_events"] == 0


def test_what_is_told_adds_up_and_can_be_kept(tmp_path: Path) -> None:
    laid = json.loads(json.dumps(forecast_told()))
    so_far = spent_so_far(forked(20))
    costs = laid["costs"]
    assert costs["cost_total_fen"]["so_far"] == sum(so_far.values())
    for name, one in costs.items():
        assert one["p5"] <= one["p50"] <= one["p95"], name
    for name, fen in so_far.items():
        assert costs[name]["p5"] >= fen
    assert [one["reward"] for one in laid["prizes"]]
    chances = [one["chance"] for one in laid["chances"]]
    assert chances == sorted(chances, reverse=True)
    assert len(chances) > 0
    assert max(chances) <= 1
    for one in laid["chances"]:
        assert one["low"] <= one["chance"] <= one["high"]
    shelf = Forecasts(tmp_path)
    season = laid["season"]
    first = shelf.keep(json.dumps(laid).encode(), season, 1_000)
    second = shelf.keep(json.dumps(laid).encode(), season, 1_000)
    assert shelf.made(season) == [first.made_us, second.made_us] == [1_000, 1_001]
    assert shelf.made("another") == []
    assert shelf.read(1_001).costs == costs


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"format": 9}, "format = 9"),
        ({"season": "x"}, "season = 'x'"),
        ({"chances": "many"}, "no forecast"),
        ({"chances": None}, "no forecast"),
    ],
)
def test_what_is_no_forecast_is_refused(
    tmp_path: Path, change: dict[str, object], why: str
) -> None:
    laid = forecast_told() | change
    with pytest.raises(ForecastRefused, match=why):
        Forecasts(tmp_path).keep(json.dumps(laid).encode(), rules_of().season_id, 1)
    assert not list(tmp_path.iterdir())


def test_too_many_chances_are_refused(tmp_path: Path) -> None:
    laid = dict(forecast_told())
    one = laid["chances"][0]  # type: ignore[index]  # a list, as told() lays it out
    laid["chances"] = [one] * (CHANCES_MAX + 1)
    with pytest.raises(ForecastRefused, match="at most"):
        Forecasts(tmp_path).keep(json.dumps(laid).encode(), rules_of().season_id, 1)


def test_files_say_the_same_in_both_languages(tmp_path: Path) -> None:
    summary = write_forecast(tmp_path, forecast_told(), rules_of().season)
    assert json.loads((tmp_path / "summary.json").read_text(encoding="utf-8")) == summary
    prizes = (tmp_path / "prizes.csv").read_text(encoding="utf-8").splitlines()
    assert prizes[0] == "board,first_place,last_place,reward,given,p5,p50,p95"
    assert len(prizes) == 1 + len(summary["prizes"])
    chances = (tmp_path / "chances.csv").read_text(encoding="utf-8").splitlines()
    assert chances[0].startswith("holder,team,chance,low,high,score_now,p5")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    best = summary["chances"][0]["holder"]
    assert page.count(f"<td>{best}</td>") == 2
    assert page.count("2026-06-21 00:00") == 4
    assert "http" not in page.replace("http://www.w3.org", "")


def test_before_the_season_and_after_it_there_is_nothing_to_forecast() -> None:
    with pytest.raises(NothingToForecast, match="is over"):
        make_forecast(forked(None), population(), seeds=1)
    rules = rules_of()
    nobody = Fork(rules, population(), rules.starts_us + 1).end()
    with pytest.raises(NothingToForecast, match="nobody has come"):
        make_forecast(nobody, population(), seeds=1)


def test_bands_hold_nine_new_runs_in_ten() -> None:
    drawn = np.random.default_rng(4).normal(size=(4_000, 21))
    inside = 0
    for row in drawn:
        band = band_of(row[:20].tolist())
        inside += band["p5"] <= row[20] <= band["p95"]
    assert abs(inside / len(drawn) - 0.9) < 0.02


def verdict_end(total: int, score: int) -> SeasonEnd:
    award = Award("overall", 1, 1, "a", "phone", 5, 0)
    names = ("cost_discounts_fen", "cost_coupons_fen")
    costs = dict.fromkeys(names, 5) | {"cost_total_fen": total}
    return SeasonEnd(costs, [award], {("overall", 1): score})


def test_forecasts_are_held_against_the_end() -> None:
    band = {"p5": 1.0, "p50": 5.0, "p95": 9.0}
    laid = {
        "as_of_us": 1, "runs": 20,
        "costs": dict.fromkeys(("cost_discounts_fen", "cost_coupons_fen", "cost_total_fen"), band),
        "places": [{"board": "overall", "place": 1, "score": band}],
        "chances": [{"holder": "a", "chance": 0.5}, {"holder": "b", "chance": 0.01}],
    }  # fmt: skip
    hit = judge(laid, verdict_end(9, 1))
    miss = judge(laid | {"chances": laid["chances"][1:]}, verdict_end(10, 10))  # type: ignore[index]  # a list
    assert hit.cost_inside["cost_total_fen"]
    assert (hit.winners, hit.in_band, hit.named) == (1, 1, 1)
    assert not miss.cost_inside["cost_total_fen"]
    assert (miss.in_band, miss.named) == (0, 0)
    assert judge(laid, verdict_end(9, 1), names=False).named is None
    both = coverage([hit, miss])
    assert both["cost_inside"]["cost_total_fen"]["share"] == 0.5
    assert both["winners_in_band_share"] == both["winners_named_share"] == 0.5
    assert coverage([]) == {"forecasts": 0}


def test_the_benchmark_forecasts_seasons_cut_short() -> None:
    text = "starts = 2026-06-01T00:00:00\nends = 2026-09-01T00:00:00\n[x]\nends = 1\n"
    assert cut(text, 12).splitlines()[1:] == ["ends = 2026-06-13T00:00:00", "[x]", "ends = 1"]
    said: list[str] = []
    found = measure(members=30, days=10, truths=2, runs=2, say=said.append)
    assert found["forecasts"] == 2
    assert found["winners"] > 0
    assert len(said) == 2 + len(found["cost_inside"]) + 1


@pytest.mark.parametrize(("role", "kinds"), [
    ("admin", ["events", "order", "order", "advance"]),
    ("analyst", ["events", "order", "advance"]),
])  # fmt: skip
def test_only_an_admin_is_sent_claim_codes(role: str, kinds: list[str]) -> None:
    orders = [json.dumps({"id": kind, "kind": kind}).encode() for kind in
              ("claim_codes", "campaign")]  # fmt: skip
    entries = [Entry(1, "events", 5, b"rows"), *(Entry(2, "order", 6, one) for one in orders),
               Entry(4, "advance", 7, b"")]  # fmt: skip
    sent = io.BytesIO(b"".join(frames_of(iter(entries), role)))
    *frames, last = read_frames(sent)
    assert [frame[1] for frame in frames] == kinds
    assert last is None
    assert frames[0] == [1, "events", 5, b"rows"]
