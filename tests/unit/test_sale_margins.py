import numpy as np

from rules.season.price_list import FEN_PARTS
from simulator.people.setting import setting_of
from simulator.play.sale_margins import SaleMargins
from simulator.play.tier_discounts import TierDiscounts
from tests.unit.simulated import population, rules_of

PRICED = (
    "[holidays]",
    (
        '[[prices]]\nproduct = "92"\nstation = "S002"\nfrom = 2026-06-05\n'
        'margin = { per_litre = "0.50" }\n[holidays]'
    ),
)
UNSAID = ('[products.95]\ncategory = "fuel"\nmargin = { per_litre = "1.20" }',
          '[products.95]\ncategory = "fuel"')  # fmt: skip


def margins_fen(*changes: tuple[str, str], station: int = 0, day: int = 20_620) -> list[float]:
    """Give the margins of 10 L of 92 and of 95, and of a shop line of 20.00, fen."""
    season = rules_of(*changes).season
    setting = setting_of(season, population())
    product = np.array([setting.fuels.index("92"), setting.fuels.index("95"), len(setting.fuels)])
    parts = SaleMargins(season, population(), setting).parts(
        product, np.full(3, station), day, np.array([10_000, 10_000, 0]), np.array([0, 0, 2_000])
    )
    found: list[float] = (parts / FEN_PARTS).tolist()
    return found


def test_margins_are_the_season_files() -> None:
    assert margins_fen() == [1_100.0, 1_200.0, 500.0]


def test_the_population_says_what_the_file_does_not() -> None:
    own = population().grades["95"].margin * 1_000
    assert margins_fen(UNSAID) == [1_100.0, own, 500.0]


def test_prices_by_station_and_day_go_before_the_products() -> None:
    assert margins_fen(PRICED, station=1) == [500.0, 1_200.0, 500.0]
    assert margins_fen(PRICED, station=0) == [1_100.0, 1_200.0, 500.0]
    assert margins_fen(PRICED, station=1, day=20_605) == [1_100.0, 1_200.0, 500.0]


def test_a_tier_takes_its_discount_off_fuel_by_the_litre_at_most_the_fill() -> None:
    rules = rules_of()
    discounts = TierDiscounts(rules, setting_of(rules.season, population()))
    level = np.array([0, 1, 2, 2], dtype=np.int16)
    off = discounts.fen(
        level, np.zeros(4, dtype=np.int64), np.array([35_260, 35_260, 35_260, 35_260]),
        np.array([27_000, 27_000, 27_000, 5]),
    )  # fmt: skip
    assert off.tolist() == [0, 352, 705, 5]
