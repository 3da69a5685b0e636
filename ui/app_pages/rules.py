"""Rules: the season file as text and in plain words, what a draft changes, and going live."""

import streamlit as st

from ui.parts import address, controls, notices
from ui.parts.controls import language_words
from ui.parts.header import season_header
from ui.parts.rules_draft import draft_text, in_force, judged
from ui.parts.rules_live import go_live
from ui.parts.rules_view import changes_shown, findings_shown, overview_shown, tiers_shown

PARTS = ("overview", "changes", "findings")

words = language_words()
season_header(words)
season = notices.season_or_wait(words)
rules = in_force(words)

text, reading = st.columns(2, gap="medium")
with text:
    draft = draft_text(rules, words)
    told = judged(draft, words)
    controls.take_file(words("download.rules"), f"{rules.season}.toml", draft)
with reading:
    part = controls.choose("part", words("rules.parts"), PARTS, lambda one: words(f"rules.{one}"))
    if told is not None and part == "overview":
        overview_shown(told, words)
    elif told is not None and part == "changes":
        changes_shown(told, words)
        tiers_shown(told, season, words)
        go_live(rules, draft, told, words)
    elif told is not None:
        findings_shown(told, draft, season, words)
address.keep(lang=words.language, part=part)
controls.link_only(words)
