"""Keep the view in the address: what a person chose, and the language, as query parameters.

The address wins where the person changed it (a link, the back button); else the widgets do.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

import streamlit as st

from ui.texts import LANGUAGES, language_of_browser

VIEW: Final = (
    "member",
    "season",
    "board",
    "page",
    "part",
    "status",
    "event",
    "coupon",
    "segment",
    "report",
    "simulation",
    "made",
    "by",
    "since",
    "until",
)
"""What a link may say; `member` goes along from page to page, the rest begins anew."""
KEYS: Final = ("lang", *VIEW)
WRITTEN: Final = "_address"
CHARS_MAX: Final = 200


def adopt() -> None:
    """Take over the query parameters that this page did not write itself.

    A control that isn't drawn loses its state: what it had is still in the address.
    """
    asked = {key: st.query_params[key] for key in KEYS if key in st.query_params}
    if asked != st.session_state.get(WRITTEN):
        for key in VIEW:
            st.session_state.pop(key, None)
        if asked.get("lang") in LANGUAGES:
            st.session_state["lang"] = asked["lang"]
    for key in VIEW:
        if key == "page":
            if asked.get("page", "").isdecimal():
                st.session_state.setdefault("page", max(1, int(asked["page"])))
        elif key in asked:
            st.session_state.setdefault(key, asked[key][:CHARS_MAX])
        if key in st.session_state:
            # Streamlit ties a control's state to its page; set anew it goes along to the next one.
            st.session_state[key] = st.session_state[key]


def turned_to(page: str) -> None:
    """Begin a page at its top when the person came from another one; the member stays."""
    if st.session_state.setdefault("_turned_to", page) != page:
        st.session_state["_turned_to"] = page
        for key in VIEW:
            if key != "member":
                st.session_state.pop(key, None)


def language() -> str:
    """Give the language: the person's choice, else the browser's."""
    if st.session_state.get("lang") not in LANGUAGES:
        st.session_state["lang"] = language_of_browser(st.context.locale)
    return str(st.session_state["lang"])


def keep(**view: str | int) -> None:
    """Write the view into the address; empty values are left out."""
    wanted = {key: str(value) for key, value in view.items() if value not in ("", None)}
    if {key: st.query_params[key] for key in st.query_params} != wanted:
        st.query_params.from_dict(wanted)
    st.session_state[WRITTEN] = wanted


def link() -> str:
    """Give the link that opens this view again."""
    base = (st.context.url or "").split("?")[0]
    return f"{base}?{urlencode(st.session_state.get(WRITTEN, {}))}"
