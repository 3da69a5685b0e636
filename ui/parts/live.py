"""Ask the system again and again, and keep the last answer for when it falls silent."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar, cast

import streamlit as st

from ui.answers import Season
from ui.client import Client
from ui.parts.names import reward_names
from ui.texts import Texts, texts
from ui.troubles import CallFailed

REFRESH_S: Final = 2
HOURS_REFRESH_S: Final = 30
REPORT_REFRESH_S: Final = 15
FRESH_S: Final = 1.0
SLOTS_MAX: Final = 32
URL_DEFAULT: Final = "http://127.0.0.1:8080"

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Heard(Generic[Answer]):
    """The last answer, when it came (monotonic seconds), and the failure since, if any."""

    answer: Answer | None
    failure: CallFailed | None
    heard_at_s: float

    def silent_s(self) -> float:
        """Give the seconds since the last answer."""
        return max(0.0, time.monotonic() - self.heard_at_s)


def url() -> str:
    """Give the address of the system (environment variable FORECOURT_URL)."""
    return os.environ.get("FORECOURT_URL", URL_DEFAULT)


@st.cache_resource(show_spinner=False)
def _client(address: str, key: str) -> Client:
    return Client(address, key)


def client() -> Client:
    """Give the one client of this server; the key never leaves it."""
    return _client(url(), os.environ.get("FORECOURT_KEY", ""))


def ask(slot: str, call: Callable[[Client], Answer], fresh_s: float = 0.0) -> Heard[Answer]:
    """Call the system; when that fails give what was last heard in `slot` with the failure.

    What was heard less than `fresh_s` ago is given as it is: a page that counts the rows before
    it shows them needn't ask twice.
    """
    heard_before = st.session_state.setdefault("_heard", {})
    known = cast("Heard[Answer] | None", heard_before.get(slot))
    if known is not None and known.silent_s() < fresh_s:
        return known
    try:
        heard = Heard(call(client()), None, time.monotonic())
    except CallFailed as failure:
        if known is None:
            return Heard(None, failure, time.monotonic())
        return Heard(known.answer, failure, known.heard_at_s)
    heard_before.pop(slot, None)
    heard_before[slot] = heard
    while len(heard_before) > SLOTS_MAX:
        del heard_before[next(iter(heard_before))]
    return heard


def ask_season() -> Heard[Season]:
    """Ask for the season without its points per hour."""
    return ask("season", lambda system: system.season(hours=0))


def rewards(words: Texts) -> dict[str, str]:
    """Give the names of the rewards that are held now, by id; empty while nobody answers."""
    try:
        return _rewards(url(), words.language)
    except CallFailed:
        return {}


@st.cache_data(ttl=30, show_spinner=False, max_entries=8)
def _rewards(address: str, language: str) -> dict[str, str]:
    del address  # part of the cache's key: another system has other rewards
    return reward_names(client().prizes().awards, texts(language))


def forget(slot: str) -> None:
    """Drop what was heard in `slot`, where an act has just changed it."""
    st.session_state.get("_heard", {}).pop(slot, None)
