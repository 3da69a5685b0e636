"""What to fit members to: the running season's own log or an uploaded one, and the start."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any, Final

import streamlit as st

from ui.parts import live, notices
from ui.parts.figures import number
from ui.parts.markup import element, show, text
from ui.parts.simulate_inputs import SEED_MAX, count, file_text, population_text, start_button
from ui.texts import Texts
from ui.troubles import CallFailed

FORM: Final = "calibrate"
OF_SEASON, UPLOADED = "season", "upload"
MEMBERS_ARE: Final = ("mixed", "panel", "new")
FORMATS: Final = {".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson", ".parquet": "parquet"}
LOG: Final = f"{FORM}_log"
"""The id, name and size of the log that was uploaded."""
FAILED: Final = "_calibrate_failed"
BYTES_MAX: Final = 64 << 20
MIB: Final = 1 << 20


def fit_for(words: Texts) -> dict[str, Any]:
    """Show the form and give the body that asks for what is filled in; "" is no log yet."""
    title = element("h2", "fc-title", text(words("calibrate.title")))
    show(title + element("p", "fc-small", text(words("calibrate.title_how"))), words)
    asked: dict[str, Any] = {"kind": "calibrate"}
    source, members, seed = st.columns(3)
    with source:
        chosen = st.selectbox(
            words("calibrate.source"),
            (OF_SEASON, UPLOADED),
            format_func=lambda one: words(f"calibrate.source_{one}"),
            key=f"{FORM}_source",
        )
    with members:
        asked["members_are"] = st.selectbox(
            words("calibrate.members_are"),
            MEMBERS_ARE,
            format_func=lambda one: words(f"calibrate.members_{one}"),
            key=f"{FORM}_members_are",
            help=words("calibrate.members_are_how"),
        )
    with seed:
        asked["seed"] = count(FORM, "seed", 1, 0, SEED_MAX, words)
    if chosen == UPLOADED:
        asked |= _log(words)
    return asked | population_text(FORM, words)


def _log(words: Texts) -> dict[str, Any]:
    """Take a log, and what its columns mean where they aren't named as events' fields are."""
    st.file_uploader(
        words("calibrate.upload", mib=BYTES_MAX // MIB),
        type=[suffix.removeprefix(".") for suffix in FORMATS],
        key=f"{LOG}_file",
        on_change=_taken,
    )
    failed = st.session_state.get(FAILED)
    held = st.session_state.get(LOG)
    if isinstance(failed, CallFailed):
        notices.trouble(failed, words)
    elif failed is not None:
        name, size = failed
        said = words("calibrate.too_large", name=name, mib=f"{size / MIB:,.0f}")
        way = words("calibrate.too_large_how", mib=BYTES_MAX // MIB)
        notices.notice(said, way, words, "bad")
    elif held is not None:
        said = words("calibrate.held", name=held[1], kib=number(-(-held[2] // 1024)))
        show(element("p", "fc-way", text(said)), words)
    with st.expander(words("calibrate.mapping"), icon=":material/table_rows:"):
        st.caption(words("calibrate.mapping_how"))
        mapping = file_text(FORM, "mapping", words)
    asked: dict[str, Any] = {"log": "" if held is None or failed is not None else held[0]}
    return asked | ({"mapping": mapping} if mapping else {})


def _taken() -> None:
    """Pass the chosen file on to the system; runs before the page is drawn anew."""
    file = st.session_state.get(f"{LOG}_file")
    st.session_state.pop(FAILED, None)
    st.session_state.pop(LOG, None)
    if file is None:
        return
    if file.size > BYTES_MAX:
        st.session_state[FAILED] = (file.name, file.size)
        return
    kind = FORMATS[PurePath(file.name).suffix.lower()]
    try:
        log = live.client().upload_log(kind, file.getvalue())
    except CallFailed as failure:
        st.session_state[FAILED] = failure
        return
    st.session_state[LOG] = (log, file.name, file.size)


def fit_button(asked: dict[str, Any], words: Texts) -> None:
    """Offer to start, or say what is missing."""
    missing = asked.get("log") == ""
    if missing and FAILED not in st.session_state:
        notices.notice(words("calibrate.no_log"), words("calibrate.no_log_how"), words)
    # A log goes along with the start: the next one needs it anew.
    start_button(asked, missing, words("calibrate.work"), words, then=_forget_log)


def _forget_log() -> None:
    st.session_state.pop(LOG, None)
