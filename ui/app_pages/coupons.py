"""Coupons and recall: how each coupon does, what pushes brought over the holdout, a new push."""

import streamlit as st

from ui.parts import address, controls, notices
from ui.parts.campaign_form import campaign_form
from ui.parts.campaign_send import plan_shown, preview_button, ran_shown
from ui.parts.controls import language_words
from ui.parts.coupon_view import choose_coupon, coupons_shown
from ui.parts.effect_view import effects_shown
from ui.parts.header import season_header
from ui.parts.report_files import take_report
from ui.parts.season_names import names_of_season

PARTS = ("funnel", "effects", "send")

words = language_words()
season_header(words)
season = notices.season_or_wait(words)
names = names_of_season(words)
part = controls.choose("part", words("coupons.parts"), PARTS, lambda one: words(f"coupons.{one}"))

if part == "funnel":
    coupon = choose_coupon(names, words)
    coupons_shown(season, names, coupon, words)
    address.keep(lang=words.language, part=part, coupon=coupon)
    take_report("coupons", "coupon", words)
elif part == "effects":
    effects_shown(season, words)
    address.keep(lang=words.language, part=part)
    take_report("campaigns", "campaign", words)
else:
    form, plan = st.columns([1, 1], gap="large")
    with form:
        campaign = campaign_form(season, names, words)
        preview_button(campaign, words)
    with plan:
        plan_shown(campaign, season, names, words)
        ran_shown(season, names, words)
    address.keep(lang=words.language, part=part)
    controls.link_only(words)
