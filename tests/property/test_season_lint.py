"""What the linter says of drawn seasons holds for purchases judged the plain way."""

from __future__ import annotations

from datetime import datetime
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.advice.findings import placed
from rules.advice.lint import lint
from rules.advice.season_diff import changes
from rules.season.circumstances import World
from rules.season.greatest_factor import combined, greatest
from rules.season.season_file import load_season
from rules.wording.terms import terms
from tests.oracle.conditions import Who, line_holds
from tests.oracle.plan import Plan
from tests.oracle.season_drawing import draw_season
from tests.oracle.toml_text import toml_text

DAY_US = 86_400_000_000
LINES = 60

SEEDS = st.integers(min_value=0, max_value=2**32 - 1)


def drawn_line(random: Random, season: dict[str, Any], world: World) -> dict[str, Any]:
    starts = datetime.fromisoformat(str(season["season"]["starts"])).timestamp() * 1_000_000
    return {
        "at_us": int(starts) + random.randrange(-5 * DAY_US, 60 * DAY_US),
        "station": random.choice([*season.get("stations", {}), "elsewhere", None]),
        "product": random.choice([*season.get("products", {"92": {}})]),
        "pay": random.choice([*world.pays, None]) or None,
    }


def drawn_member(random: Random, season: dict[str, Any], world: World) -> Who:
    attributes: dict[str, Any] = {"kind": random.choice(world.kinds)}
    for name in ("fuel", "company", "vip", "age", "region", "birthday", "plate"):
        if random.random() < 0.7:
            attributes[name] = random.choice(["92", "acme", True, 30, "north", "2000-02-29", 1])
    segments = frozenset(name for name in season.get("segments", {}) if random.random() < 0.5)
    return Who(random.choice(world.tiers), attributes, segments)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SEEDS)
def test_no_purchase_beats_the_greatest_factor_or_meets_what_is_out_of_reach(seed: int) -> None:
    random = Random(seed)
    draft = draw_season(random)
    text = toml_text(draft)
    season, plan = load_season(text), Plan(draft)
    world = World(season)
    found = placed(text, lint(season))
    out_of_reach = {
        one.path
        for one in found
        if one.finding.kind == "unreachable" and "can't hold together" in one.finding.message
    }
    beaten = {
        one.path
        for one in found
        if one.finding.kind == "beaten" and one.finding.severity == "warning"
    }
    best = {
        rule.id: greatest(world, box)
        for rule in season.earning
        if (box := world.box(rule.where)) is not None
    }
    for _ in range(LINES):
        line, who = drawn_line(random, draft, world), drawn_member(random, draft, world)
        held = [
            one
            for one, table in zip(season.multiplier, draft.get("multiplier", []), strict=True)
            if line_holds(table.get("where", {}), plan, line, who)
        ]
        factor = combined(held, season.multiplying)
        assert not {f"multiplier.{one.id}.where" for one in held} & out_of_reach
        kept = [one for one in held if f"multiplier.{one.id}" not in beaten]
        assert combined(kept, season.multiplying) == factor
        for rule, table in zip(season.earning, draft["earning"], strict=True):
            if rule.on == "purchase" and line_holds(table.get("where", {}), plan, line, who):
                assert factor <= best[rule.id].raw


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SEEDS, SEEDS)
def test_terms_and_differences_of_drawn_seasons_are_whole(seed: int, other: int) -> None:
    old, new = (load_season(toml_text(draw_season(Random(one)))) for one in (seed, other))
    assert changes(old, old) == []
    opposite = {"earning": {"better": "worse"}, "tasks": {"better": "worse"}}
    forward = {one.path: one.effect for one in changes(old, new)}
    back = {one.path: one.effect for one in changes(new, old)}
    assert forward.keys() == back.keys()
    for path, effect in forward.items():
        section, _, rest = path.partition(".")
        if "." not in rest and effect in opposite.get(section, {}):
            assert back[path] == opposite[section][effect]
    ids = [rule.id for rule in new.earning]
    ids += [rule.id for rule in new.multiplier] + [task.id for task in new.tasks]
    for language in ("zh", "en"):
        text = terms(new, language)
        assert all(f"`{name}`" in text for name in ids)
        assert "{" not in text
