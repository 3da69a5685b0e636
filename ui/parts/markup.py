"""Write HTML with every value escaped, and hand it to Streamlit with its language set."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import Final

import streamlit as st

from ui.texts import Texts

STYLE: Final = Path(__file__).parents[1] / "style.css"
TYPED: Final = re.compile(r"`([^`]+)`")


def element(tag: str, css: str, *inside: str, title: str = "", style: str = "") -> str:
    """Give an element around markup that is already escaped.

    >>> element("b", "x", text("<"))
    '<b class="x">&lt;</b>'
    """
    more = f' title="{escape(title)}"' if title else ""
    more += f' style="{escape(style)}"' if style else ""
    return f'<{tag} class="{css}"{more}>{"".join(inside)}</{tag}>'


def image(source: str, says: str, css: str) -> str:
    """Give a picture; `says` is read out where it can't be seen."""
    return f'<img class="{css}" src="{escape(source)}" alt="{escape(says)}">'


def text(value: str) -> str:
    """Escape a text for use inside an element."""
    return escape(value)


def prose(value: str) -> str:
    """Escape sentences; what stands between backticks is typed as it is.

    >>> prose("use `forecourt check` <now>")
    'use <code>forecourt check</code> &lt;now&gt;'
    """
    return TYPED.sub(r"<code>\1</code>", escape(value))


def show(markup: str, words: Texts) -> None:
    """Show markup; the language decides which forms of Chinese characters the fonts draw."""
    st.html(f'<div class="fc" lang="{"zh-CN" if words.language == "zh" else "en"}">{markup}</div>')


def use_style() -> None:
    """Load the pages' style sheet."""
    st.html(STYLE)
