"""Forecast: who may win the running season and what it may cost, and how earlier ones did."""

import streamlit as st

from ui.parts import address, controls, notices
from ui.parts.controls import language_words
from ui.parts.forecast_chances import chances_shown
from ui.parts.forecast_past import judgement_shown, past_shown
from ui.parts.forecast_start import choose_forecast, running_shown, start_shown
from ui.parts.forecast_view import costs_shown, prizes_shown, take
from ui.parts.header import season_header

words = language_words()
season_header(words)
season = notices.season_or_wait(words)

start_shown(season, words)
awaited = running_shown(season, words)
judgement_shown(season, words)
made = choose_forecast(season, words, awaited=awaited)
if made is not None:
    costs_shown(made, season, words)
    chances, prizes = st.columns(2, gap="large")
    with chances:
        member = chances_shown(made, season, words)
    with prizes:
        prizes_shown(made, words)
    past_shown(made, season, words)
    take(made, words)
    is_last = made.made_us == made.made[-1]
    address.keep(lang=words.language, made="" if is_last else made.made_us, member=member)
else:
    address.keep(lang=words.language)
controls.link_only(words)
