"""A part of the journal: the postings of some batches as columns, and as rows for readers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rules.decoding.event_columns import TYPES

if TYPE_CHECKING:
    from rules.compiling.compiled import Rules

KINDS: Final = (
    "base",
    "bonus",
    "task",
    "goal",
    "referral",
    "adjusted",
    "redeemed",
    "checkout",
    "expired",
    "reversed",
)
NO_RULE: Final = -1
GOALS_FROM: Final = 1_000
"""Codes from here on are goals, by their place in the file."""
NO_DAY: Final = -(2**31)

_WORD: Final = pa.dictionary(pa.int32(), pa.utf8())
FACTS: Final = pa.schema(
    [
        ("event_id", pa.utf8()),
        ("type", _WORD),
        ("at_us", pa.int64()),
        ("stamp_us", pa.int64()),
        ("station", _WORD),
        ("product", _WORD),
        ("litres_ml", pa.int64()),
        ("amount_fen", pa.int64()),
        ("pay", _WORD),
        ("order", pa.utf8()),
        ("ref", pa.utf8()),
        ("coupon", pa.utf8()),
        ("item", pa.utf8()),
    ]
)
"""What a posting keeps of its event; columns of rules.event_columns.STAMPED."""

POSTINGS: Final = pa.schema(
    [
        pa.field("member", pa.utf8()),
        pa.field("kind", _WORD),
        pa.field("rule", _WORD),
        pa.field("points", pa.int64()),
        pa.field("score", pa.int64()),
        pa.field("day", pa.int32()),
        *FACTS,
        pa.field("tier", _WORD),
        pa.field("member_kind", _WORD),
        pa.field("attribute_bits", pa.uint64()),
        pa.field("segment_bits", pa.uint64()),
        pa.field("earning_bits", pa.uint64()),
        pa.field("factor_bits", pa.uint64()),
        pa.field("rules_hash", _WORD),
    ]
)
"""One row a posting. rule is the task's or goal's id; score what it did to the season score;
day the local day of its lot, null for a draw. A sale's base posting tells its quantities, a
reversal what it took, below zero; the bits index the rules of rules_hash."""


@dataclass(slots=True)
class Part:
    """Postings, n of them, and the events that caused them, m of them.

    fact is the posting's event, -1 for a tick; ml and fen are a reversal's alone. From level on
    the columns say of each event, where it is a sale, how the member stood before it and what
    matched.
    """

    rules: Rules
    row: npt.NDArray[np.int32]
    fact: npt.NDArray[np.int32]
    kind: npt.NDArray[Any]
    rule: npt.NDArray[Any]
    tick_us: npt.NDArray[Any]
    points: npt.NDArray[np.int64]
    score: npt.NDArray[np.int64]
    day: npt.NDArray[np.int32]
    ml: npt.NDArray[np.int64]
    fen: npt.NDArray[np.int64]
    facts: pa.Table
    sale: npt.NDArray[Any]
    level: npt.NDArray[Any]
    member_kind: npt.NDArray[Any]
    attribute_bits: npt.NDArray[Any]
    segment_bits: npt.NDArray[Any]
    earning_bits: npt.NDArray[Any]
    factor_bits: npt.NDArray[Any]

    def __len__(self) -> int:
        return len(self.row)


_BY_POSTING: Final = ("row", "kind", "rule", "tick_us", "points", "score", "day", "ml", "fen")
_BY_FACT: Final = tuple(each.name for each in fields(Part))[-7:]


def joined(parts: list[Part]) -> list[Part]:
    """Join the small parts at the end, in one go: each part then at least doubles the next."""
    if not parts:
        return []
    first, size, rules = len(parts) - 1, len(parts[-1]), parts[-1].rules
    while first and parts[first - 1].rules is rules and len(parts[first - 1]) <= 2 * size:
        first -= 1
        size += len(parts[first])
    return [*parts[:first], _join(parts[first:])]


def _join(parts: Sequence[Part]) -> Part:
    if len(parts) == 1:
        return parts[0]
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in (*_BY_POSTING, *_BY_FACT)
    }
    starts = np.cumsum([0, *(len(part.facts) for part in parts[:-1])])
    fact = np.concatenate(
        [
            np.where(part.fact < 0, part.fact, part.fact + start).astype(np.int32)
            for part, start in zip(parts, starts.tolist(), strict=True)
        ]
    )
    facts = pa.concat_tables([part.facts for part in parts]).unify_dictionaries().combine_chunks()
    return Part(rules=parts[0].rules, fact=fact, facts=facts, **columns)


def postings(
    parts: Sequence[Part], member_ids: Sequence[str], rows: npt.NDArray[np.int64] | None = None
) -> pa.Table:
    """Write postings out, those of some member rows or all: schema POSTINGS, as they came."""
    tables = []
    for part in parts:
        chosen = np.arange(len(part)) if rows is None else np.flatnonzero(np.isin(part.row, rows))
        if len(chosen):
            tables.append(_written(part, chosen, member_ids))
    if not tables:
        return POSTINGS.empty_table()
    return pa.concat_tables(tables).unify_dictionaries()


def _written(part: Part, chosen: npt.NDArray[np.int64], member_ids: Sequence[str]) -> pa.Table:
    rules, kind = part.rules, part.kind[chosen]
    fact = part.fact[chosen]
    at_tick = fact < 0
    nulls = pa.array(fact, mask=at_tick)
    facts = part.facts.take(nulls)
    who, person = np.unique(part.row[chosen], return_inverse=True)
    names = pa.array([member_ids[row] for row in who.tolist()], pa.utf8())
    columns: dict[str, Any] = {name: facts.column(name) for name in FACTS.names}
    columns["member"] = names.take(pa.array(person))
    columns["kind"] = _words(kind, KINDS)
    columns["rule"] = _words(_rule_places(part, chosen), _rule_words(part))
    columns["points"], columns["score"] = part.points[chosen], part.score[chosen]
    day = part.day[chosen]
    columns["day"] = pa.array(day, mask=day == NO_DAY)
    tick_us = part.tick_us[chosen]
    for name in ("at_us", "stamp_us"):
        known = columns[name].fill_null(0).to_numpy()
        columns[name] = np.where(at_tick, tick_us, known)
    columns |= _quantities(part, chosen, columns)
    columns |= _sale_columns(part, np.maximum(fact, 0), at_tick)
    columns["rules_hash"] = _words(np.zeros(len(chosen), dtype=np.int64), [rules.rules_hash])
    return pa.table([columns[name] for name in POSTINGS.names], schema=POSTINGS)


def _words(codes: npt.NDArray[Any], words: Sequence[str]) -> pa.Array:
    """Write codes as words; a code below 0 is null."""
    places = pa.array(codes.astype(np.int32), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(places, pa.array(list(words), pa.utf8()))


def _rule_words(part: Part) -> list[str]:
    return [task.id for task in part.rules.tasks] + [goal.id for goal in part.rules.goals]


def _rule_places(part: Part, chosen: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Find the task or goal of postings in _rule_words, -1 for none."""
    rule = part.rule[chosen].astype(np.int64)
    places = np.where(rule >= GOALS_FROM, rule - GOALS_FROM + len(part.rules.tasks), -1)
    tasks = (part.kind[chosen] == KINDS.index("task")) & (part.fact[chosen] >= 0)
    if tasks.any():
        by_type = part.facts.column("type").take(pa.array(part.fact[chosen][tasks]))
        codes = [TYPES.index(word) for word in by_type.to_pylist()]
        places[tasks] = part.rules.task_of_type[codes]
    return places


