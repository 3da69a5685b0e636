"""What to search: the values that may change, what for, within what, and how hard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

import streamlit as st

from ui.answers.simulation import Offer, Offers
from ui.parts import live, notices
from ui.parts.controls import take_file
from ui.parts.figures import number
from ui.parts.markup import element, show, text
from ui.parts.simulate_inputs import (
    IN_FORCE,
    OWN,
    SEED_MAX,
    count,
    file_text,
    limits,
    population_text,
    refusal_shown,
    season_file,
    shipped_seasons,
    start_button,
)
from ui.parts.tune_space import Tried, offered, option_name, space_text, usual, value_name
from ui.texts import Texts
from ui.troubles import CallFailed

FORM: Final = "tune"
MEMBERS, TRIALS = 1_000, 32
EFFORTS: Final = {"quick": "2 → 4 → 8", "normal": "4 → 8 → 16", "full": "4 → 16 → 64"}
OBJECTIVES: Final = (
    "max:margin_fen",
    "max:roi",
    "min:cost_total_fen",
    "max:litres_ml",
    "max:active_members",
    "min:anyway_share",
)
LIMITS: Final = {
    "cost": (100.0, 1.0, "cost_total_fen<={}%"),
    "litres": (99.8, 0.1, "mean(litres_ml)>={}%"),
    "active": (98.0, 1.0, "active_members>={}%"),
    "amount": (None, 1000.0, "{}"),
}
"""What may be limited: the limit to begin with, its step, and the budget it makes."""
WIDTH_PX: Final = 104


def search_for(words: Texts) -> dict[str, Any]:
    """Show the form and give the body that asks for what is filled in."""
    title = element("h2", "fc-title", text(words("tune.title")))
    way = element("p", "fc-small", text(words("tune.title_how")))
    show(title + way, words)
    shipped = shipped_seasons(words)
    options = (IN_FORCE, *shipped, OWN)
    asked: dict[str, Any] = {"kind": "tune"}
    base, aim = st.columns(2, gap="medium")
    with base:
        asked |= season_file(FORM, "season", words("simulate.base"), options, shipped, words)
    with aim:
        asked["objective"] = _objective(words)
    asked["space"] = "" if asked.get("season") == "" else _space(asked.get("season"), words)
    asked["budgets"] = _limits_kept(words)
    most = limits(words)
    columns = st.columns(4)
    with columns[0]:
        asked["effort"] = st.selectbox(
            words("tune.effort"),
            list(EFFORTS),
            format_func=lambda one: words(f"tune.effort_{one}"),
            key=f"{FORM}_effort",
            help=words("tune.effort_how"),
        )
    with columns[1]:
        asked["trials"] = count(FORM, "trials", TRIALS, 2, most.trials or TRIALS, words)
    with columns[2]:
        asked["members"] = count(FORM, "members", MEMBERS, 1, most.members, words)
    with columns[3]:
        asked["seed"] = count(FORM, "seed", 1, 0, SEED_MAX, words)
    return asked | population_text(FORM, words)


def search_button(asked: dict[str, Any], words: Texts) -> None:
    """Offer to start, or say what is missing."""
    if asked.get("season") == "":
        notices.notice(words("simulate.no_season"), words("simulate.no_file_how"), words)
    elif not asked["space"]:
        notices.notice(words("tune.no_values"), words("tune.no_values_how"), words)
    said = words(
        "tune.work",
        trials=number(asked["trials"]),
        seeds=EFFORTS[asked["effort"]],
        members=number(asked["members"]),
    )
    start_button(asked, not asked["space"] or asked.get("season") == "", said, words)


def _space(season: str | None, words: Texts) -> str:
    """Ask which values may change, and to what; gives the space file, "" for none yet."""
    try:
        text_of = live.client().rules().text if season is None else season
        with st.spinner(words("tune.looking")):
            offers = _offers(live.url(), text_of)
    except CallFailed as failure:
        refusal_shown(failure, {"season": season or ""}, words)
        return ""
    named = {one.path: one for one in offers.offers}
    key = f"{FORM}_values_{sha256(text_of.encode()).hexdigest()[:10]}"
    st.session_state.setdefault(key, usual(offers))
    chosen = st.multiselect(
        words("tune.values"),
        list(named),
        format_func=lambda path: value_name(named[path], words),
        key=key,
        placeholder=words("tune.values_none"),
        help=words("tune.values_how", count=number(len(named))),
    )
    with st.container(key="tune-values", gap="small"):
        tried = [_tried(named[path], words) for path in chosen]
    made = space_text(tried, offers.orders) if tried else ""
    with st.expander(words("tune.space"), icon=":material/code:"):
        st.caption(words("tune.space_how"))
        own = file_text(FORM, "space", words)
        if made and not own:
            st.code(made, language="toml")
            take_file(words("tune.take_space"), "space.toml", made)
    return own or made


@st.cache_data(ttl=3600, show_spinner=False, max_entries=16)
def _offers(address: str, season: str) -> Offers:
    del address  # part of the cache's key: another system may be another version
    return live.client().tuning_offers(season)


def _tried(offer: Offer, words: Texts) -> Tried:
    """Show a value that may change, with what is tried for it, to be edited."""
    name = element("b", "", text(value_name(offer, words)))
    today = words("tune.today", today=option_name(offer, offer.today, words))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        with st.container(width="stretch"):
            show(element("div", "fc-tried", name, element("span", "fc-sub", text(today))), words)
        if offer.choices:
            return _choices(offer, words)
        low, high, step = (_value(offer, part, words) for part in ("low", "high", "step"))
    return Tried(offer.path, low, high, step)


def _value(offer: Offer, part: str, words: Texts) -> str:
    key = f"{FORM}_{part}_{offer.path}"
    st.session_state.setdefault(key, getattr(offered(offer), part))
    given = st.text_input(words(f"tune.{part}"), key=key, width=WIDTH_PX)
    return (given or "").strip()


def _choices(offer: Offer, words: Texts) -> Tried:
    key = f"{FORM}_choices_{offer.path}"
    st.session_state.setdefault(key, list(offer.choices))
    given: Sequence[str] = st.multiselect(
        words("tune.choices"),
        list(offer.choices),
        format_func=lambda one: option_name(offer, one, words),
        key=key,
        width=3 * WIDTH_PX + 32,
    )
    return Tried(offer.path, choices=tuple(given) or (offer.today,))


def _objective(words: Texts) -> str:
    """Ask what the search is for."""
    return st.selectbox(
        words("tune.objective"),
        OBJECTIVES,
        format_func=lambda one: words.words[f"tune.objective_{one.replace(':', '_')}"],
        key=f"{FORM}_objective",
        help=words("tune.objective_how"),
    )


def _limits_kept(words: Texts) -> list[str]:
    """Ask what the search must keep."""
    columns = st.columns(len(LIMITS), vertical_alignment="bottom")
    given: dict[str, float | None] = {}
    for column, (name, (usual_limit, step, _)) in zip(columns, LIMITS.items(), strict=True):
        key = f"{FORM}_limit_{name}"
        st.session_state.setdefault(key, usual_limit)
        with column:
            given[name] = st.number_input(
                words(f"tune.limit_{name}"),
                min_value=0.0,
                value=None,
                step=step,
                format="%g",
                key=key,
                placeholder=words("tune.no_limit"),
                help=words(f"tune.limit_{name}_how"),
            )
    return budgets_of(given)


def budgets_of(given: Mapping[str, float | None]) -> list[str]:
    """Write the limits as the search reads them; None is no limit.

    >>> budgets_of({"cost": 100.0, "litres": 99.5, "active": None}), budgets_of({"amount": 50000.0})
    (['cost_total_fen<=100%', 'mean(litres_ml)>=99.5%'], ['50000.00'])
    """
    return [
        LIMITS[name][2].format(f"{limit:.2f}" if name == "amount" else f"{limit:g}")
        for name, limit in given.items()
        if limit is not None
    ]
