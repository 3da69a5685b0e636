"""Closing: changes of a season file that may close a leak, each to be tried by playing it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from rules.season.season_models import Coupon, Season
from rules.season.toml_lines import Loc
from simulator.search.season_text import SeasonText, toml_of

Edit = Callable[[SeasonText], str]
_FEN: Final = 100
_SHARED_BY: Final = ("phone", "plate")


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the file: `about` is what it changes, of which a file takes one change.

    `edit` gives the changed text of a season file; `kinds` are the agents it is meant against.
    """

    id: str
    about: str
    edit: Edit
    kinds: tuple[str, ...] = ()


def changes_for(text: SeasonText, season: Season, leaks: Iterable[tuple[str, str]]) -> list[Change]:
    """List the changes worth trying for leaks, by kind of agent and rule, each once."""
    found: dict[str, Change] = {}
    for kind, rule in leaks:
        for change in _for_rule(text, season, kind, rule):
            known = found.get(change.id, change)
            if kind not in known.kinds:
                found[change.id] = replace(known, kinds=(*known.kinds, kind))
    return list(found.values())


def _for_rule(text: SeasonText, season: Season, kind: str, rule: str) -> Iterator[Change]:
    section, _, name = rule.partition(".")
    match section:
        case "referral":
            yield from _referral(season)
        case "triggers":
            for one in name.split("|"):
                yield from _trigger(season, kind, one)
        case "coupons":
            yield from _min_spend(season, name)
        case "tiers" | "multiplier":
            yield from _tiers(season, kind)
        case "prizes" if kind == "refund_cycling":
            yield from _refund_within(season)
        case "earning" if kind == "order_splitting" and season.card.earn_on_spend:
            yield from _earn_once(text, season, name)
    if section in ("points", "prizes", "earning", "multiplier"):
        yield from _points(text, season, kind)


def _set(path: str, loc: Loc, written: str, beside: Loc | None = None) -> Change:
    """Set a value; where the file has none, put its key after another of the table."""

    def edit(text: SeasonText) -> str:
        try:
            return text.replaced({loc: written})
        except KeyError:
            return text.text if beside is None else text.added(beside, str(loc[-1]), written)

    return Change(f"{path} = {written}", path, edit)


def _referral(season: Season) -> Iterator[Change]:
    """Ask for a larger first order, for what tells people apart, and for a limit."""
    referral = season.referral
    if referral is None:
        return
    beside = ("referral", "advocate_points")

    def change(key: str, written: str) -> Change:
        return _set(f"referral.{key}", ("referral", key), written, beside)

    missing = [one for one in _SHARED_BY if one not in referral.distinct]
    if missing:
        yield change("distinct", toml_of([*referral.distinct, *missing]))
    least_fen = max(3 * referral.first_order_min_fen, 300 * _FEN)
    yield change("first_order_min", _money(least_fen))
    limit = referral.limit
    if limit is None or (limit.times, limit.per) != (1, "season"):
        yield change("limit", '{ times = 1, per = "season" }')


def _trigger(season: Season, kind: str, name: str) -> Iterator[Change]:
    """Ask more of the coupon, let it come less often, or not at all for enrolling."""
    place, trigger = next(
        (place, one) for place, one in enumerate(season.triggers) if one.id == name
    )
    if trigger.on == "tier_up":
        yield _set(
            f"triggers.{name}.cooldown", ("triggers", place, "cooldown"), '"365d"',
            ("triggers", place, "issue"),
        )  # fmt: skip
    else:
        yield from _min_spend(season, trigger.issue)
    if trigger.on == "enrol" and kind == "ring":
        yield Change(
            f"triggers.{name} out", f"coupons.{trigger.issue}.min_spend",
            lambda now: now.without_table("[[triggers]]", place),
        )  # fmt: skip


def _min_spend(season: Season, name: str) -> Iterator[Change]:
    place, coupon = next((at, one) for at, one in enumerate(season.coupons) if one.id == name)
    if coupon.kind == "gift":
        return
    loc: Loc = ("coupons", place, "min_spend")
    yield _set(
        f"coupons.{name}.min_spend", loc, _money(_more_spend(coupon)), ("coupons", place, "kind")
    )


