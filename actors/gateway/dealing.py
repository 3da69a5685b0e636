"""Dealing: every lane gets its part of what was sent, marked with the keys whose it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from actors.gateway.lane import Lane
from actors.gateway.shard_line import Parcel
from actors.gateway.shared_parcel import SharedParcel
from actors.gateway.single_submission import SingleSubmission
from actors.gateway.submission import Submission
from rules.decoding.identity import shard_of

Int64s = npt.NDArray[np.int64]


def deal(
    lanes: Sequence[Lane], batch: pa.RecordBatch, places: Int64s, to: Submission, key: str
) -> None:
    """Give each lane its rows of one submission of a key; places int64[n] in the submission."""
    for lane, rows, part in _parts(lanes, batch):
        to.shards.add(lane.shard)
        lane.put(Parcel(to, places[rows], part, {key: len(rows)}))


def deal_singles(
    lanes: Sequence[Lane],
    batch: pa.RecordBatch,
    owners: Sequence[SingleSubmission],
    keys: Sequence[str],
) -> None:
    """Give each lane its rows of submissions of one event, each of its own key."""
    for lane, rows, part in _parts(lanes, batch):
        senders = [keys[row] for row in rows.tolist()]
        for group in lane.together(senders):
            whole = len(group) == len(rows)
            sharing = [owners[row] for row in rows[group].tolist()]
            for submission in sharing:
                submission.shards.add(lane.shard)
            events = part if whole else part.take(pa.array(group))
            sent_by = Counter(senders if whole else [senders[row] for row in group.tolist()])
            lane.put(Parcel(SharedParcel(sharing), np.arange(len(group)), events, sent_by))


def _parts(
    lanes: Sequence[Lane], batch: pa.RecordBatch
) -> Iterator[tuple[Lane, Int64s, pa.RecordBatch]]:
    """Cut a batch by shard: the lane, the rows int64[k] that are its, and those."""
    if len(lanes) == 1:
        yield lanes[0], np.arange(batch.num_rows), batch
        return
    shards = shard_of(batch.column("member"), len(lanes))
    for lane in lanes:
        rows = np.flatnonzero(shards == lane.shard)
        if len(rows):
            whole = len(rows) == batch.num_rows
            yield lane, rows, batch if whole else batch.take(pa.array(rows))
