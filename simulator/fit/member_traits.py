"""Fit what members are: kinds and their shares, grades, cards, companies, where they fill."""

from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from simulator.fit.estimate import Z95, Estimate, share
from simulator.fit.observed import NEVER, Observed
from simulator.people.keyed import Floats, Ints

_CARD_VISITS_LEAST = 3
_HOME_VISITS_LEAST = 10


@dataclass(frozen=True)
class Kinds:
    """Hold the kinds of a log: `of_member: int64[members]` indexes `names`."""

    names: tuple[str, ...]
    of_member: Ints
    told: bool
    """Whether the log says who is of which kind."""


@dataclass(frozen=True)
class CardUse:
    """Hold how card members pay and top up."""

    paid: Estimate
    top_up: Estimate
    amounts: tuple[Estimate, ...]
    weights: tuple[Estimate, ...]


def kinds_of(observed: Observed, default_kind: str) -> Kinds:
    """Name each member's kind; who has none is of the default kind."""
    if not observed.kinds:
        return Kinds((default_kind,), np.zeros(observed.members, dtype=np.int64), told=False)
    names = list(observed.kinds)
    of_member = observed.kind.copy()
    if np.any(of_member == NEVER):
        if default_kind not in names:
            names.append(default_kind)
        of_member[of_member == NEVER] = names.index(default_kind)
    # Kinds nobody of whom came yet say nothing of visits; their members count with the default.
    return Kinds(tuple(names), of_member, told=True)


def kind_shares(kinds: Kinds) -> tuple[Estimate, ...]:
    """Count the members by kind."""
    counts = np.bincount(kinds.of_member, minlength=len(kinds.names))
    return tuple(share(float(count), float(counts.sum())) for count in counts)


def grade_shares(observed: Observed, kinds: Kinds) -> tuple[tuple[Estimate, ...], ...]:
    """Count by kind the members by the grade they fill most."""
    fills = observed.fills
    size = len(observed.products)
    counts = np.zeros((observed.members, size + 1))
    np.add.at(counts, (fills.member, fills.product), 1)
    counts = counts[:, :size]
    came = counts.sum(axis=1) > 0
    favourite = counts.argmax(axis=1)
    found = []
    for code in range(len(kinds.names)):
        rows = came & (kinds.of_member == code)
        by_grade = np.bincount(favourite[rows], minlength=size)
        found.append(tuple(share(float(n), float(rows.sum())) for n in by_grade))
    return tuple(found)


def grade_prices(observed: Observed) -> tuple[Estimate, ...]:
    """Take each grade's median price a litre, with the middle 95 % of what was paid."""
    fills = observed.fills
    found = []
    for code in range(len(observed.products)):
        rows = (fills.product == code) & (fills.amount > 0)
        if not rows.any():
            found.append(Estimate(0.0, 0.0, 0.0, 0))
            continue
        unit = fills.amount[rows] / fills.litres[rows]
        low, value, high = np.quantile(unit, [0.025, 0.5, 0.975])
        found.append(Estimate(float(value), float(low), float(high), int(rows.sum())))
    return tuple(found)


def _card_holders(observed: Observed) -> tuple[Ints, Ints]:
    """Give who has a card, 0 or 1, and the visits of each member: int64[members] both."""
    fills = observed.fills
    by_card = np.bincount(fills.member, fills.by_card, observed.members)
    top_ups = observed.others.filter(pc.equal(observed.others["type"], "top_up"))
    added = np.bincount(top_ups["member"].to_numpy(), minlength=observed.members)
    visits = np.bincount(fills.member, minlength=observed.members)
    return ((by_card > 0) | (added > 0)).astype(np.int64), visits


def card_shares(observed: Observed, kinds: Kinds) -> tuple[Estimate, ...] | None:
    """Count by kind who pays by card or tops one up, of those seen a few times; None if nobody."""
    holder, visits = _card_holders(observed)
    if not holder.any():
        return None
    found = []
    for code in range(len(kinds.names)):
        rows = (kinds.of_member == code) & (visits >= _CARD_VISITS_LEAST)
        found.append(share(float(holder[rows].sum()), float(rows.sum())))
    return tuple(found)


