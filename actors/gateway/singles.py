"""Singles: events that came alone, decoded together, each with a submission of its own."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, Protocol

import numpy as np
import pyarrow as pa

from actors.gateway.gathering import Gathering
from actors.gateway.sealing import Sealer, acts_in
from actors.gateway.shared_parcel import Waiters, part_of, tell_all
from actors.gateway.single_submission import SingleSubmission
from actors.gateway.submission import Held
from rules.decoding.events import Decoded

_LINE: Final = re.compile(r"\Aline [0-9]+")


class Deal(Protocol):
    """Stamps events and gives each lane its part."""

    def __call__(
        self, columns: pa.RecordBatch, owners: list[SingleSubmission], keys: list[str]
    ) -> None:
        """Deal rows, each with its submission and its key."""


class Singles:
    """Takes events one by one and deals them as soon as a lane has nothing to do.

    It knows whose each of them is. When they go, its gathering knows; where they go, the deal.

    Args:
        decode: decodes events, one a line.
        sealer: has the vault take personal values first; None without a vault.
        deal: gives the lanes what was decoded.
        may_go: tells whether a lane has nothing to do.
        check_going: raises Problem 503 when nothing is taken any more, as after a long seal.
    """

    def __init__(
        self,
        decode: Callable[[bytes], Decoded],
        sealer: Sealer | None,
        deal: Deal,
        may_go: Callable[[], bool],
        check_going: Callable[[], None],
    ) -> None:
        self._gathering = Gathering(decode, self._sort, may_go)
        self._sealer = sealer
        self._deal = deal
        self._check_going = check_going
        self._sealing: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._gathering)

    def put(self, body: bytes, key: str, submission: SingleSubmission) -> None:
        """Line one event of a key up, to be answered to a submission; raises Problem 400."""
        self._gathering.put(body, key, submission)

    def hurry(self) -> None:
        """Have what waits dealt soon."""
        self._gathering.hurry()

    def send_on(self) -> None:
        """Deal all that wait now."""
        self._gathering.send_on()

    def _sort(self, decoded: Decoded, found: Waiters) -> None:
        """Submit events at once, but for those with personal values, which the vault has first."""
        rows = self._sealer.rows(decoded.columns) if self._sealer is not None else ()
        if not len(rows):
            self._submit(decoded, found)
            return
        personal = np.zeros(decoded.columns.num_rows, dtype=np.bool_)
        personal[rows] = True
        aside = part_of(decoded, personal)
        task = asyncio.create_task(
            self._seal(aside, {place: found.pop(place) for place in aside.place.tolist()})
        )
        self._sealing.add(task)
        task.add_done_callback(self._sealing.discard)
        self._submit(part_of(decoded, ~personal, decoded.refused), found)

    async def _seal(self, decoded: Decoded, found: Waiters) -> None:
        assert self._sealer is not None
        try:
            every = np.arange(decoded.columns.num_rows)
            columns, held = await self._sealer.sealed(decoded.columns, every)
            self._check_going()
            self._submit(replace(decoded, columns=columns), found, held)
        except Exception as error:  # every waiter must hear of it, whatever it is
            tell_all(found.values(), error)

    def _submit(self, decoded: Decoded, found: Waiters, held: Sequence[Held] = ()) -> None:
        places, valid = decoded.place.tolist(), decoded.columns
        ids = valid.column("event_id").to_pylist()
        for place, event_id in zip(places, ids, strict=True):
            found[place].submission.name_one(event_id)
        for refusal in decoded.refused:
            # Each of them is the only event of its request: a line number would be its neighbours'.
            alone = replace(refusal, sentence=_LINE.sub("the event", refusal.sentence))
            found[refusal.place].submission.refuse([alone])
        if places:
            rows = [found[place].submission for place in places]
            for row, word, member in acts_in(valid):
                rows[row].acts = [(0, word, member)]
            for one in held:
                rows[one.row].held.append(replace(one, row=0))
            self._deal(valid, rows, [found[place].key for place in places])