def _more_spend(coupon: Coupon) -> int:
    """Give twice the least amount of a coupon, at least ten times what it takes off, fen."""
    return max(2 * (coupon.min_spend_fen or 0), 10 * (coupon.off_fen or 0), 50 * _FEN)


def _tiers(season: Season, kind: str) -> Iterator[Change]:
    """Take out of the entries what agents reach without fuel, and the trial."""
    tiers = season.tiers
    if tiers is None:
        return
    if kind == "ring" and tiers.trial is not None:
        yield Change("tiers.trial out", "tiers.trial", _without_trial)
    metric = {"refund_cycling": "amount", "order_splitting": "visits"}.get(kind)
    if metric is not None:
        yield Change(
            f"tiers.levels.*.{metric} out", f"tiers.{metric}",
            lambda now: _without_metric(now, metric),
        )  # fmt: skip
    if kind == "shared_cards":
        yield Change("tiers.levels.*.entry doubled", "tiers.entry", _doubled)


def _without_trial(text: SeasonText) -> str:
    if text.is_inline(("tiers", "trial")):
        return text.without(("tiers", "trial"))
    return text.without_table("[tiers.trial]")


def _without_metric(text: SeasonText, metric: str) -> str:
    """Take a metric out of every entry and keep rule that has others."""
    for loc, held in _conditions(text):
        if metric in held and len(held) > 1:
            text = SeasonText(text.without((*loc, metric)))
    return text.text


def _doubled(text: SeasonText) -> str:
    """Ask twice as much of who enters a level."""
    values = {}
    for loc, held in _conditions(text):
        if loc[3] == "entry":
            for metric, value in held.items():
                if isinstance(value, int):
                    values[(*loc, metric)] = str(2 * value)
                else:
                    values[(*loc, metric)] = toml_of(2 * Decimal(value))
    return text.replaced(values)


def _conditions(text: SeasonText) -> Iterator[tuple[Loc, dict[str, Any]]]:
    """List the conditions of levels as the file has them, with their paths."""
    for place, level in enumerate(text.draft["tiers"]["levels"]):
        for what in ("entry", "keep"):
            for mode, held in level.get(what, {}).items():
                yield ("tiers", "levels", place, what, mode), held


def _refund_within(season: Season) -> Iterator[Change]:
    """Take goods back no longer than prizes wait for refunds."""
    hold = season.season.refund_hold
    written = f'"{hold.count}{hold.unit}"' if hold.count else '"1d"'
    beside = ("programme", "id")
    yield _set("programme.refund_within", ("programme", "refund_within"), written, beside)


def _earn_once(text: SeasonText, season: Season, name: str) -> Iterator[Change]:
    if any(one.id == name and one.on == "top_up" for one in season.earning):
        if "card" in text.draft:
            yield _set("card.earn_on_spend", ("card", "earn_on_spend"), "false")
        else:
            yield Change(
                "card.earn_on_spend = false", "card.earn_on_spend",
                lambda now: f"{now.text.rstrip()}\n\n[card]\nearn_on_spend = false\n",
            )  # fmt: skip


def _points(text: SeasonText, season: Season, kind: str) -> Iterator[Change]:
    """Let refunds of spent points be owed, and bound what a day can bring."""
    if kind == "refund_cycling" and season.points.clawback == "absorb":
        yield _set("points.clawback", ("points", "clawback"), '"debt"')
    if kind in ("refund_cycling", "shared_cards"):
        cap = season.points.member_day_cap
        least = str(max(cap // 6, 1) if cap else 500)
        beside: Loc | None = next(
            (("points", key) for key in text.draft.get("points", {}) if key != "member_day_cap"),
            None,
        )
        yield _set("points.member_day_cap", ("points", "member_day_cap"), least, beside)


def _money(fen: int) -> str:
    return f'"{fen // 100}.{fen % 100:02d}"'
