"""Segments and reports: one chart a report with its message, the table, CSV and Parquet."""

from ui.parts import address, controls, notices
from ui.parts.controls import language_words
from ui.parts.header import season_header
from ui.parts.report_files import take_report
from ui.parts.report_shapes import REPORTS, SEGMENTS
from ui.parts.report_view import ROWS_A_PAGE, choose_by, choose_days, report_shown, rows_total
from ui.parts.season_names import names_of_season
from ui.parts.segment_view import choose_segment, first_members, segment_csv, segments_shown

words = language_words()
season_header(words)
season = notices.season_or_wait(words)
report = controls.choose(
    "report", words("reports.which"), REPORTS, lambda one: words(f"reports.name_{one}")
)

if report == SEGMENTS:
    names = names_of_season(words)
    segments_shown(names, words)
    segment = choose_segment(names, words)
    address.keep(lang=words.language, report=report, segment=segment)
    if segment:
        first_members(segment, words)
        label, file_name = words("download.segment"), f"segment-{segment}.csv"
        controls.take_away(label, file_name, lambda: segment_csv(segment), words)
else:
    by = choose_by(report, words)
    first, last = choose_days(report, words)
    total = rows_total(report, by, (first, last))
    page = controls.chosen_page(total, ROWS_A_PAGE)
    report_shown(season, report, by, (first, last), page, words)
    controls.choose_page(total, ROWS_A_PAGE)
    address.keep(lang=words.language, report=report, by=by, since=first, until=last, page=page)
    take_report(report, by, words, first, last)
