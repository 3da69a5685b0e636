"""Members: one member's card, points, tier, and one of statement, coupons, expiry or rank."""

import streamlit as st

from ui.parts import address, controls, notices
from ui.parts.controls import language_words
from ui.parts.csv_file import coupons_csv, statement_csv
from ui.parts.header import season_header
from ui.parts.live import client
from ui.parts.member_coupons import choose_status, coupons_shown
from ui.parts.member_head import card_shown, figures_shown
from ui.parts.member_points import expiry_shown
from ui.parts.member_rank import rank_shown
from ui.parts.member_statement import (
    ENTRIES_A_PAGE,
    choose_event,
    entries_total,
    event_shown,
    statement_shown,
)

PARTS = ("statement", "coupons", "expiry", "rank")

words = language_words()
season_header(words)
season = notices.season_or_wait(words)
member = controls.find_member(words)
if not member:
    address.keep(lang=words.language)
    notices.notice(words("members.ask"), words("members.ask_how"), words)
    st.stop()

card, figures = st.columns([2, 5], gap="medium")
with card:
    card_shown(member, words)
with figures:
    figures_shown(season, member, words)
part = controls.choose("part", words("members.parts"), PARTS, lambda one: words(f"members.{one}"))
view = {"lang": words.language, "member": member, "part": part}

if part == "statement":
    total = entries_total(member)
    page = controls.chosen_page(total, ENTRIES_A_PAGE)
    movements, reasons = st.columns([3, 2], gap="medium")
    with movements:
        statement_shown(season, member, page, words)
        controls.choose_page(total, ENTRIES_A_PAGE)
    with reasons:
        event = choose_event(season, member, page, words)
        if event:
            event_shown(season, member, event, words)
    address.keep(**view, page=page, event=event)
    label, file_name = words("download.statement"), f"statement-{member}.csv"
    controls.take_away(label, file_name, lambda: statement_csv(client(), member), words)
elif part == "coupons":
    status = choose_status(member, words)
    coupons_shown(season, member, status, words)
    address.keep(**view, status=status)
    label, file_name = words("download.coupons"), f"coupons-{member}.csv"
    controls.take_away(label, file_name, lambda: coupons_csv(client().coupons(member)), words)
elif part == "expiry":
    expiry_shown(season, member, words)
    address.keep(**view)
    controls.link_only(words)
else:
    board = controls.choose_board([one.id for one in season.boards if one.team is None], words)
    rank_shown(board, member, words)
    address.keep(**view, board=board)
    controls.link_only(words)
