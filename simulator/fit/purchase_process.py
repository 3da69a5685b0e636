"""BG/NBD: purchases at gamma rates until a customer leaves, as Fader, Hardie and Lee (2005) wrote.

The closed forms serve where a plain purchase history is at hand and stand beside the simulator's
own process (`visit_process`), whose intervals are more regular than BG/NBD's exponential ones.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import betaln, gammaln, hyp2f1

from simulator.fit.estimate import Estimate, Optimum, maximise
from simulator.people.keyed import Floats, Ints

# A weak pull of the four logarithms to 0, one part in a thousand of a customer's weight: a
# likelihood that is flat where nobody leaves would otherwise run off to infinity.
_PRIOR_SPREAD = 30.0


@dataclass(frozen=True)
class PurchaseProcess:
    """Hold BG/NBD's r, alpha (in units of time), a and b."""

    rate_shape: float
    rate_scale: float
    drop_out_a: float
    drop_out_b: float

    def expected(self, time: Floats) -> Floats:
        """Expect the repeat purchases of a new customer by `time: float64[n]` after the first.

        Equation 9 of Fader, Hardie, Lee 2005.
        """
        r, alpha, a, b = self.rate_shape, self.rate_scale, self.drop_out_a, self.drop_out_b
        rest = (alpha / (alpha + time)) ** r * hyp2f1(r, b, a + b - 1, time / (alpha + time))
        found: Floats = (a + b - 1) / (a - 1) * (1 - rest)
        return found


@dataclass(frozen=True)
class PurchaseFit:
    """Hold a fitted process and the interval of each of its figures."""

    process: PurchaseProcess
    estimates: dict[str, Estimate]
    log_likelihood: float


def log_likelihood(
    process: PurchaseProcess, frequency: Ints, recency: Floats, time: Floats
) -> Floats:
    """Answer each customer's log-likelihood, float64[n].

    `frequency: int64[n]` counts repeat purchases, `recency: float64[n]` is the time of the last
    one after the first purchase (0 without), `time: float64[n]` how long each was watched.
    """
    r, alpha, a, b = (
        process.rate_shape, process.rate_scale, process.drop_out_a, process.drop_out_b,
    )  # fmt: skip
    common = gammaln(r + frequency) - gammaln(r) + r * np.log(alpha)
    common += betaln(a, b + frequency) - betaln(a, b)
    here = -(r + frequency) * np.log(alpha + time)
    repeats = np.maximum(frequency, 1)
    gone = np.log(a) - np.log(b + repeats - 1) - (r + frequency) * np.log(alpha + recency)
    found: Floats = common + np.logaddexp(here, np.where(frequency > 0, gone, -np.inf))
    return found


def fit_purchases(frequency: Ints, recency: Floats, time: Floats) -> PurchaseFit:
    """Fit the process by maximum likelihood, on 95 % intervals from the curvature."""
    # Customers alike weigh together: a history of two years in days repeats itself.
    alike, weight = np.unique(
        np.column_stack([frequency, recency, time]), axis=0, return_counts=True
    )

    def total(at: Floats) -> float:
        each = log_likelihood(PurchaseProcess(*np.exp(at)), *alike.T)
        return float(weight @ each) - float((at**2).sum()) / (2 * _PRIOR_SPREAD**2)

    scale = max(float(np.median(time)) / 8, 1e-6)
    starts = ([-1.0, np.log(scale), -0.2, 0.9], [0.0, np.log(scale), -2.0, 1.0])
    best: Optimum = max((maximise(total, s) for s in starts), key=lambda o: o.log_likelihood)
    names = ("rate_shape", "rate_scale", "drop_out_a", "drop_out_b")
    return PurchaseFit(
        PurchaseProcess(*np.exp(best.at)),
        {name: best.log_estimate(index, len(frequency)) for index, name in enumerate(names)},
        best.log_likelihood,
    )
