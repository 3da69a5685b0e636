"""The files of a simulation: fetched when they are looked at or taken away."""

from __future__ import annotations

from functools import partial
from typing import Final

import streamlit as st

from ui.answers.simulation import Simulation
from ui.parts import live
from ui.texts import Texts

FILE_TYPES: Final = {
    "html": "text/html",
    "json": "application/json",
    "csv": "text/csv",
    "toml": "application/toml",
}


def download(one: Simulation, name: str, label: str, *, primary: bool = False) -> None:
    """Offer a file to take away."""
    st.download_button(
        label,
        partial(simulation_file, one.id, name),
        file_name=f"{one.season}-{one.kind}-{name}",
        mime=FILE_TYPES[name.rpartition(".")[2]],
        key=f"take-{name}",
        type="primary" if primary else "secondary",
        icon=":material/download:",
        on_click="ignore",
    )


def take_report(simulation: str, file_name: str, words: Texts) -> None:
    """Offer the report of a simulation that may have been removed meanwhile: then nothing."""
    heard = live.ask("simulations", lambda system: system.simulations())
    if heard.answer is None or simulation not in {one.id for one in heard.answer.simulations}:
        return
    st.download_button(
        words("simulate.take_report"),
        partial(simulation_file, simulation, "report.html"),
        file_name=file_name,
        mime=FILE_TYPES["html"],
        key="take-report",
        type="primary",
        icon=":material/download:",
        on_click="ignore",
    )


@st.cache_data(ttl=600, show_spinner=False, max_entries=32)
def _file_of(address: str, simulation: str, name: str) -> bytes:
    del address  # part of the cache's key: another system has other simulations
    return live.client().simulation_file(simulation, name)


def simulation_file(simulation: str, name: str) -> bytes:
    """Give one of its files; raises CallFailed."""
    return _file_of(live.url(), simulation, name)
