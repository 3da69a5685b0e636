"""Draw uniforms that depend only on their key, never on what was drawn before.

A draw is a hash of (seed, purpose, member, number). Cutting the members into other blocks,
or spreading them over other workers, therefore changes no draw, and two season files run
over the same seed share every draw (common random numbers).
"""

from enum import IntEnum

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_WORD = (1 << 64) - 1
# The increments and multipliers of splitmix64 (Steele, Lea, Flood 2014) and, for the second
# coordinate, of Vigna's PCG-like variant: odd, and far from one another's small multiples.
_GOLDEN = 0x9E3779B97F4A7C15
_NUMBER_STEP = 0xD1B54A32D192ED03
_MIX_A = 0xBF58476D1CE4E5B9
_MIX_B = 0x94D049BB133111EB


class Purpose(IntEnum):
    """Name what a draw decides; the numbers are part of the key and never change."""

    KIND = 1
    VISIT_RATE = 2
    DROP_OUT = 3
    FIRST_DAY = 4
    MEAN_FILL = 5
    GRADE = 6
    STATION = 7
    HAS_CARD = 8
    USES_APP = 9
    TASK_RATE = 10
    COMPANY = 11
    ENROLS = 12
    VISIT_GAP = 20
    LEAVES = 21
    TASK_GAP = 22
    VISIT_TIME = 30
    NIGHT = 31
    LITRES = 32
    ROUND_MONEY = 33
    AWAY = 34
    AWAY_STATION = 35
    PAYS_BY_CARD = 36
    SHOP_LINE = 40
    SHOP_PRODUCT = 41
    SHOP_AMOUNT = 42
    TOP_UP = 43
    TOP_UP_AMOUNT = 44
    TASK_TYPE = 50
    TASK_TIME = 51
    SURVEY_SCORE = 52
    REFUND = 60
    REFUND_FORM = 61
    REFUND_PART = 62
    REFUND_DELAY = 63
    FAULT = 70
    LATE_DAYS = 71
    ENROL_TIME = 80
    PRICE = 90
    REACTS = 100
    THETA = 101
    COUPON_PROPENSITY = 102
    BIRTHDAY = 103
    COUPON_USED = 110
    COUPON_TIME = 111
    COUPON_NOTICED = 112
    RECALLED = 120
    RECALL_DAY = 121
    REDEEMS = 130
    REDEEMED_ITEM = 131
    CHECKOUT = 132
    CLAIMS = 140
    CLAIMED_COUPON = 141
    REFERRED = 150
    ADVOCATE = 151
    PARAMETER = 160
    STAYS = 170
    OWN_RATE = 171
    OWN_DROP_OUT = 172
    OWN_FILL = 173
    OWN_TASKS = 174
    AGENT_VISIT = 180
    AGENT_TIME = 181
    AGENT_LITRES = 182
    AGENT_STATION = 183
    AGENT_PLATE = 184
    AGENT_HELPED = 185


def _mix_word(word: int) -> int:
    """Scramble one 64-bit word (splitmix64's finaliser)."""
    word = ((word ^ (word >> 30)) * _MIX_A) & _WORD
    word = ((word ^ (word >> 27)) * _MIX_B) & _WORD
    return word ^ (word >> 31)


def _mix(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Scramble `words: uint64[n]` in place (splitmix64's finaliser) and return them."""
    words ^= words >> np.uint64(30)
    words *= np.uint64(_MIX_A)
    words ^= words >> np.uint64(27)
    words *= np.uint64(_MIX_B)
    words ^= words >> np.uint64(31)
    return words


class Keyed:
    """Hold one seed and answer its uniforms.

    >>> draws = Keyed(7)
    >>> whole = draws.uniforms(Purpose.LITRES, np.arange(6), 3)
    >>> parts = [draws.uniforms(Purpose.LITRES, np.arange(a, b), 3) for a, b in ((0, 1), (1, 6))]
    >>> bool((np.concatenate(parts) == whole).all())
    True
    """

    def __init__(self, seed: int) -> None:
        if not 0 <= seed < 1 << 63:
            raise ValueError(f"seed = {seed}: must be between 0 and 2^63 - 1")
        self.seed = seed
        self._root = _mix_word((seed + _GOLDEN) & _WORD)

    def uniforms(self, purpose: Purpose, member: Ints, number: Ints | int = 0) -> Floats:
        """Draw one uniform per key, strictly inside (0, 1).

        `member: int64[n]` is the member's number in the population, `number: int64[n]` the
        visit, task or day it is for. Returns float64[n]; about 15 ns each.
        """
        stream = _mix_word((self._root + purpose * _GOLDEN) & _WORD)
        words = member.astype(np.uint64)
        words *= np.uint64(_GOLDEN)
        words += np.uint64(stream)
        words = _mix(words)
        if isinstance(number, int):
            words += np.uint64((number + 1) * _NUMBER_STEP & _WORD)
        else:
            words += (number.astype(np.uint64) + np.uint64(1)) * np.uint64(_NUMBER_STEP)
        words = _mix(words)
        # 52 bits and a half step: 0 and 1 can't come out, so logarithms stay finite.
        words >>= np.uint64(12)
        return (words.astype(np.float64) + 0.5) * 2.0**-52
