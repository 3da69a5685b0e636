"""Fit how much a fill is: Weibull around each member's mean, and Weibull means over members.

Some drivers ask for a round sum of money, so what they wanted is known only to the rounding; what
a full tank cuts off is known only from below. Both enter the likelihood as what they are, and a
fill at another price as what the same member would have taken at the log's usual one.

The likelihood tells how fills scatter. How much they are in the mean is told by their mean: what is
sold must come out right in litres even where the shapes are not quite Weibull's.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import gamma, gammainc, gammaln

from simulator.fit.estimate import Estimate, log_normal, maximise, robust, share
from simulator.people.keyed import Floats, Ints
from simulator.people.quantiles import weibull_quantile

MEMBERS_MAX: Final = 3_000
"""Members of a kind that are fitted; of more, every so many-th."""
_STEPS: Final = (5.0, 10.0, 20.0, 50.0, 100.0, 200.0)
_LARGER_STEP_KEEPS: Final = 0.7
_TANK_QUANTILE: Final = 0.999
_STEP: Final = 0.06
_FACTORS: Final[Floats] = np.exp(np.arange(-3.0, 1.3, _STEP))
_PRIOR_SPREAD: Final = 3.0
_LOG_SHAPE_MAX: Final = 2.7
_FEN: Final = 100
_OVERSHOOT_FEN: Final = 1
"""What a pump may run past the sum asked for and it still is that sum."""
_MEMBER_MEANS: Final[Floats] = (np.arange(512) + 0.5) / 512
_MEAN_REACH: Final = 4.0


@dataclass(frozen=True)
class RoundMoney:
    """Hold the sum that fills are rounded to, and the share of fills that are."""

    step: float
    share: Estimate


@dataclass(frozen=True)
class LitresFit:
    """Hold the fitted figures; `mean` and `tank` have one entry a kind."""

    shape_within: Estimate
    shape_between: Estimate
    mean: tuple[Estimate, ...]
    tank: tuple[Estimate, ...]
    log_likelihood: float


def round_money(amount: Floats) -> RoundMoney:
    """Find the round sum that fills are asked for by: the largest that keeps most of the share.

    What is round by chance is taken off.

    >>> found = round_money(np.array([100.0, 200.0, 300.0, 131.17, 88.05, 254.91]))
    >>> found.step, found.share.value > 0.4
    (100.0, True)
    """
    shares = []
    for step in _STEPS:
        chance = (1.0 + _OVERSHOOT_FEN) / (step * _FEN)
        round_share = float(np.mean(is_round(amount, step)))
        shares.append(max((round_share - chance) / (1.0 - chance), 0.0))
    best = max(i for i, one in enumerate(shares) if one >= _LARGER_STEP_KEEPS * shares[0])
    return RoundMoney(_STEPS[best], share(shares[best] * len(amount), len(amount)))


def is_round(amount: Floats, step: float) -> npt.NDArray[np.bool_]:
    """Tell which sums are whole steps, bool[n], or run past one by no more than a pump may.

    >>> is_round(np.array([20.0, 20.01, 20.02, 19.99]), 5.0).tolist()
    [True, True, False, False]
    """
    fen, step_fen = np.rint(amount * _FEN).astype(np.int64), round(step * _FEN)
    found: npt.NDArray[np.bool_] = (fen >= step_fen) & (fen % step_fen <= _OVERSHOOT_FEN)
    return found


class _Kind:
    """Hold one kind's fills by member: exact ones, those cut off, and those rounded.

    Litres are divided by the appetite of their day: what they'd have been at the usual price.
    """

    def __init__(
        self, member: Ints, litres: Floats, amount: Floats, step: float, appetite: Floats
    ) -> None:
        rounded = is_round(amount, step)
        exact = litres[~rounded] if np.any(~rounded) else litres
        self.tank = _tank(exact)
        self._sold = member, np.minimum(litres, self.tank.value) / appetite
        names = np.unique(member)
        names = names[:: max(1, -(-len(names) // MEMBERS_MAX))]
        rows = np.isin(member, names)
        member = np.searchsorted(names, member[rows])
        self.fills = int(rows.sum())
        litres, amount, rounded = litres[rows], amount[rows], rounded[rows]
        appetite = appetite[rows]
        self.members = len(names)
        full = ~rounded & (litres >= self.tank.value - 0.005)
        known = ~rounded & ~full
        log_litres = np.log(litres[known] / appetite[known])
        self._log_sum = np.bincount(member[known], log_litres, self.members)
        visits = np.bincount(member, minlength=self.members)
        self._weight = visits / visits.mean()
        self._known = np.bincount(member[known], minlength=self.members)
        cut_off = np.minimum(litres, self.tank.value) / appetite
        self._plain = member[~rounded], cut_off[~rounded]
        price = amount[rounded] / litres[rounded]
        low = (amount[rounded] - step / 2) / price
        high = (amount[rounded] + step / 2) / price
        self._rounded = (
            member[rounded],
            np.log(np.clip(low, 1e-6, self.tank.value * (1 - 1e-9)) / appetite[rounded]),
            np.log(np.where(high >= self.tank.value, 1e9, high) / appetite[rounded]),
        )

    def mean(self, within: float, between: float) -> Estimate:
        """Answer the mean fill wanted at which as much is sold, up to the tank, as in the log.

        The error is clustered by member.
        """
        member, litres = self._sold
        sold = float(litres.mean())
        deviation = np.bincount(member, litres - sold)
        error = float(np.sqrt(deviation @ deviation)) / len(litres) / sold

        def short(log_mean: float) -> float:
            return float(np.log(_sold_mean(np.exp(log_mean), within, between, self.tank.value)
                                / sold))  # fmt: skip

        middle = float(np.log(sold))
        if short(middle + _MEAN_REACH) <= 0.0:
            return log_normal(middle, error, len(litres))
        wanted = float(brentq(short, middle - _MEAN_REACH, middle + _MEAN_REACH))
        # Near the tank's limit a litre more wanted is less than a litre more sold.
        slope = (short(wanted + _STEP) - short(wanted - _STEP)) / (2 * _STEP)
        return log_normal(wanted, error / max(slope, _STEP), len(litres))

    def each(self, within: float, between: float, mean: float) -> Floats:
        """Answer each member's log-likelihood times the member's share of the fills."""
        log_scale = np.log(mean * _FACTORS / gamma(1.0 + 1.0 / within))
        who, litres = self._plain
        power = np.bincount(who, litres**within, self.members)
        each = (
            (self._known * np.log(within) + (within - 1.0) * self._log_sum)[:, None]
            - within * self._known[:, None] * log_scale
            - power[:, None] * _power(-log_scale, within)
        )
        who, low, high = self._rounded
        inside = np.exp(-_power(low[:, None] - log_scale, within))
        inside -= np.exp(-_power(high[:, None] - log_scale, within))
        np.add.at(each, who, np.log(np.maximum(inside, 1e-280)))
        width = 1.0 / gamma(1.0 + 1.0 / between)
        ratio = _FACTORS / width
        weight = np.log(between * _STEP) + between * np.log(ratio) - ratio**between
        top = each.max(axis=1)
        mixed = np.exp(each - top[:, None]) @ np.exp(weight - np.logaddexp.reduce(weight))
        found: Floats = self._weight * (np.log(np.maximum(mixed, 1e-300)) + top)
        return found


def _power(log_ratio: Floats, shape: float) -> Floats:
    """Raise a ratio, given by its logarithm, to a power; kept finite where it is beyond all."""
    found: Floats = np.exp(np.clip(shape * log_ratio, -300.0, 300.0))
    return found


def _sold_mean(mean: float, within: float, between: float, tank: float) -> float:
    """Average the model's fills, litres: of all members' means, cut off at the tank."""
    scale = mean * weibull_quantile(_MEMBER_MEANS, between) / gamma(1.0 + 1.0 / within)
    limit = (tank / scale) ** within
    below = scale * gamma(1.0 + 1.0 / within) * gammainc(1.0 + 1.0 / within, limit)
    return float(np.mean(below + tank * np.exp(-limit)))


def _tank(litres: Floats) -> Estimate:
    """Take the largest fills for full tanks: a quantile near the end, with its interval."""
    ordered = np.sort(litres)
    last = len(ordered) - 1
    reach = 2.0 * np.sqrt(_TANK_QUANTILE * (1 - _TANK_QUANTILE) * len(ordered)) + 1.0
    places = _TANK_QUANTILE * last + np.array([-reach, 0.0, reach])
    low, value, high = ordered[np.clip(np.rint(places), 0, last).astype(np.int64)]
    return Estimate(float(value), float(low), float(high), len(ordered))


def fit_litres(
    kind: Ints,
    kinds: int,
    member: Ints,
    litres: Floats,
    amount: Floats,
    step: float,
    appetite: Floats,
) -> LitresFit:
    """Fit fills: `kind`, `member`: int64[n], `litres`, `amount`: float64[n]; each kind has some.

    `appetite: float64[n]` is by how much the price of its day scaled a fill, 1 at the usual price.

    Members weigh by their fills. Where those who come often also fill more, a member drawn at
    random says too little about a litre sold; where they don't, it only costs precision.
    """
    groups = []
    for code in range(kinds):
        rows = kind == code
        groups.append(_Kind(member[rows], litres[rows], amount[rows], step, appetite[rows]))
    means = [np.log(np.mean(litres[kind == code])) for code in range(kinds)]
    begin = np.array([np.log(3.0), np.log(3.0), *means])

    def each(at: Floats) -> Floats:
        within, between = (float(one) for one in np.exp(np.clip(at[:2], -1.0, _LOG_SHAPE_MAX)))
        means = np.exp(at[2:])
        parts = [one.each(within, between, float(m)) for one, m in zip(groups, means, strict=True)]
        return np.concatenate(parts)

    def total(at: Floats) -> float:
        prior = float(((at - begin) ** 2).sum()) / (2 * _PRIOR_SPREAD**2)
        return float(each(at).sum()) - prior

    best = robust(maximise(total, begin.tolist()), each)
    fills = sum(one.fills for one in groups)
    members = sum(one.members for one in groups)
    within, between = best.log_estimate(0, fills), best.log_estimate(1, members)
    return LitresFit(
        within,
        between,
        tuple(one.mean(within.value, between.value) for one in groups),
        tuple(one.tank for one in groups),
        best.log_likelihood,
    )


def weibull_fit(amount: Floats) -> tuple[Estimate, Estimate]:
    """Fit one Weibull to positive `amount: float64[n]`: its mean and its shape."""
    logs = np.log(amount)

    def total(at: Floats) -> float:
        mean, shape = np.exp(at)
        log_scale = np.log(mean) - gammaln(1.0 + 1.0 / shape)
        ratio = logs - log_scale
        each = np.log(shape) - log_scale + (shape - 1.0) * ratio - np.exp(shape * ratio)
        return float(each.sum())

    best = maximise(total, [float(np.log(amount.mean())), 0.1])
    return best.log_estimate(0, len(amount)), best.log_estimate(1, len(amount))
