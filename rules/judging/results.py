"""What an event is answered: its status, and the reason when it changed nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

STATUSES: Final = ("applied", "duplicate", "limit_reached", "waiting", "conflict", "rejected")
APPLIED, DUPLICATE, LIMIT_REACHED, WAITING, CONFLICT, REJECTED = range(len(STATUSES))

SENTENCES: Final[dict[str, str]] = {
    "": "",
    "bad_field": "A field is missing, has the wrong form or is out of range.",
    "unknown_product": "The season file names no such product; add it under [products].",
    "unknown_type": "No such event type; see the list of types in the API description.",
    "bad_time": "The time lies more than 400 days before the season starts or after it ends.",
    "too_late": "The event is further behind the clock than accept_late allows.",
    "too_early": "The event lies more than five minutes ahead of the clock.",
    "outside_season": "Tasks count only from the season's start until its end.",
    "unknown_ref": "No purchase or top-up of this member has the event_id in ref.",
    "over_refund": "The refund asks for more than is left of the purchase.",
    "insufficient_points": "The member has fewer active points than this takes.",
    "out_of_stock": "Nothing of this catalogue item is left.",
    "budget_exhausted": "A budget that covers this has nothing left for it.",
    "unknown_item": "The season file's catalogue has no such item.",
    "tier_held": "The member's tier is above the one this item gives.",
    "bad_step": "Points at checkout come in whole steps; see checkout.step.",
    "over_share": "Points may pay only part of an order; see checkout.max_share.",
    "coupon_not_valid": "The coupon can't be used here and now.",
    "coupon_spent": "The coupon was used already.",
    "not_yours": "The coupon belongs to another member.",
    "not_final": "Prizes are claimed once the season is final.",
    "not_a_winner": "The final list gives this prize to someone else.",
    "claimed_already": "This prize was claimed before.",
    "merged": "This record was merged into another one before.",
}
REASONS: Final = tuple(SENTENCES)
REASON_CODES: Final = {word: code for code, word in enumerate(REASONS)}


@dataclass(slots=True)
class Outcome:
    """What a batch did, row by row.

    status uint8[n] and reason uint8[n] index STATUSES and REASONS; points int64[n];
    changed int64[k] are the member rows whose standing may have changed. details hold what
    some rows answer besides, notes why exactly a row was refused, both by place in the batch.
    """

    status: npt.NDArray[np.uint8]
    reason: npt.NDArray[np.uint8]
    points: npt.NDArray[np.int64]
    changed: npt.NDArray[np.int64]
    details: dict[int, dict[str, Any]] = field(default_factory=dict)
    notes: dict[int, str] = field(default_factory=dict)

    @classmethod
    def empty(cls, count: int) -> Outcome:
        """Make the outcome of count events that nothing has happened to."""
        return cls(
            np.zeros(count, dtype=np.uint8),
            np.zeros(count, dtype=np.uint8),
            np.zeros(count, dtype=np.int64),
            np.zeros(0, dtype=np.int64),
        )

    def refuse(self, rows: npt.NDArray[np.int64], reason: str) -> None:
        """Answer rows with rejected and a reason."""
        self.status[rows] = REJECTED
        self.reason[rows] = REASON_CODES[reason]

    def refuse_one(self, place: int, reason: str, note: str = "") -> None:
        """Answer one row with rejected, a reason, and the sentence that says why here."""
        self.status[place] = REJECTED
        self.reason[place] = REASON_CODES[reason]
        if note:
            self.notes[place] = note