def _quantities(
    part: Part, chosen: npt.NDArray[np.int64], columns: dict[str, Any]
) -> dict[str, pa.Array]:
    """Tell a sale's quantities in its base posting alone, and what a reversal took."""
    kind = part.kind[chosen]
    base, taken = kind == KINDS.index("base"), kind == KINDS.index("reversed")
    found = {}
    for name, lost in (("litres_ml", part.ml), ("amount_fen", part.fen)):
        given = columns[name].fill_null(0).to_numpy()
        values = np.where(taken, lost[chosen], given)
        found[name] = pa.array(values, mask=~(base | taken))
    return found


def _sale_columns(
    part: Part, fact: npt.NDArray[Any], at_tick: npt.NDArray[np.bool_]
) -> dict[str, pa.Array]:
    """Write how the member stood before a sale and what matched; null for other events."""
    if not len(part.facts):
        nothing = np.full(len(fact), -1)
        empty = {name: pa.nulls(len(fact), pa.uint64()) for name in _BY_FACT[3:]}
        return {"tier": _words(nothing, [""]), "member_kind": _words(nothing, [""]), **empty}
    other = at_tick | ~part.sale[fact]
    rules = part.rules
    bits = {name: pa.array(getattr(part, name)[fact], mask=other) for name in _BY_FACT[3:]}
    return {
        "tier": _words(np.where(other, -1, part.level[fact]), rules.levels),
        "member_kind": _words(np.where(other, -1, part.member_kind[fact]), rules.kinds),
        **bits,
    }
