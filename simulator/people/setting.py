"""Take from a season file what traffic needs: zone, days, kinds, fuels, shop and stations."""

from dataclasses import dataclass
from datetime import date, timedelta

from rules.compiling.public_holidays import public_holidays
from rules.season.season_models import YEAR_MAX, YEAR_MIN, Season
from simulator.people.population import Population

DAYS_MAX = 1_000
# What is sold and where, when a season file keeps no register of its own.
_SHOP_WITHOUT_REGISTER = ("shop", "wash")
_STATIONS_WITHOUT_REGISTER = tuple(f"S{number:03d}" for number in range(1, 21))


@dataclass(frozen=True)
class Setting:
    """Hold the stage on which members act.

    `fuels` and `prices` go together; `grade_shares` of a kind name them by population order:
    `fuel_of_grade[g]` is the index in `fuels` of the population's g-th grade, -1 when the
    season doesn't sell it.
    """

    timezone: str
    starts: date
    days: int
    kinds: tuple[str, ...]
    default_kind: str
    fuels: tuple[str, ...]
    prices: tuple[float, ...]
    fuel_of_grade: tuple[int, ...]
    shop: tuple[str, ...]
    stations: tuple[str, ...]
    holidays: frozenset[date]

    def day(self, number: int) -> date:
        """Answer the local date of day `number`, counted from the start."""
        return self.starts + timedelta(days=number)


def setting_of(
    season: Season, population: Population, *, days: int | None = None, start: date | None = None
) -> Setting:
    """Read the stage from a season file; without `start` and `days` the season's own window.

    Kinds that the season doesn't have are left out; where the population doesn't know the
    season's default kind, its first kind's members are of that kind instead. A season that
    sells none of the population's grades sells its own fuels at the population's prices.

    Raises:
        ValueError: `days` or `start` is out of range, or the season sells no fuel.
    """
    first = season.season.starts.date() if start is None else start
    length = (season.season.ends - season.season.starts).days if days is None else days
    if not 1 <= length <= DAYS_MAX:
        raise ValueError(f"days = {length}: must be between 1 and {DAYS_MAX}")
    if not YEAR_MIN <= first.year < YEAR_MAX:
        raise ValueError(f"start = {first}: its year must be from {YEAR_MIN} to {YEAR_MAX - 1}")
    fuels, fuel_of_grade, prices = _fuels(season, population)
    shop = tuple(
        name for name, sold in season.products.items() if sold.category in ("shop", "service")
    )
    return Setting(
        timezone=season.programme.timezone,
        starts=first,
        days=length,
        kinds=tuple(season.members.kinds),
        default_kind=season.members.default_kind,
        fuels=fuels,
        prices=prices,
        fuel_of_grade=fuel_of_grade,
        shop=_SHOP_WITHOUT_REGISTER if season.any_product else shop,
        stations=tuple(season.stations) or _STATIONS_WITHOUT_REGISTER,
        holidays=_holidays(season, first, length),
    )


def _fuels(
    season: Season, population: Population
) -> tuple[tuple[str, ...], tuple[int, ...], tuple[float, ...]]:
    """Match the population's grades with the fuels the season sells."""
    grades = tuple(population.grades)
    price_of = {name: grade.price for name, grade in population.grades.items()}
    sold = tuple(name for name, one in season.products.items() if one.category == "fuel")
    if season.any_product:
        sold = grades
    if not sold:
        raise ValueError("products: no product of category fuel; add one to sell fuel")
    common = tuple(name for name in grades if name in sold)
    if common:
        matched = tuple(common.index(name) if name in common else -1 for name in grades)
        return common, matched, tuple(price_of[name] for name in common)
    matched = tuple(number % len(sold) for number in range(len(grades)))
    by_turn = tuple(population.grades.values())
    return sold, matched, tuple(by_turn[n % len(by_turn)].price for n in range(len(sold)))


def _holidays(season: Season, first: date, days: int) -> frozenset[date]:
    """List the public holidays of the season's calendar within the days played."""
    if season.holidays is None:
        return frozenset()
    last = first + timedelta(days=days)
    public = public_holidays(season.holidays.calendar, range(first.year, last.year + 1))
    return frozenset(day for day in public if first <= day < last)
