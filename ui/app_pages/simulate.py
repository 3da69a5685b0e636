"""Simulate: play the season ahead, or two season files side by side, and read what it comes to."""

from ui.parts import address, controls, notices
from ui.parts.controls import language_words
from ui.parts.header import season_header
from ui.parts.simulate_form import ask_button, asked_for, keep_form
from ui.parts.simulate_result import result_shown
from ui.parts.simulate_run import choose_simulation, while_it_runs

NEW, RESULTS = "new", "results"

words = language_words()
season_header(words)
season = notices.season_or_wait(words)
part = controls.choose(
    "part", words("simulate.parts"), (NEW, RESULTS), lambda one: words(f"simulate.{one}")
)

if part == NEW:
    asked = asked_for(words)
    ask_button(asked, words)
    address.keep(lang=words.language, part=part)
else:
    keep_form()
    simulation = choose_simulation(season, words)
    address.keep(lang=words.language, part=part, simulation=simulation.id)
    if simulation.state == "done":
        result_shown(simulation, words)
    else:
        while_it_runs(simulation.id, season, words)
controls.link_only(words)
