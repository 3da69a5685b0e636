import pytest

from simulator.people.population_file import (
    DEFAULT_FILE,
    PopulationErrors,
    load_population,
    shipped_population,
)

TEXT = DEFAULT_FILE.read_text(encoding="utf-8")


def errors_of(text: str) -> list[str]:
    with pytest.raises(PopulationErrors) as raised:
        load_population(text, "mine.toml")
    return raised.value.errors


def replaced(old: str, new: str) -> str:
    assert TEXT.count(old) >= 1, old
    return TEXT.replace(old, new, 1)


def line_of(text: str, start: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if line.startswith(start))


def test_the_shipped_file_loads_and_every_figure_has_unit_range_and_source() -> None:
    population = shipped_population()
    assert population.timing.renewal_shape == 1.4
    assert population.kinds["taxi"].visits_per_month == 20
    assert len(population.parameters) > 90
    for path, parameter in population.parameters.items():
        assert parameter.path == path
        assert parameter.unit
        assert parameter.source in ("S", "M", "A")
        values = parameter.value if isinstance(parameter.value, tuple) else (parameter.value,)
        assert all(parameter.low <= value <= parameter.high for value in values)


def test_member_shares_add_up_and_litres_come_near_the_market_mix() -> None:
    population = shipped_population()
    assert sum(kind.share for kind in population.kinds.values()) == pytest.approx(1.0)
    litres = dict.fromkeys(population.grades, 0.0)
    for kind in population.kinds.values():
        fills = kind.share * kind.visits_per_month * kind.litres_mean
        for grade, share in zip(litres, kind.grades, strict=True):
            litres[grade] += fills * share
    total = sum(litres.values())
    # 55/22/3/20 for 92/95/98/0 is an assumption of the source; two points either way.
    for grade, share in {"92": 0.55, "95": 0.22, "98": 0.03, "0": 0.20}.items():
        assert litres[grade] / total == pytest.approx(share, abs=0.02)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "renewal_shape = { value = 1.4,",
            "renewal_shape = { value = 9.9,",
            "timing.renewal_shape.value = 9.9: must lie in its range, 1.36 to 1.46",
        ),
        (
            "away_share = {",
            "away_shares = {",
            "stations.away_shares: unknown; known here: away_share",
        ),
        (
            "least = { value = 1.0",
            'least = { value = "1.0"',
            "litres.least.value = '1.0': must be one number",
        ),
        ('unit = "share of visits not at the home station", ', "", "stations.away_share = "),
        (
            "full_share = { value = 0.6, unit",
            "full_share = { value = nan, unit",
            "refunds.full_share.value = nan: must be one number",
        ),
        ("format = 1", "format = 2", "format = 2: must be 1"),
        ("[shop]", "[shops]", "shops: unknown section; known: "),
        (
            "1.11, 1.01, 0.91]",
            "1.11, 1.01]",
            "timing.weekday_profile.value has 6 entries: must have 7",
        ),
        (
            "grades = { value = [0.95, 0.04, 0.0, 0.01]",
            "grades = { value = [0.95, 0.04]",
            "kinds.taxi.grades has 2 entries: must be 92, 95, 98, 0",
        ),
        (
            "value = [0.2, 0.4, 0.3, 0.1]",
            "value = [1.0]",
            "card.top_up_weights: must have one entry",
        ),
        (
            'range = [0.1, 5.0], source = "A"',
            'range = [0.1, 5.0], source = "guess"',
            "litres.least.source = 'guess': must be S, M or A",
        ),
        (
            "range = [0.1, 5.0]",
            "range = [5.0, 0.1]",
            "litres.least.range = [5.0, 0.1]: must be [low, high]",
        ),
        (
            'rate_shape = { value = 6.0, unit = "1", range = [1, 20]',
            'rate_shape = { value = 0, unit = "1", range = [0, 20]',
            "kinds.taxi.rate_shape.value = 0: must be above 0",
        ),
        (
            'late_days = { value = 3, unit = "days, at most", range = [1, 6]',
            'late_days = { value = 30, unit = "days, at most", range = [1, 60]',
            "faults.late_days.value = 30: must be at most 7",
        ),
        (
            'visit_share = { value = 0.004, unit = "share of fills refunded", range = [0, 0.05]',
            'visit_share = { value = 4, unit = "share of fills refunded", range = [0, 5]',
            "refunds.visit_share.value = 4: must be a share, 0 to 1",
        ),
    ],
)
def test_an_error_names_the_figure_the_value_the_fix_and_the_line(
    old: str, new: str, expected: str
) -> None:
    errors = errors_of(replaced(old, new))
    assert any(error.startswith(expected) for error in errors), errors
    assert all("(mine.toml:" in error for error in errors)


def test_the_line_of_an_error_is_the_line_of_its_figure() -> None:
    text = replaced("renewal_shape = { value = 1.4,", "renewal_shape = { value = 9.9,")
    assert errors_of(text)[0].endswith(f"(mine.toml:{line_of(text, 'renewal_shape')})")


def test_all_errors_are_reported_at_once() -> None:
    text = replaced("renewal_shape = { value = 1.4,", "renewal_shape = { value = 9.9,")
    text = text.replace("[faults]", "[fault]")
    found = " | ".join(errors_of(text))
    for wanted in ("renewal_shape", "fault: unknown section", "faults.late_share: missing"):
        assert wanted in found


def test_text_that_is_not_toml_is_one_error() -> None:
    assert errors_of("format = ")[0].startswith("not TOML: ")
