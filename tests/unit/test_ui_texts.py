"""Both languages have the same words to say."""

import ast
from pathlib import Path
from string import Formatter

import pytest

import rules.advice
from ui import troubles
from ui.texts import LANGUAGES, language_of_browser, texts


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_languages_have_the_same_keys() -> None:
    assert set(texts("zh").words) == set(texts("en").words)


def test_what_the_lint_finds_has_a_head_in_both_languages() -> None:
    sources = Path(rules.advice.__file__).parent.glob("lint*.py")
    calls = [one for path in sources for one in ast.walk(ast.parse(path.read_text("utf-8")))]
    kinds = {
        one.args[0].value
        for one in calls
        if isinstance(one, ast.Call)
        and isinstance(one.func, ast.Name)
        and one.func.id == "Finding"
        and isinstance(one.args[0], ast.Constant)
        and isinstance(one.args[0].value, str)
    }
    assert "above-margin" in kinds
    for language in LANGUAGES:
        heads = {key for key in texts(language).words if key.startswith("rules.found.")}
        assert heads == {f"rules.found.{kind}" for kind in kinds}


@pytest.mark.parametrize("key", sorted(texts("en").words))
def test_languages_have_the_same_placeholders(key: str) -> None:
    zh, en = (texts(language).words[key] for language in LANGUAGES)
    assert zh.strip()
    assert en.strip()
    assert placeholders(zh) == placeholders(en)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_error_has_a_text_and_a_way_on(language: str) -> None:
    words = texts(language)
    failures: list[troubles.CallFailed] = [
        troubles.Unreachable(url="http://x", detail="refused"),
        troubles.Warming(detail="d", reasons="r", retry_s="2"),
        troubles.Unreadable(url="http://x", path="/p", detail="d"),
        *(troubles.Refused(status, "urn:forecourt:x", "d") for status in (400, 401, 403, 404, 429)),
        *(
            troubles.Refused(404, f"urn:forecourt:{word}", "d")
            for word in ("unknown-board", "unknown-member", "not-on-board")
        ),
    ]
    for failure in failures:
        said = words(failure.key, **failure.values)
        assert "{" not in said
        assert words(f"{failure.key}_how")


@pytest.mark.parametrize(
    ("locale", "language"),
    [("zh-CN", "zh"), ("zh", "zh"), ("zh-TW", "zh"), ("en-GB", "en"), ("de", "en"), (None, "en")],
)
def test_browser_chooses_the_language(locale: str | None, language: str) -> None:
    assert language_of_browser(locale) == language


def test_a_free_word_stands_for_itself() -> None:
    assert texts("zh").name_of("board", "region-north") == "region-north"
