from datetime import date

import numpy as np
import pytest

from simulator.people.keyed import Keyed
from simulator.people.members import Members, draw_members
from simulator.people.population import Population
from simulator.people.population_file import shipped_population
from simulator.people.setting import Setting
from simulator.play.basket import Basket, Fills

MEMBERS = 20_000


@pytest.fixture(scope="module")
def population() -> Population:
    return shipped_population()


def setting(shop: tuple[str, ...] = ("shop", "wash")) -> Setting:
    return Setting(
        timezone="Asia/Shanghai", starts=date(2026, 6, 1), days=30,
        kinds=("private", "taxi", "fleet"), default_kind="private",
        fuels=("92", "95", "98", "0"), prices=(7.60, 8.10, 8.45, 7.25),
        fuel_of_grade=(0, 1, 2, 3), shop=shop, stations=("S1", "S2", "S3"), holidays=frozenset(),
    )  # fmt: skip


@pytest.fixture(scope="module")
def members(population: Population) -> Members:
    return draw_members(Keyed(2), population, setting(), first=0, last=MEMBERS, total=MEMBERS)


def fills(
    population: Population, members: Members, price_index: float = 1.0, appetite: float = 1.0
) -> Fills:
    rows = np.arange(MEMBERS)
    return Basket(Keyed(2), population, setting()).fills(
        members, rows, rows % 7, price_index=price_index, appetite=appetite
    )


def test_a_fill_never_exceeds_the_tank_by_more_than_a_round_sum_asks(
    population: Population, members: Members
) -> None:
    found = fills(population, members)
    # Snapping goes to the nearest 100 of money: at most 50 more, about seven litres.
    assert (found.litres_ml <= (members.tank + 7) * 1_000).all()
    assert (found.litres_ml >= 1_000).all()
    assert (found.litres_ml % 10 == 0).all()


def test_money_is_litres_times_price_but_for_round_sums(
    population: Population, members: Members
) -> None:
    found = fills(population, members, price_index=1.02)
    price_fen = np.rint(np.array([7.60, 8.10, 8.45, 7.25]) * 102)[members.fuel]
    error_fen = np.abs(found.litres_ml * price_fen / 1_000 - found.amount_fen)
    whole = found.amount_fen % 10_000 == 0
    assert (error_fen[~whole] <= 0.5).all()
    # A pump stops at the next 0.01 L below the sum: less than nine fen.
    assert (error_fen[whole] < 9).all()
    assert whole.mean() == pytest.approx(population.litres.round_money_share, abs=0.01)


def test_dearer_fuel_and_less_appetite_change_no_draw(
    population: Population, members: Members
) -> None:
    plain, hungry = fills(population, members), fills(population, members, appetite=1.1)
    assert np.array_equal(plain.station, hungry.station)
    assert np.array_equal(plain.by_card, hungry.by_card)
    assert (hungry.litres_ml - plain.litres_ml >= -10).all()
    assert hungry.litres_ml.sum() > 1.05 * plain.litres_ml.sum()


def test_most_fills_are_at_home(population: Population, members: Members) -> None:
    found = fills(population, members)
    home = (found.station == members.station).mean()
    # A third of those away are drawn the home station again.
    away = population.stations.away_share
    assert home == pytest.approx(1 - away * 2 / 3, abs=0.02)


def test_only_card_members_top_up_and_pay_by_card(population: Population, members: Members) -> None:
    rows = np.arange(MEMBERS)
    assert not fills(population, members).by_card[~members.has_card].any()
    top_ups = Basket(Keyed(2), population, setting()).top_ups(rows, rows % 7, members.has_card)
    assert members.has_card[top_ups.visit].all()
    share = len(top_ups.visit) / members.has_card.sum()
    assert share == pytest.approx(population.card.top_up_share, abs=0.03)
    assert set(top_ups.amount_fen.tolist()) == {20_000, 50_000, 100_000, 200_000}


def test_shop_lines_have_their_share_and_mean(population: Population) -> None:
    rows = np.arange(MEMBERS)
    lines = Basket(Keyed(2), population, setting()).shop_lines(rows, rows % 7)
    assert len(lines.visit) / MEMBERS == pytest.approx(population.shop.line_share, abs=0.01)
    assert lines.amount_fen.mean() / 100 == pytest.approx(population.shop.amount_mean, rel=0.06)
    assert (lines.amount_fen >= 10).all()


def test_a_season_that_sells_nothing_else_has_no_shop_lines(population: Population) -> None:
    rows = np.arange(MEMBERS)
    lines = Basket(Keyed(2), population, setting(shop=())).shop_lines(rows, rows)
    assert len(lines.visit) == len(lines.product) == len(lines.amount_fen) == 0
