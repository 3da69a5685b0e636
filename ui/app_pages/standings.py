"""Standings: boards, podium, table with prize lines, one member's surroundings, points per hour."""

import streamlit as st

from ui.parts import address, controls, notices
from ui.parts.board_view import PAGE_ROWS, around_member, hours_of_season, top_of_board
from ui.parts.controls import language_words
from ui.parts.csv_file import board_csv
from ui.parts.header import season_header
from ui.parts.live import client
from ui.parts.older_view import (
    choose_older_board,
    choose_season,
    older_shown,
    take_older,
    upcoming_shown,
)

words = language_words()
season_header(words)
season = notices.season_or_wait(words)

upcoming_shown(season, words)
older = choose_season(season, words)
if older is not None:
    board = choose_older_board(older, words)
    page = older_shown(season, older, board, words)
    address.keep(lang=words.language, season=older.season, board=board, page=page)
    take_older(older, board, words)
    st.stop()

boards, search = st.columns([3, 2], vertical_alignment="bottom")
with boards:
    board = controls.choose_board([board.id for board in season.boards], words)
with search:
    member = controls.find_member(words)
total = next(entry.total for entry in season.boards if entry.id == board)
page = 1 if member else controls.chosen_page(total, PAGE_ROWS)

table, aside = st.columns([5, 2], gap="medium")
with table:
    if member:
        around_member(season, board, member, words)
    else:
        top_of_board(season, board, page, words)
        controls.choose_page(total, PAGE_ROWS)
address.keep(lang=words.language, board=board, page=page, member=member)
with aside:
    hours_of_season(words)
    label = words("download.board")
    controls.take_away(label, f"standings-{board}.csv", lambda: board_csv(client(), board), words)
