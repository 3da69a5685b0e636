"""What a person chooses on a page: the board, the page of rows, the member to find."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from ui.parts import address
from ui.parts.address import CHARS_MAX
from ui.parts.names import board_name
from ui.texts import Texts, texts


def language_words() -> Texts:
    """Give the words of the page's language."""
    return texts(address.language())


def choose_board(boards: Sequence[str], words: Texts) -> str:
    """Offer the boards as tabs and give the chosen one (the first unless said otherwise)."""
    return choose(
        "board",
        words("standings.boards"),
        boards,
        lambda board: board_name(board, words) if board else words("prizes.all"),
    )


def choose(key: str, label: str, options: Sequence[str], names: Callable[[str], str]) -> str:
    """Offer options as tabs and give the chosen one (the first unless said otherwise)."""
    if st.session_state.get(key) not in options:
        st.session_state[key] = options[0]
    chosen = st.segmented_control(
        label,
        options,
        format_func=names,
        key=key,
        required=True,
        on_change=_first_page,
        label_visibility="collapsed",
    )
    return options[0] if chosen is None else chosen


def find_member(words: Texts, hint: str = "standings.search_hint") -> str:
    """Offer the search and give the member id that is looked for, "" for none."""
    asked = st.text_input(
        words("standings.search"),
        key="member",
        placeholder=words(hint),
        icon=":material/search:",
        label_visibility="collapsed",
    )
    return (asked or "").strip()[:CHARS_MAX]


def choose_page(rows_total: int, rows_a_page: int) -> int:
    """Offer the pages of a list (nothing when there is one only) and give the chosen one."""
    pages = pages_of(rows_total, rows_a_page)
    page = min(max(1, int(st.session_state.get("page", 1))), pages)
    if pages == 1:
        return 1
    st.session_state["page"] = page
    return st.pagination(pages, key="page")


def chosen_page(rows_total: int, rows_a_page: int) -> int:
    """Give the page that is chosen, before its control is drawn."""
    asked = int(st.session_state.get("page", 1))
    return min(max(1, asked), pages_of(rows_total, rows_a_page))


def pages_of(rows_total: int, rows_a_page: int) -> int:
    """Count the pages; an empty list has one.

    >>> pages_of(0, 20), pages_of(20, 20), pages_of(21, 20)
    (1, 1, 2)
    """
    return max(1, -(-rows_total // rows_a_page))


def take_away(label: str, file_name: str, content: Callable[[], str], words: Texts) -> None:
    """Offer a CSV file, made when it is asked for, and the link to this view."""
    take_csv(label, file_name, content)
    link_only(words)


def take_csv(label: str, file_name: str, content: Callable[[], str]) -> None:
    """Offer a CSV file, made when it is asked for."""
    st.download_button(
        label,
        content,
        file_name=file_name,
        mime="text/csv",
        key=f"csv-{file_name}",
        icon=":material/download:",
        on_click="ignore",
    )


def take_file(label: str, file_name: str, content: str) -> None:
    """Offer a text that is on the page as a file."""
    st.download_button(
        label,
        content,
        file_name=file_name,
        mime="text/plain",
        key=f"file-{file_name}",
        icon=":material/download:",
        on_click="ignore",
    )


def link_only(words: Texts) -> None:
    """Offer the link to this view."""
    with st.expander(words("share.link"), icon=":material/link:"):
        st.code(address.link(), language=None, wrap_lines=True)


def _first_page() -> None:
    st.session_state["page"] = 1
