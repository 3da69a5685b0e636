"""Give the words of a language: one TOML table a language in `ui/texts/`, the same keys in each."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Final

LANGUAGES: Final = ("zh", "en")
FALLBACK: Final = "en"


class Texts:
    """The words of one language, looked up by dotted key."""

    def __init__(self, language: str, words: dict[str, str]) -> None:
        self.language = language
        self.words = words

    def __call__(self, key: str, /, **values: str | int) -> str:
        """Give the text of `key` with its placeholders filled.

        >>> texts("en")("page.standings")
        'Standings'

        Raises:
            KeyError: no such text.
        """
        text = self.words[key]
        return text.format(**values) if values else text

    def name_of(self, group: str, word: str) -> str:
        """Give the name of a word the season file may choose freely (a board, a tier, a kind).

        Words without a text stand for themselves.

        >>> texts("zh").name_of("tier", "gold"), texts("zh").name_of("tier", "obsidian")
        ('金卡', 'obsidian')
        """
        return self.words.get(f"{group}.{word}", word)


@lru_cache
def texts(language: str) -> Texts:
    """Load the words of `language`, once."""
    path = Path(__file__).with_name("texts") / f"{language}.toml"
    return Texts(language, dict(_flat(tomllib.loads(path.read_text(encoding="utf-8")))))


def language_of_browser(locale: str | None) -> str:
    """Choose the language for a browser's locale.

    >>> language_of_browser("zh-TW"), language_of_browser("de-DE"), language_of_browser(None)
    ('zh', 'en', 'en')
    """
    return "zh" if locale and locale.lower().startswith("zh") else FALLBACK


def _flat(table: dict[str, object], prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in table.items():
        if isinstance(value, dict):
            found += _flat(value, f"{prefix}{key}.")
        else:
            found.append((f"{prefix}{key}", str(value)))
    return found
