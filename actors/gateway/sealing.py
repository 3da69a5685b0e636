"""Sealing: personal attributes become tokens before an event is stamped, dealt or logged."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from actors.gateway.board_pages import owner_of
from actors.gateway.problems import Problem
from actors.gateway.submission import Held, Submission
from actors.messages import MemberShardCalls, ShardDown
from actors.store.errors import StoreError
from actors.store.vault import Value, Vault
from rules.decoding.canonical_json import NotCanonical, attributes_json
from rules.judging.results import CONFLICT, REJECTED
from rules.season.personal import KEPT, Personal, is_token, normalised
from rules.season.season_models import Season

Int64s = npt.NDArray[np.int64]

ACTS: Final = ("adjust", "disqualify", "reinstate", "merge", "erase")
"""Types of events that are acts of an administrator, whatever way they come."""
AGAIN_S: Final = 1

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Sheet:
    """The attributes of some rows on their way to the vault."""

    attributes: list[dict[str, Any]]
    values: list[Value] = field(default_factory=list)
    cells: list[tuple[int, str]] = field(default_factory=list)  # row and key of each value


class Sealer:
    """Takes personal values out of events. The vault answers before an event goes on."""

    def __init__(
        self,
        vault: Vault,
        season: Callable[[], Season],
        members: list[MemberShardCalls],
        erased: Callable[[], None] = lambda: None,
    ) -> None:
        self._vault = vault
        self._season = season
        self._members = members
        self._erased = erased
        self._known: tuple[Season, Personal] | None = None

    @property
    def personal(self) -> Personal:
        """Tell what is personal under the rules in force."""
        season = self._season()
        if self._known is None or self._known[0] is not season:
            self._known = (season, Personal.of(season))
        return self._known[1]

    def rows(self, columns: pa.RecordBatch) -> Int64s:
        """Find the rows that have anything personal, int64[k]; none for a batch without."""
        attributes = columns.column("attributes")
        if attributes.null_count == len(attributes):
            return np.zeros(0, dtype=np.int64)
        found = pc.match_substring_regex(attributes, self.personal.pattern)
        return np.flatnonzero(found.fill_null(False).to_numpy(zero_copy_only=False))

    async def sealed(
        self, columns: pa.RecordBatch, rows: Int64s
    ) -> tuple[pa.RecordBatch, list[Held]]:
        """Put tokens in place of the personal values of some rows; raises Problem 503.

        Nothing has happened to the events then, and sending them again gives the same tokens.
        """
        try:
            return await asyncio.to_thread(self._sealed, columns, rows)
        except StoreError as error:
            raise Problem(
                503,
                f"Personal attributes can't be kept now ({error}); none of these events was "
                "taken: send them again.",
                retry_after_s=AGAIN_S,
            ) from None

    def _sealed(self, columns: pa.RecordBatch, rows: Int64s) -> tuple[pa.RecordBatch, list[Held]]:
        column = columns.column("attributes")
        members = columns.column("member").take(pa.array(rows)).to_pylist()
        sheet = self._sheet(column.take(pa.array(rows)).to_pylist(), members)
        held = []
        tokens = self._vault.seal(sheet.values)
        for (row, key), value, told in zip(sheet.cells, sheet.values, tokens, strict=True):
            sheet.attributes[row][key] = told.token
            if told.new:
                held.append(Held(int(rows[row]), value.member, told.token))
        mask = np.zeros(len(column), dtype=np.bool_)
        mask[rows] = True
        texts = pa.array([_text(one) for one in sheet.attributes], pa.utf8())
        column = pc.replace_with_mask(column, pa.array(mask), texts)
        place = columns.schema.get_field_index("attributes")
        return columns.set_column(place, columns.schema.field(place), column), held

    def _sheet(self, texts: list[str], members: list[str]) -> _Sheet:
        """Cut birthdays, and collect the values that tokens stand for."""
        personal = self.personal
        sheet = _Sheet([msgspec.json.decode(text) for text in texts])
        for row, (given, member) in enumerate(zip(sheet.attributes, members, strict=True)):
            for key, value in list(given.items()):
                cut, given[key] = personal.shortened(key, value)
                name = personal.name_of(key)
                if cut or name is None or is_token(value):
                    continue
                normal = normalised(name, value)
                given[key] = None
                if normal:
                    kept = str(value).strip() if name in KEPT else None
                    sheet.values.append(Value(member, name, normal, kept))
                    sheet.cells.append((row, key))
        return sheet

    async def finish(self, submission: Submission) -> None:
        """Let go of values whose events were refused, and destroy those of members erased.

        Raises Problem 503: the events stand, and sending them again finishes this.
        """
        try:
            refused = [
                held
                for held in submission.held
                if submission.status[held.row] in (REJECTED, CONFLICT)
            ]
            for held in refused:
                await self._release(held)
            erased = {
                member
                for row, word, member in submission.acts
                if word == "erase" and submission.status[row] not in (REJECTED, CONFLICT)
            }
            for member in sorted(erased):
                await self.forget(member)
        except (StoreError, ShardDown) as error:
            raise Problem(
                503,
                f"The events are recorded, but the vault of personal values could not follow "
                f"({error}); send them again.",
                retry_after_s=AGAIN_S,
            ) from None

    async def forget(self, member: str) -> int:
        """Destroy what a member and the records merged into theirs hold; tells how many values."""
        calls = self._members[owner_of(member, len(self._members))]
        ids = await calls.read("ids_of", member) or [member]
        forgotten = await asyncio.to_thread(self._vault.forget, ids)
        self._erased()
        return forgotten

    async def _release(self, held: Held) -> None:
        """Let go of a value, unless another event brought it meanwhile."""
        calls = self._members[owner_of(held.member, len(self._members))]
        attributes = await calls.read("attributes", held.member)
        if held.token not in (attributes or {}).values():
            await asyncio.to_thread(self._vault.release, [(held.member, held.token)])


def acts_in(columns: pa.RecordBatch) -> list[tuple[int, str, str]]:
    """List the administrator's acts among events: row, type and member."""
    types = columns.column("type")
    words = types.dictionary.to_pylist()
    if not any(word in ACTS for word in words):
        return []
    chosen = np.isin(types.indices.to_numpy(), [at for at, one in enumerate(words) if one in ACTS])
    rows = np.flatnonzero(chosen).tolist()
    members = columns.column("member").take(pa.array(rows, pa.int64())).to_pylist()
    return [(row, types[row].as_py(), member) for row, member in zip(rows, members, strict=True)]


def _text(attributes: dict[str, Any]) -> str | None:
    try:
        return attributes_json(attributes)
    except NotCanonical as error:  # tokens are longer than some values
        raise Problem(422, f"{error}.") from None
