"""Simulate: play a season file, compare, tune or cheat it, fit its members; read the result."""

from ui.parts import address, controls, notices
from ui.parts.calibrate_form import FORM as FITTING
from ui.parts.calibrate_form import fit_button, fit_for
from ui.parts.controls import language_words
from ui.parts.header import season_header
from ui.parts.leak_form import FORM as STUDY
from ui.parts.leak_form import study_button, study_for
from ui.parts.simulate_form import FORM, ask_button, asked_for
from ui.parts.simulate_inputs import keep
from ui.parts.simulate_result import result_shown
from ui.parts.simulate_run import choose_simulation, while_it_runs
from ui.parts.tune_form import FORM as SEARCH
from ui.parts.tune_form import search_button, search_for

NEW, TUNE, CHEATS, FIT, RESULTS = "new", "tune", "adversaries", "calibrate", "results"
FORMS = {
    NEW: (FORM, asked_for, ask_button),
    TUNE: (SEARCH, search_for, search_button),
    CHEATS: (STUDY, study_for, study_button),
    FIT: (FITTING, fit_for, fit_button),
}

words = language_words()
season_header(words)
season = notices.season_or_wait(words)
part = controls.choose(
    "part", words("simulate.parts"), (*FORMS, RESULTS), lambda one: words(f"simulate.{one}")
)

keep([form for of, (form, _, _) in FORMS.items() if of != part])
if part in FORMS:
    _, filled_in, offer_start = FORMS[part]
    offer_start(filled_in(words), words)
    address.keep(lang=words.language, part=part)
else:
    simulation = choose_simulation(season, words)
    address.keep(lang=words.language, part=part, simulation=simulation.id)
    if simulation.state == "done":
        result_shown(simulation, words)
    else:
        while_it_runs(simulation.id, season, words)
controls.link_only(words)
