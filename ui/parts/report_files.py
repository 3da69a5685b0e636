"""Take a report away as CSV or Parquet, made when it is asked for."""

from __future__ import annotations

from functools import partial

import streamlit as st

from ui.parts import controls
from ui.parts.live import client
from ui.texts import Texts

TYPES = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}


def take_report(report: str, by: str, words: Texts, first: str = "", last: str = "") -> None:
    """Offer a report in both formats, and the link to this view."""
    with st.container(horizontal=True):
        for kind, mime in TYPES.items():
            st.download_button(
                words(f"download.report_{kind}"),
                partial(_file, report, kind, by, first, last),
                file_name=f"{report}-{by}.{kind}",
                mime=mime,
                key=f"{kind}-{report}",
                icon=":material/download:",
                on_click="ignore",
            )
    controls.link_only(words)


def _file(report: str, kind: str, by: str, first: str, last: str) -> bytes:
    return client().report_file(report, kind, by, first, last)
