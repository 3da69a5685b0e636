"""What may be asked of the simulator, and how much at once."""

from typing import Any

import msgspec
import pytest

from actors.gateway.problems import Problem
from actors.gateway.simulation_wishes import (
    AGENT_KINDS,
    CLOSING_SEEDS_MAX,
    CLOSINGS_MAX,
    EFFECTS,
    LIMITS,
    MEMBER_SEASONS_MAX,
    MODEL_SEEDS_MAX,
    Wanted,
)
from simulator.adversaries import trials
from simulator.adversaries.agent_figures import KINDS
from simulator.adversaries.trials import TRIED_MAX
from simulator.play.effects import Effects
from simulator.report.uncertainty import MODEL_SEEDS
from ui.answers.simulation import Limits
from ui.jobs.adversaries import STAGES
from ui.parts import leak_form, tune_form
from ui.parts.simulate_form import runs_of
from ui.texts import LANGUAGES, texts

COUNTED = msgspec.convert(LIMITS, Limits)


def refused(**wanted: Any) -> str:
    asked = Wanted(**wanted)

    def judged() -> None:
        asked.check()
        asked.check_size(asked.runs)
        asked.budget_fen()

    with pytest.raises(Problem) as found:
        judged()
    assert found.value.status == 422
    return found.value.detail


def test_gateway_and_pages_count_the_runs_that_the_simulator_makes() -> None:
    assert len(Effects.names()) == EFFECTS
    for language in LANGUAGES:
        assert all(f"simulate.effect.{name}" in texts(language).words for name in Effects.names())
    assert MODEL_SEEDS == MODEL_SEEDS_MAX
    for form in (
        {"kind": "simulate", "seeds": 8},
        {"kind": "simulate", "seeds": 3, "draws": 32, "model_form": True},
        {"kind": "compare", "seeds": 5, "candidate": "x"},
    ):
        assert Wanted.model_validate(form).runs == runs_of(form, COUNTED)
    assert Wanted(seeds=3, draws=32, model_form=True).runs == 3 + 32 + 27


def test_gateway_and_pages_know_what_a_study_of_adversaries_takes() -> None:
    assert AGENT_KINDS == KINDS == leak_form.KINDS
    assert CLOSINGS_MAX == TRIED_MAX + 1
    assert CLOSING_SEEDS_MAX == trials.CLOSING_SEEDS_MAX
    for form in ({"seeds": 3, "closing": True}, {"seeds": 8, "closing": False}, {"closing": True}):
        wanted = Wanted.model_validate({"kind": "adversaries"} | form)
        assert wanted.runs == leak_form.runs_of({"seeds": 4} | form, COUNTED)
    assert Wanted(kind="adversaries").cheats == 20
    assert Wanted(kind="adversaries", members=30).cheats == 1
    assert Wanted(kind="simulate").cheats == 0
    assert "agents: simulate doesn't take it, adversaries does" in refused(agents=4)
    assert "members: forecast doesn't take it" in refused(kind="forecast", members=10)
    assert "seeds: judge doesn't take it, simulate, compare" in refused(kind="judge", seeds=2)
    for language in LANGUAGES:
        assert all(f"leak.kind_{kind}" in texts(language).words for kind in KINDS)
        assert all(f"simulate.what.{stage}" in texts(language).words for stage in STAGES)


def test_what_does_not_go_together_is_named() -> None:
    assert "second season file" in refused(kind="compare")
    assert "space: tune needs" in refused(kind="tune")
    assert "space: " in refused(space="format = 1")
    assert "draws: compare doesn't take it, simulate does" in refused(
        kind="compare", candidate="x", draws=2
    )
    assert "seeds: tune doesn't take it" in refused(kind="tune", space="x", seeds=4)
    assert "trials: simulate doesn't take it" in refused(trials=9)
    assert "budget = 5k: must be an amount" in refused(budget="5k")
    # What is left at its default is no contradiction.
    Wanted(kind="tune", space="x", draws=0, model_form=False).check()
    assert Wanted(budget="1234.50").budget_fen() == 123_450


def test_too_much_is_refused_with_the_limit_and_a_size_that_fits() -> None:
    said = refused(members=200_000, seeds=64)
    assert f"at most {MEMBER_SEASONS_MAX:,} beside a running season" in said
    assert "lower members to 62,500" in said
    assert "`forecourt simulate`" in said
    Wanted(members=62_500, seeds=64).check_size(64)
    search = Wanted(kind="tune", space="x", members=100_000)
    with pytest.raises(Problem, match=r"lower members to 4,166 .*trials or effort"):
        search.check_size(960)


def test_the_page_offers_the_efforts_and_objectives_that_a_search_takes() -> None:
    from simulator.search.aims import read_budget, read_objective
    from simulator.search.effort import RUNGS

    assert {name: " → ".join(map(str, rungs)) for name, rungs in RUNGS.items()} == tune_form.EFFORTS
    for one in tune_form.OBJECTIVES:
        assert str(read_objective(one)) == one
    given = {"cost": 100.0, "litres": 99.5, "active": 98.0, "amount": 50_000.0}
    assert len(tune_form.budgets_of(given)) == len(tune_form.LIMITS)
    for budget in tune_form.budgets_of(given):
        read_budget(budget)
