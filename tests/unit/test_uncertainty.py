import pytest

from simulator.play.effects import ALL_EFFECTS
from simulator.play.seeds import Job
from simulator.report.uncertainty import (
    DRAWN,
    MODEL_SEEDS,
    drawn,
    drawn_parameters,
    extra_jobs,
    uncertainty_of,
    without_effect,
)
from tests.unit.made_runs import made_run
from tests.unit.simulated import population, rules_of


def test_draws_stay_in_their_ranges_and_depend_on_their_number_alone() -> None:
    first, again, second = (drawn(population(), number) for number in (1, 1, 2))
    assert first.response == again.response
    assert first.response != second.response
    for one in drawn_parameters(population()):
        value = first.parameters[one.path].value
        assert isinstance(value, float)
        assert one.low <= value <= one.high
        section, name = one.path.split(".")
        assert getattr(getattr(first, section), name) == value
    changed = {path for path, one in first.parameters.items()
               if one != population().parameters[path]}  # fmt: skip
    assert {path.split(".")[0] for path in changed} == set(DRAWN)


def test_draws_fill_their_ranges() -> None:
    shares = [
        (drawn(population(), number).response.goal_gradient - 0.03) / 0.22 for number in range(200)
    ]
    assert sum(shares) / 200 == pytest.approx(0.5, abs=0.06)
    assert min(shares) < 0.05
    assert max(shares) > 0.95


def test_extra_runs_are_sorted_into_their_bands() -> None:
    jobs = [Job(rules_of().season, population(), 10, seed, people_seed=1) for seed in range(1, 7)]
    extra = extra_jobs(jobs, 3, model_form=True)
    assert len(extra) == 3 + MODEL_SEEDS * len(ALL_EFFECTS.on)
    assert {job.seed for job in extra[:3]} == {1}
    assert [job.effects.on for job in extra[3:5]] == [ALL_EFFECTS.without("goal").on] * 2
    runs = [made_run(job.seed, {"margin_fen": nth}) for nth, job in enumerate(extra)]
    found = uncertainty_of(jobs, 3, True, runs)
    assert [run.figures["margin_fen"] for run in found.draws] == [0, 1, 2]
    assert list(found.without) == list(ALL_EFFECTS.on)
    assert [run.seed for run in found.without["recall"]] == [1, 2, 3, 4]
    base = [made_run(seed, {"margin_fen": 10}) for seed in range(1, 7)]
    gap = without_effect(base, found.without["goal"], "margin_fen").difference
    assert gap["mean"] == (3 + 4 + 5 + 6) / 4 - 10
    assert extra_jobs(jobs, 0, model_form=False) == []
