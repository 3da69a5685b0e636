"""Fill the basket of a visit: litres, money, how it is paid, and what else is bought."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.people.keyed import Floats, Ints, Keyed, Purpose
from simulator.people.members import Members
from simulator.people.population import Population
from simulator.people.quantiles import pick, weibull_quantile
from simulator.people.setting import Setting

FEN = 100
_PUMP_STEP_ML = 10
_SHOP_STEP_FEN = 10
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Fills:
    """Hold one row for each visit: what went into the tank and how it was paid."""

    litres_ml: Ints
    amount_fen: Ints
    station: npt.NDArray[np.int32]
    by_card: Bools


@dataclass(frozen=True)
class ShopLines:
    """Hold the lines bought beside fuel: `visit: int64[m]` indexes the visits."""

    visit: Ints
    product: Ints
    amount_fen: Ints


@dataclass(frozen=True)
class TopUps:
    """Hold the top-ups of stored-value cards: `visit: int64[m]` indexes the visits."""

    visit: Ints
    amount_fen: Ints


class Basket:
    """Draw baskets; all draws are keyed by (member, visit number)."""

    def __init__(self, keyed: Keyed, population: Population, setting: Setting) -> None:
        self._keyed = keyed
        self._population = population
        self._setting = setting
        self._prices = np.array(setting.prices)

    def fills(
        self,
        members: Members,
        row: Ints,
        visit: Ints,
        *,
        price_index: float,
        appetite: Floats | float = 1.0,
    ) -> Fills:
        """Fill the tanks of the visits `row: int64[n]` (members of the block), `visit: int64[n]`.

        `appetite`, e^(beta x discount) of the response model, scales the litres asked for;
        the tank limits them.
        """
        litres_ml, amount_fen = self.volumes(
            members, row, visit, price_index=price_index, appetite=appetite
        )
        member = members.number[row]
        by_card = members.has_card[row]
        pays = self._draw(Purpose.PAYS_BY_CARD, member, visit) < self._population.card.paid_share
        return Fills(litres_ml, amount_fen, self.stations(members, row, visit), by_card & pays)

    def litre_fen(self, price_index: float) -> Ints:
        """Give the price of a litre of each fuel on a day, whole fen, int64[fuels]."""
        return np.rint(self._prices * price_index * FEN).astype(np.int64)

    def volumes(
        self,
        members: Members,
        row: Ints,
        visit: Ints,
        *,
        price_index: float,
        appetite: Floats | float = 1.0,
    ) -> tuple[Ints, Ints]:
        """Draw what visits put into the tank, in millilitres and in fen, int64[n] each."""
        figures = self._population.litres
        member = members.number[row]
        spread = weibull_quantile(self._draw(Purpose.LITRES, member, visit), figures.shape_within)
        wanted = members.litres_mean[row] * spread * appetite
        litres = np.clip(wanted, figures.least, members.tank[row])
        per_litre_fen = self.litre_fen(price_index)[members.fuel[row]]
        litres_ml = np.rint(litres * (1000 / _PUMP_STEP_ML)).astype(np.int64) * _PUMP_STEP_ML
        amount_fen = (litres_ml * per_litre_fen + 500) // 1000
        self._snap(litres_ml, amount_fen, per_litre_fen, member, visit)
        return litres_ml, amount_fen

    def _snap(
        self, litres_ml: Ints, amount_fen: Ints, per_litre_fen: Ints, member: Ints, visit: Ints
    ) -> None:
        """Round some fills to a round amount of money, in place: they were asked for by money."""
        figures = self._population.litres
        step = round(figures.round_money_step * FEN)
        asks = self._draw(Purpose.ROUND_MONEY, member, visit) < figures.round_money_share
        rows = np.flatnonzero(asks & (amount_fen >= step // 2))
        amount_fen[rows] = (amount_fen[rows] + step // 2) // step * step
        exact = amount_fen[rows] * 1000 // per_litre_fen[rows]
        litres_ml[rows] = exact // _PUMP_STEP_ML * _PUMP_STEP_ML

    def stations(self, members: Members, row: Ints, visit: Ints) -> npt.NDArray[np.int32]:
        """Choose the station: mostly home, else any."""
        station = members.station[row]
        member = members.number[row]
        share = self._population.stations.away_share
        rows = np.flatnonzero(self._draw(Purpose.AWAY, member, visit) < share)
        other = self._draw(Purpose.AWAY_STATION, member[rows], visit[rows])
        station[rows] = np.floor(other * len(self._setting.stations)).astype(np.int32)
        return station

    def shop_lines(self, member: Ints, visit: Ints) -> ShopLines:
        """Draw what some visits buy beside fuel; none where the season sells nothing else."""
        figures = self._population.shop
        if not self._setting.shop:
            none = np.empty(0, dtype=np.int64)
            return ShopLines(none, none, none)
        buys = self._draw(Purpose.SHOP_LINE, member, visit) < figures.line_share
        rows = np.flatnonzero(buys)
        which = self._draw(Purpose.SHOP_PRODUCT, member[rows], visit[rows])
        spread = self._draw(Purpose.SHOP_AMOUNT, member[rows], visit[rows])
        worth = figures.amount_mean * weibull_quantile(spread, figures.amount_shape)
        amount = np.rint(worth * (FEN / _SHOP_STEP_FEN)).astype(np.int64) * _SHOP_STEP_FEN
        # The first article of the register sells most.
        product = np.floor(which**2 * len(self._setting.shop)).astype(np.int64)
        return ShopLines(rows, product, np.maximum(amount, _SHOP_STEP_FEN))

    def top_ups(self, member: Ints, visit: Ints, has_card: Bools) -> TopUps:
        """Draw the top-ups that card members make at a visit."""
        figures = self._population.card
        holders = np.flatnonzero(has_card)
        draw = self._draw(Purpose.TOP_UP, member[holders], visit[holders])
        rows = holders[draw < figures.top_up_share]
        which = self._draw(Purpose.TOP_UP_AMOUNT, member[rows], visit[rows])
        amounts = np.rint(np.array(figures.top_up_amounts) * FEN).astype(np.int64)
        return TopUps(rows, amounts[pick(which, np.array(figures.top_up_weights))])

    def _draw(self, purpose: Purpose, member: Ints, visit: Ints) -> Floats:
        return self._keyed.uniforms(purpose, member, visit)
