"""Prizes: who would win if the season ended now, how safe that is, what it costs, who claimed."""

from ui.parts import address, controls, notices
from ui.parts.controls import language_words
from ui.parts.csv_file import claims_csv, prizes_csv
from ui.parts.header import season_header
from ui.parts.live import client
from ui.parts.prize_view import (
    ALL_BOARDS,
    AWARDS_A_PAGE,
    awards_shown,
    awards_total,
    claims_shown,
    cost_of_prizes,
)

AWARDS, CLAIMS = "awards", "claims"

words = language_words()
season_header(words)
season = notices.season_or_wait(words)

cost_of_prizes(season, words)
part = AWARDS
if season.published:
    ways = (AWARDS, CLAIMS)
    part = controls.choose("part", words("claims.parts"), ways, lambda one: words(f"claims.{one}"))
boards = [ALL_BOARDS, *(board.id for board in season.boards)]
board = controls.choose_board(boards, words)
total = awards_total(board)
page = controls.chosen_page(total, AWARDS_A_PAGE)
if part == CLAIMS:
    claims_shown(season, board, page, words)
else:
    awards_shown(season, board, page, words)
controls.choose_page(total, AWARDS_A_PAGE)
shown_part = part if part == CLAIMS else ""
address.keep(lang=words.language, board=board, page=page, part=shown_part)
if part == CLAIMS:
    label = words("download.claims")
    controls.take_away(label, "claims.csv", lambda: claims_csv(client().claims()), words)
else:
    label = words("download.prizes")
    controls.take_away(label, "prizes.csv", lambda: prizes_csv(client().prizes()), words)
