"""Prizes: who would win if the season ended now, how safe that is, and what it costs."""

from ui.parts import address, controls, notices
from ui.parts.controls import language_words
from ui.parts.csv_file import prizes_csv
from ui.parts.header import season_header
from ui.parts.live import client
from ui.parts.prize_view import (
    ALL_BOARDS,
    AWARDS_A_PAGE,
    awards_shown,
    awards_total,
    cost_of_prizes,
)

words = language_words()
season_header(words)
season = notices.season_or_wait(words)

cost_of_prizes(season, words)
boards = [ALL_BOARDS, *(board.id for board in season.boards)]
board = controls.choose_board(boards, words)
total = awards_total(board)
page = controls.chosen_page(total, AWARDS_A_PAGE)
awards_shown(season, board, page, words)
controls.choose_page(total, AWARDS_A_PAGE)
address.keep(lang=words.language, board=board, page=page)
controls.take_away(
    words("download.prizes"), "prizes.csv", lambda: prizes_csv(client().prizes()), words
)