def card_use(observed: Observed) -> CardUse | None:
    """Count how card members pay and top up; None without a card in the log."""
    holder, visits = _card_holders(observed)
    rows = (holder > 0) & (visits >= _CARD_VISITS_LEAST)
    if not rows.any():
        return None
    fills = observed.fills
    paid = np.bincount(fills.member, fills.by_card, observed.members)
    others = observed.others.filter(pc.equal(observed.others["type"], "top_up"))
    added = np.bincount(others["member"].to_numpy(), minlength=observed.members)
    # Who pays by card was told by paying by card: at least one of the visits, so all are counted.
    total = float(visits[rows].sum())
    amount = others["amount_fen"].to_numpy() / 100
    sums, counts = np.unique(amount, return_counts=True)
    common = np.sort(np.argsort(-counts, kind="stable")[:8])
    return CardUse(
        share(float(paid[rows].sum()), total),
        share(float(added[rows].sum()), total),
        tuple(Estimate(float(s), float(s), float(s), int(c)) for s, c in
              zip(sums[common], counts[common], strict=True)),
        tuple(share(float(c), float(counts[common].sum())) for c in counts[common]),
    )  # fmt: skip


def company_sizes(observed: Observed, kinds: Kinds) -> tuple[Estimate, ...] | None:
    """Average by kind the members of a company; 0 where a kind has none, None if no kind has."""
    if not np.any(observed.company != NEVER):
        return None
    found = []
    for code in range(len(kinds.names)):
        own = observed.company[(kinds.of_member == code) & (observed.company != NEVER)]
        if not len(own):
            found.append(Estimate(0.0, 0.0, 0.0, 0))
            continue
        sizes = np.bincount(np.unique(own, return_inverse=True)[1])
        error = float(sizes.std() / np.sqrt(len(sizes)))
        mean = float(sizes.mean())
        low = max(mean - Z95 * error, 1.0)
        found.append(Estimate(mean, min(low, mean), mean + Z95 * error, len(sizes)))
    return tuple(found)


def away_share(observed: Observed) -> Estimate | None:
    """Estimate how often members fill anywhere, of those who often come; None without stations.

    Anywhere may be home again: with S stations one visit in S is.
    """
    fills = observed.fills
    stations = len(observed.stations)
    if stations < 2:
        return None
    visits = np.bincount(fills.member, minlength=observed.members)
    rows = (visits[fills.member] >= _HOME_VISITS_LEAST) & (fills.station >= 0)
    if not rows.any():
        return None
    pairs, counts = np.unique(
        np.column_stack([fills.member[rows], fills.station[rows]]), axis=0, return_counts=True
    )
    home = np.zeros(observed.members)
    np.maximum.at(home, pairs[:, 0], counts)
    total = float(rows.sum())
    seen = share(total - float(home.sum()), total)
    scale = stations / (stations - 1.0)
    value, low, high = (min(x * scale, 1.0) for x in (seen.value, seen.low, seen.high))
    return Estimate(value, low, high, seen.count)


def opening_share(observed: Observed) -> Estimate | None:
    """Count who was there on the first day, by the enrolments; None where few enrol."""
    known = observed.enrol_day != NEVER
    if known.mean() < 0.5:
        return None
    return share(float(np.sum(observed.enrol_day[known] == 0)), float(known.sum()))


def enrolling_share(observed: Observed, kinds: Kinds, default_kind: str) -> Estimate | None:
    """Count who of the default kind sent an enrol event; None where nobody did."""
    if not np.any(observed.enrol_day != NEVER) or default_kind not in kinds.names:
        return None
    own = kinds.of_member == kinds.names.index(default_kind)
    known: Floats = observed.enrol_day[own] != NEVER
    return share(float(known.sum()), float(own.sum()))
