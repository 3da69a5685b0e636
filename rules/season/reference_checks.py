"""Checks across sections: every id that is named exists, none is given twice, keys fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from rules.season.programme_models import STATION_KEYS
from rules.season.season_draft import Pattern, Problem, entries, places, shown, value_at
from rules.season.toml_lines import Loc
from rules.season.where import MEMBER_KEYS, WHERE_KEYS, station_text

BOARD_DEFAULT = "overall"
TIER_DEFAULT = "member"
KIND_DEFAULT = "private"

# Lists whose items must have different ids.
LISTS_OF_IDS: tuple[Pattern, ...] = (
    ("earning", "*"),
    ("multiplier", "*"),
    ("tasks", "*"),
    ("tiers", "levels", "*"),
    ("coupons", "*"),
    ("triggers", "*"),
    ("budgets", "*"),
    ("catalogue", "*"),
    ("boards", "*"),
)

# Places that name an id, and the kind of thing it names.
REFERENCES: tuple[tuple[Pattern, str], ...] = (
    (("members", "default_kind"), "kind"),
    (("tiers", "trial", "level"), "tier"),
    (("tiers", "levels", "*", "discount", "category"), "category"),
    (("coupons", "*", "product"), "product"),
    (("triggers", "*", "issue"), "coupon"),
    (("catalogue", "*", "coupon"), "coupon"),
    (("catalogue", "*", "tier_up"), "tier"),
    (("rewards", "*", "coupon"), "coupon"),
    (("prices", "*", "product"), "product"),
    (("prices", "*", "station"), "station"),
    (("prices", "*", "region"), "region"),
    (("prizes", "*", "board"), "board"),
    (("prizes", "*", "reward"), "reward"),
)
WHERE_REFERENCES = frozenset(
    {"product", "category", "tier", "kind", "segment", "station", "region", "brand"}
)

EVENT_WHERES: tuple[Pattern, ...] = (
    ("earning", "*", "where"),
    ("multiplier", "*", "where"),
    ("coupons", "*", "where"),
)
MEMBER_WHERES: tuple[Pattern, ...] = (
    ("triggers", "*", "where"),
    ("segments", "*", "where"),
    ("boards", "*", "where"),
    ("season", "exclude"),
)


@dataclass(frozen=True, slots=True)
class Known:
    """Hold the ids of one kind of thing; None where any id is known."""

    ids: frozenset[str] | None
    home: str


def check_references(draft: dict[str, Any]) -> Iterator[Problem]:
    """Report ids that name nothing, ids given twice, and condition keys out of place."""
    known = known_ids(draft)
    yield from _twice(draft)
    for pattern, kind in REFERENCES:
        for loc, value in places(draft, pattern):
            yield from _dangling(loc, value, kind, known)
    for pattern in EVENT_WHERES:
        for loc, where in places(draft, pattern):
            yield from _event_where(draft, loc, where, known)
    for pattern in MEMBER_WHERES:
        for loc, where in places(draft, pattern):
            yield from _member_where(loc, where, known)
    yield from _holidays(draft)
    yield from _covers(draft, known)
    yield from _unbounded_prizes(draft)


def ids_of(draft: dict[str, Any], section: str) -> list[str]:
    """List the ids of a section: the keys of a table, the `id`s of a list."""
    node = draft.get(section)
    if isinstance(node, dict):
        return list(node)
    return [one["id"] for _, one in entries(node) if isinstance(one, dict) and _text(one, "id")]


def station_fields(draft: dict[str, Any]) -> frozenset[str]:
    """Name the extra fields any station defines."""
    return frozenset(
        key
        for _, station in places(draft, ("stations", "*"))
        for key, _ in entries(station)
        if isinstance(key, str) and key not in STATION_KEYS
    )


def known_ids(draft: dict[str, Any]) -> dict[str, Known]:
    """Collect the ids each kind of thing has, valid or not in the rest."""

    def texts(*pattern: str) -> frozenset[str]:
        return frozenset(one for _, one in places(draft, pattern) if isinstance(one, str))

    products = draft.get("products")
    kinds = value_at(draft, ("members", "kinds"))
    levels = {"levels": value_at(draft, ("tiers", "levels"))}
    # An unreadable section leaves its ids open: its own error is reported, not those it causes.
    return {
        "product": Known(frozenset(products) if isinstance(products, dict) else None, "products"),
        "category": Known(
            texts("products", "*", "category") if isinstance(products, dict) else None,
            "products",
        ),
        "kind": Known(
            texts("members", "kinds", "*") if kinds is not None else frozenset({KIND_DEFAULT}),
            "members.kinds",
        ),
        "tier": Known(
            frozenset(ids_of(levels, "levels")) if "tiers" in draft else frozenset({TIER_DEFAULT}),
            "tiers.levels",
        ),
        "segment": Known(frozenset(ids_of(draft, "segments")), "segments"),
        "station": Known(
            frozenset(ids_of(draft, "stations")) if "stations" in draft else None, "stations"
        ),
        "region": Known(texts("stations", "*", "region"), "stations.*.region"),
        "brand": Known(texts("stations", "*", "brand"), "stations.*.brand"),
        "coupon": Known(frozenset(ids_of(draft, "coupons")), "coupons"),
        "reward": Known(frozenset(ids_of(draft, "rewards")), "rewards"),
        "board": Known(
            frozenset(ids_of(draft, "boards")) if "boards" in draft else frozenset({BOARD_DEFAULT}),
            "boards",
        ),
    }


def _text(table: dict[str, Any], key: str) -> bool:
    return isinstance(table.get(key), str)


def _twice(draft: dict[str, Any]) -> Iterator[Problem]:
    for pattern in LISTS_OF_IDS:
        seen: set[str] = set()
        for loc, item in places(draft, pattern):
            if not isinstance(item, dict):
                continue
            name = item.get("id")
            if pattern[0] == "triggers" and "id" not in item:
                name = f"{item.get('on')}-{item.get('issue')}"
            if isinstance(name, str) and name in seen:
                section = ".".join(word for word in pattern if word != "*")
                yield Problem(
                    (*loc, "id"), f"is given to two of {section}", f"rename one {shown(name)}"
                )
            elif isinstance(name, str):
                seen.add(name)


def _dangling(loc: Loc, value: Any, kind: str, known: dict[str, Known]) -> Iterator[Problem]:
    if not isinstance(value, str):
        return  # a wrong type is reported where the value is decoded
    ids, home = known[kind].ids, known[kind].home
    if ids is None and kind in ("product", "category"):
        yield Problem(
            loc,
            f"names a {kind}, but the file has no products section",
            f"add the products, such as [products.{value if kind == 'product' else '92'}] "
            'with category = "fuel"',
        )
    elif ids is not None and value not in ids:
        yield Problem(loc, f"is no {kind} of this file", _nearest(value, ids, home))


def _nearest(value: str, ids: Iterable[str], home: str) -> str:
    known = sorted(ids)
    close = get_close_matches(value, known, n=1, cutoff=0.5)
    if close:
        return f"did you mean {shown(close[0])}? or add it to {home}"
    if not known:
        return f"add it to {home}, which is empty"
    listed = ", ".join(shown(one) for one in known[:8]) + (", …" if len(known) > 8 else "")
    return f"write one of {listed}, or add it to {home}"


def _each(loc: Loc, value: Any) -> Iterator[tuple[Loc, Any]]:
    if isinstance(value, tuple):
        yield from (((*loc, place), one) for place, one in enumerate(value))
    else:
        yield loc, value


def _event_where(
    draft: dict[str, Any], loc: Loc, where: Any, known: dict[str, Known]
) -> Iterator[Problem]:
    fields = station_fields(draft)
    rule = value_at(draft, loc[:-1])
    top_up = loc[0] == "earning" and rule.get("on") == "top_up"
    for key, value in entries(where):
        here = (*loc, key)
        if key in ("product", "category") and top_up:
            yield Problem(
                here, "makes no sense for a top-up, which has no product", f"remove {key}"
            )
        elif key in WHERE_REFERENCES:
            for place, one in _each(here, value):
                yield from _dangling(place, one, str(key), known)
        elif key in fields and key not in WHERE_KEYS:
            yield from _station_field(draft, here, str(key), value)


def _station_field(draft: dict[str, Any], loc: Loc, key: str, value: Any) -> Iterator[Problem]:
    if isinstance(value, dict):
        return  # a range is refused where the condition is decoded
    written = [one for _, one in places(draft, ("stations", "*", key))]
    texts = frozenset(station_text(one) for one in written if isinstance(one, str | int))
    for place, one in _each(loc, value):
        if isinstance(one, str | int) and station_text(one) not in texts:
            yield Problem(
                place,
                f"is no {key} of any station",
                _nearest(station_text(one), texts, f"stations.*.{key}"),
            )


def _member_where(loc: Loc, where: Any, known: dict[str, Known]) -> Iterator[Problem]:
    section = loc[0] if loc[0] != "season" else "exclude"
    for key, value in entries(where):
        here = (*loc, key)
        if key in WHERE_KEYS and (
            key not in MEMBER_KEYS or (key == "segment" and section == "segments")
        ):
            yield Problem(
                here,
                f"makes no sense in {section}, which looks at the member alone",
                "use kind, tier, region or another attribute of the member",
            )
        elif key in ("kind", "tier", "segment"):
            for place, one in _each(here, value):
                yield from _dangling(place, one, str(key), known)


def _holidays(draft: dict[str, Any]) -> Iterator[Problem]:
    if "holidays" in draft:
        return
    fix = 'add [holidays] with calendar = "CN"'
    for pattern in EVENT_WHERES:
        for loc, _ in places(draft, (*pattern, "holiday")):
            yield Problem(loc, "needs a calendar of public holidays", fix)
    for loc, trigger in places(draft, ("triggers", "*")):
        if isinstance(trigger, dict) and trigger.get("on") == "holiday" and "dates" not in trigger:
            yield Problem(
                (*loc, "on"), "needs a calendar of public holidays, or dates", f"{fix}, or dates"
            )


def _covers(draft: dict[str, Any], known: dict[str, Known]) -> Iterator[Problem]:
    coupons, rewards = known["coupon"].ids or frozenset(), known["reward"].ids or frozenset()
    for loc, covers in places(draft, ("budgets", "*", "covers")):
        for place, one in _each(loc, covers):
            if not isinstance(one, str):
                continue
            if one in coupons and one in rewards:
                yield Problem(
                    place, "is both a coupon and a reward", "rename one, so the budget is clear"
                )
            elif one not in coupons | rewards:
                yield Problem(
                    place,
                    "is no coupon or reward of this file",
                    _nearest(one, coupons | rewards, "coupons or rewards"),
                )


def _unbounded_prizes(draft: dict[str, Any]) -> Iterator[Problem]:
    coupons = {
        one["id"]: one
        for _, one in places(draft, ("coupons", "*"))
        if isinstance(one, dict) and _text(one, "id")
    }
    for loc, name in places(draft, ("rewards", "*", "coupon")):
        coupon = coupons.get(name) if isinstance(name, str) else None
        if coupon is not None and coupon.get("kind") == "percent" and "max_off" not in coupon:
            yield Problem(
                loc,
                "is a percent coupon without max_off, so the prize has no highest cost",
                f'add max_off = "30.00" to coupon {name}',
            )
