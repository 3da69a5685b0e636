"""A population is found again in its own synthetic log, and what a log can't tell stays."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from rules.season.season_file import load_season
from simulator.fit.calibration import Calibration, calibrate
from simulator.fit.observed import NothingToFit, Observed, any_names, observe
from simulator.fit.validation import hold_out
from simulator.log.log_writer import LogWriter
from simulator.log.logs import read_log
from simulator.people.population_file import load_population, shipped_population
from simulator.play.traffic import generate
from tests.unit.test_traffic import plain_toml
from ui.commands.calibrate import command

MEMBERS, DAYS, SEED = 4_000, 112, 3
ZONE = "America/New_York"
RECOVERED = (
    "timing.renewal_shape",
    "timing.drop_out_a",
    "timing.drop_out_b",
    "enrolment.opening_share",
    "kinds.private.visits_per_month",
    "kinds.private.rate_shape",
    "kinds.private.litres_mean",
    "kinds.private.tank",
    "litres.shape_within",
    "litres.shape_between",
    "litres.round_money_share",
    "litres.round_money_step",
    "stations.away_share",
    "card.paid_share",
    "card.top_up_share",
    "refunds.visit_share",
    "refunds.delay_hours",
    "faults.duplicate_share",
)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("log") / "log.parquet"
    season = load_season(plain_toml(), "plain.toml")
    with LogWriter(path) as writer:
        for table in generate(season, shipped_population(), MEMBERS, DAYS, seed=SEED):
            writer.write(table)
    return path


@pytest.fixture(scope="module")
def observed(log: Path) -> Observed:
    return observe(read_log([str(log)], None, any_names()), ZONE)


@pytest.fixture(scope="module")
def fitted(observed: Observed) -> Calibration:
    return calibrate(observed, shipped_population())


@pytest.mark.parametrize("path", RECOVERED)
def test_the_figure_is_found_again_within_its_interval(fitted: Calibration, path: str) -> None:
    found = fitted.found[path]
    truth = shipped_population().parameters[path].value
    assert isinstance(truth, float)
    assert isinstance(found.value, float)
    assert found.low - 1e-9 <= truth <= found.high + 1e-9, (found, truth)


def test_the_interval_says_something(fitted: Calibration) -> None:
    rate = fitted.found["kinds.private.visits_per_month"]
    assert rate.high < 1.15 * rate.low
    shape = fitted.found["timing.renewal_shape"]
    assert shape.high < 1.1 * shape.low


def test_the_file_loads_and_what_the_log_cant_tell_stays(fitted: Calibration) -> None:
    again = load_population(fitted.text, "again.toml")
    template = shipped_population()
    assert "response.zero_share" in fitted.defaults
    kept = again.parameters["response.zero_share"]
    assert kept.value == template.parameters["response.zero_share"].value
    assert kept.source == template.parameters["response.zero_share"].source
    assert "the log can't tell" in kept.note
    told = again.parameters["kinds.private.visits_per_month"]
    assert told.source == "M"
    assert told.low < told.value < told.high  # type: ignore[operator]  # one number, as the unit says
    assert list(again.kinds) == ["private"]


def test_held_out_weeks_are_foretold(observed: Observed) -> None:
    held = hold_out(observed, shipped_population(), seed=5)
    assert held.fitted_weeks == 8
    assert held.judged.visits.value < 0.04
    assert held.judged.intervals.value < 0.03
    assert held.judged.litres.value < 0.02
    assert held.mape < 0.05
    assert abs(held.total_error) < 0.06


def test_too_short_a_log_is_refused(observed: Observed) -> None:
    with pytest.raises(NothingToFit, match="visits after a member's first: at least 50"):
        calibrate(observed.before(1), shipped_population())
    with pytest.raises(NothingToFit, match="at least 4 are needed before the cut"):
        hold_out(observed.before(42), shipped_population())


def test_the_command_writes_population_and_page(log: Path, tmp_path: Path) -> None:
    out = tmp_path / "population.toml"
    arguments = [str(log), "--time-zone", ZONE, "--holidays", "none", "--out", str(out), "--json"]
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout.splitlines()[-1])
    assert told["held_out"]["weeks"] == DAYS // 7
    assert told["figures"]["timing.renewal_shape"]["low"] > 1.2
    load_population(out.read_text(encoding="utf-8"), str(out))
    page = out.with_suffix(".html").read_text(encoding="utf-8")
    assert page.count("<svg") == 7
    assert "Calibration report" in page
    assert "校准报告" in page
    assert "http" not in page


def test_a_log_without_fills_is_refused(tmp_path: Path) -> None:
    log = tmp_path / "log.ndjson"
    log.write_text(
        '{"event_id":"e1","type":"check_in","member":"m1","at":"2026-03-01T08:00:00Z"}\n',
        encoding="utf-8",
    )
    result = CliRunner().invoke(command, [str(log), "--out", str(tmp_path / "p.toml")])
    assert result.exit_code == 2
    assert "no purchase with litres" in result.stderr
